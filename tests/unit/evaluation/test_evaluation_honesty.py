"""Before a figure that is too good is believed: what is checked, and what is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from curator.evaluation.figures import read_figures, write_figures
from curator.evaluation.honesty import Check, checks, repeats_of, shape_alone, too_good, warning
from curator.evaluation.intervals import Interval, Summary
from curator.evaluation.shortcut_audit import Audit, AuditRow
from curator.manifest.schema import ManifestRow
from curator.training.config import TrainConfig
from curator.training.runs import BEST, Run


def row(number: int, **changes: Any) -> ManifestRow:
    values: dict[str, Any] = {
        "file_name": f"yes/{number}.png",
        "sha256": f"{number:064x}",
        "width": 100,
        "height": 100,
        "label": "yes",
        "decision": "keep",
        "discard_reason": None,
        "crop": None,
        "masks": [],
        "fill": "black",
        "copy_group": None,
        "group": f"g{number}",
        "split": "train",
        "decided_by": "person",
        "confidence": None,
        "note": "",
    }
    return ManifestRow(**{**values, **changes})


def summary(balanced: float = 0.97, auroc: float | None = 0.9, groups: int = 31) -> Summary:
    def around(value: float) -> Interval:
        return Interval(value, value - 0.08, min(1.0, value + 0.02))

    metrics = {
        "balanced_accuracy": around(balanced),
        "auroc": None if auroc is None else around(auroc),
        "accuracy": around(0.9),
        "loss": around(0.96),
    }
    return Summary(40, groups, ("no", "yes"), metrics, 0.6, np.zeros((2, 2), np.int64), ())


def named(found: tuple[Check, ...], title: str) -> Check:
    (one,) = [one for one in found if one.title == title]
    return one


@pytest.mark.parametrize(
    ("balanced", "auroc", "found"),
    [
        (0.949, 0.949, ()),
        (0.95, None, ("balanced accuracy 0.950",)),
        (0.97, 0.99, ("balanced accuracy 0.970", "AUROC 0.990")),
    ],
)
def test_from_95_on_a_figure_is_doubted_and_a_loss_never(
    balanced: float, auroc: float | None, found: tuple[str, ...]
) -> None:
    assert too_good(summary(balanced, auroc)) == found


def test_the_warning_names_the_figures() -> None:
    assert warning(too_good(summary(0.97, 0.99))).startswith("Balanced accuracy 0.970 and AUROC 0.990: check")


def test_clean_splits_are_said_to_be_clean() -> None:
    rows = [row(1), row(2, split="val"), row(3, split="test")]
    one = named(checks(summary(), rows), "Copies over splits")
    assert one.state == "fine"
    assert "0 groups and 0 sets of copies straddle splits" in one.known


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group": "g1"}, "1 group and 0 sets"),
        ({"copy_group": "c"}, "0 groups and 1 set of copies"),
        ({"sha256": f"{1:064x}"}, "two splits: 1 file."),
    ],
)
def test_whatever_straddles_splits_is_counted(changes: dict[str, Any], words: str) -> None:
    rows = [row(1, copy_group="c" if "copy_group" in changes else None), row(2, split="test", **changes)]
    one = named(checks(summary(), rows), "Copies over splits")
    assert one.state == "look"
    assert words in one.known


def test_what_was_discarded_leaks_nothing() -> None:
    rows = [row(1), row(2, split="test", group="g1", decision="discard", discard_reason="duplicate")]
    assert named(checks(summary(), rows), "Copies over splits").state == "fine"


def shaped(told_by_size: bool) -> list[ManifestRow]:
    """Sixty images of two classes, in training and test; of other sizes by class, or of the same sizes."""
    rows = []
    for number in range(120):
        label = ("no", "yes")[number % 2]
        side = 100 + (number // 2) % 10 + (200 if told_by_size and label == "yes" else 0)
        split = "train" if number < 60 else "test"
        rows.append(row(number, label=label, width=side, height=side, split=split))
    return rows


def test_a_class_that_is_told_by_its_size_is_a_shortcut() -> None:
    rows = shaped(True)
    train, test = rows[:60], rows[60:]
    assert shape_alone(train, test) == pytest.approx(1.0)
    one = named(checks(summary(), rows), "Shortcuts")
    assert one.state == "look"
    assert "1.00" in one.known


def test_sizes_that_tell_nothing_are_at_chance() -> None:
    one = named(checks(summary(), shaped(False)), "Shortcuts")
    assert one.state == "fine"
    assert "0.50 here; chance is 0.50" in one.known


def test_too_few_images_tell_nothing_of_shortcuts() -> None:
    assert named(checks(summary(), [row(1), row(2, split="test")]), "Shortcuts").state == "open"


def test_masks_on_one_class_only_are_worth_a_look() -> None:
    mask = {"kind": "text", "polygon": [(0, 0), (5, 0), (5, 5)]}
    rows = [row(n, label="yes", masks=[mask]) for n in range(4)] + [row(9, label="no")]
    one = named(checks(summary(), rows), "Framing and overlays")
    assert one.state == "look"
    assert one.known == "Masks lie on 100 % of yes and 0 % of no."


def test_small_test_sets_seeds_and_hands() -> None:
    rows = [row(1), row(2, split="test", decided_by="proposal"), row(3, split="test")]
    few = checks(summary(groups=31), rows, touched=2)
    assert named(few, "Size of the test set").known == (
        "40 images in 31 groups; the interval runs from 0.89 to 0.99."
    )
    assert named(few, "Size of the test set").state == "look"
    assert named(few, "Luck of the seed").state == "open"
    assert named(few, "Labels and hands").known == (
        "No person decided on 1 of 2 images; mended after its prediction was seen: 2."
    )
    many = checks(summary(groups=400), rows, repeats=3)
    assert named(many, "Size of the test set").state == "fine"
    assert named(many, "Luck of the seed").known.startswith("Trained with 3 seeds")


def run(**changes: Any) -> Run:
    plan = TrainConfig(**changes)
    return Run(Path(), plan, ("no", "yes"), Path(), {}, "cpu", "", False, (), True, 0.0)


def test_only_the_same_plan_counts_as_a_repeat() -> None:
    this = run(seed=0)
    others = [run(seed=1), run(seed=1, device="cpu"), run(seed=2, lr=0.5)]
    assert repeats_of(this, [this, *others]) == 2


def test_figures_are_kept_until_there_is_a_newer_checkpoint(tmp_path: Path) -> None:
    assert read_figures(tmp_path) is None
    write_figures(tmp_path, summary())
    kept = read_figures(tmp_path)
    assert kept is not None
    assert kept.metrics == summary().metrics
    assert (kept.n_images, kept.n_groups, kept.majority) == (40, 31, 0.6)
    (tmp_path / BEST).write_bytes(b"new")
    import os

    stamp = (tmp_path / "figures.json").stat().st_mtime_ns + 1_000_000
    os.utime(tmp_path / BEST, ns=(stamp, stamp))
    assert read_figures(tmp_path) is None


def test_damaged_figures_count_as_none(tmp_path: Path) -> None:
    (tmp_path / "figures.json").write_text('{"images": 3}', encoding="utf-8")
    assert read_figures(tmp_path) is None


def audit_row(value: float, low: float, verdict: Literal["fine", "look"]) -> AuditRow:
    figure = Interval(value, low, 0.9)
    return AuditRow(
        "ring", "Border ring alone, raw", "raw", 72, figure, figure, figure, 0.6, 0.5, 0.5, 0.6, verdict, ""
    )


@pytest.mark.parametrize(("verdict", "low"), [("look", 0.7), ("fine", 0.4)])
def test_shortcuts_are_judged_by_the_audit_where_there_is_one(
    verdict: Literal["fine", "look"], low: float
) -> None:
    rows = (audit_row(0.8, low, verdict),)
    audit = Audit("0" * 64, ("no", "yes"), "yes", 50, 50, 45, 9, 0, 224, 0, 5, "", rows)
    check = named(checks(summary(), [row(1)], audit=audit), "Shortcuts")
    assert check.state == verdict
    assert check.known == audit.sentence
    assert ("Border ring alone (raw images) is right in 80 % of images" in check.known) == (verdict == "look")


def test_an_audit_of_too_few_images_leaves_the_check_as_it_was() -> None:
    audit = Audit("0" * 64, ("no", "yes"), "yes", 9, 9, 9, 2, 0, 224, 0, 5, "Too few images to tell.", ())
    assert checks(summary(), [row(1)], audit=audit) == checks(summary(), [row(1)])

"""Two runs side by side: who turned, what is left out, and how much of it chance can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest

from curator.evaluation.common_images import Side
from curator.evaluation.comparison import Comparison, compare, mcnemar, p_words, plan_differences
from curator.evaluation.intervals import paired_differences
from curator.manifest.changes import changes
from curator.manifest.schema import ManifestRow
from curator.records import Decision, Prediction, Split
from curator.training.config import TrainConfig

CLASSES = ("no", "yes")


def row(
    name: str,
    label: str = "no",
    split: Split | None = "test",
    decision: Decision = "keep",
    group: str | None = None,
    **other: object,
) -> ManifestRow:
    return ManifestRow.model_validate(
        {
            "file_name": name,
            "sha256": f"{int.from_bytes(name.encode(), 'big'):064x}"[-64:],
            "width": 40,
            "height": 30,
            "label": label,
            "decision": decision,
            "discard_reason": "quality" if decision == "discard" else None,
            "crop": None,
            "masks": [],
            "fill": "background",
            "copy_group": None,
            "group": group or name,
            "split": split,
            "decided_by": None if decision == "undecided" else "person",
            "confidence": None,
            "note": "",
            **other,
        }
    )


def side(
    name: str, rows: Iterable[ManifestRow], yes: dict[str, float], classes: tuple[str, ...] = CLASSES
) -> Side:
    """A side that predicts the images named in `yes` with that probability of the class "yes"."""
    by_name = {one.file_name: one for one in rows}
    predictions = []
    for file_name, probability in yes.items():
        one = by_name[file_name]
        pair = {"no": 1 - probability, "yes": probability}
        predictions.append(
            Prediction(
                file_name=file_name,
                sha256=one.sha256,
                label=one.label,
                split=one.split,
                group=one.group,
                predicted=max(pair, key=lambda key: pair[key]),
                probabilities=tuple(pair[key] for key in classes),
                loss=float(-np.log(pair[one.label])),
            )
        )
    learnt = frozenset(
        one.sha256 or ""
        for one in by_name.values()
        if one.decision == "keep" and one.split in ("train", "val")
    )
    return Side(name, Path(name), classes, TrainConfig(), tuple(predictions), by_name, learnt)


def names(pairs: Iterable[object]) -> list[str]:
    return [one.file_name for one in pairs]  # type: ignore[attr-defined]


def left(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    return {one.reason: one.names for one in comparison.left_out}


@pytest.mark.parametrize(("right", "wrong"), [(0, 0), (1, 0), (5, 0), (9, 3), (3, 9), (4, 4), (30, 14)])
def test_mcnemar_is_the_two_sided_tail_of_a_fair_coin(right: int, wrong: int) -> None:
    turned = right + wrong
    tail = sum(comb(turned, k) for k in range(min(right, wrong) + 1)) / 2**turned
    assert mcnemar(right, wrong) == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_of_worked_examples() -> None:
    # 6 of 6 one way: 2 / 64; 9 against 3: 2 * 299 / 4096.
    assert mcnemar(6, 0) == pytest.approx(0.03125)
    assert mcnemar(3, 9) == pytest.approx(598 / 4096)
    assert [p_words(p) for p in (1.0, 0.03125, 0.0004)] == ["1", "0.031", "below 0.001"]


def test_who_turned_right_and_who_wrong() -> None:
    rows = [row(f"{i}.png", "yes" if i % 2 else "no") for i in range(8)]
    sure = {f"{i}.png": 0.9 if i % 2 else 0.1 for i in range(8)}
    first = side("a", rows, {**sure, "0.png": 0.8, "1.png": 0.3, "2.png": 0.7})
    second = side("b", rows, {**sure, "2.png": 0.6, "3.png": 0.2})
    found = compare(first, second)
    assert names(found.turned_right) == ["0.png", "1.png"]
    assert names(found.turned_wrong) == ["3.png"]
    assert names(found.both_wrong) == ["2.png"]
    assert len(found.both_right) == 4
    assert found.mcnemar_p == mcnemar(2, 1) == 1.0
    accuracy, before, after = (one["accuracy"] for one in (found.differences, found.first, found.second))
    assert accuracy is not None
    assert before is not None
    assert after is not None
    assert (before.value, after.value) == (5 / 8, 6 / 8)
    assert accuracy.value == pytest.approx(1 / 8)
    assert accuracy.low <= 1 / 8 <= accuracy.high
    assert found.verdict().startswith("Of 8 images common to both, 2 turned right and 1 wrong.")
    plain = found.to_json()
    assert [one["file_name"] for one in plain["turned_wrong"]] == ["3.png"]
    assert plain["differences"]["accuracy"]["value"] == pytest.approx(1 / 8)


def test_an_image_is_left_out_with_the_reason() -> None:
    before = [
        row("both.png"),
        row("learnt.png"),
        row("dropped.png"),
        row("old.png"),
        row("moved.png", "no", "train"),
    ]
    after = [
        row("both.png"),
        row("learnt.png", split="train"),
        row("dropped.png", decision="discard"),
        row("new.png"),
        row("moved.png"),
    ]
    first = side("a", before, dict.fromkeys(["both.png", "learnt.png", "dropped.png", "old.png"], 0.1))
    second = side("b", after, dict.fromkeys(["both.png", "new.png", "moved.png"], 0.1))
    found = compare(first, second)
    assert names(found.common) == ["both.png"]
    assert left(found) == {
        "trained on by b": ("learnt.png",),
        "trained on by a": ("moved.png",),
        "not kept in b": ("dropped.png",),
        "only in a": ("old.png",),
        "only in b": ("new.png",),
    }


def test_a_predicted_image_that_either_learnt_from_is_never_compared() -> None:
    rows = [row("a.png"), row("b.png")]
    first = side("a", rows, {"a.png": 0.1, "b.png": 0.1})
    learnt = replace(first, name="b", learnt=frozenset({rows[0].sha256 or ""}))
    assert names(compare(first, learnt).common) == ["b.png"]
    assert names(compare(learnt, replace(first, name="c")).common) == ["b.png"]


def test_the_same_bytes_under_another_name_are_the_same_image() -> None:
    same = row("old/name.png").sha256
    first = side("a", [row("old/name.png")], {"old/name.png": 0.9})
    second = side("b", [row("new/name.png", sha256=same)], {"new/name.png": 0.1})
    assert names(compare(first, second).turned_right) == ["new/name.png"]
    copies = [row("x.png", sha256=same), row("y.png", sha256=same)]
    both = compare(
        side("a", copies, {"x.png": 0.9, "y.png": 0.1}), side("b", copies, {"x.png": 0.1, "y.png": 0.1})
    )
    assert names(both.turned_right) == ["x.png"]
    assert names(both.both_right) == ["y.png"]


def test_relabelled_images_are_listed_and_count_by_own_labels_only_when_asked() -> None:
    before = [row("a.png"), row("b.png", "yes"), row("c.png", "yes")]
    after = [row("a.png", "yes"), before[1], before[2]]
    yes = {"a.png": 0.8, "b.png": 0.9, "c.png": 0.3}
    first, second = side("a", before, yes), side("b", after, yes)
    without = compare(first, second)
    assert names(without.relabelled) == ["a.png"]
    assert names(without.common) == ["b.png", "c.png"]
    assert left(without) == {"relabelled": ("a.png",)}
    own = compare(first, second, own_labels=True)
    assert names(own.turned_right) == ["a.png"]
    assert left(own) == {}
    assert own.changes.words() == "1 relabelled (test)"
    assert any("judged by its own" in words for words in own.caveats())
    difference = own.differences["balanced_accuracy"]
    assert difference is not None
    assert difference.value == pytest.approx(2 / 3 - 1 / 4)


def test_groups_that_either_manifest_holds_together_are_drawn_together() -> None:
    before = [row("a.png", group="g"), row("b.png", group="g"), row("c.png"), row("d.png")]
    after = [row("a.png"), row("b.png", group="h"), row("c.png", group="h"), row("d.png")]
    yes = dict.fromkeys(["a.png", "b.png", "c.png", "d.png"], 0.1)
    found = compare(side("a", before, yes), side("b", after, yes))
    assert found.groups == 2
    assert any("2 groups" in words for words in found.caveats())


def test_classes_in_another_order_give_the_same_figures() -> None:
    rows = [row(f"{i}.png", "yes" if i % 2 else "no") for i in range(10)]
    yes = {f"{i}.png": (i * 37 % 10) / 10 + 0.02 for i in range(10)}
    plain = side("a", rows, yes)
    turned = side("b", rows, yes, classes=("yes", "no"))
    found = compare(plain, turned)
    assert found.first == found.second
    assert not found.turned_right
    assert not found.turned_wrong
    auroc = found.differences["auroc"]
    assert auroc is not None
    assert (auroc.value, auroc.low, auroc.high) == (0, 0, 0)


def test_nothing_in_common_is_said() -> None:
    found = compare(side("a", [row("a.png")], {"a.png": 0.1}), side("b", [row("b.png")], {"b.png": 0.1}))
    assert found.mcnemar_p == 1.0
    assert found.differences["accuracy"] is None
    assert "nothing to compare" in found.verdict()


def test_folders_of_one_name_are_told_apart() -> None:
    rows = [row("a.png")]
    first, second = (
        replace(side("fold-1", rows, {"a.png": 0.1}), folder=Path("/runs") / one / "fold-1") for one in "xy"
    )
    assert compare(first, second).names == ("x/fold-1", "y/fold-1")


def test_pairing_keeps_draws_together_where_labels_differ() -> None:
    rng = np.random.default_rng(3)
    rows = [row(f"{i:02d}.png", "yes" if i < 3 else "no") for i in range(12)]
    other = [row(f"{i:02d}.png", "yes" if 3 <= i < 5 else "no") for i in range(12)]
    yes = {f"{i:02d}.png": float(rng.uniform(0.05, 0.95)) for i in range(12)}
    found = paired_differences(side("a", rows, yes).predictions, side("b", other, yes).predictions, CLASSES)
    auroc = found["auroc"]
    assert auroc is not None
    assert auroc.low <= auroc.value <= auroc.high


def test_what_differs_in_the_plan_is_named_in_words() -> None:
    plan = TrainConfig()
    assert plan_differences(plan, plan) == ()
    assert plan_differences(plan, replace(plan, seed=3, head_lr=0.01)) == (
        ("head lr", "0.001", "0.01"),
        ("seed", "0", "3"),
    )


def test_changes_between_manifests_by_kind_and_split() -> None:
    mask = [{"kind": "text", "polygon": [[0, 0], [4, 0], [4, 4]]}]
    before = [
        row("a.png"),
        row("b.png", split="train"),
        row("c.png"),
        row("d.png"),
        row("e.png", decision="undecided"),
        row("f.png", decision="discard"),
        row("g.png", fill="black"),
    ]
    after = [
        row("a.png", "yes", crop=[0, 0, 20, 20], masks=mask),
        row("b.png", "yes", split="train"),
        row("c.png", decision="discard"),
        row("e.png", split="val"),
        row("f.png", "yes", decision="discard"),
        row("g.png"),
        row("h.png", split=None),
    ]
    found = changes(before, after)
    assert found.counts() == {
        "relabelled": {"train": 1, "test": 1},
        "discarded": {"test": 1},
        "kept again": {"val": 1},
        "re-cropped": {"test": 1},
        "masked anew": {"test": 1},
        "new": {"": 1},
        "gone": {"test": 1},
    }
    assert found.words() == (
        "2 relabelled (1 train, 1 test), 1 discarded (test), 1 kept again (val), 1 re-cropped (test), "
        "1 masked anew (test), 1 new (no split), 1 gone (test)"
    )
    assert found.of("relabelled")[0].detail == "no to yes"
    assert not changes(before, before)
    assert changes(before, before).words() == "nothing"


def test_two_runs_of_one_name_keep_what_each_has_learnt_from_apart() -> None:
    rows = [row("a.png", split="train"), row("b.png")]
    other = [row("a.png"), row("b.png")]
    for folders in (("one/runs/r", "two/runs/r"), ("runs/r", "runs/r")):
        first = replace(side("r", rows, {"b.png": 0.1}), folder=Path(folders[0]))
        second = replace(side("r", other, {"a.png": 0.1, "b.png": 0.1}), folder=Path(folders[1]))
        found = compare(replace(first, predictions=second.predictions), second)
        assert names(found.common) == ["b.png"]
        assert found.names[0] != found.names[1]
        assert left(found) == {f"trained on by {found.names[0]}": ("a.png",)}


def test_an_image_of_a_class_that_neither_knows_is_not_counted_as_wrong() -> None:
    rows = [row("a.png"), row("b.png")]
    strange = [row("a.png", "perhaps"), row("b.png")]
    first, second = (side(name, rows, {"a.png": 0.1, "b.png": 0.1}) for name in "ab")
    relabelled = [
        replace(
            one,
            predictions=tuple(
                replace(two, label="perhaps") if two.file_name == "a.png" else two for two in one.predictions
            ),
            rows={two.file_name: two for two in strange},
        )
        for one in (first, second)
    ]
    found = compare(*relabelled)
    assert names(found.common) == ["b.png"]
    assert left(found) == {"of a class that neither knows": ("a.png",)}
    assert len(found.both_wrong) == 0

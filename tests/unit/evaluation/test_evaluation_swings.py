"""Predictions that swing when masks or crop are toggled: which, by how much, said how, kept where."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from queue_rows import row

from curator.evaluation.swings import SWINGS, Swing, read_swings, swing_flags, toggled, write_swings
from curator.manifest.schema import ManifestMask
from curator.training.config import Cleaning, TrainConfig
from curator.training.data import cleaned

MASK = ManifestMask(kind="text", polygon=[(1, 1), (5, 1), (5, 5)])
CLASSES = ["no", "yes"]


@pytest.mark.parametrize("cleaning", ["masked", "cropped", "raw"])
def test_one_thing_is_toggled_and_the_other_stays_as_trained(cleaning: Cleaning) -> None:
    whole = row("a.png", "no", crop=(2, 2, 30, 30), masks=[MASK])
    trained = cleaned(whole.edits, cleaning)
    masks, crop = toggled(whole, cleaning, "masks"), toggled(whole, cleaning, "crop")
    assert masks is not None
    assert crop is not None
    assert (masks.edits.crop, bool(masks.edits.masks)) == (trained.crop, not trained.masks)
    assert (crop.edits.crop is None, crop.edits.masks) == (trained.crop is not None, trained.masks)
    assert crop.edits.crop in (None, whole.edits.crop)


def test_what_is_not_there_is_not_toggled() -> None:
    assert toggled(row("a.png", "no", crop=(2, 2, 30, 30)), "masked", "masks") is None
    assert toggled(row("a.png", "no", masks=[MASK]), "masked", "crop") is None


def test_what_turns_comes_first_and_says_what_was_toggled() -> None:
    swings = [
        Swing("calm.png", (0.9, 0.1), (0.8, 0.2), (0.95, 0.05)),
        Swing("wide.png", (0.95, 0.05), (0.6, 0.4), None),
        Swing("turns.png", (0.55, 0.45), (0.5, 0.5), (0.45, 0.55)),
        Swing("none.png", (0.5, 0.5), None, None),
    ]
    flags = sorted(swing_flags(swings, CLASSES, "masked"), key=lambda flag: -flag.score)
    assert [(flag.file_name, round(flag.score, 2)) for flag in flags] == [
        ("turns.png", 1.1),
        ("wide.png", 0.35),
    ]
    assert flags[0].reason == (
        "The prediction swings: no 0.55 as trained, without its crop 0.45, and yes is said instead."
    )
    assert flags[1].reason == "The prediction swings: no 0.95 as trained, without its masks 0.60."
    raw = swing_flags([swings[2]], CLASSES, "raw")[0]
    assert "with its crop 0.45" in raw.reason


Probabilities = st.floats(0, 1).map(lambda p: (p, 1 - p))


def results_of(folder: Path, names: list[str]) -> Any:
    """What swings ask of results of one run in `folder`: `names`, each masked and cropped."""
    rows = {name: row(name, "no", crop=(2, 2, 30, 30), masks=[MASK]) for name in names}
    run = SimpleNamespace(config=TrainConfig())
    return SimpleNamespace(folder=folder, run=run, rows=rows, run_dir_of=lambda name: folder / "run")


@given(st.lists(st.tuples(Probabilities, st.none() | Probabilities, st.none() | Probabilities), max_size=5))
def test_what_is_kept_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[tuple[float, ...], ...]]
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    swings = [Swing(f"{number}.png", *one) for number, one in enumerate(values)]
    results = results_of(folder, [one.file_name for one in swings])
    write_swings(results, swings)
    assert read_swings(results) == {one.file_name: one.largest for one in swings}
    assert all(0 <= value <= 1 for value in read_swings(results).values())


@pytest.mark.parametrize("change", [{"crop": (3, 2, 30, 30)}, {"masks": []}, {"sha256": "0" * 64}])
def test_what_other_edits_or_another_file_gave_is_not_read(tmp_path: Path, change: dict[str, Any]) -> None:
    results = results_of(tmp_path, ["a.png", "b.png", "gone.png"])
    write_swings(results, [Swing(name, (0.9, 0.1), (0.5, 0.5), None) for name in results.rows])
    results.rows["a.png"] = results.rows["a.png"].model_copy(update=change)
    del results.rows["gone.png"]
    assert read_swings(results) == {"b.png": pytest.approx(0.4)}


def test_nothing_is_read_where_nothing_or_damage_is(tmp_path: Path) -> None:
    results = results_of(tmp_path, [])
    assert read_swings(results) == {}
    (tmp_path / SWINGS).write_text("no line\n", encoding="utf-8")
    assert read_swings(results) == {}

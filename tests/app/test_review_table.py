"""The table behind the gallery filters and sorts as plain Python over single predictions would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from curator.app.review.gallery import Gallery
from curator.app.review.items import Item, Order, Wish
from curator.app.review.table import Table
from curator.records import MASK_KINDS, SPLITS, Crop, Edits, ImageState, Mask, Prediction

CLASSES = ("a", "b", "c")
ROOT = Path("/somewhere")


def row_of(kinds: tuple[str, ...], label: str) -> Any:
    """As much of a manifest's row as the table asks for."""
    masks = tuple(Mask(kind, ((0, 0), (4, 0), (4, 4))) for kind in kinds)  # type: ignore[arg-type]
    return SimpleNamespace(
        masks=masks, decision="keep", label=label, crop=(1, 2, 30, 40), edits=Edits(Crop(1, 2, 30, 40), masks)
    )


def results_of(count: int, seed: int = 0) -> Any:
    """Invented predictions of three classes; every seventh image has a label that is none of them."""
    random = np.random.default_rng(seed)
    odds = random.dirichlet((0.6, 0.6, 0.6), count)
    predictions, rows = [], {}
    for number in range(count):
        name = f"{int(random.integers(1000)):03}/{number}.png"
        label = "z" if number % 7 == 0 else CLASSES[int(random.integers(3))]
        pair = tuple(float(value) for value in odds[number])
        known = CLASSES.index(label) if label in CLASSES else None
        predictions.append(
            Prediction(
                name,
                f"{number:064x}",
                label,
                (*SPLITS, None)[int(random.integers(4))],
                None,
                CLASSES[int(odds[number].argmax())],
                pair,
                None if known is None else float(-np.log(pair[known])),
            )
        )
        rows[name] = row_of(tuple(random.choice(MASK_KINDS, int(random.integers(3)), False)), label)
    return SimpleNamespace(
        predictions=tuple(predictions),
        rows=rows,
        run=SimpleNamespace(classes=CLASSES),
        folds={one.file_name: 1 + number % 3 for number, one in enumerate(predictions)},
        looked=frozenset(),
        source=SimpleNamespace(manifest=None, images=None),
        root=ROOT,
    )


def state_of(name: str, image_id: int, **changed: Any) -> ImageState:
    """An image as the row of `results_of` with label "a" and no mask has it, but for what is changed."""
    values: dict[str, Any] = {
        "id": image_id, "file_name": name, "sha256": None, "width": 64, "height": 64, "size_bytes": 1,
        "label": "a", "decision": "keep", "discard_reason": None, "crop": Crop(1, 2, 30, 40), "masks": (),
        "fill": "background", "note": "", "copy_group": None, "group": "g", "split": "test",
        "decided_by": "person", "confidence": None, "error": None, "proposal": None,
    }  # fmt: skip
    return ImageState(**{**values, **changed})


def listed(table: Table, wish: Wish, order: Order = "name") -> list[Item]:
    return [table.item(int(position)) for position in table.rows(wish, order)]


def kinds_of(item: Item) -> set[str]:
    return {mask.kind for mask in item.edits.masks}


FILTERS: list[tuple[Wish, Callable[[Item, Any], bool]]] = [
    (Wish(right="wrong"), lambda one, _: one.true >= 0 and one.true != one.said),
    (Wish(right="right"), lambda one, _: one.true == one.said),
    (Wish(cell=(0, 2)), lambda one, _: (one.true, one.said) == (0, 2)),
    (Wish(labels=frozenset({0, 1})), lambda one, _: one.true in (0, 1)),
    (Wish(said=frozenset({2})), lambda one, _: one.said == 2),
    (Wish(splits=frozenset({"val", "test"})), lambda one, _: one.prediction.split in ("val", "test")),
    (Wish(kinds=frozenset({"text", "arrow"})), lambda one, _: bool(kinds_of(one) & {"text", "arrow"})),
    (Wish(folds=frozenset({2})), lambda one, results: results.folds[one.name] == 2),
    (Wish(range=(1, 0.2, 0.6)), lambda one, _: 0.2 <= one.prediction.probabilities[1] <= 0.6),
    (Wish(range=(-1, 0.8, 1.0)), lambda one, _: max(one.prediction.probabilities) >= 0.8),
    (Wish(decisions=frozenset({"discard"})), lambda one, _: False),
    (
        Wish(right="wrong", labels=frozenset({1}), splits=frozenset({"train"})),
        lambda one, _: one.wrong and one.true == 1 and one.prediction.split == "train",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wish", "holds"), FILTERS)
def test_a_filter_lists_what_it_should(wish: Wish, holds: Callable[[Item, Any], bool]) -> None:
    results = results_of(300)
    table = Table(results, [], ROOT)
    every = listed(table, Wish())
    assert [one.name for one in every] == sorted(one.file_name for one in results.predictions)
    assert listed(table, wish) == [one for one in every if holds(one, results)]


def test_orders() -> None:
    table = Table(results_of(300), [], ROOT)
    losses = [one.prediction.loss for one in listed(table, Wish(), "loss")]
    known = [loss for loss in losses if loss is not None]
    assert known == sorted(known, reverse=True)
    # What has no label to be wrong about comes last.
    assert losses[len(known) :] == [None] * (300 - len(known))
    sure = [one.confidence for one in listed(table, Wish(), "confidence")]
    assert sure == sorted(sure)
    margins = [
        np.diff(sorted(one.prediction.probabilities)[-2:])[0] for one in listed(table, Wish(), "margin")
    ]
    assert margins == sorted(margins)


def test_what_was_measured_of_some_is_sorted_first() -> None:
    table = Table(results_of(20), [], ROOT)
    names = [one.name for one in listed(table, Wish())]
    assert table.measured("swings") is None
    table.measure("swings", {names[3]: 0.2, names[9]: 0.7, "gone.png": 1.0})
    assert [one.name for one in listed(table, Wish(), "swings")][:2] == [names[9], names[3]]
    table.measure("swings", {"gone.png": 1.0})
    assert table.measured("swings") is None


def test_a_queue_lists_its_images_alone() -> None:
    table = Table(results_of(20), [], ROOT)
    names = [one.name for one in listed(table, Wish())][4:7]
    assert [one.name for one in listed(table, Wish(only=frozenset([*names, "gone.png"])))] == names


def test_the_projects_images_are_followed() -> None:
    results = results_of(3)
    first, second, third = (one.file_name for one in results.predictions)
    results.rows = {name: row_of((), "a") for name in (first, second, third)}
    table = Table(results, [state_of(first, 7), state_of(second, 8, label="b")], ROOT)
    assert table.image_ids.tolist() == [7, 8, -1]
    assert table.mended.tolist() == [False, True, False]
    discarded = state_of(first, 7, decision="discard", discard_reason="quality", edited=frozenset({"looked"}))
    assert table.take(discarded) == 0
    assert table.item(0).mended
    assert table.item(0).looked
    assert [one.name for one in listed(table, Wish(decisions=frozenset({"discard"})))] == [first]
    table.take(state_of(first, 7, crop=Crop(0, 0, 9, 9)))
    assert table.item(0).mended
    assert not table.item(0).looked
    table.take(state_of(first, 7, masks=(Mask("text", ((0, 0), (1, 0), (1, 1))),)))
    assert table.item(0).mended
    table.take(state_of(first, 7))
    assert not table.item(0).mended
    assert table.take(state_of("other.png", 99)) == -1


def test_new_images_of_the_same_name_are_not_the_projects() -> None:
    results = results_of(1)
    results.source = SimpleNamespace(manifest=None, images=Path("/elsewhere"))
    results.root = Path("/elsewhere")
    states = [state_of(results.predictions[0].file_name, 7)]
    assert Table(results, states, ROOT).image_ids.tolist() == [-1]
    assert Table(results, states, Path("/elsewhere")).image_ids.tolist() == [7]


def test_a_threshold_says_the_second_class_from_there_on() -> None:
    results = results_of(1)
    results.run = SimpleNamespace(classes=("no", "yes"))
    results.predictions = tuple(
        Prediction(f"{number}.png", None, label, "test", None, said, (1 - p, p), 0.1)
        for number, (label, said, p) in enumerate(
            [("yes", "no", 0.3), ("yes", "yes", 0.6), ("no", "no", 0.2), ("no", "yes", 0.9)]
        )
    )
    results.rows, results.folds = {}, {}
    table = Table(results, [], ROOT)
    assert table.confusion().tolist() == [[1, 1], [1, 1]]
    table.set_threshold(0.25)
    assert table.confusion().tolist() == [[1, 1], [0, 2]]
    assert table.item(0).said == 1
    assert table.item(0).confidence == 0.3
    table.set_threshold(None)
    assert table.confusion().tolist() == [[1, 1], [1, 1]]


def test_thousands_are_selected_again_and_refreshed_in_one_go(qtbot: QtBot) -> None:
    table = Table(results_of(1000), [], ROOT)
    gallery = Gallery(lambda item: None)
    qtbot.addWidget(gallery)
    gallery.show_rows(table, table.rows(Wish(), "name"))
    names = [gallery.items.item(row).name for row in range(1000)]
    changed: list[tuple[int, int]] = []
    gallery.items.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    gallery.select(reversed(names))
    assert gallery.selected_count() == 1000
    assert len(gallery.selectionModel().selection()) == 1
    gallery.items.refresh(range(-1, 1000))
    assert changed == [(0, 999)]
    gallery.items.refresh([-1])
    assert len(changed) == 1
    some = [*names[3:7], names[9], "gone.png", *names[500:502]]
    gallery.select(some)
    assert [item.name for item in gallery.selected_items()] == [one for one in some if one != "gone.png"]
    gallery.select(["gone.png"])
    assert gallery.selected_count() == 0

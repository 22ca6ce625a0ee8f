"""What the page Train knows before and besides training: counts, curves, axes, fields."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from curator.app.train.axes import PlotAxis, log_steps, round_steps
from curator.app.train.curves import Curves, smoothed, steps
from curator.app.train.facts import DataFacts, counted, trouble
from curator.app.train.fields import RateBox
from curator.app.train.memory import MemoryWatch
from curator.app.train.speeds import Speeds
from curator.app.words import count, duration, memory, time_left
from curator.records import ImageState
from curator.training.config import TrainConfig
from curator.training.device import MemorySample
from curator.training.events import BatchDone, EpochMetrics

GIB = 1024**3


def state(number: int, **changes: Any) -> ImageState:
    values: dict[str, Any] = {
        "id": number,
        "file_name": f"yes/{number}.png",
        "sha256": None,
        "width": 8,
        "height": 8,
        "size_bytes": 1,
        "label": "yes",
        "decision": "keep",
        "discard_reason": None,
        "crop": None,
        "masks": (),
        "fill": "black",
        "note": "",
        "copy_group": None,
        "group": f"g{number}",
        "split": "train",
        "decided_by": "person",
        "confidence": None,
        "error": None,
        "proposal": None,
    }
    return ImageState(**{**values, **changes})


def finish(counting: Generator[None, None, DataFacts]) -> tuple[DataFacts, int]:
    """The facts, and in how many slices they were counted."""
    slices = 1
    while True:
        try:
            next(counting)
        except StopIteration as done:
            return done.value, slices
        slices += 1


def test_facts_count_what_would_be_trained_on() -> None:
    states = [
        state(1),
        state(2, split="val", label="no"),
        state(3, decision="discard"),
        state(4, decided_by="proposal", split="test"),
        state(5, decided_by="proposal", decision="discard"),
        state(6, decided_by=None, decision="undecided"),
        state(7, decided_by="proposal", decision="discard", error="broken"),
        state(8, split=None),
    ]
    strict, _ = finish(counted(states, accept_proposals=False))
    assert (strict.total, strict.kept, strict.unsplit) == (8, 3, 1)
    assert strict.split == {"train": 1, "val": 1}
    assert strict.labels == {"yes": 2, "no": 1}
    assert (strict.unreviewed, strict.unreviewed_kept, strict.undecided) == (2, 1, 1)
    loose, _ = finish(counted(states, accept_proposals=True))
    assert loose.kept == 4
    assert loose.split == {"train": 1, "val": 1, "test": 1}


def test_a_group_in_two_splits_is_counted_as_astray() -> None:
    facts, _ = finish(
        counted([state(1, group="a"), state(2, group="a", split="test"), state(3)], accept_proposals=False)
    )
    assert facts.astray == 1


@given(st.integers(0, 60), st.floats(0.1, 0.9))
def test_the_leak_of_a_random_split_is_a_share(pairs: int, share: float) -> None:
    states = [state(n, group=f"g{n // 2}") for n in range(2 * pairs)] + [state(1000)]
    facts, _ = finish(counted(states, accept_proposals=False, train_share=share))
    assert facts.leak == pytest.approx(2 * pairs * share / (2 * pairs + 1))


def test_many_images_are_counted_in_slices() -> None:
    facts, slices = finish(counted([state(n) for n in range(2_001)], accept_proposals=False))
    assert facts.kept == 2_001
    assert slices > 5


@pytest.mark.parametrize(
    ("facts", "accept", "words"),
    [
        (DataFacts(), False, "still being read"),
        (DataFacts(total=5, unreviewed_kept=3), False, "count the proposals"),
        (DataFacts(total=5, unreviewed_kept=3), True, "No image is kept"),
        (DataFacts(total=5, kept=5, labels={"yes": 5}), False, "at least two classes"),
    ],
)
def test_what_hinders_training_is_said_with_its_cure(facts: DataFacts, accept: bool, words: str) -> None:
    assert words in (trouble(facts, accept_proposals=accept) or "")


def test_nothing_hinders_two_classes() -> None:
    assert trouble(DataFacts(total=5, kept=4, labels={"yes": 2, "no": 2}), accept_proposals=False) is None


def metrics(epoch: int, **changes: Any) -> EpochMetrics:
    values: dict[str, Any] = {
        "epoch": epoch,
        "phase": "head",
        "train_loss": 1 / epoch,
        "val_loss": 1.2 / epoch,
        "train_accuracy": 0.5,
        "val_accuracy": 0.5,
        "val_balanced_accuracy": 0.5 + epoch / 100,
        "val_auroc": None,
        "learning_rate": 1e-3,
        "seconds": 2.0,
        "images_per_second": 100.0,
    }
    return EpochMetrics(**{**values, **changes})


def test_curves_of_a_stored_run_know_where_the_phase_changed() -> None:
    rows = [metrics(1), metrics(2), metrics(3, phase="unfrozen", learning_rate=1e-4)]
    curves = Curves.of_run([*rows, metrics(4, phase="unfrozen", learning_rate=5e-5, val_loss=9.0)], 4)
    assert curves.phases == [(2.0, "unfrozen")]
    assert curves.loss_words()[0] == "val 9.000, best 0.400 at 3"
    assert curves.rate_words() == "5.0e-5, lowered once"
    falling = Curves(epoch=[1.0, 2.0, 3.0], learning_rate=[1e-3, 5e-4, 1e-4])
    assert falling.rate_words() == "1.0e-4"
    assert curves.accuracy_words()[0] == "val 0.540, best 0.540 at 4"
    assert steps([1.0, 2.0], [3.0, 4.0]) == ([0, 1.0, 1.0, 2.0], [3.0, 3.0, 4.0, 4.0])


def test_the_batch_curve_is_of_single_batches_and_smoothed_by_a_moving_average() -> None:
    curves = Curves(2)
    # Batches with losses 4, 2, 3, then 1 in the next epoch; events carry the mean of the epoch so far.
    for epoch, batch, mean in ((1, 1, 4.0), (1, 2, 3.0), (1, 3, 3.0), (2, 1, 1.0)):
        curves.add_batch(BatchDone(epoch, batch, 3, batch / 4, mean, 10.0, 1.0))
    assert curves.batch_loss == pytest.approx([4, 2, 3, 1])
    assert smoothed(curves.batch_loss, 0.0) == curves.batch_loss
    assert smoothed([2.0, 2.0, 2.0], 0.9) == pytest.approx([2, 2, 2])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0, 0.5 / 0.75])


def test_how_long_a_plan_takes_is_known_from_earlier_runs() -> None:
    plan = TrainConfig(epochs=10, head_epochs=4, backbone="mobilenet_v2", feature_views=1)
    # The first epoch of the head works the features out.
    rows = [
        metrics(1, seconds=30.0),
        metrics(2, seconds=2.0),
        metrics(3, seconds=2.0),
        metrics(4, phase="unfrozen", seconds=12.0),
    ]
    speeds = Speeds.of_runs([(plan, rows, 100)])
    assert speeds.seconds_of(plan, 100) == pytest.approx(30 + 3 * 2 + 6 * 12)
    assert speeds.seconds_of(plan, 50) == pytest.approx((30 + 3 * 2 + 6 * 12) / 2)
    assert speeds.seconds_of(dataclasses.replace(plan, image_size=128), 100) is None
    scratch = dataclasses.replace(plan, weights="none")
    assert speeds.seconds_of(scratch, 100) == pytest.approx(120)
    # With two views, each of the first two epochs works out the features of one.
    twice = dataclasses.replace(plan, feature_views=2)
    seen = Speeds.of_runs([(twice, [metrics(1, seconds=30.0), metrics(2, seconds=20.0), *rows[2:]], 100)])
    assert seen.seconds_of(twice, 100) == pytest.approx(2 * 25 + 2 * 2 + 6 * 12)
    # Where all that was seen worked out features, nobody knows how fast the rest would be.
    quick = dataclasses.replace(twice, epochs=20, head_epochs=20)
    only = Speeds.of_runs([(twice, [metrics(1, seconds=30.0), metrics(2, seconds=20.0)], 100)])
    assert only.seconds_of(quick, 100) is None
    assert only.seconds_of(dataclasses.replace(quick, epochs=2), 100) == pytest.approx(50)
    assert Speeds().seconds_of(plan, 100) is None


def test_a_loss_that_is_no_number_is_never_the_best() -> None:
    curves = Curves(3)
    curves.add_epoch(metrics(1, val_loss=0.7))
    curves.add_epoch(metrics(2, val_loss=math.nan))
    assert curves.loss_words()[0] == "val –, best 0.700 at 1"


def test_the_batch_curve_stays_short() -> None:
    curves = Curves(50)
    for epoch in range(1, 51):
        for batch in range(1, 401):
            curves.add_batch(BatchDone(epoch, batch, 400, batch / 400, 0.5, 10.0, 1.0))
    curves.add_batch(BatchDone(50, 400, 400, 1.0, None, 10.0, 1.0))
    assert 1_000 < len(curves.batch_at) <= 4_001
    assert curves.batch_at == sorted(curves.batch_at)
    assert curves.batch_at[-1] == 50


@example(low=879609.9999999999, span=1e-6)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_few_and_inside(low: float, span: float) -> None:
    ticks = round_steps(low, low + span)
    assert len(ticks) <= 7
    # Far from 0, numbers themselves lie no closer than their unit in the last place.
    slack = span * 1e-6 + 4 * math.ulp(abs(low) + span)
    assert all(low - slack <= tick <= low + span + slack for tick in ticks)


def test_whole_ticks_and_rates(qtbot: QtBot) -> None:
    assert round_steps(0, 3, whole=True) == [0, 1, 2, 3]
    assert round_steps(0, 20) == [0, 5, 10, 15, 20]
    assert round_steps(0, 10.15) == [0, 2, 4, 6, 8, 10]
    axis = PlotAxis("left")
    axis.setLogMode(y=True)
    ((_, values),) = axis.tickValues(-4, -2.9, 100)
    assert axis.tickStrings(values, 1, 1) == ["1e-4", "3e-4", "1e-3"]
    # Less than half a decade, in which only 0.5 of 1, 2 and 5 lies.
    half = log_steps(math.log10(0.33), math.log10(0.95))
    assert axis.tickStrings(half, 1, 1) == ["0.4", "0.6", "0.8"]
    narrow = log_steps(math.log10(0.62), math.log10(0.71))
    assert axis.tickStrings(narrow, 1, 1) == ["0.62", "0.64", "0.66", "0.68", "0.7"]


def test_the_last_tick_carries_the_unit(qtbot: QtBot) -> None:
    axis = PlotAxis("bottom", whole=True, unit="epochs")
    ((_, values),) = axis.tickValues(0, 20, 100)
    assert axis.tickStrings(values, 1, 1) == ["0", "5", "10", "15", "20 epochs"]


@pytest.mark.parametrize(("value", "text"), [(1e-3, "1e-3"), (2.5e-4, "2.5e-4"), (0.0, "0"), (1.0, "1e0")])
def test_rates_are_written_short_and_read_back(qtbot: QtBot, value: float, text: str) -> None:
    box = RateBox()
    qtbot.addWidget(box)
    box.setValue(value)
    assert box.text() == text
    assert box.valueFromText(text) == value


def test_rates_step_through_1_2_5(qtbot: QtBot) -> None:
    box = RateBox()
    qtbot.addWidget(box)
    box.setValue(1e-3)
    box.stepBy(1)
    assert box.value() == pytest.approx(2e-3)
    box.stepBy(-2)
    assert box.value() == pytest.approx(5e-4)


def test_memory_of_a_device_and_of_the_machine(qtbot: QtBot) -> None:
    watch = MemoryWatch()
    watch.take(MemorySample("cuda:0", "cuda", 4 * GIB, 5 * GIB, 8 * GIB, GIB, GIB, GIB), 0.0)
    watch.take(MemorySample("cuda:0", "cuda", 3 * GIB, 5 * GIB, 8 * GIB, GIB, GIB, GIB), 0.1)
    assert watch.words()[0] == "3.0 of 8.0 GB, peak 4.0"
    assert watch.first == [4.0, 3.0]
    watch.clear()
    watch.take(MemorySample("cpu", "cpu", 0, 0, 0, 2 * GIB, 6 * GIB, 16 * GIB), 0.0)
    assert watch.words()[:2] == ("2.0 GB used, 6.0 GB free, peak 2.0", "2.0 GB used, 6.0 GB free")
    assert (watch.others, watch.peaks) == ([8.0], [2.0])
    assert (watch.first, watch.second) == ([2.0], [6.0])
    # A long run stays a short curve.
    for number in range(5_000):
        watch.take(MemorySample("cpu", "cpu", 0, 0, 0, GIB, GIB, GIB), number / 100)
    assert len(watch.minutes) <= 1_200


def test_figures_in_words() -> None:
    assert [duration(s) for s in (0.4, 42, 220, 3600, 7500)] == [
        "0 s",
        "42 s",
        "3 min 40 s",
        "1 h",
        "2 h 5 min",
    ]
    assert time_left(218) == "3 min 40 s left"
    assert count(1, "image") == "1 image"
    assert count(12_345, "image") == "12 345 images"
    assert memory(4.1 * GIB) == "4.1 GB"
    assert memory(300 * 1024**2) == "300 MB"

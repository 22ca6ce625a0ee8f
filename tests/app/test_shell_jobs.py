"""The bridge between generators and the window: order of signals, threads, pause, cancel, errors."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal, Slot
from pytestqt.qtbot import QtBot

from curator.app.jobs import Job, Jobs
from curator.errors import CuratorError
from curator.records import Event, Progress


@dataclass(frozen=True)
class Number(Event):
    value: int


class Listener(QObject):
    """Writes down everything a job says, and on which thread it was heard."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.threads: set[int] = set()
        for name in ("finished", "cancelled", "ended"):
            getattr(job, name).connect(getattr(self, f"on_{name}"))
        job.failed.connect(self.on_failed)
        job.event.connect(self.on_event)
        job.progress.connect(self.on_event)

    def _hear(self, what: Any) -> None:
        self.heard.append(what)
        self.threads.add(threading.get_ident())

    @Slot(object)
    def on_event(self, event: Any) -> None:
        self._hear(event)

    @Slot(str)
    def on_failed(self, message: str) -> None:
        self._hear(("failed", message))

    @Slot()
    def on_finished(self) -> None:
        self._hear("finished")

    @Slot()
    def on_cancelled(self) -> None:
        self._hear("cancelled")

    @Slot()
    def on_ended(self) -> None:
        self._hear("ended")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.cancel_all_and_wait()


class Emitter(QObject):
    said = Signal(object)
    flagged = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0
        self.said.connect(self.add)
        self.flagged.connect(self.count)

    @Slot(object)
    def add(self, event: Number) -> None:
        self.sum += event.value

    @Slot(bool)
    def count(self, flag: bool) -> None:
        self.sum += flag


def test_twenty_thousand_emits_survive() -> None:
    # Some PySide6 releases lose a reference to True at each emit and abort after a few hundred.
    emitter = Emitter()
    event = Number(2)
    for _ in range(20_000):
        emitter.said.emit(event)
        emitter.flagged.emit(True)
    assert emitter.sum == 60_000


def test_events_come_in_order_on_the_windows_thread_and_ended_is_last(jobs: Jobs, qtbot: QtBot) -> None:
    made_on: list[int] = []

    def work() -> Iterator[Event]:
        made_on.append(threading.get_ident())
        for value in range(2_000):
            yield Number(value)

    job = jobs.start("Counting", work, key="count")
    listener = Listener(job)
    with qtbot.waitSignal(jobs.ended):
        pass
    assert listener.heard == [*(Number(value) for value in range(2_000)), "finished", "ended"]
    assert listener.threads == {threading.get_ident()}
    assert made_on[0] != threading.get_ident()
    assert jobs.active() == []
    assert not job.running


def test_progress_is_thinned_but_its_last_word_is_heard(jobs: Jobs, qtbot: QtBot) -> None:
    def work() -> Iterator[Event]:
        for done in range(5_000):
            yield Progress(done + 1, 5_000, "Counting")
            if done % 1_000 == 0:
                yield Number(done)

    job = jobs.start("Counting", work, key="count")
    listener = Listener(job)
    with qtbot.waitSignal(jobs.ended):
        pass
    progress = [event for event in listener.heard if isinstance(event, Progress)]
    assert len(progress) < 2_500
    assert progress[-1].done == 5_000
    assert [event.value for event in listener.heard if isinstance(event, Number)] == [
        0,
        1000,
        2000,
        3000,
        4000,
    ]
    assert listener.heard[-2:] == ["finished", "ended"]


def test_pause_asks_for_no_further_event(jobs: Jobs, qtbot: QtBot) -> None:
    asked: list[int] = []

    def work() -> Iterator[Event]:
        for value in range(1_000_000):
            asked.append(value)
            yield Number(value)

    job = jobs.start("Counting", work, key="count")
    changes: list[bool] = []
    job.paused_changed.connect(changes.append)
    with qtbot.waitSignal(job.event):
        pass
    job.pause()
    assert job.paused
    # The queue of the window drains; the worker may finish the event in the making, and no other.
    seen = -1
    while seen != len(asked):
        seen = len(asked)
        qtbot.wait(30)
    assert job.running
    with qtbot.waitSignal(job.event):
        job.resume()
    qtbot.waitUntil(lambda: len(asked) > seen)
    with qtbot.waitSignals([job.cancelled, job.ended]):
        job.cancel()
    assert changes == [True, False]


@pytest.mark.parametrize("paused", [False, True])
def test_cancel_closes_the_generator_on_its_own_thread(jobs: Jobs, qtbot: QtBot, paused: bool) -> None:
    threads: dict[str, int] = {}

    def work() -> Iterator[Event]:
        threads["began"] = threading.get_ident()
        try:
            while True:
                yield Number(0)
        except GeneratorExit:
            threads["closed"] = threading.get_ident()
            raise

    job = jobs.start("Counting", work, key="count")
    listener = Listener(job)
    with qtbot.waitSignal(job.event):
        pass
    if paused:
        job.pause()
    with qtbot.waitSignal(job.ended):
        job.cancel()
    assert threads["closed"] == threads["began"] != threading.get_ident()
    assert listener.heard[-2:] == ["cancelled", "ended"]


def test_an_error_for_the_user_is_its_sentence(jobs: Jobs, qtbot: QtBot) -> None:
    def work() -> Iterator[Event]:
        yield Number(1)
        raise CuratorError("brain.png is gone: put it back.")

    listener = Listener(jobs.start("Reading", work, key="read"))
    with qtbot.waitSignal(jobs.ended):
        pass
    assert listener.heard == [Number(1), ("failed", "brain.png is gone: put it back."), "ended"]


def test_a_defect_is_logged_with_its_traceback_and_said(
    jobs: Jobs, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> Iterator[Event]:
        raise ZeroDivisionError("no images")
        yield Number(1)

    listener = Listener(jobs.start("Reading", work, key="read"))
    with qtbot.waitSignal(jobs.ended):
        pass
    kind, message = listener.heard[0]
    assert kind == "failed"
    assert "no images" in message
    assert "ZeroDivisionError" in caplog.text
    assert listener.heard[-1] == "ended"


def test_an_error_of_make_itself_is_said(jobs: Jobs, qtbot: QtBot) -> None:
    def make() -> Iterator[Event]:
        raise CuratorError("No such run.")

    listener = Listener(jobs.start("Reading", make, key="read"))
    with qtbot.waitSignal(jobs.ended):
        pass
    assert listener.heard == [("failed", "No such run."), "ended"]


def test_one_job_a_key_and_several_keys_at_once(jobs: Jobs, qtbot: QtBot) -> None:
    go = threading.Event()

    def work() -> Iterator[Event]:
        go.wait(10)
        yield Number(1)

    first = jobs.start("One", work, key="a")
    assert jobs.start("Two", work, key="a") is first
    other = jobs.start("Three", work, key="b")
    assert jobs.active() == [first, other]
    assert jobs.get("a") is first
    go.set()
    with qtbot.waitSignals([first.ended, other.ended]):
        pass
    again = jobs.start("Again", work, key="a")
    assert again is not first
    with qtbot.waitSignal(again.ended):
        pass


def test_closing_waits_for_every_thread_and_still_says_how_it_ended(jobs: Jobs) -> None:
    closed: list[str] = []

    def work(name: str) -> Iterator[Event]:
        try:
            while True:
                yield Number(0)
        finally:
            closed.append(name)

    listeners = [Listener(jobs.start(name, lambda name=name: work(name), key=name)) for name in "abc"]
    jobs.cancel_all_and_wait()
    assert jobs.active() == []
    assert all(listener.heard[-2:] == ["cancelled", "ended"] for listener in listeners)
    # A job that was cancelled before it began never made its generator.
    assert set(closed) <= set("abc")


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness of their own on Linux only")
def test_the_worker_makes_way_for_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    def work() -> Iterator[Event]:
        yield Number(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    listener = Listener(jobs.start("Being nice", work, key="nice"))
    with qtbot.waitSignal(jobs.ended):
        pass
    assert listener.heard[0].value > mine
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine

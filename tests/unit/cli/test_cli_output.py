"""The bridge from events to a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from curator.cli.output import complain, drawn, table
from curator.records import Event, Progress, Warned


def test_other_events_pass_and_warnings_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    own = Event()

    def work() -> Iterator[Event]:
        yield Progress(0, 2, "Working")
        yield Warned("a.jpg is empty: copy it again.")
        yield own

    assert list(drawn(work())) == [own]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip() == "a.jpg is empty: copy it again."


def test_leaving_early_closes_the_work() -> None:
    closed = []

    def work() -> Iterator[Event]:
        try:
            while True:
                yield Event()
        finally:
            closed.append(True)

    for _ in drawn(work()):
        break
    assert closed == [True]


def test_complaints_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("first\n second")
    assert capsys.readouterr().err == "first second\n"


def test_table_aligns_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    table(["name", "n"], [["vgg16", "138"], ["m", "3"]])
    assert capsys.readouterr().out.splitlines() == ["name     n", "vgg16  138", "m        3"]

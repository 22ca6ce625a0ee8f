"""Drawing events as progress bars, and the two streams: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from curator.records import Event, Progress, Warned

# A bar is drawn only once the work has lasted this long, so that quick commands stay quiet.
_QUIET_SECONDS = 1.0


def complain(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(" ".join(message.split()) + "\n")


def say(line: str = "") -> None:
    """One line of result on stdout."""
    sys.stdout.write(line + "\n")


def say_json(value: Any) -> None:
    """A machine's answer: one JSON value on stdout."""
    say(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False))


def drawn(events: Iterable[Event], *, quiet: bool = False) -> Iterator[Event]:
    """Draws `Progress` as a bar and `Warned` as a line, both on stderr, and passes everything else through.

    The bar appears after a second. Where stderr is no terminal, nothing is drawn but the warnings; `quiet`
    draws nothing at all.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True, quiet=quiet, soft_wrap=True, highlight=False)
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    began = time.monotonic()
    task = None
    shown = False
    try:
        for event in events:
            if isinstance(event, Warned):
                console.print(event.message, markup=False)
                continue
            if not isinstance(event, Progress):
                yield event
                continue
            if not shown and not quiet and console.is_terminal and time.monotonic() - began > _QUIET_SECONDS:
                bars.start()
                shown = True
            if shown:
                if task is None:
                    task = bars.add_task(event.what, total=event.total)
                bars.update(task, completed=event.done, total=event.total, description=event.what)
    finally:
        if shown:
            bars.stop()
        close = getattr(events, "close", None)
        if close is not None:
            close()


def table(headings: list[str], rows: list[list[str]]) -> None:
    """A plain table on stdout: columns padded, numbers (all but the first column) right-aligned."""
    cells = [headings, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        first = row[0].ljust(widths[0])
        rest = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        say("  ".join([first, *rest]).rstrip())

"""The commands that show the window: `open` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from curator.cli.output import complain, drawn, say
from curator.cli.system import screen
from curator.errors import CuratorError

_TOUR_FOLDER = Path("curator-tour")
# Fewer than in the demo: a tour shall take a minute or two.
_TOUR_IMAGES = 120


def open_window(
    folder: Path | None = typer.Argument(None, help="A folder with one folder per class."),
) -> None:
    """Open the window, on FOLDER if one is given."""
    if folder is not None and not folder.is_dir():
        raise CuratorError(f"{folder} is not a folder: give the folder that holds one folder per class.")
    found = screen()
    if not found.available:
        raise CuratorError(_no_window(found.reason, found.cure))
    from curator.app.application import run

    raise typer.Exit(run(folder))


def demo(
    tour: Path | None = typer.Option(
        None, "--tour", help="Drive the window through the whole loop and leave screenshots and a run here."
    ),
) -> None:
    """Make the demo dataset and open it, or tour the window with it."""
    found = screen()
    if tour is None and found.available:
        from curator.app.application import run

        raise typer.Exit(run(_made_demo(None)))
    if found.missing and not _can_draw_offscreen():
        raise CuratorError(_no_window(found.reason, found.cure))
    if tour is None:
        complain(f"{found.reason} Touring the window offscreen instead; the pictures go to {_TOUR_FOLDER}/.")
        if found.cure:
            complain(f"To see the window: {found.cure}")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    out = tour or _TOUR_FOLDER
    out.mkdir(parents=True, exist_ok=True)
    from curator.app.tour import run_tour

    for line in run_tour(_made_demo(out), out):
        say(line)


def _made_demo(out: Path | None) -> Path:
    """Generates the demo dataset where it is not there yet and returns its root."""
    from curator.paths import data_dir
    from curator.workflow.demo import make_demo

    folder = (out if out is not None else data_dir()) / "demo"
    for _ in drawn(make_demo(folder) if out is None else make_demo(folder, count=_TOUR_IMAGES)):
        pass
    return folder / "images"


def _can_draw_offscreen() -> bool:
    from curator.cli.system import QT_LIBRARIES, missing_libraries

    return not missing_libraries(QT_LIBRARIES)


def _no_window(reason: str, cure: str) -> str:
    if cure:
        return f"{reason} Mend it with: {cure}"
    return (
        f"{reason} The other commands work without one: see curator --help, or try curator demo --tour out."
    )

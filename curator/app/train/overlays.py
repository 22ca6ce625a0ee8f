"""Which runs are drawn below the one that is shown, and in which colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from curator.app import theme
from curator.app.train.curve_panel import OVERLAY_COLOURS, CurvePanel
from curator.app.train.curves import Curves


class Overlays:
    """Runs whose dot was clicked stay drawn; of those that are marked, two or more are drawn while they are."""

    def __init__(self, panel: CurvePanel, read: Callable[[Path], None]) -> None:
        self._panel = panel
        self._read = read
        self._shown: Path | None = None
        self._pinned: list[Path] = []
        self._marked: list[Path] = []
        self._drawn: dict[Path, str] = {}

    def colour(self, run_dir: Path) -> str | None:
        """What a run is drawn in; None if it isn't."""
        return theme.current().accent if run_dir == self._shown else self._drawn.get(run_dir)

    def set_shown(self, run_dir: Path | None) -> None:
        """The run that the plots show before all others, in colours of its own."""
        self._shown = run_dir
        self._sync()

    def set_marked(self, run_dirs: Iterable[Path]) -> None:
        """The marked runs."""
        marked = list(run_dirs)
        self._marked = marked if len(marked) > 1 else []
        self._sync()

    def toggle(self, run_dir: Path) -> None:
        """Draws a run for good, or takes it away."""
        if run_dir in self._pinned:
            self._pinned.remove(run_dir)
        else:
            self._pinned.append(run_dir)
        self._sync()

    def forget(self, run_dir: Path) -> None:
        """The run is gone."""
        self._pinned = [one for one in self._pinned if one != run_dir]
        self._marked = [one for one in self._marked if one != run_dir]
        self._sync()

    def clear(self) -> None:
        """Nothing is drawn any more."""
        self._shown, self._pinned, self._marked = None, [], []
        self._sync()

    def take(self, run_dir: Path, curves: Curves, name: str) -> None:
        """The curves of a run were read: draws them, if they are still wanted."""
        if run_dir in self._drawn:
            self._panel.add_overlay(str(run_dir), curves, self._drawn[run_dir], name)

    def _sync(self) -> None:
        wanted = [one for one in dict.fromkeys((*self._pinned, *self._marked)) if one != self._shown]
        for run_dir in [one for one in self._drawn if one not in wanted]:
            del self._drawn[run_dir]
            self._panel.drop_overlay(str(run_dir))
        for run_dir in wanted:
            if run_dir not in self._drawn:
                used = set(self._drawn.values())
                free = [colour for colour in OVERLAY_COLOURS if colour not in used]
                self._drawn[run_dir] = (free or list(OVERLAY_COLOURS))[0]
                self._read(run_dir)

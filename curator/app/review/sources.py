"""What can be reviewed of a project, listed off the window's thread: runs, cross-validations, other images."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curator.app.jobs import load
from curator.app.words import moment
from curator.errors import CuratorError
from curator.records import Event, Split

if TYPE_CHECKING:
    from curator.evaluation.results import Source


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. `stamp` changes when there is more to be shown of it than before; `split` can only
    be chosen where `splits` says so."""

    source: Source
    words: str
    stamp: int
    splits: bool = True


@dataclass(frozen=True, slots=True)
class SourcesListed(Event):
    """All that can be reviewed, newest first."""

    entries: tuple[Entry, ...]


def list_sources(folder: Path, root: Path) -> Iterator[Event]:
    """Lists the runs and cross-validations below a project's folder, and the other images that those runs have
    predicted: one `SourcesListed`.

    `root` is the project's own: there lie the images of runs that were copied here from another machine.
    """
    results = load("curator.evaluation.results")
    from curator.evaluation.cross_validated import read_cross_validation
    from curator.training.runs import given_name, list_runs

    found: list[tuple[float, list[Entry]]] = []
    for run in list_runs(folder):
        if run.metrics:
            words = given_name(run.folder) or (
                f"{run.config.backbone}, {run.config.preset}, {moment(run.started_at)}"
            )
            own = Entry(results.Source(run.folder, root=_moved(run.root, root)), words, len(run.metrics))
            others = [
                Entry(source, f"{what} by {words}", len(run.metrics), source.images is None)
                for source, what in _elsewhere(run.folder)
            ]
            found.append((run.started_at, [own, *others]))
    for path in [*_in(folder, "runs/*"), *_in(folder, "runs/*/*")]:
        try:
            made = read_cross_validation(path)
        except CuratorError:
            continue
        if made.done:
            # The variants of an ablation are named by their folders: raw, cropped, masked.
            variant = "" if path.parent.name == "runs" else f"{path.name}, "
            words = given_name(path) or (
                f"{variant}{made.config.backbone}, {made.folds} folds, {moment(made.started_at)}"
            )
            source = results.Source(path, None, root=_moved(made.root, root))
            entry = Entry(source, f"out of fold: {words}", len(made.done), splits=False)
            found.append((made.started_at, [entry]))
    found.sort(key=lambda one: -one[0])
    yield SourcesListed(_told_apart([(at, entry) for at, entries in found for entry in entries]))


def _told_apart(found: Sequence[tuple[float, Entry]]) -> tuple[Entry, ...]:
    """What began within one minute, or has one name, gets its time to the second."""
    often = Counter(entry.words for _, entry in found)
    return tuple(
        replace(entry, words=_timed(entry.words, at)) if often[entry.words] > 1 else entry
        for at, entry in found
    )


def _timed(words: str, at: float) -> str:
    then = moment(at)
    return f"{words.removesuffix(then).removesuffix(', ')}, {then}{time.strftime(':%S', time.localtime(at))}"


def words_of(source: Source) -> str:
    """What is being reviewed, for a sentence."""
    if source.images is not None:
        return f"the new images in {source.images.name}"
    split: Split | None = source.split
    images = "all kept images" if split is None else f"the {split} split"
    return images if source.manifest is None else f"{images} of the manifest {source.manifest.name}"


def _moved(root: Path, here: Path) -> Path | None:
    """Where the images lie now, None for where they lay."""
    return None if root.is_dir() else here


def _in(folder: Path, pattern: str) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"{pattern}/cross_validation.json"))


def _elsewhere(run_dir: Path) -> list[tuple[Source, str]]:
    """The other manifests and new images that a run has predicted, those that are still there."""
    results = load("curator.evaluation.results")
    found = []
    for path in sorted(run_dir.glob("elsewhere/*/source.json")):
        try:
            of = Path(json.loads(path.read_text(encoding="utf-8"))["of"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if not of.exists():
            continue
        if path.parent.name.startswith("images-"):
            found.append((results.Source(run_dir, None, images=of), f"new images {of.name}"))
        else:
            found.append((results.Source(run_dir, None, manifest=of), f"manifest {of.name}"))
    return found

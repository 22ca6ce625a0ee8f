"""Puts a report together and writes it, whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator import __version__
from curator.errors import CuratorError, TrainingError
from curator.evaluation.comparison import Comparison
from curator.evaluation.cross_validated import CrossValidation, read_cross_validation
from curator.evaluation.flags import Queue
from curator.evaluation.honesty import repeats_of
from curator.evaluation.queues import QueuesReady, kept_queues
from curator.evaluation.report.compared import compared
from curator.evaluation.report.dataset import cleaning, dataset, splits
from curator.evaluation.report.doubts import honesty, queues, shortcuts
from curator.evaluation.report.figures import confusion, headline, plots
from curator.evaluation.report.page import Section, document
from curator.evaluation.report.pictures import Pictures, make_pictures
from curator.evaluation.report.training import training
from curator.evaluation.report.versions import versions
from curator.evaluation.results import ResultsReady
from curator.evaluation.shortcut_audit import find_audit
from curator.manifest.files import Manifest, read_manifest, write_text
from curator.records import Event, Progress
from curator.training.runs import Run, given_name, list_runs, load_run


@dataclass(frozen=True, slots=True)
class ReportWritten(Event):
    """The report lies at `path` and has so many bytes."""

    path: Path
    size: int


def write_report(
    results: ResultsReady,
    path: Path,
    *,
    manifest: Manifest | None = None,
    comparison: Comparison | None = None,
) -> Iterator[Event]:
    """Writes the report of some results to `path`: `Progress`, and last `ReportWritten`.

    `manifest` is what was predicted, by default the one that the results came from. `comparison`, whose second
    run is this one, is added where it is given. Images that are gone or have changed are left out. Raises
    `TrainingError` or `ManifestError` where the run can't be read, `CuratorError` where `path` can't be written.
    """
    run = results.run
    source = manifest or _manifest(results)
    folds = read_cross_validation(results.source.folder) if results.folds else None
    audit = find_audit(run.folder, source.info.sha256)
    flagged: tuple[Queue, ...] = ()
    for found in kept_queues(results):
        if isinstance(found, QueuesReady):
            flagged = found.queues
    pictures = None
    for event in make_pictures(results, source.rows):
        if isinstance(event, Pictures):
            pictures = event
        else:
            yield event
    assert pictures is not None
    yield Progress(1, 1, "Writing the report")
    sections = [
        headline(results, source.info.test_touched),
        honesty(results, source, _repeats(run, folds), audit),
        shortcuts(audit),
        dataset(source),
        cleaning(source, run.config.cleaning, pictures.cleaning),
        splits(source, folds),
        training(run, folds, _fold_runs(results, folds)),
        plots(results),
        confusion(results),
        Section("Most confidently wrong", pictures.worst),
        queues(flagged),
        compared(comparison),
        versions(results, source),
    ]
    name = given_name(run.folder) or run.folder.name
    kind = f"Cross-validation in {folds.folds} folds" if folds is not None else "Run"
    today = time.strftime("%Y-%m-%d")
    page = document(
        name,
        f"{kind}: {run.config.backbone}, {len(run.classes)} classes. Report of {today}.",
        sections,
        f"Written by Curator {__version__} on {today}. A tool for research: not a medical device.",
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)
    except OSError as error:
        raise CuratorError(
            f"{path} can't be written ({error.strerror or error}): choose another place for the report."
        ) from error
    yield ReportWritten(path, path.stat().st_size)


def _manifest(results: ResultsReady) -> Manifest:
    if results.source.manifest is not None:
        return read_manifest(results.source.manifest)
    return results.run.manifest()


def _repeats(run: Run, folds: CrossValidation | None) -> int:
    """How many seeds the plan was trained with, among the runs beside this one."""
    if folds is not None or run.folder.parent.name != "runs":
        return 1
    return repeats_of(run, list_runs(run.folder.parent.parent))


def _fold_runs(results: ResultsReady, folds: CrossValidation | None) -> list[Run]:
    found = []
    for one in folds.done if folds is not None else ():
        try:
            found.append(load_run(results.run.folder / one.folder))
        except TrainingError:
            # A fold's folder that was cleared away takes its curves along, not the report.
            continue
    return found

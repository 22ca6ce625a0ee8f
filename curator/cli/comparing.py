"""`compare`, and what `evaluate` shares with it: reading results, and the report on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from curator.cli.output import complain, drawn, say, say_json, table
from curator.errors import CuratorError

if TYPE_CHECKING:
    from curator.evaluation.common_images import Pair
    from curator.evaluation.comparison import Comparison
    from curator.evaluation.results import ResultsReady
    from curator.manifest.files import Manifest

# Of more images that turned, the list on the screen ends here; --json has them all.
_MOST = 40


def compare(
    first: Path = typer.Argument(..., metavar="RUN_A", help="The earlier run or cross-validation."),
    second: Path = typer.Argument(..., metavar="RUN_B", help="The later one."),
    own_labels: bool = typer.Option(
        False, "--own-labels", help="Judge relabelled images too, each run by its own label."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the comparison as JSON."),
) -> None:
    """Compare RUN_A with RUN_B on the images that both predicted and neither was trained on.

    Says which turned right and which wrong, with McNemar's exact test, and how much each figure differs.
    """
    found = _compared(first, second, own_labels=own_labels)
    if as_json:
        say_json(found.to_json())
        return
    say(found.verdict())
    say()
    rows = []
    for name in found.differences:
        cells = [one.get(name) for one in (found.first, found.second, found.differences)]
        rows.append(
            [
                name.replace("_", " "),
                *(
                    "-" if one is None else f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
                    for one in cells
                ),
            ]
        )
    table(["figure", *found.names, "difference"], rows)
    for title, pairs in (
        ("Turned right", found.turned_right),
        ("Turned wrong", found.turned_wrong),
        ("Relabelled", found.relabelled),
    ):
        _say_pairs(title, pairs)
    for one in found.left_out:
        say(f"Not compared, {one.reason}: {len(one.names)}")
    for setting, before, after in found.plan:
        say(f"Plan, {setting}: {before}, then {after}")
    say(f"Manifest: {found.changes.words()}.")
    for words in found.caveats():
        say(words)


def results_of(run: Path, manifest: Manifest | None, root: Path | None) -> ResultsReady:
    """Predictions for `evaluate`: of a run they are made anew, of a cross-validation read.

    Raises `CuratorError` where nothing could be predicted.
    """
    from curator.evaluation.evaluate import Evaluated, evaluate
    from curator.evaluation.results import ResultsReady, Source, read_looked, read_results
    from curator.training.runs import load_run

    source = Source(run, manifest=manifest.folder if manifest is not None else None, root=root)
    if source.cross_validated:
        return next(one for one in drawn(read_results(source)) if isinstance(one, ResultsReady))
    made = [one for one in drawn(evaluate(run, manifest=manifest, root=root)) if isinstance(one, Evaluated)]
    if not made or not made[0].predictions:
        raise CuratorError(f"{run} has no test image that could be predicted: look at the warnings above.")
    read = load_run(run)
    used = manifest or read.manifest()
    return ResultsReady(
        run=read,
        source=source,
        split="test",
        predictions=made[0].predictions,
        rows={row.file_name: row for row in used.rows},
        summary=made[0].summary,
        looked=read_looked(source.kept_in),
        folds={},
        root=root or (used.root if manifest is not None else read.root),
    )


def report_on(
    results: ResultsReady, path: Path, manifest: Manifest | None = None, against: Path | None = None
) -> None:
    """Writes the report, with a comparison if `against` is another run, and says where."""
    from curator.evaluation.report import write_report

    comparison = _compared(against, results.source.folder) if against is not None else None
    for _ in drawn(write_report(results, path, manifest=manifest, comparison=comparison)):
        pass
    complain(f"Report written to {path}.")


def _compared(first: Path, second: Path, *, own_labels: bool = False) -> Comparison:
    from curator.evaluation.comparison import ComparisonReady, read_comparison
    from curator.training.device import memory_kept

    with memory_kept():
        events = drawn(read_comparison(first, second, own_labels=own_labels))
        return next(one for one in events if isinstance(one, ComparisonReady)).comparison


def _say_pairs(title: str, pairs: tuple[Pair, ...]) -> None:
    if not pairs:
        return
    say()
    say(f"{title}: {len(pairs)}")
    for one in pairs[:_MOST]:
        label = f"{one.was}, now {one.label}" if one.relabelled else one.label
        say(f"  {one.file_name}  is {label}, said {one.first.predicted}, says {one.second.predicted}")
    if len(pairs) > _MOST:
        say(f"  and {len(pairs) - _MOST} more: --json lists all.")
    say()

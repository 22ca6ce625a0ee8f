"""The command `audit`: what predicts the label though it is not the brain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from curator.cli.output import complain, drawn, say, say_json, table

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval
    from curator.evaluation.shortcut_audit import Audit, AuditRow


def audit(
    manifest: Path = typer.Argument(
        ..., help="A manifest.jsonl, the folder that holds it, or a run's folder."
    ),
    root: Path | None = typer.Option(None, "--root", help="Where the images lie, if not where it says."),
    seed: int = typer.Option(0, "--seed", min=0, help="Of folds and forests."),
    leave_out_test: bool = typer.Option(False, "--leave-out-test", help="Look at the other splits alone."),
    as_json: bool = typer.Option(False, "--json", help="Print the audit as JSON."),
) -> None:
    """Look for shortcuts in MANIFEST: guess the label from files, borders, masks and framing, without the brain.

    The answer is kept as audit.json beside the manifest, where Review and the reports find it.
    """
    from curator.evaluation.shortcut_audit import AuditReady, run_audit, write_audit
    from curator.manifest.files import read_manifest
    from curator.training.runs import CONFIG, load_run

    read = read_manifest(manifest)
    if root is None and (read.folder / CONFIG).is_file():
        root = load_run(read.folder).root
    for event in drawn(run_audit(read, root, seed=seed, test=not leave_out_test)):
        if isinstance(event, AuditReady):
            write_audit(read.folder, event.audit)
            if as_json:
                say_json(event.audit.to_json())
            else:
                _print(event.audit)


def _print(audit: Audit) -> None:
    from curator.evaluation.shortcut_audit_words import MANY_LOOKS, part_words

    if not audit.rows:
        say(audit.sentence)
        return
    say(audit.sentence)
    say(part_words(audit))
    say()
    table(
        ["what the label is guessed from", "balanced accuracy", "accuracy", "AUROC", "shuffled", ""],
        [_cells(row) for row in audit.rows],
    )
    first = audit.rows[0]
    say(
        f"guessing: balanced accuracy {first.chance:.2f}, accuracy {first.baseline:.2f}; "
        f"shuffled labels reached {first.permuted_high:.2f} at most"
    )
    say()
    for row in audit.rows:
        if row.verdict == "look":
            say(f"{row.what}: {row.words}")
    complain(MANY_LOOKS)


def _cells(row: AuditRow) -> list[str]:
    return [
        row.what,
        _spread(row.balanced_accuracy),
        _spread(row.accuracy),
        _spread(row.auroc),
        f"{row.permuted:.2f}",
        "no mask" if row.balanced_accuracy is None else "not clear" if row.unclear else row.verdict,
    ]


def _spread(figure: Interval | None) -> str:
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]" if figure is not None else ""

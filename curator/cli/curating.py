"""The commands on images and manifests: `propose` and `export`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import typer

from curator.cli.output import complain, drawn, say, say_json
from curator.errors import CuratorError
from curator.records import FILLS, PROFILES

_Word = TypeVar("_Word", bound=str)


def propose(
    folder: Path = typer.Argument(..., help="A folder with one folder per class."),
    out: Path | None = typer.Option(None, "--out", help="Write the manifest lines here instead of stdout."),
    workers: int = typer.Option(0, "--workers", min=0, help="Images worked on at once; 0: one a core."),
    target: str = typer.Option("head", "--target", help="Crop to the head or to the brain."),
    profile: str = typer.Option("brain-mri", "--profile", help="brain-mri or general."),
) -> None:
    """Propose crop, masks and decision for every image below FOLDER, as manifest lines. Only reads."""
    from curator.manifest.files import write_text
    from curator.workflow.propose import TARGETS, RowsProposed, propose_folder

    _require_folder(folder)
    wanted_target = _one_of("--target", target, TARGETS)
    wanted_profile = _one_of("--profile", profile, PROFILES)

    lines: list[str] = []
    for event in drawn(propose_folder(folder, profile=wanted_profile, target=wanted_target, workers=workers)):
        if isinstance(event, RowsProposed):
            lines = [row.to_json_line() for row in event.rows]
    if out is None:
        for line in lines:
            say(line.rstrip("\n"))
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, "".join(line.rstrip("\n") + "\n" for line in lines))
    complain(f"{len(lines)} proposals written to {out}.")


def export(
    folder: Path = typer.Argument(..., help="A folder with one folder per class."),
    out: Path = typer.Option(..., "--out", help="The folder for manifest.jsonl and manifest.json."),
    accept_proposals: bool = typer.Option(
        False, "--accept-proposals", help="Count what nobody has looked at as decided by its proposal."
    ),
    materialise: bool = typer.Option(False, "--materialise", help="Add the kept images, cropped and masked."),
    seed: int | None = typer.Option(None, "--seed", min=0, help="Seed of the split; default: the project's."),
    shares: str | None = typer.Option(None, "--shares", help="train,val,test in percent, e.g. 70,15,15."),
    fill: str | None = typer.Option(None, "--fill", help="How masks are filled: black, background, inpaint."),
    formats: str = typer.Option("jsonl", "--format", help="Comma-separated: jsonl, csv, parquet."),
    workers: int = typer.Option(0, "--workers", min=0, help="Images worked on at once; 0: one a core."),
    as_json: bool = typer.Option(False, "--json", help="Print the manifest's summary as JSON."),
) -> None:
    """Write the manifest of FOLDER: from its project if there is one, else from fresh proposals."""
    _require_folder(folder)
    from curator.workflow.export import FORMATS, Exported, export_folder

    wanted = tuple(_one_of("--format", name.strip(), FORMATS) for name in formats.split(","))
    wanted_fill = None if fill is None else _one_of("--fill", fill, FILLS)
    from curator.dataset.split import Shares

    parts = Shares.parse(shares) if shares is not None else None
    exported: Exported | None = None
    events = export_folder(
        folder,
        out,
        accept_proposals=accept_proposals,
        materialise=materialise,
        seed=seed,
        shares=parts,
        fill=wanted_fill,
        formats=wanted,
        workers=workers,
    )
    for event in drawn(events):
        if isinstance(event, Exported):
            exported = event
    if exported is None:
        raise CuratorError(f"Nothing was exported from {folder}.")
    info = exported.manifest.info
    if as_json:
        say_json(info.model_dump(mode="json", by_alias=True))
        return
    decisions = info.counts.decision
    say(f"{out / 'manifest.jsonl'}: {len(exported.manifest.rows)} images")
    say("  " + ", ".join(f"{decisions.get(name, 0)} {name}" for name in ("keep", "discard", "undecided")))
    splits = info.counts.split
    say("  " + ", ".join(f"{splits.get(name, 0)} {name}" for name in ("train", "val", "test")))
    if not accept_proposals and decisions.get("undecided", 0):
        complain(f"{decisions['undecided']} images are undecided; --accept-proposals takes their proposals.")


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise CuratorError(f"{folder} is not a folder: give the folder that holds one folder per class.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CuratorError(f"{folder} may not be read: check its permissions.")


def _one_of(option: str, value: str, allowed: tuple[_Word, ...]) -> _Word:
    """The allowed word that `value` is, typed as one of them; wrong usage if it is none."""
    for word in allowed:
        if word == value:
            return word
    raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}.", param_hint=option)

"""From a project, or from a folder without one, to a manifest and, if wanted, the cleaned images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from curator.dataset.split import Shares
from curator.errors import ManifestError
from curator.manifest.files import INFO, LINES, Manifest, write_csv, write_manifest, write_parquet
from curator.manifest.materialise import materialise as materialised
from curator.manifest.schema import ManifestRow
from curator.paths import existing_project_dir
from curator.project import Project
from curator.records import Event, Fill, Profile, Progress
from curator.workflow.draft import bring_up_to_date, draft

Format: TypeAlias = Literal["jsonl", "csv", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Exported(Event):
    """The manifest is written; `files` are all files beside its folder's images."""

    manifest: Manifest
    files: tuple[Path, ...]


def snapshot_rows(
    project: Project, *, accept_proposals: bool = False, fill: Fill | None = None
) -> tuple[ManifestRow, ...]:
    """A project's manifest lines as they are now, sorted by file name.

    Images that no person decided on are `undecided`, or, with `accept_proposals`, as proposed. `fill`
    replaces the fill of all.
    """
    return tuple(
        ManifestRow.from_state(
            replace(state, fill=fill) if fill is not None else state, accept_proposals=accept_proposals
        )
        for state in project.states()
    )


def export(
    project: Project,
    out: Path,
    *,
    accept_proposals: bool = False,
    seed: int | None = None,
    shares: Shares | None = None,
    fill: Fill | None = None,
    materialise: bool = False,
    formats: Sequence[Format] = ("jsonl",),
) -> Iterator[Event]:
    """Writes the manifest of a project to the folder `out`; `Progress`, `Warned`, and last `Exported`.

    `seed` and `shares` count where splits are drawn for the first time and for new groups; those that have
    a split keep it. With `materialise` the kept images are added. Splits and rows are taken when this is
    called, on the project's thread; the events may then be made on another one. Raises `ManifestError` where
    `out` lies inside the dataset.
    """
    out = _outside(out, project.root)
    project.ensure_splits(
        project.shares if shares is None else shares, project.seed if seed is None else seed
    )
    snapshot = _Snapshot(
        snapshot_rows(project, accept_proposals=accept_proposals, fill=fill),
        project.root,
        project.profile,
        project.classes,
        project.seed,
        project.shares,
        project.test_touched,
    )
    return _write(snapshot, out, materialise, tuple(formats))


def export_folder(
    folder: Path,
    out: Path,
    *,
    accept_proposals: bool = False,
    seed: int | None = None,
    shares: Shares | None = None,
    fill: Fill | None = None,
    materialise: bool = False,
    formats: Sequence[Format] = ("jsonl",),
    workers: int = 0,
    profile: Profile = "brain-mri",
) -> Iterator[Event]:
    """`export` from the folder's project if there is one, else from fresh proposals, written nowhere else.

    A project is first brought up to date with its folder; images without a proposal get one. `profile`
    counts only where there is no project.
    """
    _outside(out, folder)
    with ExitStack() as stack:
        if existing_project_dir(folder) is None:
            project = yield from draft(folder, profile=profile, workers=workers)
        else:
            project = stack.enter_context(Project.open(folder))
            yield from bring_up_to_date(project, workers=workers)
        yield from export(
            project,
            out,
            accept_proposals=accept_proposals,
            seed=seed,
            shares=shares,
            fill=fill,
            materialise=materialise,
            formats=formats,
        )


@dataclass(frozen=True, slots=True)
class _Snapshot:
    rows: tuple[ManifestRow, ...]
    root: Path
    profile: Profile
    classes: tuple[str, ...]
    seed: int
    shares: Shares
    test_touched: int


def _write(snapshot: _Snapshot, out: Path, materialise: bool, formats: Sequence[Format]) -> Iterator[Event]:
    total = len(snapshot.rows)
    yield Progress(0, total, "Writing the manifest")
    try:
        out.mkdir(parents=True, exist_ok=True)
        manifest = write_manifest(
            out,
            snapshot.rows,
            root=snapshot.root,
            profile=snapshot.profile,
            classes=snapshot.classes,
            seed=snapshot.seed,
            shares=snapshot.shares,
            test_touched=snapshot.test_touched,
        )
        files = [out / LINES, out / INFO]
        if "csv" in formats:
            files.append(out / "manifest.csv")
            write_csv(manifest, files[-1])
        if "parquet" in formats:
            files.append(out / "manifest.parquet")
            write_parquet(manifest, files[-1])
        yield Progress(total, total, "Writing the manifest")
        if materialise:
            yield from materialised(manifest, out, snapshot.root)
    except OSError as error:
        raise ManifestError(
            f"{out} cannot be written ({error.strerror or error}): check the folder and the free space."
        ) from error
    yield Exported(manifest, tuple(files))


def _outside(out: Path, root: Path) -> Path:
    """`out` as an absolute path. Every folder below the root would be taken for a class."""
    out, root = Path(out).resolve(), Path(root).resolve()
    if out == root or root in out.parents:
        raise ManifestError(f"{out} lies inside the dataset {root}: choose a folder outside of it.")
    return out

"""A run's predictions of what it was not made for: another manifest, or a folder of new images.

They are kept with the run in `elsewhere/<kind>-<digest>/`, a folder for each, so that nothing clashes:
`rows.jsonl` (how each image was cleaned, as manifest lines; of new images only), `predictions.jsonl`, and
`source.json`, which says for what they hold: checkpoint, rows, method of the proposals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from curator.errors import ImageError, ManifestError
from curator.evaluation.predict_files import proposed_edits, usual_fill
from curator.imaging.decode import decode, read_bytes, sha256
from curator.manifest.files import Manifest, read_manifest, write_text
from curator.manifest.schema import ManifestMask, ManifestRow
from curator.manifest.verify import any_readable
from curator.records import Edits, Event, Fill, ImageRecord, Prediction, Profile, Progress, Warned
from curator.training.config import Cleaning
from curator.training.events import Predicted
from curator.training.predictions import read_predictions, write_predictions
from curator.training.runs import BEST, PREDICTIONS, Run

FOLDER: Final = "elsewhere"
ROWS: Final = "rows.jsonl"
SOURCE: Final = "source.json"

_CLEANING_WORDS: Final[dict[Cleaning, str]] = {
    "masked": "cropped and masked",
    "cropped": "cropped, not masked",
    "raw": "left whole, as the run was trained on uncleaned images",
}


@dataclass(frozen=True, slots=True)
class NewImagesCleaned(Event):
    """New images went the way of the run's dataset before they are predicted; `words` say so in a sentence."""

    images: int
    words: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The images that were predicted; `root` is what `file_name` is relative to."""

    root: Path
    rows: tuple[ManifestRow, ...]
    predictions: tuple[Prediction, ...]


def folder_of(run_dir: Path, what: Path, kind: str) -> Path:
    """Where predictions of another manifest (`kind` "manifest") or of new images ("images") are kept."""
    digest = hashlib.sha256(str(what.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return run_dir / FOLDER / f"{kind}-{digest[:16]}"


def manifest_folder(path: Path) -> Path:
    """The folder of a manifest that is given by its folder or by a file in it."""
    return path if path.is_dir() else path.parent


def predict_other_manifest(
    run: Run, path: Path, root: Path | None = None
) -> Generator[Event, None, Elsewhere]:
    """The run's predictions of all kept images of another manifest; yields `Progress` and `Warned`.

    `root` is where they lie, if not where the manifest says. Raises `ManifestError` where it can't be used, or has
    no class in common with the run.
    """
    manifest = read_manifest(path)
    if not set(manifest.info.classes) & set(run.classes):
        raise ManifestError(
            f"{path} has the classes {', '.join(manifest.info.classes)}, the run knows {', '.join(run.classes)}: "
            "choose a manifest of the same classes."
        )
    rows = tuple(row for row in manifest.rows if row.decision == "keep")
    root = root or manifest.root
    folder = folder_of(run.folder, manifest.folder, "manifest")
    predictions = yield from _predicted(run, folder, rows, root, manifest.folder)
    yield from warn_of_known(run, [row.sha256 for row in rows])
    return Elsewhere(root, rows, predictions)


def predict_new_images(run: Run, images: Path) -> Generator[Event, None, Elsewhere]:
    """The run's predictions of a folder of new images, which are cleaned first as its dataset was.

    Yields `NewImagesCleaned`, `Progress` and `Warned`. What was proposed before is taken over for files that
    have not changed. The label is the first folder below `images`, as in a dataset. Raises `CuratorError` where
    the folder can't be read or holds no image.
    """
    manifest = run.manifest()
    records = yield from _scanned(images)
    folder = folder_of(run.folder, images, "images")
    known = _kept_rows(folder)
    fill = usual_fill(manifest)
    rows: list[ManifestRow] = []
    for number, record in enumerate(records):
        yield Progress(number, len(records), "Cleaning new images")
        row = known.get((record.file_name, record.sha256))
        if row is None:
            try:
                row = _clean(images, record, manifest, fill, run.config.cleaning)
            except ImageError as error:
                yield Warned(f"{error} It is left out.", {"file_name": record.file_name})
                continue
        rows.append(row)
    yield from _keep(folder / ROWS, "".join(row.to_json_line() for row in rows))
    yield NewImagesCleaned(len(rows), _words(len(rows), manifest.info.profile, run.config.cleaning, fill))
    predictions = yield from _predicted(run, folder, tuple(rows), images, images)
    yield from warn_of_known(run, [row.sha256 for row in rows])
    return Elsewhere(images, tuple(rows), predictions)


def _predicted(
    run: Run, folder: Path, rows: Sequence[ManifestRow], root: Path, what: Path
) -> Generator[Event, None, tuple[Prediction, ...]]:
    """The predictions that are kept, if they are of these rows by this checkpoint, and of all that can be read;
    else new ones."""
    state = _state(run, rows, what)
    if _read_json(folder / SOURCE) == state and (folder / PREDICTIONS).is_file():
        kept = read_predictions(folder / PREDICTIONS)
        names = {one.file_name for one in kept}
        if not any_readable(root, (row for row in rows if row.file_name not in names)):
            return kept
    from curator.training.inference import predict_rows

    found: list[Prediction] = []
    for event in predict_rows(run.folder, rows, root):
        if isinstance(event, Predicted):
            found.extend(event.predictions)
        yield event
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Cut off between the two files, there are no predictions, rather than some of other rows.
        (folder / SOURCE).unlink(missing_ok=True)
        write_predictions(folder / PREDICTIONS, found)
    except OSError as error:
        yield _not_kept(folder, error)
    else:
        yield from _keep(folder / SOURCE, json.dumps(state, ensure_ascii=False, indent=2) + "\n")
    return tuple(sorted(found, key=lambda one: one.file_name))


def _state(run: Run, rows: Sequence[ManifestRow], what: Path) -> dict[str, Any]:
    from curator.proposals import METHOD

    best = (run.folder / BEST).stat() if (run.folder / BEST).is_file() else None
    digest = hashlib.sha256("".join(row.to_json_line() for row in rows).encode()).hexdigest()
    return {
        "of": str(what.resolve()),
        "checkpoint": [best.st_size, best.st_mtime_ns] if best is not None else None,
        "rows": digest,
        "method": METHOD,
    }


def _scanned(images: Path) -> Generator[Event, None, list[ImageRecord]]:
    from curator.dataset.scan import Found, scan

    records: list[ImageRecord] = []
    for event in scan(images):
        if isinstance(event, Found):
            if event.record.error is not None:
                yield Warned(f"{event.record.error} It is left out.", {"file_name": event.record.file_name})
            else:
                records.append(event.record)
        else:
            yield event
    if not records:
        raise ImageError(f"{images} holds no image that can be read: choose another folder.")
    return records


def _kept_rows(folder: Path) -> dict[tuple[str, str | None], ManifestRow]:
    """Rows of an earlier time by name and hash, if the proposals' method is still the same."""
    from curator.proposals import METHOD

    source = _read_json(folder / SOURCE)
    if not isinstance(source, dict) or source.get("method") != METHOD:
        return {}
    try:
        lines = (folder / ROWS).read_bytes().split(b"\n")
        rows = [ManifestRow.model_validate_json(line) for line in lines if line]
    except (OSError, ValueError):
        return {}
    return {(row.file_name, row.sha256): row for row in rows}


def _clean(
    root: Path, record: ImageRecord, manifest: Manifest, fill: Fill, cleaning: Cleaning
) -> ManifestRow:
    data = read_bytes(root / record.file_name)
    if sha256(data) != record.sha256:
        raise ImageError(f"{record.file_name} changed while it was read.")
    image = decode(data, record.file_name)
    edits: Edits = proposed_edits(image, manifest.info.profile, "head", fill, cleaning)
    crop = edits.crop
    return ManifestRow(
        file_name=record.file_name,
        sha256=record.sha256,
        width=record.width,
        height=record.height,
        label=record.label,
        decision="keep",
        discard_reason=None,
        crop=(crop.x, crop.y, crop.width, crop.height) if crop else None,
        masks=[ManifestMask(kind=mask.kind, polygon=list(mask.polygon)) for mask in edits.masks],
        fill=edits.fill,
        copy_group=None,
        group=record.file_name,
        split=None,
        decided_by="proposal",
        confidence=None,
        note="",
    )


def _words(count: int, profile: Profile, cleaning: Cleaning, fill: Fill) -> str:
    images = f"{count} new image" + ("" if count == 1 else "s")
    how = _CLEANING_WORDS[cleaning] + (f" (masks filled with {fill})" if cleaning == "masked" else "")
    return f"{images}, cleaned first as the run's dataset was: {how}, by the proposals for {profile}."


def warn_of_known(run: Run, digests: Sequence[str | None]) -> Iterator[Event]:
    """Says of how many images, known by their SHA-256, the run has learnt: figures on those flatter it."""
    learnt = {
        row.sha256 for row in run.manifest().rows if row.decision == "keep" and row.split in ("train", "val")
    }
    count = sum(one in learnt for one in digests)
    if count:
        images = (
            f"{count} of these {len(digests)} images" if count > 1 else f"One of these {len(digests)} images"
        )
        yield Warned(
            f"{images} took part in the run's training or validation: figures on them are too good to be true."
        )


def _keep(path: Path, text: str) -> Generator[Event, None, None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        yield _not_kept(path.parent, error)


def _not_kept(folder: Path, error: OSError) -> Warned:
    return Warned(f"The predictions can't be kept in {folder} ({error.strerror}): check the disk.")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None

"""Images in the report: before and after cleaning, what was discarded, the worst and where the network looked."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from curator.errors import CuratorError, ImageError
from curator.evaluation.heat_colours import blended
from curator.evaluation.report.page import figure, paragraph, text
from curator.evaluation.results import ResultsReady
from curator.imaging.decode import RGB
from curator.imaging.render import network_input, scaled, to_square
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import Edits, Prediction, Progress
from curator.training.data import cleaned

# How many images a report holds at most, and the side of each: some 6 kB a piece, so that the whole stays
# below about 1 MB and travels by mail.
BEFORE_AFTER: Final = 12
DISCARDED: Final = 12
WORST: Final = 16
_SIDE: Final = 200
_SMALL: Final = 128
_QUALITY: Final = 82
_OPACITY: Final = 0.6

Read: TypeAlias = Callable[[ManifestRow], RGB | None]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The parts that hold images, as HTML."""

    cleaning: str
    worst: str


def make_pictures(results: ResultsReady, all_rows: Sequence[ManifestRow]) -> Iterator[Progress | Pictures]:
    """Yields `Progress`, and last the `Pictures`. Images that are gone or have changed are left out."""
    wrong = worst_of(results.predictions, results.run.classes)[:WORST]
    chosen = before_after_of(all_rows)
    dropped = [row for row in spread_out(all_rows) if row.decision == "discard" and row.width][:DISCARDED]
    total = len(wrong) + len(chosen) + len(dropped)
    done = 0
    pairs, gone, worst = [], [], []
    for row in chosen:
        yield Progress(done, total, "Drawing the report's images")
        done += 1
        image = _read(results.root, row)
        if image is not None:
            pairs.append(_before_after(image, row, results))
    for row in dropped:
        yield Progress(done, total, "Drawing the report's images")
        done += 1
        image = _read(results.root, row)
        if image is not None:
            reason = (row.discard_reason or "").replace("_", " ")
            alt = f"Discarded, {reason}: {row.file_name}"
            gone.append(figure(_img(_whole(image, _SMALL), alt), f"{reason}: {row.file_name}"))
    heats = _Heats(results)
    for one in wrong:
        yield Progress(done, total, "Drawing heat maps")
        done += 1
        own = results.rows[one.file_name]
        image = _read(results.root, own)
        if image is not None:
            worst.append(_wrong(one, image, own, results, heats))
    sheet = _sheet(
        pairs,
        "Before and after",
        "A choice of kept images, masked ones first: the file, and what the network gets.",
    )
    sheet += _sheet(gone, "Discarded", "A choice of what was discarded.", "images small")
    yield Pictures(
        sheet, _worst(worst, len(worst_of(results.predictions, results.run.classes)), heats.trouble)
    )


def worst_of(predictions: Sequence[Prediction], classes: Sequence[str]) -> list[Prediction]:
    """What is wrong, the most confident first."""
    wrong = [one for one in predictions if one.label in classes and one.predicted != one.label]
    return sorted(wrong, key=lambda one: (-(one.loss or 0), one.file_name))


def before_after_of(rows: Sequence[ManifestRow]) -> list[ManifestRow]:
    """Kept images that cleaning has changed, masked ones first, classes in turn."""
    kept = [row for row in spread_out(rows) if row.decision == "keep" and (row.masks or row.crop)]
    turn: dict[tuple[bool, str], int] = {}
    ranked = []
    for row in kept:
        key = (not row.masks, row.label)
        turn[key] = turn.get(key, 0) + 1
        ranked.append((key[0], turn[key], row.label, row))
    return [row for *_, row in sorted(ranked, key=lambda one: one[:3])][:BEFORE_AFTER]


def spread_out(rows: Sequence[ManifestRow]) -> list[ManifestRow]:
    """The rows in an order that has nothing to do with their names, the same each time."""
    return sorted(rows, key=lambda row: hashlib.sha256((row.sha256 or row.file_name).encode()).digest())


class _Heats:
    """Heat maps by the network that made each prediction; none, and why, where it can't be loaded."""

    def __init__(self, results: ResultsReady) -> None:
        self._results = results
        self._cams: dict[Path, object] = {}
        self.trouble = ""

    def over(self, image: RGB, one: Prediction) -> RGB | None:
        """The image as the network got it with the heat for what was said laid over it."""
        from curator.evaluation.saliency import GradCam

        run_dir = self._results.run_dir_of(one.file_name)
        try:
            cam = self._cams.get(run_dir)
            if cam is None:
                # One network at a time in memory: the worst of a cross-validation come from all its folds.
                self._cams = {run_dir: (cam := GradCam(run_dir))}
        except (CuratorError, OSError) as error:
            self.trouble = f"Without heat maps: {error}"
            return None
        assert isinstance(cam, GradCam)
        heat = cam.heat(image, self._results.run.classes.index(one.predicted))
        return blended(image, heat, _OPACITY)


def _wrong(one: Prediction, image: RGB, row: ManifestRow, results: ResultsReady, heats: _Heats) -> str:
    config = results.run.config
    seen = network_input(image, cleaned(row.edits, config.cleaning), config.image_size, config.resize)
    caption = f"{one.file_name}: is {one.label}, said {one.predicted} ({max(one.probabilities):.2f})"
    fold = results.folds.get(one.file_name)
    drawn = _img(_sized(seen), f"As the network got it. {caption}")
    hot = heats.over(seen, one) if one.predicted in results.run.classes else None
    if hot is not None:
        drawn += _img(_sized(hot), f"Where the network looked for {one.predicted}: {one.file_name}")
    return figure(f"<div>{drawn}</div>", caption if fold is None else f"{caption}, fold {fold}")


def _worst(figures: Sequence[str], wrong: int, trouble: str) -> str:
    if not wrong:
        return paragraph("Every prediction was right.")
    shown = "all" if wrong == len(figures) else f"the {len(figures)} most confident"
    words = (
        f"{wrong} wrong, {shown} shown: as the network got the image, and where it looked for what it said "
        "(Grad-CAM, bright is hot)."
    )
    return (
        paragraph(words)
        + (paragraph(trouble) if trouble else "")
        + f'<div class="images">{"".join(figures)}</div>'
    )


def _before_after(image: RGB, row: ManifestRow, results: ResultsReady) -> str:
    config = results.run.config
    after = network_input(image, cleaned(row.edits, config.cleaning), config.image_size, config.resize)
    kinds = ", ".join(sorted({mask.kind for mask in row.masks}))
    done = "; ".join(
        part for part in ("cropped" if row.crop else "", f"masked: {kinds}" if kinds else "") if part
    )
    before = _img(_marked(image, row.edits), f"The file, crop and masks outlined: {row.file_name}")
    return figure(
        f"<div>{before}{_img(_sized(after), f'What the network gets of {row.file_name}')}</div>",
        f"{row.file_name} ({row.label}): {done}",
    )


def _marked(image: RGB, edits: Edits) -> RGB:
    """The whole image, with crop and masks drawn on it as outlines."""
    from curator.imaging._cv2 import cv2

    drawn = np.ascontiguousarray(image.copy())
    # So that a line is some two pixels wide once the image is small.
    wide = max(1, round(2 * max(image.shape[:2]) / _SIDE))
    for mask in edits.masks:
        cv2.polylines(drawn, [np.array(mask.polygon, np.int32)], True, (240, 170, 60), wide)
    if edits.crop is not None:
        crop = edits.crop
        cv2.rectangle(
            drawn, (crop.x, crop.y), (crop.x + crop.width - 1, crop.y + crop.height - 1), (90, 169, 230), wide
        )
    return _whole(drawn, _SIDE)


def _whole(image: RGB, side: int) -> RGB:
    return to_square(image, side, "letterbox")


def _sized(image: RGB) -> RGB:
    return scaled(image, _SIDE, _SIDE) if image.shape[0] > _SIDE else image


def _sheet(figures: Sequence[str], title: str, words: str, role: str = "images") -> str:
    if not figures:
        return ""
    return f'<h3>{text(title)}</h3>{paragraph(words)}<div class="{role}">{"".join(figures)}</div>'


def _read(root: Path, row: ManifestRow) -> RGB | None:
    try:
        return read_verified(root, row)
    except ImageError:
        return None


def _img(image: RGB, alt: str) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=_QUALITY)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        f'<img alt="{text(alt)}" width="{image.shape[1]}" height="{image.shape[0]}" '
        f'src="data:image/jpeg;base64,{data}">'
    )

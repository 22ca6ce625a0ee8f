"""What each part of the proposals is worth: the same images with parts of the method switched off.

    python tests/benchmarks/ablation.py --score SCRIPT [--real DIR] [--planted DIR] [--folds DIR] [--refit DIR]
        [--text MODEL.onnx] [--only NAME ...] [--save DIR] [--jobs N]

The real images are a folder with `images` and `truth.jsonl` (default: the environment variable CURATOR_REAL_DATA).
Proposals go to `SAVE/NAME.jsonl`, and `SCRIPT DIR NAME.jsonl --json` scores them: it prints one object with the
figures that the table names. `--planted` are images that `planted.py --save` wrote: what is found on the brain and
what is lost without a mark on it.

classical         no network: the outline against the background, what stands out beside it is a mark; lines and
                  colour on it, bars round it, measures of what is no head.
network           the maps and the verdict of the network alone: no outline, no rules, no detector of small marks.
networks          the same with the detector of small marks.
no-detector       all but the detector of small marks.
whole             the method as it is.
text              the whole and a text detector (PP-OCR, `--text`, or that of the package rapidocr if it is
                  installed): what it finds is masked if no mask covers it; with text on the brain, discarded.

Trees that were fitted to the same images flatter: `--folds` names those of each fold, as `fit_marks.py --folds` in
`models/proposals` keeps them, and each image is judged by trees that never saw it. They count on the detector, so
that taking it away costs more than it gives: `--refit` fits trees without it into that folder, if there are none,
and uses those where it is off (some minutes). Images a second are those of one core's time, files read and decoded.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from curator.imaging._cv2 import cv2
from curator.imaging.decode import load
from curator.metrics import wilson
from curator.paths import models_dir
from curator.proposals.background import Background, Margins
from curator.proposals.head import Head, find_head
from curator.proposals.maps import Maps, network_of
from curator.proposals.marks import OnHead, find_marks_on_head
from curator.proposals.overlays import Mark, find_marks
from curator.proposals.page import Page
from curator.proposals.propose import examine
from curator.proposals.suspects import brain_of
from curator.records import OverlayOn, Proposal

NAMES: Final = ("classical", "network", "networks", "no-detector", "whole", "text")
_WITHOUT_DETECTOR: Final = ("classical", "network", "no-detector")

# Classical marks: grey levels, and multiples of its noise, above or below the background. What lies deeper in the
# outline than this share of the page's shorter side is the brain, scalp and skull taken off.
_STANDS_OUT, _NOISE, _SKULL = 28.0, 4.0, 0.07
# Text: the image is doubled, to so many pixels at most; least probability of a pixel, least mean of a region; least
# side of the region in pixels; how far it grows, as PP-OCR does, by area over circumference; larger boxes (shorter
# side over the page's) are heads. The lowest mean at which none of 138 slices had a box where nothing is written.
_TEXT_SIDE, _TEXT_SEEN, _TEXT_SURE, _TEXT_LEAST, _TEXT_GROW, _TEXT_LARGEST = 1000, 0.3, 0.5, 3.0, 1.6, 0.13
# Shares of a box from which on it lies there, and from which on it is masked already: letters fill half of it.
_ON_BRAIN, _ON_HEAD, _MASKED = 0.3, 0.5, 0.3

_FIGURES: Final = (
    ("head IoU of 0.95 or more, %", "head_iou_ge_0.95", 100, 1),
    ("head IoU, median", "head_iou_median", 1, 3),
    ("head IoU, 5th percentile", "head_iou_p5", 1, 3),
    ("head cut off, mean, %", "head_cut_mean", 100, 2),
    ("overlays on the background removed, %", "overlays_removed", 100, 1),
    ("of those in the head's box, %", "removed_in_crop", 100, 1),
    ("overlays found by a mask, %", "overlays_found", 100, 1),
    ("wrongly masked, mean share of the crop, %", "wrongly_masked_mean", 100, 3),
    ("discards: recall, %", "discard_recall", 100, 1),
    ("discards: precision, %", "discard_precision", 100, 1),
    ("actions an image", "actions_mean", 1, 3),
)
_WRITTEN: Final = ("letter white", "letter black", "word", "watermark")
_PLANTED: Final[tuple[tuple[str, tuple[str | None, ...], tuple[str, ...]], ...]] = (
    ("on the brain, found", ("brain",), ()),
    ("letters and words on the brain, found", ("brain",), _WRITTEN),
    ("on scalp alone, discarded", ("scalp",), ()),
    ("on the background alone or clean, discarded", ("background", None), ()),
)


@dataclass(frozen=True)
class Task:
    """One image of a folder and the trees for marks to judge it by, None for the shipped ones."""

    folder: Path
    truth: dict[str, Any]
    trees: Path | None

    @property
    def name(self) -> str:
        """Its file below `images`."""
        return str(self.truth.get("file_name", self.truth.get("file")))


def main() -> None:
    """Proposes for all images in each way and prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--score", type=Path, required=True, help="the script that scores proposals")
    parser.add_argument("--real", type=Path, default=os.environ.get("CURATOR_REAL_DATA"))
    parser.add_argument("--planted", type=Path, help="what planted.py --save wrote")
    parser.add_argument("--folds", type=Path, help="the trees of each fold of fit_marks.py")
    parser.add_argument("--refit", type=Path, help="a folder for trees that do without the detector of marks")
    parser.add_argument("--text", type=Path, help="a text detector of PP-OCR as ONNX")
    parser.add_argument("--only", nargs="+", choices=NAMES, help="some of the ways")
    parser.add_argument("--save", type=Path, help="folder for the proposals")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    if options.real is None:
        parser.error("name the folder of real images by --real or CURATOR_REAL_DATA")
    options.real = Path(options.real)
    options.text = options.text or _installed_text()
    names = [name for name in options.only or NAMES if name != "text" or options.text is not None]
    if options.refit is not None and not (options.refit / "folds.json").is_file():
        _refit(options.real, options.refit, options.jobs)
    if options.folds is None:
        print("Trees that were fitted to these images judge them: name --folds for others.")
    with tempfile.TemporaryDirectory() as scratch, get_context("spawn").Pool(options.jobs) as pool:
        options.save = options.save or Path(scratch)
        options.save.mkdir(parents=True, exist_ok=True)
        columns = {}
        for name in names:
            blank = name in _WITHOUT_DETECTOR and options.refit is not None
            columns[name] = _column(name, options, options.refit if blank else options.folds, pool.imap)
            print(f"{name}: done", file=sys.stderr, flush=True)
    _print(columns)


def _column(
    name: str,
    options: argparse.Namespace,
    folds: Path | None,
    imap: Callable[..., Iterator[tuple[Proposal, float]]],
) -> dict[str, str]:
    """The figures of one way by their names."""
    look = partial(_look, name=name, text=options.text)
    groups = {row["file"]: f"real {row['copy_group']}" for row in _truth(options.real)}
    tasks = _tasks(options.real, groups, folds)
    looked = list(imap(look, tasks, chunksize=4))
    file = options.save / f"{name}.jsonl"
    _write(file, tasks, [said for said, _ in looked])
    command = [sys.executable, str(options.score), str(options.real), str(file), "--json"]
    scored = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    column = {words: f"{unit * scored[key]:.{digits}f}" for words, key, unit, digits in _FIGURES}
    at_once = round(scored["images_right_at_once"] * scored["images"])
    column["right at once, %"] = _share([index < at_once for index in range(scored["images"])])
    column["images/s of one core"] = f"{len(looked) / sum(seconds for _, seconds in looked):.1f}"
    if options.planted is not None:
        tasks = _tasks(options.planted, groups, folds)
        said = [proposal for proposal, _ in imap(look, tasks, chunksize=8)]
        _write(options.save / f"{name} planted.jsonl", tasks, said)
        column |= _planted([task.truth for task in tasks], said)
    return column


def _planted(truth: Sequence[dict[str, Any]], said: Sequence[Proposal]) -> dict[str, str]:
    """What becomes of images with marks planted on them, of clean ones and of those that are no brain."""
    both = list(zip(truth, said, strict=True))
    column = {}
    for source in ("real", "synthetic"):
        for words, places, kinds in _PLANTED:
            hits = [
                one.discard_reason == "overlay_on_brain"
                for row, one in both
                if row["source"] == source and row["place"] in places and (not kinds or row["kind"] in kinds)
            ]
            column[f"planted, {source}: {words}, %"] = _share(hits)
    for words, others in (("no brain, found", True), ("heads lost as no brain", False)):
        own = [one for row, one in both if (row["source"] == "other") == others]
        column[f"planted, {words}, %"] = _share([one.discard_reason == "not_brain_mri" for one in own])
    return column


def _print(columns: dict[str, dict[str, str]]) -> None:
    words = list(dict.fromkeys(word for column in columns.values() for word in column))
    print(f"| figure | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for word in words:
        print(f"| {word} | {' | '.join(column.get(word, '-') for column in columns.values())} |")


def _share(hits: Sequence[bool]) -> str:
    if not hits:
        return "-"
    low, high = wilson(sum(hits), len(hits))
    return f"{100 * sum(hits) / len(hits):.1f} ({100 * low:.1f}-{100 * high:.1f}) of {len(hits)}"


def _truth(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines() if line]


def _tasks(folder: Path, groups: dict[str, str], folds: Path | None) -> list[Task]:
    """Each image with the trees of the fold that lacks what it is made of."""
    fold_of = json.loads((folds / "folds.json").read_text("utf-8")) if folds is not None else {}
    tasks = []
    for row in _truth(folder):
        group = groups.get(str(row.get("base", row.get("file"))), "")
        tasks.append(Task(folder, row, folds / f"{fold_of.get(group, 0)}.json" if folds else None))
    return tasks


def _write(file: Path, tasks: Sequence[Task], proposals: Sequence[Proposal]) -> None:
    lines = []
    for task, said in zip(tasks, proposals, strict=True):
        crop = said.crop and [said.crop.x, said.crop.y, said.crop.width, said.crop.height]
        masks = [{"kind": mask.kind, "polygon": mask.polygon} for mask in said.masks]
        line = {"file_name": task.name, "crop": crop, "masks": masks, "decision": said.decision}
        line |= {"discard_reason": said.discard_reason, "copy_group": None, "note": said.why}
        lines.append(json.dumps(line) + "\n")
    file.write_text("".join(lines), "utf-8")


_warm: set[str] = set()


def _look(task: Task, *, name: str, text: Path | None) -> tuple[Proposal, float]:
    """What is proposed in that way, and the seconds that it took; the first of each process loads the networks."""
    file = task.folder / "images" / task.name
    with _way(name, text, task.trees):
        if name not in _warm:
            examine(load(file))
            _warm.add(name)
        start = time.process_time()
        said = examine(load(file)).proposal
        return said, time.process_time() - start


@contextmanager
def _way(name: str, text: Path | None, trees: Path | None) -> Iterator[None]:
    """The method with the parts replaced that this way does without."""
    replaced: dict[str, object] = {}
    if name in _WITHOUT_DETECTOR:
        replaced["suspects.drawn_map"] = _nothing_drawn
    if name == "classical":
        outlined = _Outlined()
        replaced["propose.look"] = outlined.look
        replaced["propose.find_head"] = outlined.find_head
        replaced["propose.fuse_head"] = lambda outline, _: outline
    if name in ("network", "networks"):
        replaced["propose.find_head"] = _no_outline
        replaced["verdict._measured"] = lambda *_: None
        replaced["marks._coloured"] = replaced["marks._lines"] = lambda *_: []
    if name == "text":
        assert text is not None
        reader = _Reader(text)
        replaced["propose.find_marks"] = reader.find_marks
        replaced["propose.find_marks_on_head"] = reader.find_marks_on_head
    if trees is not None:
        replaced["marks.marks_file"] = lambda: trees
    with ExitStack() as stack:
        for part, other in replaced.items():
            stack.enter_context(patch(f"curator.proposals.{part}", other))
        yield


def _nothing_drawn(page: Page, _: object) -> npt.NDArray[np.float32]:
    return np.zeros(page.grey.shape, np.float32)


def _no_outline(page: Page) -> Head:
    return Head(np.zeros_like(page.grey), None, Margins(), Background(0.0, 1.0, False, 1.0, True))


class _Outlined:
    """Maps as the outline alone gives them: what stands out beside it is a mark, what lies deep in it is brain."""

    def __init__(self) -> None:
        self._head: Head | None = None

    def look(self, page: Page) -> Maps:
        head = self._head = find_head(page)
        background = head.background
        least = max(_STANDS_OUT, _NOISE * background.noise)
        away = np.abs(page.grey.astype(np.float32) - np.float32(background.level))
        beside = cv2.dilate(head.mask, np.ones((5, 5), np.uint8)) == 0
        size = 2 * max(1, round(_SKULL * page.side)) + 1
        inside = cv2.erode(head.mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
        mark = (away >= least) & beside
        planes = [plane.astype(np.float32) for plane in (head.mask, mark, np.zeros_like(mark), inside)]
        return Maps(planes[0], planes[1], planes[2], planes[3], 1.0)

    def find_head(self, _: Page) -> Head:
        assert self._head is not None
        return self._head


class _Reader:
    """Finds marks as the method does, and text beside and on the brain by a detector of PP-OCR."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._on_brain: list[Mark] = []

    def find_marks(self, page: Page, head: Head, maps: Maps) -> list[Mark]:
        found, brain = find_marks(page, head, maps), brain_of(head.mask, maps)
        masked = np.zeros_like(head.mask)
        for mark in found:
            cv2.fillPoly(masked, [mark.points], 1)
        self._on_brain = []
        for points, sure in text_boxes(page.rgb, self._path):
            area = np.zeros_like(head.mask)
            cv2.fillPoly(area, [points], 1)
            own = area > 0
            if float(masked[own].mean()) >= _MASKED:
                continue
            (x0, y0), (x1, y1) = points.min(axis=0).tolist(), (points.max(axis=0) + 1).tolist()
            if float(brain[own].mean()) >= _ON_BRAIN:
                self._on_brain.append(Mark("text", "brain", (x0, y0, x1, y1), points, sure))
                continue
            on: OverlayOn = "head" if float(head.mask[own].mean()) > _ON_HEAD else "background"
            found.append(Mark("text", on, (x0, y0, x1, y1), points, sure))
        return found

    def find_marks_on_head(self, page: Page, head: Head, maps: Maps) -> OnHead:
        found = find_marks_on_head(page, head, maps)
        return OnHead((*found.marks, *self._on_brain), found.surest, found.second)


def text_boxes(rgb: npt.NDArray[np.uint8], path: Path) -> list[tuple[npt.NDArray[np.int32], float]]:
    """Text on an image (h, w, 3): four corners each, int32 (4, 2) inside the image, and how sure, 0..1.

    Differentiable binarisation (Liao et al., 2020) as PP-OCR reads it, but each region by its own mean.
    """
    height, width = rgb.shape[:2]
    factor = min(2.0, _TEXT_SIDE / max(height, width))
    wide, high = (max(32, round(size * factor / 32) * 32) for size in (width, height))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    sized = cv2.resize(np.ascontiguousarray(rgb[..., ::-1]), (wide, high), interpolation=method)
    network = network_of(path, "text detector")
    network.setInput((sized.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
    share = np.asarray(network.forward())[0, 0]
    seen = cv2.dilate((share > _TEXT_SEEN).astype(np.uint8), np.ones((2, 2), np.uint8))
    regions, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for region in regions:
        centre, (a, b), angle = cv2.minAreaRect(region)
        own = np.zeros(share.shape, np.uint8)
        cv2.fillPoly(own, [region], 1)
        sure = float(share[own > 0].mean())
        if min(a, b) < _TEXT_LEAST or sure < _TEXT_SURE:
            continue
        more = _TEXT_GROW * a * b / (a + b)
        corners = cv2.boxPoints((centre, (a + more, b + more), angle)) * [width / wide, height / high]
        sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
        if sides.min() <= _TEXT_LARGEST * min(height, width):
            inside = np.clip(np.rint(corners), 0, [width - 1, height - 1]).astype(np.int32)
            found.append((inside, sure))
    return found


def _installed_text() -> Path | None:
    """The text detector in the package rapidocr, None where it is not installed."""
    spec = find_spec("rapidocr")
    folders = spec.submodule_search_locations if spec is not None else None
    return next((Path(folders[0]) / "models").glob("PP-OCR*_det_*.onnx"), None) if folders else None


def _refit(real: Path, folds: Path, jobs: int) -> None:
    """Fits trees for marks that know nothing of the detector, with those of each fold."""
    sys.path.insert(0, str(models_dir() / "proposals"))
    import fit_marks  # type: ignore[import-not-found]

    folds.mkdir(parents=True, exist_ok=True)
    arguments = ["fit_marks.py", str(real), str(folds / "all.json"), "--folds", str(folds)]
    arguments += ["--workers", str(jobs)]
    with (
        patch("sys.argv", arguments),
        patch("multiprocessing.Pool", ThreadPool),  # so that the replaced detector holds for all
        patch("curator.proposals.suspects.drawn_map", _nothing_drawn),
    ):
        fit_marks.main()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

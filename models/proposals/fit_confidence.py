"""Fits what says how sure a proposal is: `python fit_confidence.py REAL PLANTED ... --folds FOLDS --out FILE`.

Each folder holds `images/` and `truth.jsonl`, hand-drawn or made by `tests/benchmarks/planted.py --save`. Parts of
REAL's images that cut into the head are added, with their own truth. What is learnt is whether a person would
change nothing. Every image is judged by the trees and the gate for marks that `fit_marks.py` fitted without it
(`--folds`), and how sure that is by a model that was neither fitted nor calibrated with it: images of one
`copy_group` or `base` stay in one of five folds. Printed is how the figures hold so, for several ways to draw the
folds. `--proposals` keeps the proposals of REAL, made in this way, for `score_proposals.py`; `--keep` what the
networks see (`seen.py`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from logistic import calibrated, calibration_of, fit_logistic, write_logistic
from seen import keep_in
from sklearn.model_selection import GroupKFold

from curator.imaging.decode import grey, load
from curator.imaging.render import mask_area
from curator.metrics import wilson
from curator.proposals.confidence import SIGNS, Scale
from curator.proposals.propose import Examined, examine
from curator.records import Proposal

_VISIBLE, _TIGHT, _GONE, _WRONG = 40, 0.95, 0.9, 0.0005
# The one sign of which more can only make a proposal surer; of all others it can only make it less sure.
_SURER = "call"
# What all planted images weigh, and all parts of real ones, against as many real ones. Marks on the brain are
# commoner among planted images than anywhere else, but only there are enough of them for doubtful spots to count.
_PLANTED, _PARTS = 1.0, 0.2
# Shares of the head's box that are cut off at most, and the chance that a side is cut of the third part.
_CUT, _CUT_MOST, _SIDE = 0.12, 0.25, 0.5
_DRAWINGS = 5  # ways to draw the folds
_LEVELS = (0.5, 0.8, 0.9, 0.95)
_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1.01)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Truth = dict[str, Any]
Shares = tuple[float, float, float, float]
Job = tuple[str, Path, Truth, str, Path | None, Shares | None]
"""Where an image comes from, its folder, truth, group, trees, and the shares of its head that are cut off."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One image: where it is from, what was proposed, whether nothing was to be changed, what it is made of."""

    source: str
    name: str
    found: Examined
    right: bool
    group: str


def _case(job: Job) -> Case:
    source, folder, truth, group, trees, shares = job
    name = truth.get("file_name", truth.get("file"))
    image = load(folder / "images" / name)
    if shares is not None:
        image, truth = _part(image, truth, shares)
    if trees is None:
        found = examine(image)
    else:
        with patch("curator.proposals.marks.marks_file", lambda: trees):
            found = examine(image)
    return Case(source, name, found, _right(image, truth, found.proposal), group)


def _jobs(folders: list[Path], folds: Path | None) -> list[Job]:
    """Each image of each folder, and parts of those of the first, with trees that never saw what it is made of."""
    fold_of = json.loads((folds / "folds.json").read_text("utf-8")) if folds is not None else {}
    jobs: list[Job] = []
    groups: dict[str, str] = {}
    for folder in folders:
        lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
        for truth in map(json.loads, lines):
            base = truth.get("base")
            if base is None:
                group = f"real {truth['copy_group']}"
                groups[truth["file"]] = group
            else:
                group = groups.get(base, f"planted {base}")
            trees = folds / f"{fold_of.get(group, 0)}.json" if folds is not None else None
            source = "real" if folder == folders[0] else "planted"
            jobs.append((source, folder, truth, group, trees, None))
            if source == "real" and truth["discard"] is None and truth["head_box"]:
                jobs += [("parts", folder, truth, group, trees, shares) for shares in _cuts(truth["file"])]
    return jobs


def _cuts(name: str) -> list[Shares]:
    """Shares of the head's box that three parts of an image leave out at left, top, right and bottom."""
    rng = np.random.default_rng([5, *name.encode()])
    all_round, some = rng.uniform(0, _CUT_MOST, 4), rng.uniform(0.04, _CUT_MOST, 4) * (rng.random(4) < _SIDE)
    return [(_CUT,) * 4, *(tuple(shares.tolist()) for shares in (all_round, some) if shares.any())]


def _part(image: npt.NDArray[np.uint8], truth: Truth, shares: Shares) -> tuple[npt.NDArray[np.uint8], Truth]:
    """A window on the head and the truth in it; a side of which nothing is cut off stays as far away as it is."""
    x0, y0, x1, y1 = truth["head_box"]
    height, width = image.shape[:2]
    left, top = (
        round(at + share * size) if share else 0
        for at, share, size in zip((x0, y0), shares[:2], (x1 - x0, y1 - y0), strict=True)
    )
    right, bottom = (
        round(at - share * size) if share else end
        for at, share, size, end in zip(
            (x1, y1), shares[2:], (x1 - x0, y1 - y0), (width, height), strict=True
        )
    )

    def within(box: list[int]) -> list[int] | None:
        cut = [max(box[0], left) - left, max(box[1], top) - top]
        cut += [min(box[2], right) - left, min(box[3], bottom) - top]
        return cut if cut[0] < cut[2] and cut[1] < cut[3] else None

    overlays = [{**mark, "box": box} for mark in truth["overlays"] if (box := within(mark["box"]))]
    told = {**truth, "head_box": within(truth["head_box"]), "overlays": overlays}
    return np.ascontiguousarray(image[top:bottom, left:right]), told


def _print_levels(name: str, own: Bools, right: Bools, sure: Floats) -> None:
    low, high = wilson(int(right[own].sum()), int(own.sum()))
    print(
        f"{name}: {own.sum()} heads, {100 * right[own].mean():.1f} % right ({100 * low:.1f}-{100 * high:.1f})"
    )
    for least in _LEVELS:
        over = own & (sure >= least)
        low, high = wilson(int(right[over].sum()), max(1, int(over.sum())))
        share = 100 * right[over].mean() if over.any() else float("nan")
        print(
            f"  {least}: {100 * over.sum() / own.sum():.1f} % of all, "
            f"{share:.1f} % of them right ({100 * low:.1f}-{100 * high:.1f})"
        )
    for low, high in pairwise(_BINS):
        inside = own & (sure >= low) & (sure < high)
        if inside.any():
            print(f"    said {sure[inside].mean():.3f}, was {right[inside].mean():.3f} of {inside.sum()}")


def _write_proposals(path: Path, cases: list[Case], sure: Floats) -> None:
    lines = []
    for case, value in zip(cases, sure, strict=True):
        said = case.found.proposal
        crop = said.crop and [said.crop.x, said.crop.y, said.crop.width, said.crop.height]
        masks = [{"kind": mask.kind, "polygon": mask.polygon} for mask in said.masks]
        told = {"file_name": case.name, "crop": crop, "masks": masks, "decision": said.decision}
        told |= {"discard_reason": said.discard_reason, "copy_group": None, "confidence": round(value, 3)}
        lines.append(json.dumps({**told, "note": said.why, "right": case.right}) + "\n")
    path.write_text("".join(lines), "utf-8")


def _right(image: npt.NDArray[np.uint8], truth: dict[str, Any], said: Proposal) -> bool:
    wanted, discarded = truth["discard"], said.decision == "discard"
    if wanted != "either" and discarded != bool(wanted):
        return False
    if discarded:
        return True
    height, width = image.shape[:2]
    inside = np.zeros((height, width), bool)
    if said.crop is None or truth["head_box"] is None:
        return False
    crop = said.crop
    inside[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = True
    head = np.zeros((height, width), bool)
    x0, y0, x1, y1 = truth["head_box"]
    head[y0:y1, x0:x1] = True
    if (inside & head).sum() / (inside | head).sum() < _TIGHT:
        return False
    masked = mask_area(said.masks, width, height) > 0
    real, values = np.zeros((height, width), bool), grey(image).astype(np.float32)
    for mark in _overlays(truth):
        x0, y0, x1, y1 = mark["box"]
        real[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3] = True
        if mark["on"] == "background" and mark["contrast"] >= _VISIBLE:
            ink = _ink(values, mark["box"])
            if (ink & (masked | ~inside)).sum() < _GONE * ink.sum():
                return False
    return bool((masked & ~real & inside).sum() <= _WRONG * inside.sum())


def _overlays(truth: dict[str, Any]) -> list[dict[str, Any]]:
    if "overlays" in truth:
        return list(truth["overlays"])
    if truth.get("box") is None:
        return []
    return [{"box": truth["box"], "on": truth["place"], "contrast": 255}]


def _ink(grey: npt.NDArray[np.float32], box: list[int]) -> npt.NDArray[np.bool_]:
    """An overlay's own pixels: those of its box that differ from the ring of four pixels round it."""
    x0, y0, x1, y1 = box
    ring = np.zeros(grey.shape, bool)
    ring[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4] = True
    ring[y0:y1, x0:x1] = False
    away = np.abs(grey[y0:y1, x0:x1] - (np.median(grey[ring]) if ring.any() else 0))
    ink = np.zeros(grey.shape, bool)
    ink[y0:y1, x0:x1] = away > 0.5 * np.percentile(away, 95)
    return ink


def _weights(cases: list[Case]) -> Floats:
    """What each image weighs: real ones 1."""
    counts = {source: sum(case.source == source for case in cases) for source in ("real", "planted", "parts")}
    shares = {"real": 1.0, "planted": _PLANTED, "parts": _PARTS}
    return np.array([shares[case.source] * counts["real"] / counts[case.source] for case in cases])


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is fitted to: signs, whether nothing was to be changed, weights, groups, and which images are real."""

    table: Floats
    right: Bools
    weights: Floats
    groups: npt.NDArray[np.str_]
    real: Bools

    def part(self, rows: npt.NDArray[np.int64]) -> Material:
        """Some of the images."""
        return Material(
            self.table[rows], self.right[rows], self.weights[rows], self.groups[rows], self.real[rows]
        )

    def folds(self, draw: int) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Known and new rows of five folds."""
        return GroupKFold(5, shuffle=True, random_state=draw).split(self.groups, groups=self.groups)


def _fitted(told: Material) -> Scale:
    ways = [1 if name == _SURER else -1 for name in SIGNS]
    return fit_logistic(told.table, told.right, told.weights, ways)


def _calibrated(told: Material) -> Scale:
    """Fitted to all, and calibrated on the real ones, each judged by models without its group; the mean over
    several drawings of the folds."""
    found = []
    for draw in range(_DRAWINGS):
        odds = np.zeros(len(told.table))
        for known, new in told.folds(100 + draw):
            odds[new] = _fitted(told.part(known)).odds(told.table[new])
        found.append(calibration_of(odds[told.real], told.right[told.real]))
    slope, offset = np.mean(found, axis=0)
    return calibrated(_fitted(told), float(slope), float(offset))


def _unseen(told: Material, draw: int) -> Floats:
    """How sure it is of each image by what was neither fitted nor calibrated with it."""
    sure = np.zeros(len(told.table))
    for known, new in told.folds(draw):
        sure[new] = _calibrated(told.part(known)).probability(told.table[new])
    return sure


def _print_drawings(told: Material, drawings: list[Floats]) -> None:
    for least in _LEVELS:
        over = [told.real & (sure >= least) for sure in drawings]
        shares = np.array([100 * one.sum() / told.real.sum() for one in over])
        rights = np.array([100 * told.right[one].mean() if one.any() else np.nan for one in over])
        print(
            f"real, {least}: {shares.mean():.1f} % of all ({shares.std():.1f}), {np.nanmean(rights):.1f} % of them "
            f"right ({np.nanstd(rights):.1f}; {np.nanmin(rights):.1f} at worst)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=Path, help="the trees of each fold of fit_marks.py")
    parser.add_argument("--keep", type=Path, help="a folder for what the networks see, to fit again quickly")
    parser.add_argument("--proposals", type=Path, help="a file for those of the first folder")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with multiprocessing.Pool(options.workers, keep_in, (options.keep,)) as pool:
        looked = list(pool.imap(_case, _jobs(options.folders, options.folds), chunksize=8))
    cases = [case for case in looked if case.found.signs is not None]
    sources = np.array([case.source for case in cases])
    told = Material(
        np.array([case.found.signs for case in cases]),
        np.array([case.right for case in cases]),
        _weights(cases),
        np.array([case.group for case in cases]),
        sources == "real",
    )
    drawings = [_unseen(told, draw) for draw in range(_DRAWINGS)]
    _print_drawings(told, drawings)
    sure = np.mean(drawings, axis=0)
    print("the mean of these drawings:")
    for source in ("real", "planted", "parts"):
        _print_levels(source, sources == source, told.right, sure)
    if options.proposals is not None:
        values = {id(case): value for case, value in zip(cases, sure.tolist(), strict=True)}
        first = [case for case in looked if case.source == "real"]
        own = [values.get(id(case), case.found.proposal.confidence) for case in first]
        _write_proposals(options.proposals, first, np.array(own))
    model = _calibrated(told)
    print(", ".join(f"{name} {weight:.2f}" for name, weight in zip(SIGNS, model.weights, strict=True)))
    write_logistic(model, SIGNS, options.out)


if __name__ == "__main__":
    main()

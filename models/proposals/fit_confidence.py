"""Fits the trees that say how sure a proposal is: `python fit_confidence.py FOLDER ... --folds FOLDS --out FILE`.

Each FOLDER holds `images/` and `truth.jsonl`, hand-drawn or made by `tests/benchmarks/planted.py --save`. What is
learnt is whether a person would change nothing. Every image is judged by the trees for marks that `fit_marks.py`
fitted without it (`--folds`), and how sure that is by trees for confidence of a fold without it: images of one
`copy_group` or `base` stay in one of five. Printed is how the figures hold so. `--proposals` keeps the proposals of
the first folder, made in this way, for `score_proposals.py`.
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
from boosting import write_trees
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GroupKFold

from curator.imaging.decode import grey, load
from curator.imaging.render import mask_area
from curator.metrics import wilson
from curator.proposals.confidence import SIGNS
from curator.proposals.propose import Examined, examine
from curator.records import Proposal

_VISIBLE, _TIGHT, _GONE, _WRONG = 40, 0.95, 0.9, 0.0005
# Signs of which more can only make a proposal less sure.
_LESS_SURE = ("disagreement", "cut_edges", "uneven", "unseen", "blur", "marks", "in_crop", "leftover")
_LESS_SURE += ("left_border", "no_head", "doubt")
_SURER = ("weakest", "call")
# How many times more than any other the first folder weighs: real slices, as often marked as they are.
_FIRST = 3
# Bounds of what is said, and what counts as seen of an image that the trees are certain of.
_LEAST, _MOST, _AT_BEST = 0.02, 0.995, 0.98
_LEVELS = (0.5, 0.8, 0.9, 0.95)
_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1.01)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One image: what was proposed, whether nothing was to be changed, what it is made of, and what it weighs."""

    folder: Path
    name: str
    found: Examined
    right: bool
    group: str
    weight: float


def _case(job: tuple[Path, dict[str, Any], float, str, Path | None]) -> Case:
    folder, truth, weight, group, trees = job
    name = truth.get("file_name", truth.get("file"))
    image = load(folder / "images" / name)
    if trees is None:
        found = examine(image)
    else:
        with patch("curator.proposals.marks.marks_file", lambda: trees):
            found = examine(image)
    return Case(folder, name, found, _right(image, truth, found.proposal), group, weight)


def _jobs(
    folders: list[Path], folds: Path | None
) -> list[tuple[Path, dict[str, Any], float, str, Path | None]]:
    """Each image of each folder with the trees that never saw what it is made of."""
    fold_of = json.loads((folds / "folds.json").read_text("utf-8")) if folds is not None else {}
    jobs, groups = [], {}
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
            # Marks are drawn on far more of the planted images than occur.
            weight = (_FIRST if folder == folders[0] else 1) * 1000 / len(lines)
            jobs.append((folder, truth, weight, group, trees))
    return jobs


def _print_levels(name: str, own: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_], sure: Floats) -> None:
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


def _model() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.05,
        max_leaf_nodes=2,
        min_samples_leaf=12,
        l2_regularization=1,
        monotonic_cst=[-1 if name in _LESS_SURE else 1 if name in _SURER else 0 for name in SIGNS],
        random_state=0,
    )


def _split(groups: npt.NDArray[np.str_]) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    return GroupKFold(5, shuffle=True, random_state=0).split(groups, groups=groups)


def _calibration(
    table: Floats,
    right: npt.NDArray[np.bool_],
    weights: Floats,
    groups: npt.NDArray[np.str_],
    own: npt.NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """What probabilities are worth, from `own` images, each judged by trees without its group.

    Isotonic (Zadrozny and Elkan, 2002), with straight lines between the middles of its steps, so that what is surer
    stays surer (Oron and Flournoy, 2017). One image more at either end keeps it from certainty.
    """
    sure = np.zeros(len(table))
    for known, new in _split(groups):
        model = _model().fit(table[known], right[known], sample_weight=weights[known])
        sure[new] = model.predict_proba(table[new])[:, 1]
    known_shares, known_right = np.r_[0, sure[own], 1], np.r_[0, right[own], _AT_BEST]
    model = IsotonicRegression(y_min=_LEAST, y_max=_MOST).fit(known_shares, known_right)
    worth = model.predict(known_shares)
    steps = np.unique(worth)
    middles = np.array([known_shares[worth == step].mean() for step in steps])
    return np.r_[0, middles, 1], np.r_[_LEAST, steps, _MOST]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=Path, help="the trees of each fold of fit_marks.py")
    parser.add_argument("--proposals", type=Path, help="a file for those of the first folder")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with multiprocessing.Pool(options.workers) as pool:
        looked = list(pool.imap(_case, _jobs(options.folders, options.folds), chunksize=8))
    cases = [case for case in looked if case.found.signs is not None]
    table = np.array([case.found.signs for case in cases])
    right, weights = np.array([case.right for case in cases]), np.array([case.weight for case in cases])
    groups = np.array([case.group for case in cases])
    first_folder = np.array([case.folder == options.folders[0] for case in cases])
    sure, plain = np.zeros(len(cases)), np.zeros(len(cases))
    for known, new in _split(groups):
        model = _model().fit(table[known], right[known], sample_weight=weights[known])
        plain[new] = model.predict_proba(table[new])[:, 1]
        worth = _calibration(table[known], right[known], weights[known], groups[known], first_folder[known])
        sure[new] = np.interp(plain[new], *worth)
    print("as the trees say it, without calibration:")
    _print_levels(options.folders[0].name, first_folder, right, plain)
    print("calibrated, that of each fold from the others:")
    for folder in options.folders:
        _print_levels(folder.name, np.array([case.folder == folder for case in cases]), right, sure)
    _print_levels("all", np.ones(len(cases), bool), right, sure)
    if options.proposals is not None:
        values = {id(case): value for case, value in zip(cases, sure.tolist(), strict=True)}
        first = [case for case in looked if case.folder == options.folders[0]]
        said = [values.get(id(case), case.found.proposal.confidence) for case in first]
        _write_proposals(options.proposals, first, np.array(said))
    worth = _calibration(table, right, weights, groups, first_folder)
    write_trees(_model().fit(table, right, sample_weight=weights), SIGNS, options.out, worth)


if __name__ == "__main__":
    main()

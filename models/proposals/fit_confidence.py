"""Fits the trees that say how sure a proposal is: `python fit_confidence.py FOLDER ... --out confidence.json`.

Each FOLDER holds `images/` and `truth.jsonl`, hand-drawn or made by `tests/benchmarks/planted.py --save`. What is
learnt is whether a person would change nothing; images of one `copy_group` or `base` stay in one of five folds.
Printed is how the figures hold on folds that were not learnt from.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from boosting import numbers_of
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from curator.imaging.decode import grey, load
from curator.imaging.render import mask_area
from curator.proposals.confidence import SIGNS
from curator.proposals.propose import examine
from curator.records import Proposal

_VISIBLE, _TIGHT, _GONE, _WRONG = 40, 0.95, 0.9, 0.0005
_LEVELS = (0.5, 0.8, 0.9, 0.95)

Case = tuple[npt.NDArray[np.float64], bool, str, float]
"""Signs, whether nothing was to be changed, group, weight."""


def _case(job: tuple[Path, dict[str, Any], float]) -> Case | None:
    folder, truth, weight = job
    image = load(folder / "images" / truth.get("file_name", truth.get("file")))
    found = examine(image)
    if found.signs is None:
        return None
    group = f"{truth.get('source', 'real')} {truth.get('base', truth.get('copy_group'))}"
    return found.signs, _right(image, truth, found.proposal), group, weight


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


def _model() -> GradientBoostingClassifier:
    return GradientBoostingClassifier(
        n_estimators=120, max_depth=2, learning_rate=0.06, subsample=0.7, min_samples_leaf=12, random_state=0
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    jobs = []
    for folder in options.folders:
        lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
        # Each folder weighs the same, as marks are drawn on far more of the planted images than occur.
        jobs += [(folder, json.loads(line), 1000 / len(lines)) for line in lines]
    with multiprocessing.Pool(options.workers) as pool:
        cases = [case for case in pool.imap(_case, jobs, chunksize=8) if case is not None]
    table = np.array([signs for signs, _, _, _ in cases])
    right, weights = np.array([case[1] for case in cases]), np.array([case[3] for case in cases])
    groups = np.array([case[2] for case in cases])
    sure = np.zeros(len(cases))
    for known, new in GroupKFold(5, shuffle=True, random_state=0).split(table, groups=groups):
        model = _model().fit(table[known], right[known], weights[known])
        sure[new] = model.predict_proba(table[new])[:, 1]
    for name, own in (("all", weights > 0), *((f"{w:.2f}", weights == w) for w in np.unique(weights))):
        print(f"weight {name}: {own.sum()} heads, {100 * right[own].mean():.1f} % right at once")
        for least in _LEVELS:
            over = own & (sure >= least)
            share = 100 * right[over].mean() if over.any() else float("nan")
            print(f"  {least}: {100 * over.sum() / own.sum():.1f} % of all, {share:.1f} % of them right")
    told = numbers_of(_model().fit(table, right, weights), SIGNS)
    options.out.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

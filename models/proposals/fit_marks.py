"""Fits the trees that tell marks on the brain from anatomy: `python fit_marks.py REAL marks.json --folds FOLDS`.

REAL holds `images/` and `truth.jsonl`. Marks of all kinds are drawn on those of its images that have none on the
head, and on images of Curator's own demo generator. The networks' candidates on them, and on the same images
without such marks, are told apart by gradient boosting (Friedman, 2001; scikit-learn).

From which probability on an image is called marked, the gate, is chosen so that the fewest decisions are wrong
where one image in ten is marked, as `gate_of` reckons it from real heads that the trees did not see, as they were
found and with marks drawn on. Printed is what comes of it over five folds, of which none takes part in the trees or
the gate that judge it, for several ways to draw the folds. No image that has a mark on its head is fitted to; those
of REAL are judged by the trees and the gate of every fold.

`--folds` keeps the trees of each fold as `0.json` to `4.json`, and in `folds.json` which of them never saw a base:
`fit_confidence.py` judges every image by those. `--keep` keeps what the networks see (`seen.py`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from boosting import write_trees
from seen import keep_in
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from curator.imaging.decode import decode, load
from curator.metrics import wilson
from curator.proposals import propose
from curator.proposals.fuse import fuse_head
from curator.proposals.head import find_head
from curator.proposals.marks import find_by_rule
from curator.proposals.page import make_page
from curator.proposals.suspects import FEATURES, brain_of, find_suspects, head_of
from curator.synthetic.dataset import scene_of
from curator.synthetic.plan import make_plan
from curator.synthetic.scene import encoded

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "marks"))
from ink import Tile, draw_marks

U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Job = tuple[str, Path | None, int, int, int]
"""Name of the base, its file or number, how often it is drawn on, and the seed."""

# Grey levels by which a mark changes its pixels and by which its clearest tenth has to be seen, and least pixels.
_CHANGED, _VISIBLE, _FEWEST = 12, 25, 4
_LARGEST = 1000  # longest side in pixels of what is drawn on
# Shares of a candidate's pixels from which on it counts as a mark, and below which as none; others are left out.
_MARK, _NONE = 0.55, 0.1
_SYNTHETIC, _SEED = 240, 5
# Share of images that are marked where the gate is best, the share of the surest clean heads whose tail tells how
# many are lost, and how many of the tail's means the gate may lie beyond its start, in that many steps.
_MARKED, _TAIL, _BEYOND, _STEPS = 0.1, 0.2, 6, 240
_DRAWINGS = 5  # ways to draw the folds


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One image: `base` is what it was made of; `marks` tells of each candidate the share that was drawn, where any
    was `drawn`; `ruled` is whether it is called marked without trees."""

    base: str
    features: Floats
    marks: Floats
    drawn: bool
    ruled: bool


def _bases(real: Path) -> list[tuple[str, Path | None, int]]:
    """Images without marks on the head: name, file or None, and number of the synthetic one."""
    found: list[tuple[str, Path | None, int]] = []
    for line in (real / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth: dict[str, Any] = json.loads(line)
        if truth["discard"] is None and all(mark["on"] == "background" for mark in truth["overlays"]):
            found.append((f"real {truth['copy_group']}", real / "images" / truth["file"], 0))
    plan = make_plan(_SYNTHETIC, _SEED)
    clean = [index for index, planned in enumerate(plan) if planned.category == "clean"]
    return found + [(f"synthetic {plan[index].key}", None, index) for index in clean]


def _drawn_on(rng: np.random.Generator, image: U8, brain: U8) -> tuple[U8, Bools]:
    """The image with marks of one kind on the brain, compressed again as often as not, and what they changed.

    As often as not they are drawn on a larger image that is shrunk then, as images are between drawing and
    collecting: their edges are as soft as those of tissue.
    """
    high, wide = image.shape[:2]
    most = max(1.0, min(3.0, _LARGEST / max(high, wide)))
    grown = 1.0 if rng.random() < 0.5 else float(rng.uniform(1, most))
    size = (round(wide * grown), round(high * grown))
    large = image if grown == 1 else cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    inside = cv2.resize(brain, size, interpolation=cv2.INTER_NEAREST) > 0
    before = large.astype(np.float32)
    tile = Tile(rng, before.copy(), inside, max(size), grown)
    draw_marks(tile)
    after = np.clip(tile.rgb, 0, 255)
    if grown > 1:
        method = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
        before, after = (cv2.resize(one, (wide, high), interpolation=method) for one in (before, after))
    away = np.abs(after - before).max(2)
    changed = away > _CHANGED
    if np.count_nonzero(changed) < _FEWEST or float(np.percentile(away[changed], 90)) < _VISIBLE:
        changed[:] = False
    marked = np.clip(np.where(changed[..., None], after, image), 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        marked = cv2.GaussianBlur(marked, (0, 0), float(rng.uniform(0.3, 0.7)))
    if rng.random() < 0.6:
        good, packed = cv2.imencode(".jpg", marked, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 95))])
        marked = cv2.imdecode(packed, cv2.IMREAD_COLOR) if good else marked
    return np.asarray(marked, np.uint8), changed


def _cases(job: Job) -> list[Case]:
    """A base without marks, and with marks drawn on it `copies` times over."""
    base, file, number, copies, seed = job
    if file is not None:
        image = load(file)
    else:
        planned = make_plan(_SYNTHETIC, _SEED)[number]
        image = decode(encoded(scene_of(planned, _SEED), planned), planned.file)
    rgb = make_page(np.ascontiguousarray(image)).rgb
    cases = [_case(base, rgb, None)]
    maps = propose.look(make_page(rgb))
    brain = brain_of(head_of(maps), maps)
    for copy in range(copies if brain.any() else 0):
        marked, changed = _drawn_on(np.random.default_rng([seed, copy, *base.encode()]), rgb, brain)
        if changed.any():
            cases.append(_case(base, marked, changed))
    return cases


def _case(base: str, rgb: U8, changed: Bools | None) -> Case:
    page = make_page(rgb)
    maps = propose.look(page)
    suspects = find_suspects(page, maps)
    shares = np.zeros(len(suspects))
    if changed is not None:
        wide = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        windows = [wide[s.box[1] : s.box[3], s.box[0] : s.box[2]] for s in suspects]
        shares = np.array([window[s.own].mean() for window, s in zip(windows, suspects, strict=True)])
    table = np.array([suspect.features for suspect in suspects]).reshape(-1, len(FEATURES))
    head = fuse_head(find_head(page), maps)
    ruled = find_by_rule(page, head, brain_of(head.mask, maps))
    on_brain = any(mark.on == "brain" for mark in ruled)
    return Case(base, table, shares, changed is not None, on_brain)


def _marked_case(job: tuple[Path, str]) -> Case:
    """A real image with a mark on its brain."""
    file, base = job
    case = _case(base, make_page(np.ascontiguousarray(load(file))).rgb, None)
    return replace(case, drawn=True)


def _model() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=200,
        max_leaf_nodes=6,
        learning_rate=0.07,
        min_samples_leaf=10,
        l2_regularization=1,
        early_stopping=False,
        random_state=0,
    )


def _fitted(cases: list[Case]) -> HistGradientBoostingClassifier:
    """Trees from the candidates that are clearly marks or clearly none."""
    features, marks = [], []
    for case in cases:
        sure = (case.marks > _MARK) | (case.marks < _NONE)
        features.append(case.features[sure])
        marks.append(case.marks[sure] > _MARK)
    return _model().fit(np.concatenate(features), np.concatenate(marks))


def _surest(model: HistGradientBoostingClassifier, cases: list[Case]) -> Floats:
    """How sure the trees are of the surest candidate of each image, 0 where there is none."""
    shares = model.predict_proba(np.concatenate([case.features for case in cases]))[:, 1]
    parts = np.split(shares, np.cumsum([len(case.features) for case in cases])[:-1])
    return np.array([part.max(initial=0.0) for part in parts])


def _split(cases: list[Case], draw: int) -> Iterator[tuple[list[int], list[int]]]:
    bases = [case.base for case in cases]
    for known, new in GroupKFold(5, shuffle=True, random_state=draw).split(bases, groups=bases):
        yield known.tolist(), new.tolist()


def _unseen(cases: list[Case], draw: int) -> Floats:
    """How sure trees are of each image that were fitted without its base."""
    surest = np.zeros(len(cases))
    for known, new in _split(cases, draw):
        surest[new] = _surest(_fitted([cases[at] for at in known]), [cases[at] for at in new])
    return surest


def gate_of(clean: Floats, marked: Floats) -> float:
    """The probability from which on calling a head marked makes for the fewest wrong decisions, one in ten being
    marked, from how sure trees were of heads that they never saw.

    The log odds of the surest fifth of the clean ones are taken to fall off exponentially (peaks over a threshold:
    Pickands, 1975), so that the gate hangs on more than the one or two surest.
    """
    odds, found = _odds(clean), _odds(marked)
    low = float(np.quantile(odds, 1 - _TAIL))
    mean = float((odds[odds > low] - low).mean())
    gates = np.linspace(low, low + _BEYOND * mean, _STEPS)
    lost = _TAIL * np.exp(-(gates - low) / mean)
    missed = (found[None] < gates[:, None]).mean(axis=1)
    best = gates[int(((1 - _MARKED) * lost + _MARKED * missed).argmin())]
    return float(1 / (1 + np.exp(-best)))


def _odds(shares: Floats) -> Floats:
    bounded = np.clip(shares, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(bounded / (1 - bounded)))


def _gate(cases: list[Case], draw: int) -> float:
    unseen = _unseen(cases, draw)
    real = np.array([case.base.startswith("real") for case in cases])
    drawn = np.array([case.drawn for case in cases])
    return gate_of(unseen[real & ~drawn], unseen[real & drawn])


def _drawing(job: tuple[list[Case], list[Case], int, Path | None]) -> tuple[Bools, Floats, list[float]]:
    """Folds drawn once: which images are called marked by the trees and gate of the others, the share of folds that
    call each of `marked`, and the gates. Into `folds` go the trees of each."""
    cases, marked, draw, folds = job
    called, shares, gates = np.zeros(len(cases), bool), np.zeros(len(marked)), []
    fold_of: dict[str, int] = {}
    for fold, (known, new) in enumerate(_split(cases, draw)):
        others, own = [cases[at] for at in known], [cases[at] for at in new]
        model, gate = _fitted(others), _gate(others, draw)
        gates.append(gate)
        called[new] = (_surest(model, own) >= gate) | np.array([case.ruled for case in own])
        if marked:
            ruled = np.array([case.ruled for case in marked])
            shares += ((_surest(model, marked) >= gate) | ruled) / 5
        fold_of |= {case.base: fold for case in own}
        if folds is not None:
            folds.mkdir(parents=True, exist_ok=True)
            write_trees(model, FEATURES, folds / f"{fold}.json", gate=gate)
    if folds is not None:
        (folds / "folds.json").write_text(json.dumps(fold_of, indent=0, sort_keys=True) + "\n", "utf-8")
    return called, shares, gates


def _print_drawings(
    cases: list[Case], marked: list[Case], drawings: list[tuple[Bools, Floats, list[float]]]
) -> None:
    real = np.array([case.base.startswith("real") for case in cases])
    drawn = np.array([case.drawn for case in cases])
    groups = (("real", real), ("synthetic", ~real))
    lost, shares, precise = [], [], []
    for called, found, gates in drawings:
        parts = [f"gates {min(gates):.3f} to {max(gates):.3f}"]
        for name, own in groups:
            parts.append(f"{name}: found {_share(called[own & drawn])}, lost {_share(called[own & ~drawn])}")
        print("; ".join(parts))
        false = int(called[real & ~drawn].sum())
        lost.append(false)
        shares.append(found)
        precise.append(found.sum() / max(1e-9, found.sum() + false))
    found_all = np.array([found.sum() for found in shares])
    print(
        f"over {len(drawings)} drawings: real clean lost {np.mean(lost):.1f} ({np.std(lost):.1f}); "
        f"of {len(marked)} real ones with marks on the brain found {found_all.mean():.2f} ({found_all.std():.2f}), "
        f"precision {100 * np.mean(precise):.0f} % ({100 * np.std(precise):.0f})"
    )
    for index, case in enumerate(marked):
        print(f"  {case.base}: {np.mean([found[index] for found in shares]):.2f}")


def _share(found: Bools) -> str:
    low, high = wilson(int(found.sum()), len(found))
    return f"{100 * found.mean():.1f} % ({100 * low:.1f} to {100 * high:.1f}) of {len(found)}"


def _marked(real: Path) -> list[tuple[Path, str]]:
    """The images of REAL with a mark on the brain."""
    lines = (real / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["discard"] == "overlay_on_brain"]
    return [(real / "images" / row["file"], f"real {row['copy_group']} {row['file']}") for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--folds", type=Path, help="a folder for the trees of each fold")
    parser.add_argument("--draw", type=int, default=0, help="which of five drawings the kept folds are")
    parser.add_argument("--keep", type=Path, help="a folder for what the networks see, to fit again quickly")
    parser.add_argument("--copies", type=int, default=4, help="how often a real image is drawn on")
    parser.add_argument("--synthetic", type=int, default=2, help="how often a synthetic one is")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    jobs = [
        (*base, options.synthetic if base[1] is None else options.copies, options.seed)
        for base in _bases(options.real)
    ]
    with multiprocessing.Pool(options.workers, keep_in, (options.keep,)) as pool:
        cases = [case for part in pool.imap(_cases, jobs, chunksize=2) for case in part]
        marked = list(pool.imap(_marked_case, _marked(options.real)))
        draws = [
            (cases, marked, draw, options.folds if draw == options.draw else None)
            for draw in range(_DRAWINGS)
        ]
        drawings = list(pool.imap(_drawing, draws))
        gates = list(pool.starmap(_gate, [(cases, draw) for draw in range(_DRAWINGS)]))
    _print_drawings(cases, marked, drawings)
    gate = float(np.mean(gates))
    print(f"gate {gate:.3f} ({min(gates):.3f} to {max(gates):.3f})")
    write_trees(_fitted(cases), FEATURES, options.out, gate=gate)


if __name__ == "__main__":
    main()

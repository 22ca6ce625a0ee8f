"""Fits the trees that tell marks on the brain from anatomy: `python fit_marks.py REAL marks.json --folds FOLDS`.

REAL holds `images/` and `truth.jsonl`. Marks of all kinds are drawn on those of its images that have none on the
head, and on images of Curator's own demo generator. The network's candidates on them, and on the same images
without such marks, are told apart by gradient boosting (Friedman, 2001; scikit-learn). Printed are figures over
five folds in which no image, drawn on or not, is on both sides. The file holds numbers of trees alone.

`--folds` keeps the trees of each fold as `0.json` to `4.json`, and in `folds.json` which of them never saw a base:
`fit_confidence.py` judges every image by those.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from boosting import write_trees
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from curator.imaging.decode import decode, load
from curator.metrics import wilson
from curator.proposals.maps import Maps, look
from curator.proposals.page import Page, make_page
from curator.proposals.suspects import FEATURES, brain_of, find_suspects, head_of
from curator.synthetic.dataset import scene_of
from curator.synthetic.plan import make_plan
from curator.synthetic.scene import encoded

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "marks"))
from ink import Tile, draw_marks

U8 = npt.NDArray[np.uint8]
Job = tuple[str, Path | None, int, int, int, Path | None]
"""Name of the base, its file or number, how often it is drawn on, the seed, and a folder to keep it in."""

# Grey levels by which a mark changes its pixels and by which its clearest tenth has to be seen, and least pixels.
_CHANGED, _VISIBLE, _FEWEST = 12, 25, 4
_LARGEST = 1000  # longest side in pixels of what is drawn on
_PLAIN = 0.55  # share of candidates' pixels from which on they count as a mark, with those between left out
_AT_MOST = (0.0, 0.0125, 0.025, 0.05)  # shares of clean images that may be lost
_SYNTHETIC, _SEED = 240, 5


@dataclass(frozen=True, slots=True)
class Case:
    """One image: `base` is what it was made of, `drawn` the pixels that marks changed, None where none were."""

    base: str
    features: npt.NDArray[np.float64]
    marks: npt.NDArray[np.float64]
    drawn: bool


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


def _drawn_on(rng: np.random.Generator, image: U8, brain: U8) -> tuple[U8, npt.NDArray[np.bool_]]:
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


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A page with what the network sees of it, and the pixels that marks changed, None where none were drawn."""

    page: Page
    maps: Maps
    changed: npt.NDArray[np.bool_] | None


def _looks(job: Job) -> Iterator[Look]:
    """A base without marks, and with marks drawn on it `copies` times over; kept in a file where `keep` is set."""
    base, file, number, copies, seed, keep = job
    name = f"{base} {file.name if file is not None else number}.npz"
    kept = None if keep is None else keep / name.replace("/", "-")
    if kept is None or not kept.is_file():
        looks = list(_drawn_looks(base, file, number, copies, seed))
        if kept is not None:
            _keep(kept, looks)
        yield from looks
        return
    with np.load(kept) as told:
        for index in range(len(told.files) // 4):
            maps = Maps(*told[f"maps{index}"].astype(np.float32), float(told[f"verdict{index}"]))
            changed = told[f"changed{index}"]
            yield Look(make_page(told[f"rgb{index}"]), maps, changed if index else None)


def _keep(path: Path, looks: list[Look]) -> None:
    told: dict[str, npt.ArrayLike] = {}
    for index, one in enumerate(looks):
        told[f"rgb{index}"] = one.page.rgb
        maps = np.stack([one.maps.head, one.maps.mark, one.maps.border, one.maps.inside])
        told[f"maps{index}"], told[f"verdict{index}"] = maps.astype(np.float16), one.maps.verdict
        told[f"changed{index}"] = np.zeros(0, bool) if one.changed is None else one.changed
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **told)


def _drawn_looks(base: str, file: Path | None, number: int, copies: int, seed: int) -> Iterator[Look]:
    if file is not None:
        image = load(file)
    else:
        planned = make_plan(_SYNTHETIC, _SEED)[number]
        image = decode(encoded(scene_of(planned, _SEED), planned), planned.file)
    page = make_page(np.ascontiguousarray(image))
    maps = look(page)
    yield Look(page, maps, None)
    head = head_of(maps)
    brain = brain_of(head, maps)
    for copy in range(copies if brain.any() else 0):
        rng = np.random.default_rng([seed, copy, *base.encode()])
        marked, changed = _drawn_on(rng, page.rgb, brain)
        if changed.any():
            again = make_page(marked)
            yield Look(again, look(again), changed)


def _cases(job: Job) -> list[Case]:
    cases = []
    for one in _looks(job):
        suspects = find_suspects(one.page, one.maps)
        shares = np.zeros(0)
        if one.changed is not None:
            wide = cv2.dilate(one.changed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            shares = np.array(
                [wide[s.box[1] : s.box[3], s.box[0] : s.box[2]][s.own].mean() for s in suspects]
            )
        cases.append(Case(job[0], _table(suspects), shares, one.changed is not None))
    return cases


def _table(suspects: list[Any]) -> npt.NDArray[np.float64]:
    return np.array([suspect.features for suspect in suspects]).reshape(-1, len(FEATURES))


def _model() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=300,
        max_leaf_nodes=4,
        learning_rate=0.07,
        min_samples_leaf=10,
        l2_regularization=1,
        random_state=0,
    )


def _fitted(cases: list[Case]) -> HistGradientBoostingClassifier:
    """Trees from the candidates that are clearly marks or clearly none."""
    features, marks = [], []
    for case in cases:
        shares = case.marks if case.drawn else np.zeros(len(case.features))
        sure = (shares > _PLAIN) | (shares < 0.1)
        features.append(case.features[sure])
        marks.append(shares[sure] > _PLAIN)
    return _model().fit(np.concatenate(features), np.concatenate(marks))


def _split(bases: npt.NDArray[np.str_]) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    return GroupKFold(5, shuffle=True, random_state=0).split(bases, groups=bases)


def _surest(model: HistGradientBoostingClassifier, case: Case) -> float:
    return float(model.predict_proba(case.features)[:, 1].max()) if len(case.features) else 0.0


def _check(cases: list[Case], planted: list[Case], folds: Path | None) -> None:
    """Prints what is found at several losses of clean images, each scored by trees that never saw its base.

    `planted` are judged by the trees of the fold that lacks their base, and take no part in any fit. Into `folds`
    go the trees of each fold.
    """
    bases = np.array([case.base for case in cases])
    surest, judged = np.zeros(len(cases)), np.zeros(len(planted))
    fold_of: dict[str, int] = {}
    for fold, (known, new) in enumerate(_split(bases)):
        model = _fitted([cases[index] for index in known])
        fold_of |= dict.fromkeys(bases[new].tolist(), fold)
        if folds is not None:
            folds.mkdir(parents=True, exist_ok=True)
            write_trees(model, FEATURES, folds / f"{fold}.json")
        surest[new] = [_surest(model, cases[index]) for index in new]
        fitted = set(bases[known])
        for index, case in enumerate(planted):
            if case.base not in fitted:
                judged[index] = _surest(model, case)
    if folds is not None:
        (folds / "folds.json").write_text(json.dumps(fold_of, indent=0, sort_keys=True) + "\n", "utf-8")
    drawn = np.array([case.drawn for case in cases])
    others = np.array([case.base for case in planted])
    for source in ("real", "synthetic"):
        own = np.array([base.startswith(source) for base in bases])
        clean = np.sort(surest[own & ~drawn])[::-1]
        print(f"{source}: {len(clean)} clean images, {int((own & drawn).sum())} drawn on")
        for lost in _AT_MOST:
            least = clean[int(lost * len(clean))]
            found = [surest[own & drawn] > least]
            if planted:
                found.append(judged[np.array([base.startswith(source) for base in others])] > least)
            shares = "; ".join(_share(values) for values in found)
            print(f"  {100 * lost:4.1f} % of clean ones lost: over {least:.3f}, found {shares}")


def _share(found: npt.NDArray[np.bool_]) -> str:
    low, high = wilson(int(found.sum()), len(found))
    return f"{100 * found.mean():.1f} % ({100 * low:.1f} to {100 * high:.1f}) of {len(found)}"


def _planted(job: tuple[Path, str]) -> Case:
    file, base = job
    page = make_page(load(file))
    return Case(base, _table(find_suspects(page, look(page))), np.zeros(0), True)


def _planted_jobs(folder: Path, real: Path) -> list[tuple[Path, str]]:
    """Images with marks on the brain as `tests/benchmarks/planted.py --save` writes them, with their bases."""
    rows = [json.loads(line) for line in (real / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    groups = {row["file"]: f"real {row['copy_group']}" for row in rows}
    planted = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        (folder / "images" / row["file_name"], groups.get(row["base"], f"synthetic planted {row['base']}"))
        for row in planted
        if row["place"] == "brain"
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--planted", type=Path, help="the benchmark's images, judged by folds without their bases"
    )
    parser.add_argument("--folds", type=Path, help="a folder for the trees of each fold")
    parser.add_argument("--keep", type=Path, help="a folder for what the network sees, to fit again quickly")
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    jobs = [(*base, options.copies, options.seed, options.keep) for base in _bases(options.real)]
    with multiprocessing.Pool(options.workers) as pool:
        cases = [case for part in pool.imap(_cases, jobs, chunksize=2) for case in part]
        planted = []
        if options.planted is not None:
            planted = list(pool.imap(_planted, _planted_jobs(options.planted, options.real), chunksize=4))
    _check(cases, planted, options.folds)
    write_trees(_fitted(cases), FEATURES, options.out)


if __name__ == "__main__":
    main()

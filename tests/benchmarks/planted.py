"""What is discarded, measured on marks planted by exact truth and on images that are no MRI of a brain.

    python tests/benchmarks/planted.py [--per-kind N] [--only real|synthetic] [--save DIR] [--jobs N] [--worst N]
        [--folds DIR]

Marks of each kind are planted on clean heads, real ones (`--real`, a folder with `images` and `truth.jsonl`;
default: the environment variable CURATOR_REAL_DATA) and synthetic ones: on the brain (to be discarded), on
the scalp alone (both are right), on the background alone (to be kept). `propose_image` then has its say on
them, on the clean heads and on images that are no MRI of a brain. "Nothing to change" is an image whose
decision and reason are right and, if kept, whose crop overlaps the true head's box by 0.95 or more and whose
mark is masked or outside the crop to nine tenths. Shares are in per cent with 95 % intervals of Wilson.
`--save` writes the images as PNG with their truth as JSON lines. `--folds` names the folder that
`models/proposals/fit_marks.py --folds` wrote: each image is judged by the trees and gate of the fold that its head
took no part in.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeAlias
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from PIL import Image
from planted_marks import KINDS
from planted_others import non_brains
from planted_places import PLACES, Box, Place, Source, clean_head, clean_heads, plant

from curator.imaging._cv2 import cv2
from curator.imaging.decode import decode
from curator.metrics import wilson
from curator.proposals import propose_image
from curator.proposals.trees import marks_file
from curator.records import Proposal

U8: TypeAlias = npt.NDArray[np.uint8]
Bool: TypeAlias = npt.NDArray[np.bool_]

_SURE: Final = 0.95
_CROP_IOU, _GONE = 0.95, 0.9  # as proposals are scored against the truth of real images
_TIMED: Final = 40


@dataclass(frozen=True)
class Task:
    """One image to look at. `place` is None for clean heads and for what is no brain."""

    source: str
    kind: str
    place: Place | None
    turn: int
    name: str = ""


@dataclass(frozen=True)
class Outcome:
    """What was proposed for a task's image, and what is right: `wanted` is a reason, "keep" or "either"."""

    task: Task
    wanted: str
    said: str
    sure: float
    unchanged: bool
    why: str

    @property
    def right(self) -> bool:
        """Whether the decision and its reason are right."""
        return self.said == self.wanted or (
            self.wanted == "either" and self.said in ("keep", "overlay_on_brain")
        )


def main() -> None:
    """Plants, proposes, prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-kind", type=int, default=10, help="images of each kind of mark in each place")
    parser.add_argument("--only", choices=("real", "synthetic"))
    parser.add_argument("--real", type=Path, default=os.environ.get("CURATOR_REAL_DATA"))
    parser.add_argument("--save", type=Path, help="folder for the images and their truth")
    parser.add_argument("--folds", type=Path, help="folder of trees for marks that never saw the heads")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--worst", type=int, default=0, help="wrong images to name, the surest first")
    options = parser.parse_args()
    real = Path(options.real) if options.real else None
    sources: list[Source] = ["real", "synthetic"] if options.only is None else [options.only]
    if "real" in sources and (real is None or not (real / "truth.jsonl").is_file()):
        print("Real heads are left out: name their folder by --real or CURATOR_REAL_DATA.")
        sources.remove("real")
    tasks = _tasks(sources, real, options.per_kind)
    if options.save:
        (options.save / "images").mkdir(parents=True, exist_ok=True)
    look = partial(_look, real=real, save=options.save, folds=options.folds)
    with get_context("spawn").Pool(options.jobs) as pool:
        looks = list(pool.imap(look, tasks, chunksize=6))
    outcomes = [outcome for outcome, _ in looks if outcome is not None]
    if options.save:
        lines = [json.dumps(line) + "\n" for _, line in looks if line is not None]
        (options.save / "truth.jsonl").write_text("".join(lines), "utf-8")
    for source in sources:
        _print_marks(source, [one for one in outcomes if one.task.source == source])
    _print_others([one for one in outcomes if one.task.source == "other"])
    _print_confidence(outcomes, sources)
    _print_speed(sources, real)
    wrong = sorted((one for one in outcomes if not one.right), key=lambda one: -one.sure)
    for one in wrong[: options.worst]:
        print(f"  {one.sure:.2f} {one.said} for {one.wanted}: {_file_of(one.task)}: {one.why}")


def _tasks(sources: Sequence[Source], real: Path | None, per_kind: int) -> list[Task]:
    tasks: list[Task] = []
    for source in sources:
        for kind, what in KINDS.items():
            for place in PLACES if what.anywhere else PLACES[:1]:
                tasks += [Task(source, kind, place, turn) for turn in range(per_kind)]
        names = clean_heads(source, real)
        tasks += [Task(source, "clean", None, turn, name) for turn, name in enumerate(names)]
    tasks += [Task("other", sort, None, turn, name) for turn, (sort, name, _) in enumerate(non_brains())]
    return tasks


@lru_cache(maxsize=1)
def _folds_of(folds: Path, real: Path) -> dict[str, int]:
    """The fold of each real head, by its file."""
    fold_of: dict[str, int] = json.loads((folds / "folds.json").read_text("utf-8"))
    rows = [json.loads(line) for line in (real / "truth.jsonl").read_text("utf-8").splitlines()]
    return {row["file"]: fold_of.get(f"real {row['copy_group']}", 0) for row in rows}


def _trees_for(base: str, real: Path | None, folds: Path | None) -> Path:
    """The trees that judge what was made of a head; synthetic heads are in no fold, and the first one's do."""
    if folds is None:
        return marks_file()
    fold_of = _folds_of(folds, real) if real is not None else {}
    return folds / f"{fold_of.get(base, 0)}.json"


def _look(
    task: Task, *, real: Path | None, save: Path | None, folds: Path | None
) -> tuple[Outcome | None, dict[str, Any] | None]:
    """What is proposed, and the truth's line if the image was saved; None twice if no place was found."""
    box: Box | None = None
    ink: Bool | None = None
    base = task.name
    if task.source == "other":
        image = non_brains()[task.turn][2]
        wanted = "not_brain_mri"
    elif task.place is None:
        head = clean_head(task.source, real, task.name)
        image, box, base, wanted = head.rgb, head.box, head.name, "keep"
    else:
        planted = plant(task.source, real, task.kind, task.place, task.turn)  # type: ignore[arg-type]
        if planted is None:
            return None, None
        image, box, ink, base = planted.rgb, planted.head.box, planted.ink, planted.head.name
        wanted = {"brain": "overlay_on_brain", "scalp": "either", "background": "keep"}[task.place]
    line: dict[str, Any] | None = None
    if save:
        name = _file_of(task)
        Image.fromarray(image).save(save / "images" / name)
        discard = {"keep": None}.get(wanted, wanted)
        line = {
            "file_name": name,
            "source": task.source,
            "kind": task.kind,
            "place": task.place,
            "discard": discard,
        }
        line |= {"head_box": box, "box": None if ink is None else _box_of(ink), "base": base}
    trees = _trees_for(base, real, folds)
    with patch("curator.proposals.marks.marks_file", lambda: trees):
        said = propose_image(image)
    unchanged = _nothing_to_change(said, wanted, box, ink)
    verdict = str(said.discard_reason) if said.decision == "discard" else "keep"
    return Outcome(task, wanted, verdict, said.confidence, unchanged, said.why), line


def _file_of(task: Task) -> str:
    words = (task.source, task.kind, task.place or "", f"{task.turn:03d}")
    return " ".join(word for word in words if word).replace(" ", "_") + ".png"


def _box_of(ink: Bool) -> list[int]:
    y, x = np.nonzero(ink)
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


def _nothing_to_change(said: Proposal, wanted: str, box: Box | None, ink: Bool | None) -> bool:
    if said.decision == "discard":
        return said.discard_reason == wanted or (
            wanted == "either" and said.discard_reason == "overlay_on_brain"
        )
    if wanted not in ("keep", "either") or box is None:
        return False
    if said.crop is None:
        return False
    x0, y0, x1, y1 = said.crop.x, said.crop.y, said.crop.x + said.crop.width, said.crop.y + said.crop.height
    both = max(0, min(x1, box[2]) - max(x0, box[0])) * max(0, min(y1, box[3]) - max(y0, box[1]))
    area = (box[2] - box[0]) * (box[3] - box[1])
    if both < _CROP_IOU * (area + (x1 - x0) * (y1 - y0) - both):
        return False
    if ink is None:
        return True
    gone = np.ones(ink.shape, np.uint8)
    gone[y0:y1, x0:x1] = 0
    for mask in said.masks:
        cv2.fillPoly(gone, [np.array(mask.polygon, np.int32)], 1)
    return bool(gone[ink].mean() >= _GONE)


def _share(outcomes: Iterable[Outcome], true: Callable[[Outcome], bool]) -> str:
    """How many, and the share of those for which `true` holds, with its interval."""
    held = [true(one) for one in outcomes]
    if not held:
        return f"{'-':>5} {'':18}"
    low, high = wilson(sum(held), len(held))
    return f"{len(held):5} {100 * sum(held) / len(held):5.1f} ({100 * low:4.1f}-{100 * high:5.1f})"


def _on_brain(one: Outcome) -> bool:
    return one.said == "overlay_on_brain"


def _no_brain(one: Outcome) -> bool:
    return one.said == "not_brain_mri"


def _print_marks(source: str, outcomes: Sequence[Outcome]) -> None:
    """Of one source: discards by kind and place, recall and precision, and what becomes of clean heads."""
    clean = [one for one in outcomes if one.task.place is None]
    at = {place: [one for one in outcomes if one.task.place == place] for place in PLACES}
    print(f"\n{source}: n and % discarded as overlay_on_brain")
    print(f"{'':20}" + "".join(f"{place:>24}" for place in PLACES))
    for kind in KINDS:
        cells = [_share([one for one in at[place] if one.task.kind == kind], _on_brain) for place in PLACES]
        print(f"{kind:20}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"{'all':20}" + "".join(f"{_share(at[place], _on_brain):>24}" for place in PLACES))
    false = [*clean, *at["background"], *at["scalp"]]
    discards = [one for one in [*at["brain"], *false] if _on_brain(one)]
    strict = [one for one in discards if one.task.place != "scalp"]
    rows: list[tuple[str, Sequence[Outcome], Callable[[Outcome], bool]]] = [
        ("on brain: recall", at["brain"], _on_brain),
        ("on brain: discarded for any reason", at["brain"], lambda one: one.said != "keep"),
        ("on brain: precision", discards, lambda one: one.task.place == "brain"),
        ("on brain: precision, scalp-only ones left out", strict, lambda one: one.task.place == "brain"),
        ("scalp only: discarded as overlay_on_brain", at["scalp"], _on_brain),
        ("background only: discarded as overlay_on_brain", at["background"], _on_brain),
        ("clean: discarded as overlay_on_brain", clean, _on_brain),
        ("clean: brains lost (as not_brain_mri)", clean, _no_brain),
        ("all heads: brains lost (as not_brain_mri)", outcomes, _no_brain),
    ]
    for words, of, true in rows:
        print(f"  {words:50}{_share(of, true)}")


def _print_others(outcomes: Sequence[Outcome]) -> None:
    print("\nno brain MRI: n and % discarded as not_brain_mri")
    for sort in dict.fromkeys(one.task.kind for one in outcomes):
        mine = [one for one in outcomes if one.task.kind == sort]
        missed = ", ".join(one.task.name for one in mine if not _no_brain(one))
        print(f"{sort:20}{_share(mine, _no_brain)}  {'missed: ' + missed if missed else ''}")
    print(f"{'all':20}{_share(outcomes, _no_brain)}")


def _print_confidence(outcomes: Sequence[Outcome], sources: Sequence[str]) -> None:
    print(
        f"\nconfidence: n and % that reach {_SURE}; of those, % decided rightly and % with nothing to change"
    )
    rows = [("all", list(outcomes))]
    rows += [
        (source, [one for one in outcomes if one.task.source == source]) for source in (*sources, "other")
    ]
    rows += [("clean", [one for one in outcomes if one.task.kind == "clean"])]
    rows += [(f"on {place}", [one for one in outcomes if one.task.place == place]) for place in PLACES]
    for words, of in rows:
        sure = [one for one in of if one.sure >= _SURE]
        cells = (_share(of, lambda one: one.sure >= _SURE), _share(sure, lambda one: one.right))
        print(f"{words:20}" + "   ".join((*cells, _share(sure, lambda one: one.unchanged))))
    cells = (_share(outcomes, lambda one: one.right), _share(outcomes, lambda one: one.unchanged))
    print(f"{'whatever confidence':20}{'':24}   " + "   ".join(cells))


def _print_speed(sources: Sequence[Source], real: Path | None) -> None:
    """How fast one process is on clean heads: proposing alone, and with decoding the files."""
    print("\nimages/s of propose_image in one process, clean heads")
    for source in sources:
        files: list[bytes] = []
        for name in clean_heads(source, real)[:_TIMED]:
            if source == "real" and real is not None:
                files.append((real / "images" / name).read_bytes())
            else:
                out = io.BytesIO()
                Image.fromarray(clean_head(source, real, name).rgb).save(out, "JPEG", quality=85)
                files.append(out.getvalue())
        propose_image(decode(files[0], "warm-up"))
        start = time.perf_counter()
        images = [decode(data, source) for data in files]
        decoded = time.perf_counter()
        for image in images:
            propose_image(image)
        done = time.perf_counter()
        print(
            f"{source:20}{len(files) / (done - decoded):6.1f} without decoding, "
            f"{len(files) / (done - start):6.1f} with it ({len(files)} images)"
        )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

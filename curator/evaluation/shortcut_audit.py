"""The shortcut audit: what predicts the label though it is not the brain?

Small forests guess the label from what says nothing of the illness: facts of the files, the border, the image with
the head blanked, masks, framing. Where they do better than chance, a network can do so too, and a good figure need
not mean that it looked at the brain (DeGrave, Janizek and Lee, Nature Machine Intelligence 2021; Maguolo and Nanni,
Information Fusion 2021, blanked the lungs). What is found is of the data: no network takes part.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from curator import __version__
from curator.errors import ImageError
from curator.evaluation import shortcut_audit_signs as signs_of
from curator.evaluation.intervals import Interval, Summary, summarise
from curator.evaluation.shortcut_audit_guess import FOLDS, Guess, guess
from curator.evaluation.shortcut_audit_rows import drawn, judged, too_few
from curator.evaluation.shortcut_audit_words import Images, Key, sentence, title, verdict_words
from curator.imaging.file_facts import file_facts
from curator.imaging.render import Resize
from curator.manifest.files import Manifest, write_text
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import decoded, verified_bytes
from curator.metrics import cross_entropy
from curator.records import Edits, Event, Prediction, Profile, Progress, Warned

FILE: Final = "audit.json"
SCHEMA: Final = "curator-audit/1"

# How often the folds are drawn anew: more often where few images make the draw count.
_FEW_IMAGES, _REPEATS_OF_FEW, _REPEATS = 300, 3, 2
# What most backbones take; every row is measured on the same square.
SIDE: Final = 224

Verdict: TypeAlias = Literal["fine", "look"]
Row: TypeAlias = tuple[Key, Images]
Vectors: TypeAlias = dict[Row, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One look past the brain, of the files, the raw images or the cleaned ones.

    The three figures are those of cross-validated guesses, with 95 % intervals over groups; None where there is
    nothing to guess from. `baseline` is the accuracy of always saying the most frequent class, `chance` the
    balanced accuracy of that. `permuted` is the mean balanced accuracy with labels dealt out anew, `permuted_high`
    the highest of that in any row of the audit. `verdict` is "look" where the interval of the balanced accuracy
    lies above `chance` and its value above `permuted_high`; "fine" says that nothing was found, not that nothing
    is there.
    """

    key: Key
    what: str
    images: Images
    signs: int
    balanced_accuracy: Interval | None
    accuracy: Interval | None
    auroc: Interval | None
    baseline: float
    chance: float
    permuted: float
    permuted_high: float
    verdict: Verdict
    words: str

    @property
    def value(self) -> float:
        """The balanced accuracy; 0 where there is nothing to guess from."""
        return self.balanced_accuracy.value if self.balanced_accuracy is not None else 0.0

    @property
    def unclear(self) -> bool:
        """Whether its interval lies above `chance`, but shuffled labels reached as much."""
        figure = self.balanced_accuracy
        return self.verdict == "fine" and figure is not None and figure.low > self.chance


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found for one manifest, known again by the SHA-256 of its lines.

    `images` and `groups` took part, of `of_images` kept ones, `test_images` of them of the test split; in
    `without_head` no head was found. `rows` is empty where there are too few, and `note` says so then.
    """

    manifest_sha256: str
    classes: tuple[str, ...]
    majority_class: str
    images: int
    of_images: int
    groups: int
    test_images: int
    without_head: int
    side: int
    seed: int
    repeats: int
    note: str
    rows: tuple[AuditRow, ...]

    @property
    def worst(self) -> AuditRow | None:
        """The row that tells most: of those to look at, if any, that with the highest balanced accuracy."""
        judged = [row for row in self.rows if row.balanced_accuracy is not None]
        return max(judged, key=lambda row: (row.verdict == "look", row.value), default=None)

    @property
    def sentence(self) -> str:
        """What was found, for a person."""
        return sentence(self)

    def row(self, key: Key, images: Images) -> AuditRow | None:
        """One row, if the audit has it."""
        return next((one for one in self.rows if (one.key, one.images) == (key, images)), None)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {"schema": SCHEMA, "app_version": __version__, "sentence": self.sentence, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Audit:
        """What `to_json` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        if values["schema"] != SCHEMA:
            raise ValueError(f"its schema is {values['schema']!r}")
        plain = {name: values[name] for name in cls.__slots__}
        rows = tuple(_row_from_json(one) for one in plain["rows"])
        return cls(**{**plain, "classes": tuple(plain["classes"]), "rows": rows})


@dataclass(frozen=True, slots=True)
class _Judged:
    """One row with its figures; `permuted` as in `Guess`, empty where all images have the same signs."""

    row: Row
    signs: int
    summary: Summary | None
    permuted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AuditReady(Event):
    """The audit is done."""

    audit: Audit


def run_audit(
    manifest: Manifest,
    root: Path | None = None,
    *,
    seed: int = 0,
    test: bool = True,
    repeats: int | None = None,
    side: int = SIDE,
    resize: Resize = "letterbox",
) -> Iterator[Event]:
    """Audits the kept images of a manifest; ends with `AuditReady`. Yields `Progress` and `Warned` before.

    `test=False` leaves the test split out; it takes part otherwise, since what is found is said of the data and
    no network is chosen by it. `repeats` is how often folds are drawn; by default three times up to 300 images,
    else twice. Images that are gone or have changed are left out with a warning. Equal seeds give
    equal audits. Raises `WeightsError` where the proposals' network, which finds the head, is not there.
    """
    root = root or manifest.root
    kept = [
        row
        for row in manifest.rows
        if row.decision == "keep" and (test or row.split != "test") and row.sha256 is not None
    ]
    chosen = drawn(judged(kept, manifest.info.classes), seed)
    done, vectors, without_head = yield from _looked(chosen, root, manifest.info.profile, side, resize)
    rows = judged(done, manifest.info.classes)
    present = {row.file_name for row in rows}
    at = [index for index, row in enumerate(done) if row.file_name in present]
    classes = tuple(name for name in manifest.info.classes if any(row.label == name for row in rows))
    counts = Counter(row.label for row in rows)
    lacking = [name for name in manifest.info.classes if name not in classes]
    audit = Audit(
        manifest_sha256=manifest.info.sha256,
        classes=classes,
        majority_class=max(classes, key=lambda name: counts[name], default=""),
        images=len(rows),
        of_images=len(kept),
        groups=len({row.group for row in rows}),
        test_images=sum(row.split == "test" for row in rows),
        without_head=without_head if manifest.info.profile == "brain-mri" else 0,
        side=side,
        seed=seed,
        repeats=repeats or (_REPEATS_OF_FEW if len(rows) <= _FEW_IMAGES else _REPEATS),
        note=f"Left out, with fewer than two groups: {', '.join(lacking)}." if lacking else "",
        rows=(),
    )
    why = too_few(rows)
    if why:
        yield AuditReady(replace(audit, note=why))
        return
    steps = len(vectors) * 2 * audit.repeats * FOLDS
    found: list[_Judged] = []
    for number, (row, values) in enumerate(vectors.items()):
        before = number * steps // len(vectors)
        found.append((yield from _guessed(audit, rows, row, values[at], before, steps)))
    yield Progress(steps, steps, "Guessing labels")
    # Chance is alike in every row but for luck: all of them together say best how far it reaches. With noise for
    # 117 images (80 sets of 20 signs) intervals alone lay above chance in 10 % of rows, above this too in 0.8 %.
    high = max((value for one in found for value in one.permuted), default=1 / len(classes))
    baseline = max(counts.values()) / len(rows)
    yield AuditReady(replace(audit, rows=tuple(_row(audit, one, baseline, high) for one in found)))


def write_audit(folder: Path, audit: Audit) -> None:
    """Keeps an audit as `audit.json` beside the manifest or in the run that it is about."""
    write_text(folder / FILE, json.dumps(audit.to_json(), ensure_ascii=False, indent=2) + "\n")


def read_audit(folder: Path) -> Audit | None:
    """The audit kept in a folder; None where there is none, or it is damaged or of another schema."""
    try:
        return Audit.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def find_audit(folder: Path, manifest_sha256: str) -> Audit | None:
    """The audit of a manifest: kept in `folder` (a run's, or the manifest's), in a run beside it, or above it.

    Runs on one manifest share one audit. One of another manifest is stale and is not returned.
    """
    beside = sorted(folder.parent.glob(f"*/{FILE}"), reverse=True)
    for place in (folder, folder.parent, *(path.parent for path in beside)):
        audit = read_audit(place)
        if audit is not None and audit.manifest_sha256 == manifest_sha256:
            return audit
    return None


def _looked(
    rows: Sequence[ManifestRow], root: Path, profile: Profile, side: int, resize: Resize
) -> Generator[Event, None, tuple[list[ManifestRow], Vectors, int]]:
    """The rows that could be read, what was seen of each, and in how many no head was found."""
    done: list[ManifestRow] = []
    seen: list[tuple[Vectors, bool]] = []
    known: dict[tuple[str | None, Edits], tuple[Vectors, bool]] = {}
    for index, row in enumerate(rows):
        yield Progress(index, len(rows), "Looking past the brain")
        key = (row.sha256, row.edits)
        try:
            if key not in known:
                known[key] = _signs(root, row, profile, side, resize)
        except ImageError as error:
            yield Warned(f"{error} It is left out.", {"file_name": row.file_name})
            continue
        done.append(row)
        seen.append(known[key])
    vectors = {key: np.stack([one[key] for one, _ in seen]) for key in seen[0][0]} if seen else {}
    return done, vectors, sum(not found for _, found in seen)


def _signs(root: Path, row: ManifestRow, profile: Profile, side: int, resize: Resize) -> tuple[Vectors, bool]:
    data = verified_bytes(root, row)
    image = decoded(data, row)
    height, width = image.shape[:2]
    edits = row.edits
    head, found = signs_of.find_head_area(image, profile, edits.crop)
    vectors: Vectors = {("file", "file"): signs_of.of_file(file_facts(data, row.file_name))}
    views: dict[Images, Edits] = {"raw": Edits(), "cleaned": edits}
    shown = {name: signs_of.Seen(image, head, view, side, resize) for name, view in views.items()}
    for name in views:
        vectors["ring", name] = shown[name].ring()
    for name in views:
        vectors["outside", name] = shown[name].outside()
    if profile == "brain-mri":
        for name in views:
            vectors["outline", name] = shown[name].outline()
    for name, view in views.items():
        vectors["size", name] = signs_of.of_size(view.crop, width, height)
    for name in views:
        vectors["blur", name] = shown[name].blur()
    vectors["masks", "cleaned"] = signs_of.of_masks(edits, width, height)
    return vectors, found


def _guessed(
    audit: Audit,
    rows: Sequence[ManifestRow],
    row: Row,
    values: npt.NDArray[np.float64],
    done: int,
    steps: int,
) -> Generator[Event, None, _Judged]:
    """Cross-validates one row of the table; `done` of `steps` forests were grown before it."""
    if not (values != values[0]).any():
        return _Judged(row, values.shape[1], None, ())
    true = np.array([audit.classes.index(one.label) for one in rows], np.int64)
    grown = guess(values, true, [one.group for one in rows], len(audit.classes), audit.seed, audit.repeats)
    while True:
        try:
            yield Progress(done + next(grown), steps, "Guessing labels")
        except StopIteration as stop:
            result: Guess = stop.value
            break
    summary = summarise(_predictions(rows, true, audit.classes, result), audit.classes, seed=audit.seed)
    return _Judged(row, values.shape[1], summary, result.permuted)


def _predictions(
    rows: Sequence[ManifestRow], true: npt.NDArray[np.int64], classes: Sequence[str], found: Guess
) -> list[Prediction]:
    losses = cross_entropy(true, found.probabilities)
    return [
        Prediction(
            row.file_name,
            row.sha256,
            row.label,
            row.split,
            row.group,
            classes[int(probabilities.argmax())],
            tuple(probabilities.tolist()),
            float(loss),
        )
        for row, probabilities, loss in zip(rows, found.probabilities, losses, strict=True)
    ]


def _row(audit: Audit, found: _Judged, baseline: float, high: float) -> AuditRow:
    metrics = found.summary.metrics if found.summary is not None else {}
    figure, chance = metrics.get("balanced_accuracy"), 1 / len(audit.classes)
    look = figure is not None and figure.low > chance and figure.value > high
    key, images = found.row
    made = AuditRow(
        key=key,
        what="",
        images=images,
        signs=found.signs,
        balanced_accuracy=figure,
        accuracy=metrics.get("accuracy"),
        auroc=metrics.get("auroc"),
        baseline=baseline,
        chance=chance,
        permuted=float(np.mean(found.permuted)) if found.permuted else chance,
        permuted_high=high,
        verdict="look" if look else "fine",
        words="",
    )
    words = verdict_words(made, audit.majority_class, audit.groups)
    return replace(made, what=title(made), words=words)


def _row_from_json(values: Mapping[str, Any]) -> AuditRow:
    figures = ("balanced_accuracy", "accuracy", "auroc")
    intervals = {name: Interval(**values[name]) if values[name] else None for name in figures}
    return AuditRow(**{**values, **intervals})

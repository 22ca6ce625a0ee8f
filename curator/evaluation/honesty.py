"""What to check before believing a figure that is too good, and what is known of each check already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from curator.evaluation.intervals import Summary
from curator.manifest.schema import ManifestRow
from curator.metrics import balanced_accuracy
from curator.records import Split
from curator.training.config import TrainConfig
from curator.training.runs import Run

if TYPE_CHECKING:
    from curator.evaluation.shortcut_audit import Audit

# From here on a figure is checked before it is believed: on small sets of medical images, figures above it have
# mostly come from copies over splits or from shortcuts.
TOO_GOOD: Final = 0.95
_JUDGED: Final = ("balanced_accuracy", "auroc", "accuracy")
# Fewer groups than this leave an interval of some 20 points even at an accuracy of 0.9.
_FEW_GROUPS: Final = 100
# Differences between classes that are worth a look.
_MASKS_APART: Final = 0.2
_BY_CHANCE: Final = 0.1
_BINS: Final = 8

State: TypeAlias = Literal["fine", "look", "open"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to check. `todo` is a sentence that says how; `known` what the project knows of it already;
    `state` is "fine" (nothing found), "look" (something was found) or "open" (nobody has looked)."""

    title: str
    todo: str
    known: str
    state: State


def too_good(summary: Summary) -> tuple[str, ...]:
    """The figures of 0.95 or more, each as "AUROC 0.97"; empty where there is none."""
    found = ((name, summary.metrics.get(name)) for name in _JUDGED)
    return tuple(
        f"{metric_words(name)} {figure.value:.3f}"
        for name, figure in found
        if figure is not None and figure.value >= TOO_GOOD
    )


def metric_words(name: str) -> str:
    """A metric's name as it is written in sentences."""
    return {"auroc": "AUROC"}.get(name, name.replace("_", " "))


def checks(
    summary: Summary,
    rows: Sequence[ManifestRow],
    split: Split | None = "test",
    *,
    repeats: int = 1,
    touched: int = 0,
    audit: Audit | None = None,
) -> tuple[Check, ...]:
    """What to check, from the manifest's `rows`, for figures of `split`, None for those of all kept images
    out of fold. `repeats` are the runs of the same plan over different seeds, this one included; `touched` the
    test images mended after they were predicted; `audit` the shortcut audit of that manifest, if one was made."""
    kept = [row for row in rows if row.decision == "keep" and row.split is not None]
    here = [row for row in kept if split is None or row.split == split]
    return (
        _copies(kept),
        _audited(audit)
        if audit is not None and audit.rows
        else _shortcut(
            [row for row in kept if row.split == "train"],
            [row for row in here if split is not None or row.split != "train"],
        ),
        _framing(kept),
        _size(summary),
        _seeds(repeats),
        _hands(here, touched),
    )


def repeats_of(run: Run, runs: Iterable[Run]) -> int:
    """How many of `runs` have the plan of `run` with one seed each, `run` itself included."""
    plan = _plan(run.config)
    return len({one.config.seed for one in runs if _plan(one.config) == plan} | {run.config.seed})


def warning(found: Sequence[str]) -> str:
    """The sentence above the checks."""
    words = " and ".join(part for part in (", ".join(found[:-1]), *found[-1:]) if part)
    return f"{words[:1].upper()}{words[1:]}: check this before you believe it."


def _plan(config: TrainConfig) -> TrainConfig:
    return replace(config, seed=0, device="auto", threads=0)


def _copies(kept: Sequence[ManifestRow]) -> Check:
    astray = _straddling(kept, lambda row: row.group)
    copies = _straddling(kept, lambda row: row.copy_group)
    same = _straddling(kept, lambda row: row.sha256)
    known = (
        f"{_count(astray, 'group')} and {_count(copies, 'set')} of copies straddle splits; "
        f"byte for byte in two splits: {_count(same, 'file')}."
    )
    return Check(
        "Copies over splits",
        "Look in Curate for copies that were not found: the same slice cropped, mirrored or recompressed.",
        known,
        "look" if astray or copies or same else "fine",
    )


def _straddling(kept: Sequence[ManifestRow], key: Callable[[ManifestRow], str | None]) -> int:
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for row in kept:
        name = key(row)
        if name is not None and row.split is not None:
            splits[name].add(row.split)
    return sum(len(found) > 1 for found in splits.values())


def _audited(audit: Audit) -> Check:
    found = [row for row in audit.rows if row.verdict == "look"]
    todo = (
        "Look at the audit in Review: what stays after cleaning, a network can learn."
        if found
        else "Audit again once there are more images."
    )
    return Check("Shortcuts", todo, audit.sentence, "look" if found else "fine")


def _shortcut(train: Sequence[ManifestRow], here: Sequence[ManifestRow]) -> Check:
    todo = "Audit in Review or with `curator audit`: what says nothing of the illness should guess at chance."
    classes = sorted({row.label for row in train})
    found = shape_alone(train, here)
    if found is None:
        return Check("Shortcuts", todo, "Too few images to tell.", "open")
    chance = 1 / len(classes)
    known = f"Width and height alone reach a balanced accuracy of {found:.2f} here; chance is {chance:.2f}."
    return Check("Shortcuts", todo, known, "look" if found > chance + _BY_CHANCE else "fine")


def shape_alone(train: Sequence[ManifestRow], here: Sequence[ManifestRow]) -> float | None:
    """Balanced accuracy in `here` of a guess by the original image's area or its aspect, whichever guesses better
    in `train`: eight bins of equal numbers, in each the class that is most over-represented. None where either
    is too small."""
    classes = sorted({row.label for row in train})
    index = {name: number for number, name in enumerate(classes)}
    here = [row for row in here if row.label in index]
    if len(classes) < 2 or len(train) < 2 * _BINS or not here:
        return None
    truth = np.array([index[row.label] for row in train])
    wanted = np.array([index[row.label] for row in here])
    best: tuple[float, float] | None = None
    for fact in (_area, _aspect):
        values = np.array([fact(row) for row in train])
        edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
        counts = np.zeros((len(edges) + 1, len(classes)))
        bins = np.digitize(values, edges)
        np.add.at(counts, (bins, truth), 1)
        guess = (counts / counts.sum(axis=0)).argmax(axis=1)
        own = balanced_accuracy(truth, guess[bins], len(classes))
        there = guess[np.digitize(np.array([fact(row) for row in here]), edges)]
        if best is None or own > best[0]:
            best = (own, balanced_accuracy(wanted, there, len(classes)))
    return None if best is None else best[1]


def _area(row: ManifestRow) -> float:
    return float((row.width or 0) * (row.height or 0))


def _aspect(row: ManifestRow) -> float:
    return (row.width or 0) / max(row.height or 0, 1)


def _framing(kept: Sequence[ManifestRow]) -> Check:
    of_class = Counter(row.label for row in kept)
    masked = Counter(row.label for row in kept if row.masks)
    shares = {name: masked[name] / number for name, number in of_class.items()}
    todo = "See in Review where the heat maps lie, and run the ablation: raw, cropped, cropped and masked."
    if not shares:
        return Check("Framing and overlays", todo, "No image is kept.", "open")
    most, least = max(shares, key=lambda name: shares[name]), min(shares, key=lambda name: shares[name])
    if not masked:
        known, apart = "No kept image has a mask: overlays that are there were seen by the network.", 0.0
    else:
        known = (
            f"Masks lie on {100 * shares[most]:.0f} % of {most} and {100 * shares[least]:.0f} % of {least}."
        )
        apart = shares[most] - shares[least]
    return Check(
        "Framing and overlays", todo, known, "look" if apart > _MASKS_APART or not masked else "fine"
    )


def _size(summary: Summary) -> Check:
    figure = summary.metrics.get("balanced_accuracy")
    width = f"; the interval runs from {figure.low:.2f} to {figure.high:.2f}" if figure is not None else ""
    return Check(
        "Size of the test set",
        "Believe the lower end of the interval, or cross-validate: every image is tested once then.",
        f"{_count(summary.n_images, 'image')} in {_count(summary.n_groups, 'group')}{width}.",
        "look" if summary.n_groups < _FEW_GROUPS else "fine",
    )


def _seeds(repeats: int) -> Check:
    return Check(
        "Luck of the seed",
        "Train the same plan with other seeds: the figure should hold.",
        "Trained with one seed."
        if repeats < 2
        else f"Trained with {repeats} seeds: compare them in the table.",
        "open" if repeats < 2 else "fine",
    )


def _hands(here: Sequence[ManifestRow], touched: int) -> Check:
    unseen = sum(row.decided_by != "person" for row in here)
    known = (
        f"No person decided on {unseen} of {_count(len(here), 'image')}; "
        f"mended after its prediction was seen: {touched}."
    )
    return Check(
        "Labels and hands",
        "Look at the test images that no person has seen, and keep from mending them by what the model says.",
        known,
        "look" if unseen or touched else "fine",
    )


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"

"""Two runs, or two cross-validations, on the images common to both: which turned right, which turned wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from curator.errors import CuratorError
from curator.evaluation.common_images import LeftOut, Pair, Side, keys_of, matched, with_reason
from curator.evaluation.intervals import (
    METRICS,
    Interval,
    paired_differences,
    plain_intervals,
    summarise,
)
from curator.evaluation.results import ResultsReady, Source, read_results
from curator.manifest.changes import Changes, changes
from curator.records import Event, Prediction
from curator.training.config import TrainConfig

# Below this share a difference is usually called more than chance.
_UNLIKELY: Final = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs say of the images `common` to both.

    `relabelled` are the common images whose label changed: they are among `common` with `own_labels` only, each
    run then being judged by its own label. `mcnemar_p` is the exact two-sided p of McNemar's test. `first` and
    `second` hold the figures of each on the common images, `differences` second less first, all with 95 %
    intervals from the same draws of whole groups; `groups` is their number. `plan` lists what differs in the
    plans, (setting, first, second).
    """

    names: tuple[str, str]
    folders: tuple[Path, Path]
    common: tuple[Pair, ...]
    relabelled: tuple[Pair, ...]
    own_labels: bool
    left_out: tuple[LeftOut, ...]
    mcnemar_p: float
    groups: int
    first: dict[str, Interval | None]
    second: dict[str, Interval | None]
    differences: dict[str, Interval | None]
    majority: float
    plan: tuple[tuple[str, str, str], ...]
    changes: Changes

    def having(self, first: bool, second: bool) -> tuple[Pair, ...]:
        """The common images that the first and the second had right, or wrong, so."""
        return tuple(one for one in self.common if one.right == (first, second))

    @property
    def both_right(self) -> tuple[Pair, ...]:
        """Right in both."""
        return self.having(True, True)

    @property
    def both_wrong(self) -> tuple[Pair, ...]:
        """Wrong in both."""
        return self.having(False, False)

    @property
    def turned_right(self) -> tuple[Pair, ...]:
        """Wrong in the first, right in the second."""
        return self.having(False, True)

    @property
    def turned_wrong(self) -> tuple[Pair, ...]:
        """Right in the first, wrong in the second."""
        return self.having(True, False)

    def verdict(self) -> str:
        """What came out, in two sentences."""
        if not self.common:
            return "No image was predicted by both without being trained on: there is nothing to compare."
        right, wrong = len(self.turned_right), len(self.turned_wrong)
        images = (
            f"Of {_count(len(self.common), 'image')} common to both, {right} turned right and {wrong} wrong."
        )
        if not right and not wrong:
            return f"{images} Both say the same of every one, right or wrong."
        if self.mcnemar_p < _UNLIKELY:
            return (
                f"{images} Chance alone would seldom part them so (McNemar, p = {p_words(self.mcnemar_p)})."
            )
        return f"{images} Chance alone can do that (McNemar, p = {p_words(self.mcnemar_p)})."

    def caveats(self) -> tuple[str, ...]:
        """What to keep in mind when reading the figures, a sentence each."""
        found = []
        if self.groups < len(self.common):
            found.append(
                f"McNemar's test takes images for independent; these {len(self.common)} lie in {self.groups} "
                "groups, so that its p is rather too small. The intervals draw whole groups."
            )
        if self.relabelled and self.own_labels:
            found.append(
                f"{_count(len(self.relabelled), 'image')} changed label: each run is judged by its own, so that "
                "a change of label alone can turn an image right or wrong."
            )
        found.append("One seed each: the same plan with another seed also turns some images.")
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "runs": list(self.names),
            "folders": [str(one) for one in self.folders],
            "common": len(self.common),
            "groups": self.groups,
            "both_right": len(self.both_right),
            "both_wrong": len(self.both_wrong),
            "turned_right": [_plain(one) for one in self.turned_right],
            "turned_wrong": [_plain(one) for one in self.turned_wrong],
            "own_labels": self.own_labels,
            "relabelled": [_plain(one) for one in self.relabelled],
            "left_out": [asdict(one) for one in self.left_out],
            "mcnemar_p": self.mcnemar_p,
            "first": plain_intervals(self.first),
            "second": plain_intervals(self.second),
            "differences": plain_intervals(self.differences),
            "majority": self.majority,
            "plan": [dict(zip(("setting", "first", "second"), one, strict=True)) for one in self.plan],
            "manifest": self.changes.counts(),
            "verdict": self.verdict(),
            "caveats": list(self.caveats()),
        }


@dataclass(frozen=True, slots=True)
class ComparisonReady(Event):
    """The comparison that was asked for."""

    comparison: Comparison


def read_comparison(
    first: Source | Path, second: Source | Path, *, own_labels: bool = False
) -> Iterator[Event]:
    """Reads the predictions of both, making those that are not there yet, and ends with `ComparisonReady`.

    Raises `TrainingError` or `ManifestError` where one can't be read, `CuratorError` where both are the same.
    """
    folders = [one.folder if isinstance(one, Source) else one for one in (first, second)]
    if folders[0].resolve() == folders[1].resolve():
        raise CuratorError(f"{folders[0]} can't be compared with itself: choose another run.")
    for event in read_results(second):
        if isinstance(event, ResultsReady):
            yield from compare_with(first, event, own_labels=own_labels)
        else:
            yield event


def compare_with(first: Source | Path, second: ResultsReady, *, own_labels: bool = False) -> Iterator[Event]:
    """As `read_comparison`, where the second has been read already."""
    for event in read_results(first):
        if isinstance(event, ResultsReady):
            yield ComparisonReady(compare_runs(event, second, own_labels=own_labels))
        else:
            yield event


def compare_runs(first: ResultsReady, second: ResultsReady, *, own_labels: bool = False) -> Comparison:
    """Compares two results, image by image; `second` is the later or the better one."""
    return compare(side_of(first), side_of(second), own_labels=own_labels)


def side_of(results: ResultsReady) -> Side:
    """What the comparison needs of some results."""
    learnt: frozenset[str] = frozenset()
    if not results.folds:
        source = results.source
        own = source.manifest is None and source.images is None
        rows = results.rows.values() if own else results.run.manifest().rows
        # Validation chose the checkpoint; who asks for the validation images has been told which they are.
        splits = {"train"} if results.split == "val" else {"train", "val"}
        learnt = keys_of(row for row in rows if row.decision == "keep" and row.split in splits)
    return Side(
        results.source.folder.name,
        results.source.folder,
        results.run.classes,
        results.run.config,
        results.predictions,
        results.rows,
        learnt,
    )


def compare(first: Side, second: Side, *, own_labels: bool = False) -> Comparison:
    """Compares two sides on the images that both predicted and neither learnt from; the same image is the same
    SHA-256, under whichever name. Images whose label changed are compared with `own_labels` only."""
    if first.name == second.name:
        first, second = _told_apart(first, second)
    pairs, left_out = matched(first, second)
    relabelled = tuple(one for one in pairs if one.relabelled)
    if not own_labels:
        pairs = [one for one in pairs if not one.relabelled]
        left_out = with_reason(left_out, "relabelled", [one.file_name for one in relabelled])
    classes = tuple(dict.fromkeys((*second.classes, *first.classes)))
    groups = _joined_groups(pairs)
    before = [
        _seen(one.first, one.file_name, one.was, groups[one.file_name], first.classes, classes)
        for one in pairs
    ]
    after = [
        _seen(one.second, one.file_name, one.label, groups[one.file_name], second.classes, classes)
        for one in pairs
    ]
    of_first, of_second = summarise(before, classes), summarise(after, classes)
    return Comparison(
        names=(first.name, second.name),
        folders=(first.folder, second.folder),
        common=tuple(pairs),
        relabelled=relabelled,
        own_labels=own_labels,
        left_out=tuple(left_out),
        mcnemar_p=mcnemar(
            sum(one.right == (False, True) for one in pairs), sum(one.right == (True, False) for one in pairs)
        ),
        groups=len(set(groups.values())),
        first=of_first.metrics,
        second=of_second.metrics,
        differences=paired_differences(after, before, classes) if pairs else dict.fromkeys(METRICS),
        majority=of_second.majority,
        plan=plan_differences(first.config, second.config),
        changes=changes(first.rows.values(), second.rows.values()),
    )


def _told_apart(first: Side, second: Side) -> tuple[Side, Side]:
    """Both by as much of the ends of their paths as differs; by number where they are one folder."""
    parts = [one.folder.resolve().parts for one in (first, second)]
    for length in range(2, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if names[0] != names[1]:
            return replace(first, name=names[0]), replace(second, name=names[1])
    return replace(first, name=f"{first.name} (1)"), replace(second, name=f"{second.name} (2)")


def mcnemar(turned_right: int, turned_wrong: int) -> float:
    """The exact two-sided p of McNemar's test: how often a fair coin parts the images that turned at least so
    unevenly; 1.0 where none turned.

    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947; for two classifiers: Dietterich, Neural Computation 10, 1998. Exact by the binomial
    distribution, as the approximation by chi-squared needs some 25 images that turned.
    """
    turned = turned_right + turned_wrong
    if not turned:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(min(turned_right, turned_wrong), turned, 0.5).pvalue)


def plan_differences(first: TrainConfig, second: TrainConfig) -> tuple[tuple[str, str, str], ...]:
    """The settings that differ, in the plan's order: (name in words, first value, second value)."""
    values, others = asdict(first), asdict(second)
    return tuple(
        (name.replace("_", " "), str(value), str(others[name]))
        for name, value in values.items()
        if value != others[name]
    )


def p_words(p: float) -> str:
    """A probability as people write it: "0.031", "below 0.001", "1"."""
    return "below 0.001" if p < 0.001 else f"{p:.3f}" if p < 1 else "1"


def _joined_groups(pairs: Sequence[Pair]) -> dict[str, str]:
    """The group of each image by file name, where images are together that either manifest holds together."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for one in pairs:
        own = f"image {one.file_name}"
        for side, group in enumerate((one.first.group, one.second.group)):
            if group is not None:
                leader[find(f"{side} {group}")] = find(own)
    return {one.file_name: find(f"image {one.file_name}") for one in pairs}


def _seen(
    one: Prediction, name: str, label: str, group: str, own: Sequence[str], classes: Sequence[str]
) -> Prediction:
    """A prediction under the names, group and classes that both share; a class it does not know has 0."""
    known = dict(zip(own, one.probabilities, strict=True))
    return replace(
        one,
        file_name=name,
        label=label,
        group=group,
        probabilities=tuple(known.get(name, 0.0) for name in classes),
    )


def _plain(one: Pair) -> dict[str, Any]:
    return {
        "file_name": one.file_name,
        "split": one.split,
        "label": one.label,
        "label_before": one.was,
        "said_before": one.first.predicted,
        "said": one.second.predicted,
        "probability_before": max(one.first.probabilities),
        "probability": max(one.second.probabilities),
    }


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"

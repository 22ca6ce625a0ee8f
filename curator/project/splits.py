"""Leak groups (what must not straddle splits) and their sticky splits. Pure functions.

A group is named after one of its images (`g000042`), which it always contains, so that names are unique and
stay the same when other images come and go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from curator.dataset.split import Shares, assign
from curator.records import Split

# When groups with different splits merge, the first of these that occurs wins: an image that was ever in the
# test split is never trained on.
_PRECEDENCE: Final[tuple[Split, ...]] = ("test", "val", "train")


@dataclass(frozen=True, slots=True)
class Regrouped:
    """`group_of` and `splits` after a change of copies; `moved` are images whose split had to change."""

    group_of: dict[int, str]
    splits: dict[str, Split]
    moved: tuple[int, ...]


def leak_group_name(image_id: int) -> str:
    """The name of the leak group that is named after this image."""
    return f"g{image_id:06d}"


def copy_group_names(groups: Iterable[frozenset[int]]) -> dict[int, str]:
    """Image id to the name of its copy group, named after the lowest id in it."""
    return {image_id: f"c{min(group):06d}" for group in groups for image_id in group}


def regroup(
    ids: Iterable[int],
    copies: Iterable[frozenset[int]],
    group_of: Mapping[int, str],
    splits: Mapping[str, Split],
) -> Regrouped:
    """Leak groups anew from the copy groups of `ids`, splits inherited.

    Groups that merge take the split of the first in `test, val, train`; parts that come apart keep the split
    that they had. Images outside `ids` are not looked at.
    """
    units: list[tuple[int, ...]] = [tuple(sorted(group)) for group in copies]
    joined = {image_id for unit in units for image_id in unit}
    units += [(image_id,) for image_id in ids if image_id not in joined]
    new_group_of: dict[int, str] = {}
    new_splits: dict[str, Split] = {}
    moved: list[int] = []
    for unit in units:
        before = {image_id: splits.get(group_of.get(image_id, "")) for image_id in unit}
        split = next((split for split in _PRECEDENCE if split in before.values()), None)
        name = _name(unit, group_of, split, splits)
        new_group_of.update(dict.fromkeys(unit, name))
        if split is not None:
            new_splits[name] = split
        moved += [image_id for image_id, old in before.items() if old is not None and old != split]
    return Regrouped(new_group_of, new_splits, tuple(sorted(moved)))


def draw(
    group_of: Mapping[int, str],
    labels: Mapping[int, str],
    kept: frozenset[int],
    splits: Mapping[str, Split],
    shares: Shares,
    seed: int,
) -> dict[str, Split]:
    """The split of every group, new ones drawn, those that have one unmoved.

    `kept` are the images that may be trained on: groups with such images are drawn first and weighed by
    them, so that the shares hold for what is used. The rest get a split too, in case they are kept later.
    """
    members: dict[str, list[int]] = {}
    for image_id, name in group_of.items():
        members.setdefault(name, []).append(image_id)
    used: dict[str, tuple[str, int]] = {}
    rest: dict[str, tuple[str, int]] = {}
    for name in sorted(members):
        useful = [image_id for image_id in members[name] if image_id in kept]
        chosen = useful or members[name]
        counted = Counter(labels[image_id] for image_id in chosen)
        label = min(counted, key=lambda text: (-counted[text], text))
        (used if useful else rest)[name] = (label, len(chosen))
    first = dict(assign(used, shares, seed, {name: splits[name] for name in used if name in splits}))
    if not rest:
        return first
    # Assigned apart from the used ones, whose balance they would spoil.
    second = assign(rest, shares, seed, {name: splits[name] for name in rest if name in splits})
    return {**first, **second}


def _name(
    unit: Sequence[int], group_of: Mapping[int, str], split: Split | None, splits: Mapping[str, Split]
) -> str:
    """The name that the unit keeps: of a former group named after one of its images, the winning split's."""
    own = [image_id for image_id in unit if group_of.get(image_id) == leak_group_name(image_id)]
    winning = [image_id for image_id in own if splits.get(leak_group_name(image_id)) == split]
    return leak_group_name(min(winning or own or list(unit)))

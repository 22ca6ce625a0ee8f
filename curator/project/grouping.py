"""Puts copy groups into the layers, and the leak groups and splits that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from curator.dataset.copies import group_copies
from curator.project import rows
from curator.project.splits import copy_group_names, regroup
from curator.project.store import Statement
from curator.project.view import Layers, View


@dataclass(frozen=True, slots=True)
class Grouped:
    """`ids` are the images whose state differs; `said` is for the words of the change, or empty."""

    ids: tuple[int, ...]
    said: str
    statements: list[Statement]


def group(layers: Layers, view: View, ids: Sequence[int], groups: Sequence[frozenset[int]]) -> Grouped:
    """Makes `groups` the copy groups among `ids`, which must hold whole copy groups or none of them."""
    before = {one: (layers.copy_group.get(one), layers.leak_group[one]) for one in ids}
    result = regroup(ids, groups, layers.leak_group, layers.splits)
    old_names = {layers.leak_group[one] for one in ids}
    splits = {name: split for name, split in layers.splits.items() if name not in old_names}
    splits.update(result.splits)
    statements = rows.put_splits(layers.splits, splits)
    layers.splits = splits
    layers.leak_group.update(result.group_of)
    view.set_copy_groups(ids, copy_group_names(groups))
    new = [one for one in ids if before[one] != (layers.copy_group.get(one), layers.leak_group[one])]
    statements.append(rows.put_groups(new, layers))
    return Grouped(view.refresh(ids), _said(layers, result.moved), statements)


def group_all(layers: Layers, view: View, groups: Sequence[frozenset[int]]) -> Grouped:
    """Makes `groups` the only copy groups; only images whose group is another than before are worked on."""
    names = copy_group_names(groups)
    before = layers.copy_group
    concerned = {one for one in names.keys() | before.keys() if names.get(one) != before.get(one)}
    former = {before[one] for one in concerned if one in before}
    concerned.update(*(view.members(name) for name in former))
    rest = [members for members in groups if not concerned.isdisjoint(members)]
    concerned.update(*rest)
    return group(layers, view, sorted(concerned), rest)


def group_around(layers: Layers, view: View, image_ids: AbstractSet[int]) -> Grouped:
    """Groups copies anew among these images and whatever their present copies and constraints reach.

    So a person's word shows at once, and as the next pass over all images will find it.
    """
    concerned = _reach(layers, view, image_ids)
    ids = sorted(concerned)
    known = layers.hashes(ids)
    hashes = np.array([known.get(one, (0, 0)) for one in ids], np.uint64).reshape(-1, 2)
    said = {pair: same for pair, same in layers.constraints.items() if concerned.issuperset(pair)}
    groups = group_copies(
        ids,
        [layers.files[one].record.sha256 for one in ids],
        [hashes[:, 0], hashes[:, 1]],
        same=[pair for pair, same in said.items() if same],
        different=[pair for pair, same in said.items() if not same],
        links=[(*pair, strength) for pair, strength in layers.links.items() if concerned.issuperset(pair)],
    )
    return group(layers, view, ids, groups)


def _reach(layers: Layers, view: View, image_ids: AbstractSet[int]) -> set[int]:
    """All images that a change of constraints among `image_ids` could bring into another group.

    A link that is not in force now is held back by a constraint, so constraints are followed like copies.
    """
    partners: dict[int, list[int]] = {}
    for first, second in layers.constraints:
        partners.setdefault(first, []).append(second)
        partners.setdefault(second, []).append(first)
    reached: set[int] = set()
    waiting = set(image_ids)
    while waiting:
        image_id = waiting.pop()
        reached.add(image_id)
        waiting.update(partners.get(image_id, ()))
        if image_id in layers.copy_group:
            waiting |= view.members(layers.copy_group[image_id])
        waiting -= reached
    return reached


def _said(layers: Layers, moved: Sequence[int]) -> str:
    """What is said when copies were found on both sides of a border between splits."""
    if not moved:
        return ""
    names = ", ".join(layers.files[one].record.file_name for one in moved[:3])
    more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    splits = sorted({layers.splits[layers.leak_group[one]] for one in moved})
    return f"; {names}{more} moved to {' and '.join(splits)}, where their copies are"

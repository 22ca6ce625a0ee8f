"""The project's images as a Qt list model, with filter and order inside it: strip, grid and contact sheet."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final, TypeAlias

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot

from curator.app.image_facts import ImageFacts, Images, Positions
from curator.app.image_filter import Filter, Order, Which
from curator.app.image_loader import ImageLoader
from curator.project import is_to_do, is_unsure
from curator.records import Change, ImageState

Index: TypeAlias = QModelIndex | QPersistentModelIndex

# More rows than this coming and going at once are announced as a new list.
_MOST_SINGLE_ROWS: Final = 48


class Role(IntEnum):
    """What a delegate asks for. `BADGES` is a list of names from `image_delegate.BADGES`."""

    STATE = Qt.ItemDataRole.UserRole + 1
    THUMBNAIL = Qt.ItemDataRole.UserRole + 2
    BADGES = Qt.ItemDataRole.UserRole + 3
    ERROR = Qt.ItemDataRole.UserRole + 4
    CURRENT = Qt.ItemDataRole.UserRole + 5
    SELECTED = Qt.ItemDataRole.UserRole + 6


def badges(state: ImageState, *, as_accepted: bool = False) -> list[str]:
    """The badges of an image: its decision first, then "overlays", "copies" and its split.

    `as_accepted` gives the decision that it would have if it were accepted now.
    """
    if as_accepted:
        first = "discard" if state.decision == "discard" else "keep"
    elif is_unsure(state):
        first = "unsure"
    elif is_to_do(state):
        first = "undecided"
    else:
        first = state.decision
    found = [first]
    if state.masks or (state.proposal is not None and state.proposal.overlays):
        found.append("overlays")
    if state.copy_group is not None:
        found.append("copies")
    if state.split is not None:
        found.append(state.split)
    return found


class ImageList(QAbstractListModel):
    """Rows are positions in `project.ids`, chosen and ordered by numpy.

    The image that is current stays listed when a change makes the filter no longer hold for it, until
    another one becomes current: the cursor stays where it is. `selected_changed` says that other images are
    selected, for what is done to many at once.
    """

    selected_changed = Signal()

    def __init__(
        self, loader: ImageLoader | None = None, parent: QObject | None = None, *, as_accepted: bool = False
    ) -> None:
        super().__init__(parent)
        self._as_accepted = as_accepted
        self._project: Images | None = None
        self._loader = loader
        self._filter = Filter()
        self._order: Order = "name"
        # What likeness is to.
        self._near = -1
        self._current = -1
        # Whether the current image stays listed though the filter does not let it through.
        self._stays = False
        self._selected: frozenset[int] = frozenset()
        self._anchor = -1
        self._facts = ImageFacts()
        nothing = np.zeros(0, np.intp)
        self._ordered: Positions = nothing
        self._place: Positions = nothing
        self._rows: Positions = nothing
        self._row_of: Positions = nothing
        if loader is not None:
            loader.thumbnail_ready.connect(self._thumbnail_ready)

    # Qt's side

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._project is None or not 0 <= index.row() < len(self._rows):
            return None
        image_id = self.id_at(index.row())
        if role == Role.CURRENT:
            return image_id == self._current
        if role == Role.SELECTED:
            return image_id in self._selected
        state = self._project.state(image_id)
        if role == Role.STATE:
            return state
        if role == Role.THUMBNAIL:
            return self._loader.thumbnail(state) if self._loader is not None else None
        if role == Role.BADGES:
            return self._badges(state)
        if role == Role.ERROR:
            return self._loader.error(state) if self._loader is not None else state.error
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return state.file_name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            chosen = ("selected",) if image_id in self._selected else ()
            return ", ".join((state.file_name, *self._badges(state), *chosen))
        return None

    # What is listed

    def set_project(self, project: Images | None) -> None:
        """Lists another project's images, or none."""
        self.beginResetModel()
        self._project = project
        self._current = self._near = self._anchor = -1
        self._read_all()
        self._choose()
        self.endResetModel()
        self.select(())

    @property
    def filter(self) -> Filter:
        """What is listed now."""
        return self._filter

    def set_filter(self, wanted: Filter) -> None:
        """Changes what is listed; also the current image has to hold to it, though it stays current."""
        self._filter = wanted
        self._stays = False
        self._update_rows()

    @property
    def order(self) -> Order:
        """By name, the least sure proposals first, the smallest first, or by likeness to an image."""
        return self._order

    def set_order(self, order: Order, near: int = -1) -> None:
        """Changes the order; `near` is the image that likeness is to."""
        if (order, near) == (self._order, self._near):
            return
        self._order, self._near = order, near
        self.beginResetModel()
        self._sort()
        self._choose()
        self.endResetModel()

    def set_current(self, image_id: int) -> None:
        """Which image is framed, and stays listed whatever the filter says."""
        before, self._current = self._current, image_id
        self._stays = True
        self._update_rows()
        self._announce((before, image_id), [int(Role.CURRENT)])

    def take(self, change: Change) -> None:
        """Follows a change of the project: only its images' rows are touched."""
        project = self._project
        if project is None:
            return
        if len(project) != len(self._facts):
            self.beginResetModel()
            self._read_all()
            self._choose()
            self.endResetModel()
            return
        known = [image_id for image_id in change.ids if image_id in self._facts.position]
        self._facts.read(known)
        reorders = {"unsure-first": ("proposals", "copies"), "size": ("records",)}.get(self._order, ())
        if change.kind in reorders:
            self.beginResetModel()
            self._sort()
            self._choose()
            self.endResetModel()
            return
        self._update_rows()
        self._announce(known)

    # Many at once

    @property
    def selected(self) -> list[int]:
        """The selected images, in the order of the list, those that are not listed last."""
        return sorted(self._selected, key=lambda one: (self.row_of(one) < 0, self.row_of(one), one))

    def select(self, image_ids: Iterable[int]) -> None:
        """Selects these images and no others."""
        chosen = frozenset(one for one in image_ids if one in self._facts.position)
        if chosen != self._selected:
            changed, self._selected = chosen ^ self._selected, chosen
            self._announce(changed, [int(Role.SELECTED)])
            self.selected_changed.emit()

    def toggle_selected(self, image_id: int) -> None:
        """Selects an image too, or no longer; it is where a range starts."""
        base = self._selected or ({self._current} if self._current >= 0 else set())
        self._anchor = image_id
        self.select(frozenset(base) ^ {image_id})

    def select_range(self, image_id: int) -> None:
        """Selects all from where the last range started (else from the current image) to this one."""
        start = self.row_of(self._anchor if self.row_of(self._anchor) >= 0 else self._current)
        end = self.row_of(image_id)
        if start >= 0 and end >= 0:
            first, last = sorted((start, end))
            self.select(self.id_at(row) for row in range(first, last + 1))

    # Looking things up

    def id_at(self, row: int) -> int:
        """The image in a row."""
        return int(self._facts.ids[self._rows[row]])

    def row_of(self, image_id: int) -> int:
        """The row of an image, -1 where it is not listed."""
        position = self._facts.position.get(image_id)
        return -1 if position is None else int(self._row_of[position])

    def number_of(self, image_id: int) -> int:
        """The place of an image among all, in name order, from 1; 0 for none."""
        return self._facts.position.get(image_id, -1) + 1

    def id_of_number(self, number: int) -> int | None:
        """The image at a place among all, in name order, from 1."""
        return int(self._facts.ids[number - 1]) if 1 <= number <= len(self._facts) else None

    def listed(self) -> list[int]:
        """All images that are listed, in order."""
        found: list[int] = self._facts.ids[self._rows].tolist()
        return found

    def count_of(self, which: Which) -> int:
        """For how many of all images `which` holds."""
        return int(np.count_nonzero(self._facts.flag(which)))

    def count_for(self, wanted: Filter) -> int:
        """How many images a filter would list."""
        return int(np.count_nonzero(self._facts.chosen(wanted)))

    def next_id(self, image_id: int, step: int, which: Which = "all", *, kind: str = "") -> int | None:
        """The next (`step` 1) or previous (-1) listed image for which `which` holds, and that has an overlay
        or mask of `kind`, if one is given.

        Looks from the other end once the end is reached, for anything but "all"; None where there is none.
        """
        position = self._facts.position.get(image_id)
        # Compared by their place in the order, so that it also works from an image that is not listed.
        place = -1 if position is None else int(self._place[position])
        flags = self._facts.flag(which)
        if kind:
            flags = flags & self._facts.with_kind(kind)
        hits = self._rows[flags[self._rows]]
        places = self._place[hits]
        hits, places = hits[places != place], places[places != place]
        beyond = hits[places > place] if step > 0 else hits[places < place][::-1]
        if len(beyond):
            return int(self._facts.ids[beyond[0]])
        if (which == "all" and not kind) or not len(hits):
            return None
        return int(self._facts.ids[hits[0] if step > 0 else hits[-1]])

    def copies_of(self, image_id: int) -> list[int]:
        """All images of the same copy group, itself included; none where it is in no group."""
        return self._facts.copies_of(image_id)

    # Inside

    def _badges(self, state: ImageState) -> list[str]:
        found = badges(state, as_accepted=self._as_accepted)
        if "copies" in found and self._facts.flag("conflicts")[self._facts.position[state.id]]:
            found[found.index("copies")] = "conflict"
        return found

    def _read_all(self) -> None:
        self._facts = ImageFacts(self._project)
        self._sort()

    def _sort(self) -> None:
        self._ordered = self._facts.ordered(self._order, self._near)
        self._place = np.empty(len(self._facts), np.intp)
        self._place[self._ordered] = np.arange(len(self._facts))

    def _chosen(self) -> Positions:
        wanted = self._facts.chosen(self._filter)
        current = self._facts.position.get(self._current)
        if current is not None and self._stays:
            wanted[current] = True
        chosen: Positions = self._ordered[wanted[self._ordered]]
        return chosen

    def _choose(self) -> None:
        self._rows = self._chosen()
        self._index_rows()

    def _index_rows(self) -> None:
        self._row_of = np.full(len(self._facts), -1, np.intp)
        self._row_of[self._rows] = np.arange(len(self._rows))

    def _update_rows(self) -> None:
        """Makes rows come and go one by one where they are few, so that views keep their place."""
        new = self._chosen()
        if np.array_equal(new, self._rows):
            return
        gone = np.flatnonzero(~np.isin(self._rows, new))
        come = np.flatnonzero(~np.isin(new, self._rows))
        if len(gone) + len(come) > _MOST_SINGLE_ROWS:
            self.beginResetModel()
            self._rows = new
            self._index_rows()
            self.endResetModel()
            return
        for row in map(int, gone[::-1]):
            self.beginRemoveRows(QModelIndex(), row, row)
            self._rows = np.delete(self._rows, row)
            self._index_rows()
            self.endRemoveRows()
        for row in map(int, come):
            self.beginInsertRows(QModelIndex(), row, row)
            self._rows = np.insert(self._rows, row, new[row])
            self._index_rows()
            self.endInsertRows()

    def _announce(self, image_ids: Iterable[int], roles: list[int] | None = None) -> None:
        rows = sorted(row for row in map(self.row_of, image_ids) if row >= 0)
        for first, last in _runs(rows):
            self.dataChanged.emit(self.index(first), self.index(last), roles or [])

    @Slot(object)
    def _thumbnail_ready(self, image_id: int) -> None:
        self._announce((image_id,), [int(Role.THUMBNAIL), int(Role.ERROR)])


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of rows that follow each other."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found

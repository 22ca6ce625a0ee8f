"""The project's images as a Qt list model, with filter and order inside it: strip, grid and contact sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot

from curator.app.image_loader import ImageLoader
from curator.project import Project, is_to_do, is_unsure
from curator.records import Change, ImageState

Which: TypeAlias = Literal["all", "to-do", "unsure", "copies", "discarded", "kept"]
Order: TypeAlias = Literal["name", "unsure-first"]
Index: TypeAlias = QModelIndex | QPersistentModelIndex

# More rows than this coming and going at once are announced as a new list.
_MOST_SINGLE_ROWS: Final = 48


class Role(IntEnum):
    """What a delegate asks for. `BADGES` is a list of names from `widgets.BADGES`."""

    STATE = Qt.ItemDataRole.UserRole + 1
    THUMBNAIL = Qt.ItemDataRole.UserRole + 2
    BADGES = Qt.ItemDataRole.UserRole + 3
    ERROR = Qt.ItemDataRole.UserRole + 4


@dataclass(frozen=True, slots=True)
class Filter:
    """What is listed. `text` is looked for in names and notes; `least_confidence` drops what is less sure."""

    which: Which = "all"
    text: str = ""
    least_confidence: float | None = None


def badges(state: ImageState, *, as_accepted: bool = False) -> list[str]:
    """The badges of an image: its decision first, then "copies".

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
    return [first, "copies"] if state.copy_group is not None else [first]


class ImageList(QAbstractListModel):
    """Rows are positions in `project.ids`, chosen and ordered by numpy.

    The image that is current stays listed when a change makes the filter no longer hold for it, until
    another one becomes current: the cursor stays where it is.
    """

    def __init__(
        self, loader: ImageLoader | None = None, parent: QObject | None = None, *, as_accepted: bool = False
    ) -> None:
        super().__init__(parent)
        self._as_accepted = as_accepted
        self._project: Project | None = None
        self._loader = loader
        self._filter = Filter()
        self._order: Order = "name"
        self._current = -1
        self._ids: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._position: dict[int, int] = {}
        self._flags: dict[Which, npt.NDArray[np.bool_]] = {}
        self._confidence: npt.NDArray[np.float64] = np.zeros(0)
        self._texts: list[str] = []
        # Which texts hold what is searched for; kept, because rows are chosen anew at every move.
        self._found: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._group: list[str | None] = []
        # Made when it is asked for; None after a group changed.
        self._members: dict[str, list[int]] | None = None
        self._ordered: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        self._place: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        self._rows: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        self._row_of: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        if loader is not None:
            loader.thumbnail_ready.connect(self._thumbnail_ready)

    # Qt's side

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._project is None or not 0 <= index.row() < len(self._rows):
            return None
        state = self._project.state(self.id_at(index.row()))
        if role == Role.STATE:
            return state
        if role == Role.THUMBNAIL:
            return self._loader.thumbnail(state) if self._loader is not None else None
        if role == Role.BADGES:
            return badges(state, as_accepted=self._as_accepted)
        if role == Role.ERROR:
            return self._loader.error(state) if self._loader is not None else state.error
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return state.file_name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((state.file_name, *badges(state, as_accepted=self._as_accepted)))
        return None

    # What is listed

    def set_project(self, project: Project | None) -> None:
        """Lists another project's images, or none."""
        self.beginResetModel()
        self._project = project
        self._current = -1
        self._read_all()
        self._choose()
        self.endResetModel()

    @property
    def filter(self) -> Filter:
        """What is listed now."""
        return self._filter

    def set_filter(self, wanted: Filter) -> None:
        """Changes what is listed; also the current image has to hold to it, though it stays current."""
        self._filter = wanted
        text = wanted.text.casefold()
        self._found = np.fromiter((text in one for one in self._texts), np.bool_, len(self._texts))
        self._current = -1
        self._update_rows()

    @property
    def order(self) -> Order:
        """By name, or the least sure proposals first."""
        return self._order

    def set_order(self, order: Order) -> None:
        """Changes the order."""
        if order == self._order:
            return
        self._order = order
        self.beginResetModel()
        self._sort()
        self._choose()
        self.endResetModel()

    def set_current(self, image_id: int) -> None:
        """Which image stays listed whatever the filter says."""
        self._current = image_id
        self._update_rows()

    def take(self, change: Change) -> None:
        """Follows a change of the project: only its images' rows are touched."""
        project = self._project
        if project is None:
            return
        if len(project) != len(self._ids):
            self.beginResetModel()
            self._read_all()
            self._choose()
            self.endResetModel()
            return
        known = [image_id for image_id in change.ids if image_id in self._position]
        self._read(known)
        if change.kind in ("proposals", "copies") and self._order == "unsure-first":
            self.beginResetModel()
            self._sort()
            self._choose()
            self.endResetModel()
            return
        self._update_rows()
        rows = sorted(row for row in map(self.row_of, known) if row >= 0)
        for first, last in _runs(rows):
            self.dataChanged.emit(self.index(first), self.index(last))

    # Looking things up

    def id_at(self, row: int) -> int:
        """The image in a row."""
        return int(self._ids[self._rows[row]])

    def row_of(self, image_id: int) -> int:
        """The row of an image, -1 where it is not listed."""
        position = self._position.get(image_id)
        return -1 if position is None else int(self._row_of[position])

    def number_of(self, image_id: int) -> int:
        """The place of an image among all, in name order, from 1; 0 for none."""
        return self._position.get(image_id, -1) + 1

    def id_of_number(self, number: int) -> int | None:
        """The image at a place among all, in name order, from 1."""
        return int(self._ids[number - 1]) if 1 <= number <= len(self._ids) else None

    def listed(self) -> list[int]:
        """All images that are listed, in order."""
        return [int(image_id) for image_id in self._ids[self._rows]]

    def count_of(self, which: Which) -> int:
        """For how many of all images `which` holds."""
        flags = self._flags.get(which)
        return 0 if flags is None else int(np.count_nonzero(flags))

    def next_id(self, image_id: int, step: int, which: Which = "all") -> int | None:
        """The next (`step` 1) or previous (-1) listed image for which `which` holds.

        Looks from the other end once the end is reached, for anything but "all"; None where there is none.
        """
        position = self._position.get(image_id)
        # Compared by their place in the order, so that it also works from an image that is not listed.
        place = -1 if position is None else int(self._place[position])
        hits = self._rows[self._flags[which][self._rows]]
        places = self._place[hits]
        hits, places = hits[places != place], places[places != place]
        beyond = hits[places > place] if step > 0 else hits[places < place][::-1]
        if len(beyond):
            return int(self._ids[beyond[0]])
        if which == "all" or not len(hits):
            return None
        return int(self._ids[hits[0] if step > 0 else hits[-1]])

    def copies_of(self, image_id: int) -> list[int]:
        """All images of the same copy group, itself included; none where it is in no group."""
        position = self._position.get(image_id)
        name = self._group[position] if position is not None else None
        if name is None:
            return []
        if self._members is None:
            self._members = {}
            for one, group in zip(self._ids, self._group, strict=True):
                if group is not None:
                    self._members.setdefault(group, []).append(int(one))
        return list(self._members[name])

    # Inside

    def _read_all(self) -> None:
        project = self._project
        ids = project.ids if project is not None else ()
        self._ids = np.asarray(ids, np.int64)
        self._position = {image_id: position for position, image_id in enumerate(ids)}
        self._flags = {
            name: np.zeros(len(ids), np.bool_) for name in ("to-do", "unsure", "copies", "discarded", "kept")
        }
        self._flags["all"] = np.ones(len(ids), np.bool_)
        self._confidence = np.full(len(ids), np.nan)
        self._texts = [""] * len(ids)
        self._found = np.ones(len(ids), np.bool_)
        self._group = [None] * len(ids)
        self._members = None
        self._read(ids)
        self._sort()

    def _read(self, ids: Iterable[int]) -> None:
        project = self._project
        if project is None:
            return
        flags = self._flags
        for image_id in ids:
            state, position = project.state(image_id), self._position[image_id]
            flags["to-do"][position] = is_to_do(state)
            flags["unsure"][position] = is_unsure(state)
            flags["copies"][position] = state.copy_group is not None
            flags["discarded"][position] = state.decision == "discard"
            flags["kept"][position] = state.decision == "keep"
            self._confidence[position] = np.nan if state.confidence is None else state.confidence
            if self._group[position] != state.copy_group:
                self._group[position] = state.copy_group
                self._members = None
            self._texts[position] = f"{state.file_name}\n{state.note}".casefold()
            self._found[position] = self._filter.text.casefold() in self._texts[position]

    def _sort(self) -> None:
        if self._order == "unsure-first":
            self._ordered = np.argsort(self._confidence, kind="stable")
        else:
            self._ordered = np.arange(len(self._ids))
        self._place = np.empty(len(self._ids), np.intp)
        self._place[self._ordered] = np.arange(len(self._ids))

    def _chosen(self) -> npt.NDArray[np.intp]:
        wanted = self._flags.get(self._filter.which)
        if wanted is None:
            return np.zeros(0, np.intp)
        wanted = wanted & self._found
        if self._filter.least_confidence is not None:
            wanted &= self._confidence >= self._filter.least_confidence
        current = self._position.get(self._current)
        if current is not None:
            wanted[current] = True
        return self._ordered[wanted[self._ordered]]

    def _choose(self) -> None:
        self._rows = self._chosen()
        self._index_rows()

    def _index_rows(self) -> None:
        self._row_of = np.full(len(self._ids), -1, np.intp)
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

    @Slot(object)
    def _thumbnail_ready(self, image_id: int) -> None:
        row = self.row_of(image_id)
        if row >= 0:
            index = self.index(row)
            self.dataChanged.emit(index, index, [int(Role.THUMBNAIL), int(Role.ERROR)])


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of rows that follow each other."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found

"""All predictions that are reviewed, as numpy arrays: what 10,000 of them are filtered and sorted by at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.app.review.items import Item, Order, Wish, mended
from curator.records import DECISIONS, MASK_KINDS, SPLITS, Edits, Event, ImageState

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady, Source

Positions: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

_SPLIT: Final = {split: number for number, split in enumerate(SPLITS, 1)}
_DECISION: Final = {decision: number for number, decision in enumerate(DECISIONS, 1)}
_KIND: Final = {kind: 1 << number for number, kind in enumerate(MASK_KINDS)}


class Table:
    """Predictions by position, in the order in which they were read; made on any thread, then one thread's.

    `states` are the project's images, `root` its folder: an image of the results is the project's where the name
    is, and for other images than those of the run's dataset only if they lie in the same folder.
    """

    def __init__(self, results: ResultsReady, states: Sequence[ImageState], root: Path | None) -> None:
        self.results = results
        # Images that were looked at and are none of the project's, whose history knows of its own.
        self.listed = results.looked
        self.classes = results.run.classes
        predictions = results.predictions
        count = len(predictions)
        index = {name: number for number, name in enumerate(self.classes)}
        self._names = [one.file_name for one in predictions]
        self._position = {name: number for number, name in enumerate(self._names)}
        self.true = np.array([index.get(one.label or "", -1) for one in predictions], np.int32)
        self.said = np.array([index[one.predicted] for one in predictions], np.int32)
        self.probabilities = np.array([one.probabilities for one in predictions], np.float64).reshape(
            count, len(self.classes)
        )
        self._argmax = self.said
        self._losses = np.array([np.nan if one.loss is None else one.loss for one in predictions], np.float64)
        self._split = np.array([_SPLIT[one.split] if one.split else 0 for one in predictions], np.int8)
        self._fold = np.array([results.folds.get(name, 0) for name in self._names], np.int32)
        self._decision = np.zeros(count, np.int8)
        self._kinds = np.zeros(count, np.int16)
        self.mended, self.looked = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        self.image_ids = np.full(count, -1, np.int64)
        self._measured: dict[Order, Floats] = {}
        self._orders: dict[Order, Positions] = {}
        self._rank = np.empty(count, np.intp)
        self._rank[np.argsort(np.array(self._names, dtype=object), kind="stable")] = np.arange(count)
        self._items: dict[int, Item] = {}
        self._of_image: dict[int, int] = {}
        self._join(states, root)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def wrong(self) -> Flags:
        """Where another class than the label was said, (n,)."""
        flags: Flags = (self.true >= 0) & (self.true != self.said)
        return flags

    @property
    def to_see(self) -> int:
        """How many wrong ones were neither mended nor looked at."""
        return int(np.count_nonzero(self.wrong & ~self.mended & ~self.looked))

    # Single images

    def item(self, position: int) -> Item:
        """The prediction at a position."""
        found = self._items.get(position)
        if found is None:
            prediction = self.results.predictions[position]
            row = self.results.rows.get(prediction.file_name)
            found = Item(
                prediction=prediction,
                edits=row.edits if row is not None else Edits(),
                image_id=int(self.image_ids[position]),
                true=int(self.true[position]),
                said=int(self.said[position]),
                mended=bool(self.mended[position]),
                discarded=bool(self.mended[position] and self._decision[position] == _DECISION["discard"]),
                looked=bool(self.looked[position]),
            )
            self._items[position] = found
        return found

    def position_of(self, name: str) -> int:
        """The position of an image, -1 for none."""
        return self._position.get(name, -1)

    def position_of_image(self, image_id: int) -> int:
        """The position of one of the project's images, -1 for none."""
        return self._of_image.get(image_id, -1)

    def take(self, state: ImageState) -> int:
        """Takes over the present state of one of the project's images; its position, -1 where it is not here."""
        position = self._of_image.get(state.id, -1)
        if position >= 0:
            self._read(position, state)
            self._items.pop(position, None)
        return position

    def list_looked(self, names: frozenset[str]) -> None:
        """Takes over the list of images that were looked at, beside those that the project knows of."""
        for name in self.listed ^ names:
            position = self._position.get(name, -1)
            if position >= 0:
                self.looked[position] = name in names
                self._items.pop(position, None)
        self.listed = names

    # Many at once

    def rows(self, wish: Wish, order: Order) -> Positions:
        """The positions that a wish lets through, in order."""
        ordered = self._ordered(order)
        chosen: Positions = ordered[self.flags(wish)[ordered]]
        return chosen

    def flags(self, wish: Wish) -> Flags:
        """Which positions a wish lets through, (n,)."""
        let = np.ones(len(self), np.bool_)
        if wish.right != "all":
            let &= self.wrong if wish.right == "wrong" else (self.true == self.said)
        if wish.cell is not None:
            let &= (self.true == wish.cell[0]) & (self.said == wish.cell[1])
        if wish.labels:
            let &= np.isin(self.true, list(wish.labels))
        if wish.said:
            let &= np.isin(self.said, list(wish.said))
        if wish.splits:
            let &= np.isin(self._split, [_SPLIT[one] for one in wish.splits])
        if wish.decisions:
            let &= np.isin(self._decision, [_DECISION[one] for one in wish.decisions])
        if wish.folds:
            let &= np.isin(self._fold, list(wish.folds))
        if wish.kinds:
            let &= (self._kinds & sum(_KIND[one] for one in wish.kinds)) > 0
        if wish.range is not None:
            number, least, most = wish.range
            values = self.confidence if number < 0 else self.probabilities[:, number]
            let &= (values >= least) & (values <= most)
        if wish.only is not None:
            here = [self._position[name] for name in wish.only if name in self._position]
            listed = np.zeros(len(self), np.bool_)
            listed[here] = True
            let &= listed
        return let

    @property
    def confidence(self) -> Floats:
        """The probability of what was said, (n,)."""
        values: Floats = self.probabilities[np.arange(len(self)), self.said]
        return values

    def measure(self, order: Order, values: Mapping[str, float]) -> None:
        """Takes over what was measured of images, the largest to be listed first."""
        column = np.array([values.get(name, np.nan) for name in self._names], np.float64)
        if np.isnan(column).all():
            self._measured.pop(order, None)
        else:
            self._measured[order] = column
        self._orders.pop(order, None)

    def measured(self, order: Order) -> Floats | None:
        """What was measured, (n,), NaN where nothing was; None where nothing was at all."""
        return self._measured.get(order)

    def measured_orders(self) -> list[Order]:
        """The orders for which something was measured."""
        return list(self._measured)

    def set_threshold(self, threshold: float | None) -> None:
        """Of two classes: says the second from that probability on. None: the more probable one."""
        if threshold is None or len(self.classes) != 2:
            self.said = self._argmax
        else:
            self.said = (self.probabilities[:, 1] >= threshold).astype(np.int32)
        self._items.clear()
        self._orders.clear()

    def confusion(self) -> npt.NDArray[np.int64]:
        """Images by true class (rows) and what was said (columns)."""
        count = len(self.classes)
        known = self.true >= 0
        cells = np.bincount(self.true[known] * count + self.said[known], minlength=count * count)
        return cells.reshape(count, count).astype(np.int64)

    def _ordered(self, order: Order) -> Positions:
        found = self._orders.get(order)
        if found is None:
            found = np.lexsort((self._rank, self._key(order)))
            self._orders[order] = found
        return found

    def _key(self, order: Order) -> Floats | Positions:
        """Smallest first; NaN comes last."""
        if order == "loss":
            return -self._losses
        if order == "confidence":
            return self.confidence
        if order == "margin":
            if len(self.classes) < 2:
                return self.confidence
            two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
            return np.asarray(two[:, 1] - two[:, 0], np.float64)
        column = self._measured.get(order)
        return self._rank if column is None else -column

    # Reading

    def _join(self, states: Sequence[ImageState], root: Path | None) -> None:
        """Reads all images, those of the project with their present state."""
        results = self.results
        own = results.source.manifest is None and results.source.images is None
        here = own or (root is not None and results.root.resolve() == root.resolve())
        by_name = {state.file_name: state for state in states} if here else {}
        for position, name in enumerate(self._names):
            row = results.rows.get(name)
            if row is not None:
                self._kinds[position] = sum({_KIND[mask.kind] for mask in row.masks})
                self._decision[position] = _DECISION[row.decision]
            state = by_name.get(name)
            if state is not None:
                self.image_ids[position] = state.id
                self._of_image[state.id] = position
                self._read(position, state)
            elif name in self.listed:
                self.looked[position] = True

    def _read(self, position: int, state: ImageState) -> None:
        name = self._names[position]
        row = self.results.rows.get(name)
        self._decision[position] = _DECISION[state.decision]
        self.looked[position] = "looked" in state.edited or name in self.listed
        self.mended[position] = row is not None and mended(state, row)


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """Results that were read and joined with the project; `asked` is the source as it was asked for."""

    asked: Source
    table: Table


def open_table(
    asked: Source, results: ResultsReady, states: Sequence[ImageState], root: Path | None
) -> Opened:
    """Joins results with the project's images; on any thread."""
    return Opened(asked, Table(results, states, root))

"""A person who curates a folder to a given truth, with real key and mouse events, and counts what it takes.

The truth is one JSON line for each different image: `file`, `copies` (files of the same bytes), `copy_group`
(the same number: copies and near-copies), `head_box` (x0, y0, x1, y1, right and bottom exclusive, or null),
`discard` (null, a reason, or "either" where masking is right too) and `overlays` (`box`, `kind`, `on`,
`contrast`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from curator.imaging.decode import load
from curator.imaging.render import mask_area, render
from curator.records import DISCARD_REASONS, MASK_KINDS, Crop, Edits, ImageState, Mask

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage

# An overlay fainter than this, in grey levels against its ring, is none that anybody sees.
_VISIBLE = 40
_LEFT, _NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
_NO_KEY = Qt.KeyboardModifier.NoModifier


@dataclass(frozen=True)
class Wanted:
    """What an image is to become: discarded for a reason, or kept with these edits."""

    file: str
    reason: str | None
    crop: Crop | None
    masks: tuple[Mask, ...]
    # The copies that it competes with; one of them is to be kept.
    group: int

    @property
    def edits(self) -> Edits:
        return Edits(self.crop, self.masks)


@dataclass
class Effort:
    """Keys pressed and gestures made (clicks, drags, turns of the wheel) for one image."""

    file: str
    keys: int = 0
    gestures: int = 0
    done: list[str] = field(default_factory=list)

    @property
    def actions(self) -> int:
        return self.keys + self.gestures


def read_truth(path: Path) -> dict[str, Wanted]:
    """By file; byte-for-byte copies are there too."""
    found: dict[str, Wanted] = {}
    for line in path.read_text("utf-8").splitlines():
        item = json.loads(line)
        for file in (item["file"], *item["copies"]):
            found[file] = _wanted(item, file)
    return found


def _wanted(item: dict[str, Any], file: str) -> Wanted:
    box = item["head_box"]
    crop = None if box is None else Crop(box[0], box[1], box[2] - box[0], box[3] - box[1])
    if crop == Crop(0, 0, *item["size"]):
        crop = None
    reason = item["discard"] if item["discard"] in DISCARD_REASONS else None
    masks = tuple(
        Mask(one["kind"] if one["kind"] in MASK_KINDS else "other", _corners(one["box"]))
        for one in item["overlays"]
        if one["contrast"] >= _VISIBLE and one["on"] != "brain" and _meets(one["box"], box)
    )
    return Wanted(file, reason, crop, () if reason else masks, item["copy_group"])


def _corners(box: list[int]) -> tuple[tuple[int, int], ...]:
    x0, y0, x1, y1 = box
    return ((x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1))


def _meets(box: list[int], crop: list[int] | None) -> bool:
    if crop is None:
        return True
    return box[0] < crop[2] and box[2] > crop[0] and box[1] < crop[3] and box[3] > crop[1]


def iou(a: Crop, b: Crop) -> float:
    """Intersection over union of two crops."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    both = max(0, across) * max(0, down)
    return both / (a.width * a.height + b.width * b.height - both)


class ScriptedPerson:
    """Works on the page as it is, image after image. `exact`: to the pixel; else as good as matters.

    As good as matters is a crop of IoU 0.95 with the head, 90 % of each overlay in it gone, and no more than
    0.05 % of the crop masked for nothing: what the proposals are scored by, too.
    """

    def __init__(
        self, page: CuratePage, truth: dict[str, Wanted], *, exact: bool, idle: Callable[[], None]
    ) -> None:
        self.page = page
        self.truth = truth
        self.exact = exact
        # Lets the window work until the current image is there.
        self._idle = idle
        self.efforts: list[Effort] = []
        self._kept: set[int] = set()
        self._effort = Effort("")
        self._pixels = np.zeros((1, 1, 3), np.uint8)

    # The work

    def curate(self, files: Iterable[str]) -> None:
        """Curates these images, in the order of their names, each shown and then decided."""
        project = self.page.model.project
        assert project is not None
        for file in sorted(files):
            image_id = project.id_of(file)
            assert image_id is not None, file
            # Going there is no work of the person: the last decision led to the next image of the list.
            self.page.decisions.go_to(image_id)
            self._idle()
            self.efforts.append(self.one(self.truth[file]))

    def one(self, wanted: Wanted) -> Effort:
        """Curates the current image."""
        self._effort = Effort(wanted.file)
        state = self.state
        self._pixels = load(self.page.model.project.root / wanted.file)  # type: ignore[union-attr]
        if self._is_copy(wanted, state):
            self._discard(state, "duplicate")
        elif wanted.reason is not None:
            self._discard(state, wanted.reason)
        else:
            self._kept.add(wanted.group)
            self._mend_crop(wanted)
            self._mend_masks(wanted)
            if self.state.decision == "discard":
                self.key(Qt.Key.Key_K)
            else:
                self.key(Qt.Key.Key_Space)
        return self._effort

    @property
    def state(self) -> ImageState:
        """The image that is shown."""
        found = self.page.decisions.state
        assert found is not None
        return found

    def _is_copy(self, wanted: Wanted, state: ImageState) -> bool:
        """Whether another of its copies is the one to keep: what the program proposes is followed."""
        if wanted.reason is not None:
            return False
        if wanted.group in self._kept:
            return True
        return (
            state.decision == "discard" and state.discard_reason == "duplicate" and self._has_better(wanted)
        )

    def _has_better(self, wanted: Wanted) -> bool:
        """Whether one of its copies is still to come and not proposed to be discarded."""
        project = self.page.model.project
        assert project is not None
        for file, other in self.truth.items():
            image_id = project.id_of(file) if other.group == wanted.group and file != wanted.file else None
            if image_id is not None and project.state(image_id).decision != "discard":
                return True
        return False

    def _discard(self, state: ImageState, reason: str) -> None:
        if state.decision == "discard" and (state.discard_reason == reason or not self.exact):
            self.key(Qt.Key.Key_Space)
        else:
            self.key(Qt.Key.Key_X)
            self.text(str(DISCARD_REASONS.index(reason) + 1))  # type: ignore[arg-type]

    # Crop

    def _mend_crop(self, wanted: Wanted) -> None:
        high, wide = self._pixels.shape[:2]
        target = wanted.crop or Crop(0, 0, wide, high)
        shown = self.state.crop or Crop(0, 0, wide, high)
        if shown == target or (not self.exact and iou(shown, target) >= 0.95):
            return
        if wanted.crop is None:
            self.click(self.page.inspector.crop.whole)
            return
        handle = _handle_for(shown, target)
        if handle is not None and not _others_differ(shown, target, handle):
            a, b = _corner(shown, handle), _corner(target, handle)
            self.drag(a, b)
        else:
            if self.page.canvas.tool != "crop":
                self.key(Qt.Key.Key_C)
            first = (target.x + 0.3, target.y + 0.3)
            last = (target.x + target.width - 0.3, target.y + target.height - 0.3)
            if self._would_grip(first) and self._would_grip(last):
                # Both corners are near what is there: each is dragged to its place.
                self.drag(_corner(shown, "nw"), _corner(target, "nw"))
                self.drag(_corner(self.state.crop or shown, "se"), _corner(target, "se"))
            else:
                if self._would_grip(first):
                    first, last = last, first
                self.drag(first, last)
        if self.exact and (self.state.crop or Crop(0, 0, wide, high)) != target:
            self._type_crop(target)

    def _would_grip(self, at: tuple[float, float]) -> bool:
        """Whether a press there would take hold of a handle instead of starting a new crop."""
        from curator.app.curate.shapes import handle_at

        high, wide = self._pixels.shape[:2]
        shown = self.state.crop or Crop(0, 0, wide, high)
        return handle_at(shown, at, 9.0 / self.page.canvas.view_scale) is not None

    def _type_crop(self, target: Crop) -> None:
        """Numbers, where the image is shown too small to hit each pixel."""
        # Position first where the crop shrinks towards it, size first where it would not fit else.
        for name, value in (("x", target.x), ("y", target.y), ("w", target.width), ("h", target.height)) * 2:
            box = self.page.inspector.crop.fields[name]
            if box.value() != value:
                self.click(box)
                box.selectAll()
                self.text(str(value))
                self.key(Qt.Key.Key_Return)
                QApplication.processEvents()

    # Masks

    def _mend_masks(self, wanted: Wanted) -> None:
        for _ in range(60):
            wrong = self._wrong_mask(wanted)
            if wrong is None:
                break
            self._delete(wrong)
        for mask in self._missing(wanted):
            self._draw(mask)

    def _wrong_mask(self, wanted: Wanted) -> int | None:
        """A mask that has to go."""
        state = self.state
        high, wide = self._pixels.shape[:2]
        if self.exact:
            if np.array_equal(render(self._pixels, state.edits), render(self._pixels, wanted.edits)):
                return None
            rights = {mask.polygon for mask in wanted.masks}
            return next((n for n, mask in enumerate(state.masks) if mask.polygon not in rights), None)
        inside = np.zeros((high, wide), bool)
        crop = state.crop or Crop(0, 0, wide, high)
        inside[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = True
        real = np.zeros((high, wide), bool)
        for mask in wanted.masks:
            (x0, y0), _, (x1, y1), _ = mask.polygon
            real[max(0, y0 - 3) : y1 + 4, max(0, x0 - 3) : x1 + 4] = True
        for number, mask in enumerate(state.masks):
            extra = (mask_area((mask,), wide, high) > 0) & inside & ~real
            if extra.sum() > 0.0005 * inside.sum():
                return number
        return None

    def _missing(self, wanted: Wanted) -> list[Mask]:
        state = self.state
        high, wide = self._pixels.shape[:2]
        if self.exact:
            if np.array_equal(render(self._pixels, state.edits), render(self._pixels, wanted.edits)):
                return []
            have = {mask.polygon for mask in state.masks}
            return [mask for mask in wanted.masks if mask.polygon not in have]
        hidden = mask_area(state.masks, wide, high) > 0
        crop = state.crop or Crop(0, 0, wide, high)
        outside = np.ones((high, wide), bool)
        outside[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = False
        return [
            mask
            for mask in wanted.masks
            if (hidden | outside)[mask_area((mask,), wide, high) > 0].mean() < 0.9
        ]

    def _delete(self, number: int) -> None:
        """Clicks on the mask's row in the list, which no other mask can hide, and deletes it."""
        if self.page.canvas.tool != "select":
            self.key(Qt.Key.Key_Escape)
        before = len(self.state.masks)
        rows = self.page.inspector.overlays.rows
        row = next(index for index, one in enumerate(rows) if one.mask == number)
        self.click(self.page.inspector.overlays.button(row))
        self.key(Qt.Key.Key_Delete)
        assert len(self.state.masks) == before - 1
        self._idle()

    def _draw(self, mask: Mask) -> None:
        """Draws a box mask of its kind."""
        canvas = self.page.canvas
        if canvas.tool != "box":
            self.key(Qt.Key.Key_M)
        (x0, y0), _, (x1, y1), _ = mask.polygon
        zoomed = False
        if self.exact and canvas.view_scale < 1.25:
            zoomed = True
            while canvas.view_scale < 1.25:
                self.wheel((x0 + x1 + 1) / 2, (y0 + y1 + 1) / 2)
        self.drag((x0 + 0.5, y0 + 0.5), (x1 + 0.5, y1 + 0.5))
        # What was just drawn is selected: a digit makes it another kind.
        if self.state.masks[-1].kind != mask.kind:
            self.text(str(MASK_KINDS.index(mask.kind) + 1))
        if zoomed:
            self.key(Qt.Key.Key_F)
        self._idle()

    # Hands

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = _NO_KEY) -> None:
        """One key."""
        self._effort.keys += 1
        self._effort.done.append(key.name)
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key, held)
        QApplication.processEvents()

    def text(self, text: str) -> None:
        """Letters and digits, a key each."""
        for letter in text:
            self._effort.keys += 1
            self._effort.done.append(letter)
            focus = QApplication.focusWidget()
            assert focus is not None
            QTest.keyClicks(focus, letter)
            QApplication.processEvents()

    def click(self, widget: QWidget) -> None:
        """A click on a control."""
        self._effort.gestures += 1
        self._effort.done.append(f"click {widget.accessibleName()}")
        self.page.inspector.ensureWidgetVisible(widget)
        QTest.mouseClick(widget, _LEFT, _NO_KEY, widget.rect().center())
        QApplication.processEvents()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A drag between two points of the image, by way of a third."""
        self._effort.gestures += 1
        self._effort.done.append("drag")
        view = self.page.canvas.viewport()
        a, b = self._place(*start), self._place(*end)
        middle = QPoint((a.x() + b.x()) // 2, (a.y() + b.y()) // 2)
        for kind, place, button, held in (
            (QEvent.Type.MouseButtonPress, a, _LEFT, _LEFT),
            (QEvent.Type.MouseMove, middle, _NO_BUTTON, _LEFT),
            (QEvent.Type.MouseMove, b, _NO_BUTTON, _LEFT),
            (QEvent.Type.MouseButtonRelease, b, _LEFT, _NO_BUTTON),
        ):
            event = QMouseEvent(kind, QPointF(place), QPointF(view.mapToGlobal(place)), button, held, _NO_KEY)
            QApplication.sendEvent(view, event)
        QApplication.processEvents()

    def wheel(self, x: float, y: float) -> None:
        """One notch towards the image, over a point of it."""
        self._effort.gestures += 1
        self._effort.done.append("wheel")
        view = self.page.canvas.viewport()
        place = QPointF(self._place(x, y))
        event = QWheelEvent(
            place,
            QPointF(view.mapToGlobal(place.toPoint())),
            QPoint(),
            QPoint(0, 120),
            _NO_BUTTON,
            _NO_KEY,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view, event)

    def _place(self, x: float, y: float) -> QPoint:
        point = self.page.canvas.viewportTransform().map(QPointF(x, y))
        return QPoint(round(point.x()), round(point.y()))


def _handle_for(shown: Crop, target: Crop) -> str | None:
    """The handle that one drag takes from one crop to the other; None where it takes more."""
    names = ""
    if shown.y != target.y:
        names += "n"
    elif shown.y + shown.height != target.y + target.height:
        names += "s"
    if shown.x != target.x:
        names += "w"
    elif shown.x + shown.width != target.x + target.width:
        names += "e"
    return names or None


def _others_differ(shown: Crop, target: Crop, handle: str) -> bool:
    """Whether a drag of this handle would leave an edge in the wrong place."""
    both_across = shown.x != target.x and shown.x + shown.width != target.x + target.width
    both_down = shown.y != target.y and shown.y + shown.height != target.y + target.height
    return both_across or both_down


def _corner(crop: Crop, handle: str) -> tuple[float, float]:
    x = crop.x if "w" in handle else crop.x + crop.width if "e" in handle else crop.x + crop.width / 2
    y = crop.y if "n" in handle else crop.y + crop.height if "s" in handle else crop.y + crop.height / 2
    return (x, y)


def summary(efforts: list[Effort]) -> dict[str, float]:
    """Actions an image: mean, median, most; and the share of images that took one."""
    actions = np.array([one.actions for one in efforts])
    return {
        "images": len(efforts),
        "actions": float(actions.mean()),
        "keys": float(np.mean([one.keys for one in efforts])),
        "gestures": float(np.mean([one.gestures for one in efforts])),
        "median": float(np.median(actions)),
        "most": int(actions.max()),
        "one action": float(np.mean(actions == 1)),
    }


def kinds_of_work(efforts: list[Effort]) -> Counter[str]:
    """How often each thing was done."""
    return Counter(done for one in efforts for done in one.done)

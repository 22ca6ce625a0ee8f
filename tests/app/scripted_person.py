"""A person who curates a folder to a given truth, with real key and mouse events, and counts what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit
from scripted_hands import Effort, Hands
from scripted_truth import RIGHT_IOU, Wanted, iou, left_over, masked_for_nothing, padded, shown_crop

from curator.app.curate.shapes import HANDLES, bounds, handle_at
from curator.imaging._cv2 import cv2
from curator.imaging.decode import RGB, load
from curator.imaging.render import mask_area, render
from curator.project import Project
from curator.records import DISCARD_REASONS, MASK_KINDS, Crop, DiscardReason, ImageState, Mask

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage

Means: TypeAlias = Literal["both", "mouse", "keyboard"]

# From this scale on a pointer in whole screen pixels reaches each pixel of the image.
_TO_THE_PIXEL = 1.05
# A box of less than this, in screen pixels, counts as a click and is drawn at a larger scale.
_LEAST_BOX = 6
# A handle that is dragged less than this, in screen pixels, stays where it is.
_LEAST_DRAG = 2.25
_CONTROL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier


class ScriptedPerson:
    """Works on the page as it is, image after image. `exact`: to the pixel; else as good as matters.

    As good as matters is what proposals are scored by: a crop of IoU 0.95 with the head, 90 % of each visible
    overlay gone, no part of more than 0.05 % of the crop masked for nothing. `means` is what the person has.
    """

    def __init__(
        self,
        page: CuratePage,
        truth: dict[str, Wanted],
        *,
        exact: bool,
        idle: Callable[[], None],
        means: Means = "both",
    ) -> None:
        self.page = page
        self.truth = truth
        self.exact = exact
        self.means = means
        self.hands = Hands(page, idle)
        self.efforts: list[Effort] = []
        self._kept: set[int] = set()
        # Nobody goes on trying a key that did nothing once.
        self._arrows_step = True
        self._image: RGB = np.zeros((1, 1, 3), np.uint8)

    # The work

    def curate(self, most: int | None = None) -> None:
        """Curates the first `most` images of the film strip, or all, each shown and then decided."""
        listed = self.page.images.listed()
        self.hands.wait()
        for number, image_id in enumerate(listed[:most]):
            # A decision leads to the next image: nobody has to go there.
            assert self.page.model.current_id == image_id, f"image {number + 1} is not the one that is shown"
            self.efforts.append(self.one(self.truth[self.state.file_name]))
            assert self._project.state(image_id).decided_by == "person"

    def one(self, wanted: Wanted) -> Effort:
        """Curates the current image."""
        self.hands.effort = Effort(wanted.file)
        state = self.state
        self._image = load(self._project.root / state.file_name)
        discarded = state.decision == "discard" and state.discard_reason != "duplicate"
        if self._is_copy(wanted, state):
            self._discard(state, "duplicate")
        elif wanted.reason is not None:
            self._discard(state, wanted.reason)
        elif wanted.either and discarded:
            self._accept()
        else:
            self._kept.add(wanted.group)
            self._mend_crop(wanted)
            self._mend_masks(wanted)
            if self.state.decision == "discard":
                self._press(Qt.Key.Key_K, self.page.inspector.decision.segment.button("keep"))
            else:
                self._accept()
        self.hands.wait()
        return self.hands.effort

    @property
    def state(self) -> ImageState:
        """The image that is shown."""
        found = self.page.decisions.state
        assert found is not None
        return found

    @property
    def _project(self) -> Project:
        project = self.page.model.project
        assert project is not None
        return project

    # Decision

    def _accept(self) -> None:
        self._press(Qt.Key.Key_Space, self.page.inspector.decision.accept)

    def _discard(self, state: ImageState, reason: DiscardReason) -> None:
        if state.decision == "discard" and (state.discard_reason == reason or not self.exact):
            self._accept()
        elif self.means == "mouse":
            self.hands.click(self.page.inspector.decision.reasons[reason])
        else:
            self.hands.key(Qt.Key.Key_X)
            self.hands.text(str(DISCARD_REASONS.index(reason) + 1))

    def _press(self, key: Qt.Key, button: QAbstractButton) -> None:
        """A key, or by mouse alone its button."""
        if self.means == "mouse":
            self.hands.click(button)
        else:
            self.hands.key(key)

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
        """Whether another of its copies, one that may be kept, is not proposed to be discarded."""
        for file, other in self.truth.items():
            same = other.group == wanted.group and file != wanted.file and other.reason is None
            image_id = self._project.id_of(file) if same else None
            if image_id is not None and self._project.state(image_id).decision != "discard":
                return True
        return False

    # Crop

    @property
    def _crop(self) -> Crop:
        return shown_crop(self.state, self._image)

    def _is_good(self, crop: Crop, target: Crop) -> bool:
        return crop == target if self.exact else iou(crop, target) >= RIGHT_IOU

    def _mend_crop(self, wanted: Wanted) -> None:
        high, wide = self._image.shape[:2]
        target = wanted.crop or Crop(0, 0, wide, high)
        if self._is_good(self._crop, target):
            return
        if self.means == "keyboard":
            self._crop_by_keys(target)
        elif wanted.crop is None:
            self.hands.click(self.page.inspector.crop.whole)
        else:
            self._crop_by_mouse(target)
            if self.exact:
                self._type_crop(target)
        assert self._is_good(self._crop, target), (wanted.file, self._crop, target)

    def _crop_by_mouse(self, target: Crop) -> None:
        """One handle if that does; else a new crop, if its corners are not those of the present one; else two."""
        shown = self._crop
        goods = [name for name in HANDLES if self._is_good(_by_handle(shown, target, name), target)]
        first = (target.x + 0.5, target.y + 0.5)
        last = (target.x + target.width - 0.5, target.y + target.height - 0.5)
        if goods or (self._would_grip(first) and self._would_grip(last)):
            if self.page.canvas.tool not in ("select", "crop"):
                self._leave_tool()
            for name in goods[:1] or ("nw", "se"):
                self._drag_handle(name, target)
            return
        if self.page.canvas.tool != "crop":
            self._press(Qt.Key.Key_C, self.page.stage.tools.buttons["crop"])
        if self._would_grip(first) or not self.hands.can_press(*first):
            first, last = last, first
        self.hands.drag(first, last)

    def _drag_handle(self, name: str, target: Crop) -> None:
        before = self.state
        start, end = _corner(self._crop, name), _corner(target, name)
        if max(abs(end[0] - start[0]), abs(end[1] - start[1])) * self.page.canvas.view_scale < _LEAST_DRAG:
            self.hands.problems["a handle is so near its place that a drag of it does nothing: numbers"] += 1
            return
        self.hands.drag(start, end, grips=True)
        if self.state.masks != before.masks:
            self.hands.problems["a mask was taken hold of instead of a handle"] += 1
            self.hands.key(Qt.Key.Key_Z, _CONTROL)

    def _would_grip(self, at: tuple[float, float]) -> bool:
        """Whether a press there would take hold of a handle instead of starting a new crop."""
        return handle_at(self._crop, at, 9.0 / self.page.canvas.view_scale) is not None

    def _type_crop(self, target: Crop) -> None:
        """Numbers, where the image is shown too small to hit each pixel."""
        # A second round, since a number that leads beside the image takes others with it.
        for name in "xywh" * 2:
            if _side(self._crop, name) != _side(target, name):
                self._type_number(name, _side(target, name))
        if self.page.canvas is not QApplication.focusWidget():
            self.hands.key(Qt.Key.Key_Escape)

    def _type_number(self, name: str, value: int) -> None:
        """A few steps up or down, or the number anew, whichever is less."""
        field = self.page.inspector.crop.fields[name]
        off = value - _side(self._crop, name)
        if self._arrows_step and abs(off) <= len(str(value)):
            self.hands.click(field)
            for _ in range(abs(off)):
                self.hands.key(Qt.Key.Key_Up if off > 0 else Qt.Key.Key_Down)
            self.hands.wait()
            if _side(self._crop, name) == value:
                return
            self._arrows_step = False
            self.hands.problems["up and down did nothing in a number's field: not tried again"] += 1
        self.hands.click(field, twice=True)
        self._replace_number(field, value)
        self.hands.key(Qt.Key.Key_Return)
        self.hands.wait()

    def _replace_number(self, field: QLineEdit, value: int) -> None:
        self.hands.wait()
        if field.selectedText() != field.text():
            self.hands.problems["a number was not selected when its field was entered"] += 1
            self.hands.key(Qt.Key.Key_A, _CONTROL)
        self.hands.text(str(value))

    def _crop_by_keys(self, target: Crop) -> None:
        """The size where it shrinks, the place by nudges, the size where it grows."""
        for grows in (False, True):
            names = [
                name
                for name in "wh"
                if _side(self._crop, name) != _side(target, name)
                and (_side(target, name) > _side(self._crop, name)) == grows
            ]
            if names:
                self.hands.key(Qt.Key.Key_F6)
            for name in names:
                field = self.page.inspector.crop.fields[name]
                self.hands.tab_to(field)
                self._replace_number(field, _side(target, name))
            if names:
                self.hands.key(Qt.Key.Key_Return)
                self.hands.wait()
            if not grows:
                self._by_arrows(target.x - self._crop.x, Qt.Key.Key_Left, Qt.Key.Key_Right, _CONTROL)
                self._by_arrows(target.y - self._crop.y, Qt.Key.Key_Up, Qt.Key.Key_Down, _CONTROL)

    def _by_arrows(self, way: int, back: Qt.Key, on: Qt.Key, held_down: Qt.KeyboardModifier) -> None:
        for held, times in ((held_down | _SHIFT, abs(way) // 10), (held_down, abs(way) % 10)):
            for _ in range(times):
                self.hands.key(on if way > 0 else back, held)
        self.hands.wait()

    # Masks

    def _mend_masks(self, wanted: Wanted) -> None:
        if len(self.state.masks) > 1 and self._all_wrong(wanted):
            self._press_all_away()
        while (wrong := self._wrong_mask(wanted)) is not None:
            self._delete(wrong)
        missing = self._missing(wanted)
        for number, mask in enumerate(missing):
            self._draw(mask, more=number + 1 < len(missing))

    def _is_equal(self, wanted: Wanted) -> bool:
        return np.array_equal(render(self._image, self.state.edits), render(self._image, wanted.edits))

    def _wrong_mask(self, wanted: Wanted) -> int | None:
        """A mask that has to go."""
        if not self.exact:
            return masked_for_nothing(self.state, wanted, self._image)
        if self._is_equal(wanted):
            return None
        rights = {mask.polygon for mask in wanted.masks}
        return next((n for n, mask in enumerate(self.state.masks) if mask.polygon not in rights), None)

    def _all_wrong(self, wanted: Wanted) -> bool:
        """Whether one has to go and none is of use."""
        if self._wrong_mask(wanted) is None:
            return False
        if self.exact:
            rights = {mask.polygon for mask in wanted.masks}
            return all(mask.polygon not in rights for mask in self.state.masks)
        high, wide = self._image.shape[:2]
        real = mask_area(wanted.visible, wide, high) > 0
        return not (real & (mask_area(self.state.masks, wide, high) > 0)).any()

    def _press_all_away(self) -> None:
        if self.means == "mouse":
            self.hands.click(self.page.inspector.overlays.delete_all)
        else:
            self.hands.key(Qt.Key.Key_Delete, _SHIFT)
        self.hands.wait()
        assert self.state.masks == ()

    def _missing(self, wanted: Wanted) -> list[Mask]:
        if not self.exact:
            high, wide = self._image.shape[:2]
            return [padded(mask, wide, high) for mask in left_over(self.state, wanted, self._image)]
        if self._is_equal(wanted):
            return []
        have = {mask.polygon for mask in self.state.masks}
        return [mask for mask in wanted.masks if mask.polygon not in have]

    def _delete(self, number: int) -> None:
        """Clicks on the mask, or on its row where another mask or a handle hides it, and deletes it."""
        before = len(self.state.masks)
        rows = self.page.inspector.overlays
        button = rows.button(next(n for n, row in enumerate(rows.rows) if row.mask == number))
        if self.means == "mouse":
            self.hands.click_inside(button, button.delete)  # type: ignore[attr-defined]
        else:
            if self.means == "keyboard":
                while self.page.canvas.selected != number:
                    self.hands.key(Qt.Key.Key_M, _SHIFT)
            else:
                self._select_by_click(number, button)
            self.hands.key(Qt.Key.Key_Delete)
        assert len(self.state.masks) == before - 1
        self.hands.wait()

    def _select_by_click(self, number: int, row: QAbstractButton) -> None:
        if self.page.canvas.tool != "select":
            self._leave_tool()
        place = self._free_place(number)
        over = self.hands.covering(*place) if place is not None else "others"
        if place is not None and over is None:
            self.hands.click_image(*place)
        if self.page.canvas.selected != number:
            took = "another mask" if self.page.canvas.selected is not None else "a handle of the crop"
            what = f"lies below {over}" if over else f"was not had by a click on it, but {took}"
            self.hands.problems[f"a mask {what}: chosen in the list"] += 1
            self.hands.click(row)
        assert self.page.canvas.selected == number

    def _free_place(self, number: int) -> tuple[float, float] | None:
        """The point of a mask that is furthest from others; None where they cover it."""
        high, wide = self._image.shape[:2]
        masks = self.state.masks
        free = mask_area((masks[number],), wide, high) > 0
        if len(masks) > 1:
            free &= mask_area((*masks[:number], *masks[number + 1 :]), wide, high) == 0
        if not free.any():
            return None
        deep = cv2.distanceTransform(np.pad(free.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(np.argmax(deep)), deep.shape)
        return (float(x) + 0.5, float(y) + 0.5)

    def _draw(self, mask: Mask, *, more: bool) -> None:
        """Draws a box mask of its kind."""
        canvas = self.page.canvas
        if canvas.tool != "box":
            self._press(Qt.Key.Key_M, self.page.stage.tools.buttons["box"])
        if self.means == "keyboard":
            self._draw_by_keys(mask)
            return
        x0, y0, x1, y1 = bounds(mask.polygon)
        least = max(_TO_THE_PIXEL if self.exact else 0.0, _LEAST_BOX / max(x1 - x0, y1 - y0))
        zoomed = canvas.view_scale < least
        while canvas.view_scale < least:
            self.hands.wheel((x0 + x1) / 2, (y0 + y1) / 2)
        corners = [((x0, y0), (x1, y1)), ((x1, y1), (x0, y0)), ((x1, y0), (x0, y1)), ((x0, y1), (x1, y0))]
        inset = [
            tuple((x + (0.5 if x == x0 else -0.5), y + (0.5 if y == y0 else -0.5)) for x, y in ends)
            for ends in corners
        ]
        first, last = next((ends for ends in inset if self.hands.can_press(*ends[0])), inset[0])
        before = len(self.state.masks)
        self.hands.drag(first, last)
        assert len(self.state.masks) == before + 1, "the drag drew no mask"
        # What was just drawn is selected: a digit makes it another kind.
        if self.state.masks[-1].kind != mask.kind:
            if self.means == "mouse":
                self.hands.click(self.page.stage.kinds.buttons[mask.kind])
            else:
                self.hands.text(str(MASK_KINDS.index(mask.kind) + 1))
        if zoomed and more:
            self._fit()
        self.hands.wait()

    def _draw_by_keys(self, mask: Mask) -> None:
        """Enter puts a box in the middle; arrows bring it to its place and size, smaller before larger."""
        before = len(self.state.masks)
        self.hands.key(Qt.Key.Key_Return)
        assert len(self.state.masks) == before + 1, "Enter drew no mask"
        if self.state.masks[-1].kind != mask.kind:
            self.hands.text(str(MASK_KINDS.index(mask.kind) + 1))
        self.hands.wait()
        x0, y0, x1, y1 = bounds(mask.polygon)
        across, down = (Qt.Key.Key_Left, Qt.Key.Key_Right), (Qt.Key.Key_Up, Qt.Key.Key_Down)
        for grows in (False, True):
            a0, b0, a1, b1 = bounds(self.state.masks[-1].polygon)
            for way, keys in ((x1 - x0 - a1 + a0, across), (y1 - y0 - b1 + b0, down)):
                if way and (way > 0) == grows:
                    self._by_arrows(way, *keys, _ALT)
            if not grows:
                self._by_arrows(x0 - a0, *across, _CONTROL)
                self._by_arrows(y0 - b0, *down, _CONTROL)
        assert bounds(self.state.masks[-1].polygon) == (x0, y0, x1, y1), (mask, self.state.masks[-1])

    def _fit(self) -> None:
        fit = next(
            one
            for one in self.page.bar.findChildren(QAbstractButton)
            if one.accessibleName() == "Fit the image"
        )
        self._press(Qt.Key.Key_F, fit)

    def _leave_tool(self) -> None:
        name = self.page.canvas.tool
        while self.page.canvas.tool != "select":
            self._press(Qt.Key.Key_Escape, self.page.stage.tools.buttons[name])


def _by_handle(shown: Crop, target: Crop, handle: str) -> Crop:
    """The crop after one handle was dragged to where the target has it."""
    x0 = target.x if "w" in handle else shown.x
    y0 = target.y if "n" in handle else shown.y
    x1 = target.x + target.width if "e" in handle else shown.x + shown.width
    y1 = target.y + target.height if "s" in handle else shown.y + shown.height
    return Crop(x0, y0, max(1, x1 - x0), max(1, y1 - y0))


def _corner(crop: Crop, handle: str) -> tuple[float, float]:
    across, down = HANDLES[handle]
    return (crop.x + across * crop.width, crop.y + down * crop.height)


def _side(crop: Crop, name: str) -> int:
    return {"x": crop.x, "y": crop.y, "w": crop.width, "h": crop.height}[name]

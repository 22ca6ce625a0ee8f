"""The canvas's items in their order, and which of them show when."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsScene

from curator.app.curate.image_item import ImageItem
from curator.app.curate.overlays import (
    BRAIN_COLOUR,
    CropItem,
    DraftItem,
    MaskItem,
    ShadeItem,
)
from curator.app.curate.tone import Tone
from curator.app.curate.tools import Draft, Sheet, ToolName
from curator.app.image_work import Loaded
from curator.project import proposed_masks
from curator.records import Mask, Proposal


class Layers:
    """From below: image or cleaned image, shade outside the crop, masks, crop, what is being drawn."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._scene = scene
        self._scale = 1.0
        self._image = ImageItem()
        self._cleaned = ImageItem()
        self._shade = ShadeItem()
        self._crop = CropItem()
        self._draft = DraftItem()
        self._masks: list[MaskItem] = []
        # Overlays on the brain: never masked by a proposal, but the reason to discard.
        self._on_brain: list[MaskItem] = []
        self._cleaned.setVisible(False)
        self._crop.setZValue(2)
        for item in (self._image, self._cleaned, self._shade, self._crop, self._draft):
            scene.addItem(item)

    def set_image(self, loaded: Loaded | None) -> None:
        """Shows another image, not cleaned yet."""
        if loaded is None:
            self._image.set_levels(())
        else:
            self._image.set_levels(loaded.levels, size=(loaded.width, loaded.height))
        self._cleaned.set_levels(())

    def set_cleaned(self, cleaned: QImage, x: int, y: int) -> None:
        """Takes the cleaned image; (x, y) is the upper left corner of its crop."""
        self._cleaned.set_levels((cleaned,), x, y)

    def set_tone(self, tone: Tone) -> None:
        """Changes how grey values are shown, of the image and of the cleaned one."""
        self._image.set_tone(tone)
        self._cleaned.set_tone(tone)

    @property
    def cleaned(self) -> QImage | None:
        """The cleaned image, if it is there."""
        return self._cleaned.image

    def shown(self) -> QImage | None:
        """What of the two is shown."""
        return self._cleaned.image if self._cleaned.isVisible() else self._image.image

    def set_scale(self, scale: float) -> None:
        """So many screen pixels an image pixel takes."""
        self._scale = scale
        for item in (self._crop, self._draft, *self._masks, *self._on_brain):
            item.set_scale(scale)

    def show_brush(self, at: QPointF | None, radius: float) -> None:
        """The brush's outline at a point, or none."""
        self._draft.show_brush(at, radius)

    def show(self, sheet: Sheet | None, draft: Draft | None, tool: ToolName, *, cleaned: bool) -> None:
        """Draws crop, masks and draft of a sheet; `sheet=None` shows the image alone."""
        wants_cleaned = cleaned and self._cleaned.image is not None
        self._image.setVisible(not wants_cleaned)
        self._cleaned.setVisible(wants_cleaned)
        for other in (self._shade, self._crop, self._draft):
            other.setVisible(sheet is not None)
        if sheet is None:
            for item in (*self._masks, *self._on_brain):
                item.setVisible(False)
            return
        state, draft = sheet.state, draft or Draft()
        crop = draft.crop or state.crop
        proposed = "crop" not in state.edited and draft.crop is None
        self._shade.show_crop(crop, sheet.width, sheet.height)
        self._crop.show_crop(crop, sheet.width, sheet.height, proposed, tool == "crop")
        self._draft.show_draft(draft)
        masks = state.masks if draft.masks is None else draft.masks
        self._show_masks(masks, proposed_masks(state), sheet.selected, tool)
        self._show_on_brain(state.proposal)

    def _show_masks(
        self, masks: tuple[Mask, ...], proposed: frozenset[Mask], selected: int | None, tool: ToolName
    ) -> None:
        for number, item in enumerate(self._enough(self._masks, len(masks), MaskItem)):
            item.setVisible(number < len(masks))
            if number < len(masks):
                mask = masks[number]
                item.show_mask(mask, mask in proposed, number == selected, tool == "select")

    def _show_on_brain(self, proposal: Proposal | None) -> None:
        boxes = [one for one in proposal.overlays if one.on == "brain"] if proposal is not None else []
        items = self._enough(self._on_brain, len(boxes), partial(MaskItem, BRAIN_COLOUR, hatched=False))
        for number, item in enumerate(items):
            item.setVisible(number < len(boxes))
            if number < len(boxes):
                x0, y0, x1, y1 = boxes[number].box
                corners = ((x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1))
                item.show_mask(Mask(boxes[number].kind, corners), True, False, False)

    def _enough(self, items: list[MaskItem], number: int, make: Callable[[], MaskItem]) -> list[MaskItem]:
        while len(items) < number:
            item = make()
            item.set_scale(self._scale)
            self._scene.addItem(item)
            items.append(item)
        return items

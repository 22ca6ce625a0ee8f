"""What the canvas's tools have in common. They work in image pixels, know no Qt and return an `Edit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, TypeAlias

from curator.app.curate import shapes
from curator.app.curate.shapes import Point
from curator.project import edits
from curator.records import Crop, Edit, ImageState, Mask, MaskKind

ToolName: TypeAlias = Literal["select", "crop", "box", "polygon", "brush", "eraser"]

# Tools whose gestures make masks: a kind can be chosen for them.
MASKING: Final[tuple[ToolName, ...]] = ("box", "polygon", "brush")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a tool works on: the image's state and size, and how the canvas shows it.

    `reach` is how near a point counts as a hit and `radius` the brush's, both in image pixels; `selected` is
    the number of a mask in `state.masks`; `square` asks for a square crop.
    """

    state: ImageState
    width: int
    height: int
    reach: float
    kind: MaskKind
    radius: float
    selected: int | None
    square: bool = False

    @property
    def crop(self) -> Crop:
        """The crop, or the whole image where there is none."""
        whole = Crop(0, 0, self.width, self.height)
        crop = self.state.crop
        return whole if crop is None else crop.clipped(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an unfinished gesture would give: a crop, masks in place of the present ones, or a line.

    `line` is drawn `radius` pixels to each side of it, or thin where `radius` is 0; `closes` is whether the
    next click would close it.
    """

    crop: Crop | None = None
    masks: tuple[Mask, ...] | None = None
    line: tuple[Point, ...] = ()
    radius: float = 0.0
    erases: bool = False
    closes: bool = False


class Tool:
    """A gesture goes press, drag..., release; each may give an edit. `draft` is what to draw meanwhile."""

    name: ClassVar[ToolName] = "select"

    def __init__(self) -> None:
        self.draft: Draft | None = None

    @property
    def busy(self) -> bool:
        """Whether a gesture is under way, so that Esc ends it before it ends the tool."""
        return self.draft is not None

    def press(self, sheet: Sheet, at: Point) -> bool:
        """Starts at a point. False where the tool has nothing to do there."""
        raise NotImplementedError

    def drag(self, sheet: Sheet, at: Point) -> None:
        """The pointer moved, pressed or not."""

    def release(self, sheet: Sheet, at: Point) -> Edit | None:
        """Ends the gesture."""
        return None

    def finish(self, sheet: Sheet) -> Edit | None:
        """Double click or Enter."""
        return None

    def step_back(self) -> bool:
        """Takes the last point of a gesture back; False where there is none."""
        return False

    def cancel(self) -> None:
        """Gives the gesture up."""
        self.draft = None

    def picked(self, sheet: Sheet) -> int | None:
        """The mask that is selected after a press."""
        return sheet.selected


def with_draft(state: ImageState, draft: Draft | None) -> ImageState:
    """The state that a gesture would give if it ended now, as far as that is known before it does."""
    if draft is None:
        return state
    masks = state.masks if draft.masks is None else draft.masks
    return replace(state, crop=draft.crop or state.crop, masks=masks)


def mask_words(kind: MaskKind, done: str) -> str:
    """ "Text mask added"."""
    return f"{kind.capitalize()} mask {done}"


def with_masks(sheet: Sheet, masks: Sequence[Mask], words: str, *, merges: bool = False) -> Edit | None:
    """The edit to other masks; None where they are the same."""
    if tuple(masks) == sheet.state.masks:
        return None
    return edits.set_masks(sheet.state, masks, words, merges=merges)


def with_crop(sheet: Sheet, crop: Crop, words: str = "", *, merges: bool = False) -> Edit | None:
    """The edit to another crop; None where it is the same, whole image where it covers all of it."""
    value = None if crop == Crop(0, 0, sheet.width, sheet.height) else crop
    if value == sheet.state.crop:
        return None
    return edits.set_crop(sheet.state, value, words if value is not None else "", merges=merges)


def with_kind(sheet: Sheet, number: int, kind: MaskKind) -> Edit | None:
    """The edit that makes a mask one of another kind."""
    masks = list(sheet.state.masks)
    masks[number] = Mask(kind, masks[number].polygon)
    return with_masks(sheet, masks, f"Mask is {kind}")


def without_mask(sheet: Sheet, number: int) -> Edit | None:
    """The edit that deletes a mask."""
    masks = sheet.state.masks
    return with_masks(sheet, masks[:number] + masks[number + 1 :], mask_words(masks[number].kind, "deleted"))


def nudged(sheet: Sheet, dx: int, dy: int) -> Edit | None:
    """The edit that moves the selected mask, else the crop, by whole pixels; one nudge joins the next."""
    if sheet.selected is None:
        crop = shapes.moved_crop(sheet.crop, dx, dy, sheet.width, sheet.height)
        return with_crop(sheet, crop, "Crop nudged", merges=True)
    masks = list(sheet.state.masks)
    mask = masks[sheet.selected]
    polygon = shapes.moved_polygon(mask.polygon, dx, dy, sheet.width, sheet.height)
    masks[sheet.selected] = Mask(mask.kind, polygon)
    # Its number tells it from another mask of its kind that is nudged right after it.
    return with_masks(sheet, masks, mask_words(mask.kind, f"{sheet.selected + 1} nudged"), merges=True)


def sized(sheet: Sheet, dx: int, dy: int) -> Edit | None:
    """The edit that moves right edge and foot of the selected mask, else of the crop; one joins the next."""
    if sheet.selected is None:
        handle = ("e" if dx else "") + ("s" if dy else "")
        crop = shapes.crop_by_handle(sheet.crop, handle, dx, dy, sheet.width, sheet.height)
        return with_crop(sheet, crop, "Crop sized", merges=True)
    masks = list(sheet.state.masks)
    mask = masks[sheet.selected]
    polygon = shapes.sized_polygon(mask.polygon, dx, dy, sheet.width, sheet.height)
    masks[sheet.selected] = Mask(mask.kind, polygon)
    return with_masks(sheet, masks, mask_words(mask.kind, f"{sheet.selected + 1} sized"), merges=True)


def with_box(sheet: Sheet, middle: Point) -> Edit | None:
    """The edit that adds a box around a point, an eighth of the image in size: the way to draw by keys."""
    wide, high = max(2, sheet.width // 8), max(2, sheet.height // 8)
    x = min(max(round(middle[0] - wide / 2), 0), max(0, sheet.width - wide))
    y = min(max(round(middle[1] - high / 2), 0), max(0, sheet.height - high))
    polygon = shapes.box_polygon((x, y), (x + wide, y + high), sheet.width, sheet.height)
    return with_masks(sheet, (*sheet.state.masks, Mask(sheet.kind, polygon)), mask_words(sheet.kind, "added"))

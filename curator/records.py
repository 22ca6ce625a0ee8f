"""Frozen values that the layers hand to each other. No behaviour beyond what follows from the values.

Pixel coordinates are integers of the *upright* image (EXIF orientation applied), x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

Decision: TypeAlias = Literal["keep", "discard", "undecided"]
DiscardReason: TypeAlias = Literal[
    "overlay_on_brain", "not_brain_mri", "duplicate", "unreadable", "quality", "other"
]
MaskKind: TypeAlias = Literal["text", "ruler", "arrow", "marker", "border", "watermark", "other"]
Fill: TypeAlias = Literal["black", "background", "inpaint"]
Split: TypeAlias = Literal["train", "val", "test"]
DecidedBy: TypeAlias = Literal["person", "proposal"]
Profile: TypeAlias = Literal["brain-mri", "general"]
OverlayOn: TypeAlias = Literal["background", "head", "brain"]

DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)
DISCARD_REASONS: Final[tuple[DiscardReason, ...]] = get_args(DiscardReason)
MASK_KINDS: Final[tuple[MaskKind, ...]] = get_args(MaskKind)
FILLS: Final[tuple[Fill, ...]] = get_args(Fill)
SPLITS: Final[tuple[Split, ...]] = get_args(Split)
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

DEFAULT_FILL: Final[Fill] = "background"


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle in pixels of the upright image, COCO's order; width and height are at least 1."""

    x: int
    y: int
    width: int
    height: int

    def clipped(self, image_width: int, image_height: int) -> Crop:
        """The part of the crop that lies on an image of the given size, never less than one pixel."""
        x0 = min(max(self.x, 0), image_width - 1)
        y0 = min(max(self.y, 0), image_height - 1)
        x1 = min(max(self.x + self.width, x0 + 1), image_width)
        y1 = min(max(self.y + self.height, y0 + 1), image_height)
        return Crop(x0, y0, x1 - x0, y1 - y0)


@dataclass(frozen=True, slots=True)
class Mask:
    """A polygon whose filled area, edge included as `cv2.fillPoly` does, hides an overlay."""

    kind: MaskKind
    polygon: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Edits:
    """All that turns an upright image into the cleaned one. `crop=None` keeps the whole image."""

    crop: Crop | None = None
    masks: tuple[Mask, ...] = ()
    fill: Fill = DEFAULT_FILL


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What the scan found out about one file.

    `file_name` is relative to the dataset's root with forward slashes; bytes that are not UTF-8 are written
    `\\xNN` (such a file always has an `error`). `sha256`, `width`, `height` are None where they could not be
    read; `error` then says why in one sentence.
    """

    file_name: str
    label: str
    sha256: str | None
    width: int | None
    height: int | None
    size_bytes: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """One burnt-in mark that a method found. `box` is x0, y0, x1, y1 with right and bottom exclusive."""

    kind: MaskKind
    on: OverlayOn
    box: tuple[int, int, int, int]
    score: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """The machine's suggestion for one image; it never overwrites what a person set.

    `confidence` in 0..1 is how sure the method is that a person would change nothing. `why` says in plain
    words what was seen. `method` names the method and its version, e.g. "network/3".
    """

    decision: Decision
    discard_reason: DiscardReason | None
    crop: Crop | None
    masks: tuple[Mask, ...]
    confidence: float
    why: str
    method: str
    overlays: tuple[Overlay, ...] = ()


# The fields of the person's layer. `decision` is stored together with its reason: (decision, reason).
Field: TypeAlias = Literal["decision", "crop", "masks", "fill", "label", "note", "accepted", "looked"]
FIELDS: Final[tuple[Field, ...]] = get_args(Field)


class _Unset:
    """The value of a field that a person has not set, so that the proposal or the default shows through."""

    _instance: _Unset | None = None

    def __new__(cls) -> _Unset:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> tuple[type[_Unset], tuple[()]]:
        return (_Unset, ())


UNSET: Final = _Unset()


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """Sets (or, with `UNSET`, clears) one field of the person's layer of one image.

    Values by field: decision `(Decision, DiscardReason | None)`; crop `Crop | None`; masks
    `tuple[Mask, ...]`; fill `Fill`; label `str`; note `str`; accepted: the proposal's `method` string;
    looked: the name of the run whose prediction of the image was looked at and nothing found to mend.
    """

    image_id: int
    field: Field
    value: Any


@dataclass(frozen=True, slots=True)
class CopyEdit:
    """A person's word on two images: `same=True` they are copies, `False` they are not, `None` no opinion."""

    first_id: int
    second_id: int
    same: bool | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of the history, undone and redone as a whole. `words` is what the history panel shows.

    `merges`: joins the step before it where that has the same words and fields and is only a moment old, as
    one nudge does the next.
    """

    words: str
    fields: tuple[FieldEdit, ...] = ()
    copies: tuple[CopyEdit, ...] = ()
    focus_id: int | None = None
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutation touched. `ids` are the images whose effective state may differ now.

    `sequence` grows by one with each change; it is on disk once `Project.saved_sequence` reaches it.
    `focus_id` is the image that the step was made on: undo goes there.
    """

    ids: tuple[int, ...]
    words: str
    sequence: int
    focus_id: int | None = None
    kind: Literal["edit", "undo", "redo", "proposals", "copies", "records", "splits"] = "edit"


@dataclass(frozen=True, slots=True)
class ImageState:
    """The effective state of one image: what a person set, else the proposal, else the default, by field.

    `id` is the image's key in the project's database and never changes; `edited` names the fields that a
    person has set; `error` is not None for a file that could not be read.
    """

    id: int
    file_name: str
    sha256: str | None
    width: int | None
    height: int | None
    size_bytes: int
    label: str
    decision: Decision
    discard_reason: DiscardReason | None
    crop: Crop | None
    masks: tuple[Mask, ...]
    fill: Fill
    note: str
    copy_group: str | None
    group: str
    split: Split | None
    decided_by: DecidedBy | None
    confidence: float | None
    error: str | None
    proposal: Proposal | None
    edited: frozenset[Field] = frozenset()

    @property
    def edits(self) -> Edits:
        """What the renderer needs."""
        return Edits(self.crop, self.masks, self.fill)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a run says of one image. `probabilities` is in the order of the run's `classes` and sums to 1.

    `loss` is the cross-entropy in nats against `label`, None if the label is not among the classes.
    `file_name` is relative to `root` of the manifest that was predicted.
    """

    file_name: str
    sha256: str | None
    label: str | None
    split: Split | None
    group: str | None
    predicted: str
    probabilities: tuple[float, ...]
    loss: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """Base of everything that long work yields. Packages define their own below it."""


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """`done` of `total` units are finished; `what` says what is being done, in words for the user."""

    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something went wrong with one item and the rest goes on; `message` is one sentence with the cure."""

    message: str
    extra: Mapping[str, Any] = field(default_factory=dict)

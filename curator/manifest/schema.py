"""What a manifest's lines and its `manifest.json` hold: validated strictly when read and when written."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from curator.dataset.split import Shares
from curator.errors import CuratorError, ManifestError
from curator.records import (
    Crop,
    DecidedBy,
    Decision,
    DiscardReason,
    Edits,
    Fill,
    ImageState,
    Mask,
    MaskKind,
    Profile,
    Split,
)

SCHEMA: Literal["curator-manifest/1"] = "curator-manifest/1"

_SHA256 = r"^[0-9a-f]{64}$"
_ESCAPED = re.compile(r"\\x[0-9a-fA-F]{2}")
_DRIVE = re.compile(r"^[A-Za-z]:")

# The farthest in pixels that a mask's point may lie from the image's corner: more than any image is wide, and
# far from where OpenCV's 32 bits end.
_FARTHEST = 1_000_000


def _is_text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate), which is no UTF-8") from None
    return value


_Text = Annotated[StrictStr, AfterValidator(_is_text)]
_Name = Annotated[_Text, Field(min_length=1)]
_Size = Annotated[StrictInt, Field(ge=1)]
_Number = Annotated[StrictInt, Field(ge=0)]
_Coordinate = Annotated[StrictInt, Field(ge=-_FARTHEST, le=_FARTHEST)]
_Point = tuple[_Coordinate, _Coordinate]


class _Strict(BaseModel):
    """Unknown fields, NaN, and numbers or texts of another type (`true` for 1, "5" for 5) are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ManifestMask(_Strict):
    """One mask: its kind and its polygon, at least three points of integer pixels of the upright image."""

    kind: MaskKind
    polygon: Annotated[list[_Point], Field(min_length=3)]


class ManifestRow(_Strict):
    """One image's line. The fields and their order are the contract; see the README."""

    file_name: _Text
    sha256: Annotated[StrictStr, Field(pattern=_SHA256)] | None
    width: _Size | None
    height: _Size | None
    label: _Name
    decision: Decision
    discard_reason: DiscardReason | None
    crop: tuple[_Number, _Number, _Size, _Size] | None
    masks: list[ManifestMask]
    fill: Fill
    copy_group: _Name | None
    group: _Name
    split: Split | None
    decided_by: DecidedBy | None
    confidence: Annotated[StrictFloat | StrictInt, Field(ge=0, le=1)] | None
    note: _Text

    @model_validator(mode="after")
    def _holds_together(self) -> ManifestRow:
        _check_file_name(self.file_name)
        if _ESCAPED.search(self.file_name) and self.width is not None:
            raise ValueError("a file_name with \\xNN is not UTF-8 and such a file is always unreadable")
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height must both be given or both be null")
        if self.width is not None and self.sha256 is None:
            raise ValueError("width and height are given of a file that could not be read (sha256 is null)")
        if (self.decision == "discard") != (self.discard_reason is not None):
            raise ValueError("discard_reason must be given if and only if the decision is discard")
        if (self.decision == "undecided") != (self.decided_by is None):
            raise ValueError("decided_by must be null if and only if the decision is undecided")
        if self.decision == "keep" and (self.width is None or self.sha256 is None):
            raise ValueError("an image that could not be read can't be kept")
        self._check_pixels()
        return self

    def _check_pixels(self) -> None:
        if self.crop is None:
            return
        x, y, width, height = self.crop
        if self.width is None or self.height is None:
            raise ValueError("an image that could not be read can't have a crop")
        if x + width > self.width or y + height > self.height:
            raise ValueError(f"crop {list(self.crop)} reaches out of the {self.width}x{self.height} image")

    @property
    def edits(self) -> Edits:
        """What the renderer needs."""
        crop = Crop(*self.crop) if self.crop is not None else None
        masks = tuple(Mask(mask.kind, tuple(mask.polygon)) for mask in self.masks)
        return Edits(crop, masks, self.fill)

    def to_json_line(self) -> str:
        """The row as one JSON object on one line, ended by a newline."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_state(
        cls, state: ImageState, *, accept_proposals: bool = False, fill: Fill | None = None
    ) -> ManifestRow:
        """The line for an image's effective state.

        What no person has decided is `undecided`, unless `accept_proposals`; a file that can't be read is
        always discarded as `unreadable`. `fill` overrides the image's own. Raises `ManifestError` for a state
        that no manifest can hold.
        """
        decision, reason, by = state.decision, state.discard_reason, state.decided_by
        if state.error is not None:
            decision, reason, by = "discard", "unreadable", "proposal"
        elif by != "person" and not (accept_proposals and by == "proposal"):
            decision, reason, by = "undecided", None, None
        crop = None
        if state.crop is not None and state.width and state.height:
            crop = state.crop.clipped(state.width, state.height)
        try:
            return cls(
                file_name=state.file_name,
                sha256=state.sha256,
                width=state.width,
                height=state.height,
                label=state.label,
                decision=decision,
                discard_reason=reason,
                crop=(crop.x, crop.y, crop.width, crop.height) if crop else None,
                masks=[
                    ManifestMask(kind=mask.kind, polygon=_closed(mask.polygon))
                    for mask in state.masks
                    if mask.polygon
                ],
                fill=fill or state.fill,
                copy_group=state.copy_group,
                group=state.group,
                split=state.split,
                decided_by=by,
                confidence=state.confidence,
                note=state.note,
            )
        except ValidationError as error:
            raise ManifestError(
                f"{state.file_name.encode('utf-8', 'backslashreplace').decode()} can't be written to a manifest "
                f"({reason_of(error)}): mend it in Curate."
            ) from error


def _closed(polygon: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """A polygon with at least three points that fills the same pixels: a point or a line stays one."""
    return [*polygon, *[polygon[-1]] * (3 - len(polygon))]


class ManifestCounts(_Strict):
    """Number of images by class, decision and split (`none`: no split)."""

    by_class: dict[_Text, _Number] = Field(alias="class")
    decision: dict[_Text, _Number]
    split: dict[_Text, _Number]

    @classmethod
    def of(cls, rows: Iterable[ManifestRow]) -> ManifestCounts:
        """Counts the rows."""
        rows = list(rows)
        return cls.model_validate(
            {
                "class": dict(sorted(Counter(row.label for row in rows).items())),
                "decision": dict(sorted(Counter(row.decision for row in rows).items())),
                "split": dict(sorted(Counter(row.split or "none" for row in rows).items())),
            }
        )


class ManifestInfo(_Strict):
    """`manifest.json`: what the lines are of, and how they came about."""

    schema_: Literal["curator-manifest/1"] = Field(alias="schema")
    root: _Name
    profile: Profile
    classes: list[_Name]
    counts: ManifestCounts
    seed: StrictInt
    shares: tuple[StrictInt, StrictInt, StrictInt]
    test_touched: _Number
    app_version: _Text
    sha256: Annotated[StrictStr, Field(pattern=_SHA256)]

    @model_validator(mode="after")
    def _holds_together(self) -> ManifestInfo:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class is listed twice")
        try:
            Shares(*self.shares)
        except CuratorError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return self

    def to_json(self) -> str:
        """The file's text, indented, ended by a newline."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2) + "\n"


def parse_json(text: str) -> dict[str, Any]:
    """One JSON object, strictly: raises `ValueError` for other values, NaN, and keys that occur twice."""
    values = _STRICT.decode(text)
    if not isinstance(values, dict):
        raise ValueError("it is not a JSON object")
    return values


def reason_of(error: ValidationError) -> str:
    """What is wrong, in one line: the field as a path and the reason."""
    first = error.errors(include_url=False, include_input=False)[0]
    # Of a choice of types pydantic also names the one it tried, which is no field.
    where = [str(part) for part in first["loc"] if part not in ("int", "float", "constrained-str")]
    message = {
        "extra_forbidden": "no such field in this schema",
        "missing": "the field is missing",
    }.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{'.'.join(where)}: {message}" if where else message


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large a number")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice!r} is given twice")
    return values


# Made once: a decoder for each of 10,000 lines takes longer than decoding them.
_STRICT = json.JSONDecoder(parse_constant=_refused, parse_float=_finite, object_pairs_hook=_unique)


def _check_file_name(name: str) -> None:
    parts = name.split("/")
    if not name or name.startswith("/") or _DRIVE.match(name) or name.startswith("\\\\"):
        raise ValueError("file_name must be relative to the root")
    if ".." in parts or "." in parts or "" in parts:
        raise ValueError("file_name must be a plain path below the root, without '..'")
    if "\\" in _ESCAPED.sub("", name):
        raise ValueError("file_name must have forward slashes")
    if "\0" in name:
        raise ValueError("file_name holds a null character")

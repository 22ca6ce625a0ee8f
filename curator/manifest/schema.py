"""What a manifest's lines and its `manifest.json` hold: validated strictly when read and when written."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

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

_Size = Annotated[StrictInt, Field(ge=1)]
_Point = tuple[StrictInt, StrictInt]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class ManifestMask(_Strict):
    """One mask: its kind and its polygon, at least three points of integer pixels of the upright image."""

    kind: MaskKind
    polygon: Annotated[list[_Point], Field(min_length=3)]


class ManifestRow(_Strict):
    """One image's line. The fields and their order are the contract; see the README."""

    file_name: StrictStr
    sha256: Annotated[StrictStr, Field(pattern=_SHA256)] | None
    width: _Size | None
    height: _Size | None
    label: Annotated[StrictStr, Field(min_length=1)]
    decision: Decision
    discard_reason: DiscardReason | None
    crop: tuple[StrictInt, StrictInt, _Size, _Size] | None
    masks: list[ManifestMask]
    fill: Fill
    copy_group: StrictStr | None
    group: Annotated[StrictStr, Field(min_length=1)]
    split: Split | None
    decided_by: DecidedBy | None
    confidence: Annotated[StrictFloat | StrictInt, Field(ge=0, le=1)] | None
    note: StrictStr

    @model_validator(mode="before")
    @classmethod
    def _no_booleans_for_numbers(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("confidence"), bool):
            raise ValueError("confidence must be a number from 0 to 1 or null")
        return values

    @model_validator(mode="after")
    def _holds_together(self) -> ManifestRow:
        _check_file_name(self.file_name)
        if _ESCAPED.search(self.file_name) and self.width is not None:
            raise ValueError("a file_name with \\xNN is not UTF-8 and such a file is always unreadable")
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height must both be given or both be null")
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
        if x < 0 or y < 0 or x + width > self.width or y + height > self.height:
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
        always discarded as `unreadable`. `fill` overrides the image's own.
        """
        decision, reason, by = state.decision, state.discard_reason, state.decided_by
        if state.error is not None:
            decision, reason, by = "discard", "unreadable", by or "proposal"
        elif by != "person" and not (accept_proposals and by == "proposal"):
            decision, reason, by = "undecided", None, None
        readable = state.width is not None and state.height is not None
        crop = state.crop.clipped(state.width or 1, state.height or 1) if state.crop and readable else None
        return cls(
            file_name=state.file_name,
            sha256=state.sha256,
            width=state.width,
            height=state.height,
            label=state.label,
            decision=decision,
            discard_reason=reason,
            crop=(crop.x, crop.y, crop.width, crop.height) if crop else None,
            masks=[ManifestMask(kind=mask.kind, polygon=list(mask.polygon)) for mask in state.masks],
            fill=fill or state.fill,
            copy_group=state.copy_group,
            group=state.group,
            split=state.split,
            decided_by=by,
            confidence=state.confidence,
            note=state.note,
        )


class ManifestCounts(_Strict):
    """Number of images by class, decision and split (`none`: no split)."""

    by_class: dict[StrictStr, StrictInt] = Field(alias="class")
    decision: dict[StrictStr, StrictInt]
    split: dict[StrictStr, StrictInt]

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
    root: StrictStr
    profile: Profile
    classes: list[StrictStr]
    counts: ManifestCounts
    seed: StrictInt
    shares: tuple[StrictInt, StrictInt, StrictInt]
    test_touched: Annotated[StrictInt, Field(ge=0)]
    app_version: StrictStr
    sha256: Annotated[StrictStr, Field(pattern=_SHA256)]

    def to_json(self) -> str:
        """The file's text, indented, ended by a newline."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2) + "\n"


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

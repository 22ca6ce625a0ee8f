"""Values of the person's layer and proposals to JSON and back, checked on the way in."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Mapping
from typing import Any, Final

from curator.records import (
    DECISIONS,
    DISCARD_REASONS,
    FILLS,
    MASK_KINDS,
    UNSET,
    CopyEdit,
    Crop,
    Edit,
    Field,
    FieldEdit,
    Mask,
    Overlay,
    Proposal,
)

# A polygon needs three corners to have an inside.
_MIN_CORNERS: Final = 3


def dumps(value: Any) -> str:
    """Compact JSON, the form in which the project stores every value."""
    return json.dumps(value, separators=(",", ":"))


def storable(text: str) -> str:
    """The text without halves of surrogate pairs, as some input methods leave them: UTF-8 has none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def checked(field: Field, value: Any) -> Any:
    """The value of one field in its one canonical form, or `UNSET` as it is.

    Raises `ValueError` for what the field cannot hold. Whole numbers of any type (numpy's too) become `int`.
    """
    if value is UNSET:
        return value
    if field == "decision":
        decision, reason = value
        if decision not in DECISIONS or (reason is not None and reason not in DISCARD_REASONS):
            raise ValueError(f"{value!r} is not a decision")
        return (decision, (reason or "other") if decision == "discard" else None)
    if field == "crop":
        return None if value is None else _crop(value.x, value.y, value.width, value.height)
    if field == "masks":
        return tuple(_mask(mask.kind, mask.polygon) for mask in value)
    if field == "fill":
        if value not in FILLS:
            raise ValueError(f"{value!r} is not a fill")
        return value
    if not isinstance(value, str) or (field == "label" and not value.strip()):
        raise ValueError(f"{value!r} is not a {field}")
    return storable(value).strip() if field == "label" else storable(value)


def field_to_json(field: Field, value: Any) -> Any:
    """What `json` can write, of a value in the form that `checked` returns (not `UNSET`)."""
    if field == "decision":
        return list(value)
    if field == "crop":
        return None if value is None else _crop_json(value)
    if field == "masks":
        return [_mask_json(mask) for mask in value]
    return value


def field_from_json(field: Field, data: Any) -> Any:
    """The inverse of `field_to_json`."""
    if field == "decision":
        return tuple(data)
    if field == "crop":
        return None if data is None else Crop(*data)
    if field == "masks":
        return tuple(_mask_from_json(item) for item in data)
    return data


def edit_to_json(edit: Edit) -> str:
    """The fields and copies of an edit (not its words); a cleared field has no third item."""
    fields = [
        [item.image_id, item.field]
        if item.value is UNSET
        else [item.image_id, item.field, field_to_json(item.field, item.value)]
        for item in edit.fields
    ]
    copies = [[item.first_id, item.second_id, item.same] for item in edit.copies]
    return dumps({"fields": fields, "copies": copies})


def edit_from_json(text: str, words: str, focus_id: int | None) -> Edit:
    """The inverse of `edit_to_json`."""
    data = json.loads(text)
    fields = tuple(
        FieldEdit(item[0], item[1], field_from_json(item[1], item[2]) if len(item) > 2 else UNSET)
        for item in data["fields"]
    )
    return Edit(words, fields, tuple(CopyEdit(*item) for item in data["copies"]), focus_id)


def proposal_to_json(proposal: Proposal) -> str:
    """A proposal as one JSON object."""
    return dumps(
        {
            "decision": proposal.decision,
            "reason": proposal.discard_reason,
            "crop": None if proposal.crop is None else _crop_json(proposal.crop),
            "masks": [_mask_json(mask) for mask in proposal.masks],
            "confidence": float(proposal.confidence),
            "why": proposal.why,
            "method": proposal.method,
            "overlays": [
                [item.kind, item.on, [int(edge) for edge in item.box], float(item.score)]
                for item in proposal.overlays
            ],
        }
    )


def proposal_from_json(text: str) -> Proposal:
    """The inverse of `proposal_to_json`."""
    data: Mapping[str, Any] = json.loads(text)
    return Proposal(
        decision=data["decision"],
        discard_reason=data["reason"],
        crop=None if data["crop"] is None else Crop(*data["crop"]),
        masks=tuple(_mask_from_json(item) for item in data["masks"]),
        confidence=data["confidence"],
        why=data["why"],
        method=data["method"],
        overlays=tuple(
            Overlay(kind, on, (box[0], box[1], box[2], box[3]), score)
            for kind, on, box, score in data["overlays"]
        ),
    )


def _crop(x: Any, y: Any, width: Any, height: Any) -> Crop:
    crop = Crop(*(operator.index(number) for number in (x, y, width, height)))
    if crop.width < 1 or crop.height < 1:
        raise ValueError("a crop is at least one pixel wide and high")
    return crop


def _mask(kind: Any, polygon: Iterable[Any]) -> Mask:
    corners = tuple((operator.index(x), operator.index(y)) for x, y in polygon)
    if kind not in MASK_KINDS or len(corners) < _MIN_CORNERS:
        raise ValueError("a mask has a kind and at least three corners")
    return Mask(kind, corners)


def _crop_json(crop: Crop) -> list[int]:
    return [int(crop.x), int(crop.y), int(crop.width), int(crop.height)]


def _mask_json(mask: Mask) -> list[Any]:
    return [mask.kind, [[int(x), int(y)] for x, y in mask.polygon]]


def _mask_from_json(item: Any) -> Mask:
    return Mask(item[0], tuple((x, y) for x, y in item[1]))

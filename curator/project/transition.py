"""An edit reduced to what it changes, and the edit that takes it back."""

from __future__ import annotations

from typing import Any

from curator.project.codec import checked, storable
from curator.project.view import Layers
from curator.records import UNSET, CopyEdit, Crop, Edit, Field, FieldEdit


def transition(layers: Layers, edit: Edit) -> tuple[Edit, Edit]:
    """The edit with what changes nothing taken out and values in canonical form, and its inverse.

    Crops are cut to the image. Raises `ValueError` for an image that does not exist or a value that its
    field cannot hold.
    """
    fields = _fields(layers, edit)
    copies = _copies(layers, edit)
    ahead, back = [], []
    for (image_id, name), value in fields.items():
        old = layers.person.get(image_id, {}).get(name, UNSET)
        if value != old:
            ahead.append(FieldEdit(image_id, name, value))
            back.append(FieldEdit(image_id, name, old))
    copies_ahead, copies_back = [], []
    for pair, same in copies.items():
        former = layers.constraints.get(pair)
        if same != former:
            copies_ahead.append(CopyEdit(*pair, same))
            copies_back.append(CopyEdit(*pair, former))
    words = storable(edit.words)
    return (
        Edit(words, tuple(ahead), tuple(copies_ahead), edit.focus_id),
        Edit(words, tuple(back), tuple(copies_back), edit.focus_id),
    )


def _fields(layers: Layers, edit: Edit) -> dict[tuple[int, Field], Any]:
    fields: dict[tuple[int, Field], Any] = {}
    for item in edit.fields:
        facts = layers.files.get(item.image_id)
        if facts is None:
            raise ValueError(f"the project has no image {item.image_id}")
        value = checked(item.field, item.value)
        record = facts.record
        if isinstance(value, Crop) and record.width and record.height:
            value = value.clipped(record.width, record.height)
        fields[item.image_id, item.field] = value
    return fields


def _copies(layers: Layers, edit: Edit) -> dict[tuple[int, int], bool | None]:
    copies: dict[tuple[int, int], bool | None] = {}
    for item in edit.copies:
        first, second = sorted((item.first_id, item.second_id))
        if first == second or first not in layers.files or second not in layers.files:
            raise ValueError(f"{first} and {second} are not two images of the project")
        copies[first, second] = item.same
    return copies

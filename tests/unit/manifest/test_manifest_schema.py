"""A line of the manifest: what it holds, and what it refuses with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from curator.errors import ManifestError
from curator.manifest.schema import ManifestRow, parse_json, reason_of
from curator.records import (
    DISCARD_REASONS,
    FILLS,
    MASK_KINDS,
    SPLITS,
    Crop,
    Edits,
    ImageState,
    Mask,
)

Values = Callable[..., dict[str, Any]]

FIELDS = [
    "file_name", "sha256", "width", "height", "label", "decision", "discard_reason", "crop", "masks", "fill",
    "copy_group", "group", "split", "decided_by", "confidence", "note",
]  # fmt: skip


def refused(values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        ManifestRow.model_validate(values)
    return reason_of(caught.value)


def state(**changes: Any) -> ImageState:
    return ImageState(
        **(
            {
                "id": 1, "file_name": "yes/a.png", "sha256": "0" * 64, "width": 40, "height": 30,
                "size_bytes": 9, "label": "yes", "decision": "keep", "discard_reason": None,
                "crop": Crop(1, 2, 3, 4), "masks": (Mask("text", ((0, 0), (5, 0), (5, 5))),),
                "fill": "black", "note": "n", "copy_group": "c1", "group": "g1", "split": "val",
                "decided_by": "person", "confidence": 0.5, "error": None, "proposal": None,
            }
            | changes
        )
    )  # fmt: skip


def test_the_fields_are_those_of_the_contract_in_its_order(values: Values) -> None:
    row = ManifestRow.model_validate(values())
    assert list(json.loads(row.to_json_line())) == FIELDS
    assert row.to_json_line().count("\n") == 1
    assert ManifestRow.model_validate(json.loads(row.to_json_line())) == row


def test_edits_are_what_the_renderer_takes(values: Values) -> None:
    edits = Edits(Crop(4, 2, 20, 10), (Mask("text", ((5, 3), (9, 3), (9, 6))),), "black")
    assert ManifestRow.model_validate(values()).edits == edits
    assert ManifestRow.model_validate(values(crop=None, masks=[])).edits == Edits(None, (), "black")


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_must_be_there(values: Values, name: str) -> None:
    line = values()
    del line[name]
    assert refused(line) == f"{name}: the field is missing"


def test_unknown_fields_are_refused_by_name(values: Values) -> None:
    assert refused(values(crops=[])) == "crops: no such field in this schema"
    assert refused(values(masks=[{"kind": "text", "polygon": [[0, 0]] * 3, "colour": 1}])) == (
        "masks.0.colour: no such field in this schema"
    )


@pytest.mark.parametrize(
    "name",
    [
        "", "/a.png", "/", "C:/a.png", "c:a.png", "../a.png", "yes/../a.png", "yes/..", "yes//a.png", "./a.png",
        "yes/./a.png", "yes/", r"yes\a.png", r"\\server\share\a.png", "yes/a\0.png", "yes/\ud800.png",
    ],
)  # fmt: skip
def test_file_names_that_are_no_plain_path_below_the_root(values: Values, name: str) -> None:
    assert "file_name" in refused(values(file_name=name))


@pytest.mark.parametrize(
    "name", ["a.png", "yes/ä ß.png", "yes/..a.png", "yes/a..png", "yes/…/c:d.png", "a\n.png"]
)
def test_file_names_of_all_kinds(values: Values, name: str) -> None:
    assert ManifestRow.model_validate(values(file_name=name)).file_name == name


def test_escaped_names_only_with_files_that_could_not_be_read(values: Values) -> None:
    name = r"yes/caf\xe9.png"
    unreadable = {
        "file_name": name, "width": None, "height": None, "crop": None, "masks": [], "decision": "discard",
        "discard_reason": "unreadable", "decided_by": "proposal",
    }  # fmt: skip
    assert ManifestRow.model_validate(values(**unreadable)).file_name == name
    assert "always unreadable" in refused(values(file_name=name))


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 63}, {"sha256": "G" * 64}, {"sha256": "A" * 64}, {"sha256": "0" * 64 + "\n"},
        {"sha256": None}, {"width": 0}, {"width": -1}, {"width": 40.0}, {"width": "40"}, {"width": True},
        {"width": None}, {"height": None}, {"label": ""}, {"label": None}, {"label": 3},
        {"label": "\udcff"}, {"decision": "Keep"}, {"decision": None}, {"fill": "white"}, {"fill": None},
        {"crop": [0, 0, 40]}, {"crop": [0, 0, 40, 30, 1]}, {"crop": [0, 0, 41, 30]}, {"crop": [-1, 0, 5, 5]},
        {"crop": [0, 0, 0, 5]}, {"crop": [39, 29, 2, 1]}, {"crop": [0, 0, 1.5, 5]}, {"crop": [0, 0, True, 5]},
        {"crop": "0,0,5,5"}, {"crop": {"x": 0, "y": 0, "width": 5, "height": 5}},
        {"masks": None}, {"masks": [{"kind": "stain", "polygon": [[0, 0]] * 3}]},
        {"masks": [{"kind": "text", "polygon": [[0, 0], [1, 1]]}]},
        {"masks": [{"kind": "text", "polygon": [[0, 0], [1, 1], [2.5, 2]]}]},
        {"masks": [{"kind": "text", "polygon": [[0, 0], [1, 1], [True, 2]]}]},
        {"masks": [{"kind": "text", "polygon": [[0, 0], [1, 1], [2]]}]},
        {"masks": [{"kind": "text", "polygon": [[0, 0], [1, 1], [10**12, 2]]}]},
        {"masks": [{"kind": "text"}]}, {"copy_group": 4}, {"copy_group": ""}, {"group": None}, {"group": ""},
        {"split": "valid"}, {"split": "all"}, {"decided_by": "me"}, {"confidence": 1.01},
        {"confidence": -0.1}, {"confidence": True}, {"confidence": "0.5"}, {"confidence": float("nan")},
        {"confidence": float("inf")}, {"note": None}, {"note": "\ud83d"},
    ],
)  # fmt: skip
def test_values_out_of_the_contract(values: Values, changes: dict[str, Any]) -> None:
    assert refused(values(**changes))


def test_reasons_name_the_field(values: Values) -> None:
    assert refused(values(confidence=2)).startswith("confidence: ")
    assert refused(values(masks=[{"kind": "text", "polygon": [[0, 0], [1, 1], ["2", 2]]}])).startswith(
        "masks.0.polygon.2.0: "
    )
    assert "reaches out of the 40x30 image" in refused(values(crop=[30, 0, 20, 10]))


@pytest.mark.parametrize(
    ("decision", "reason", "by", "holds"),
    [
        ("keep", None, "person", True),
        ("keep", None, "proposal", True),
        ("keep", "other", "person", False),
        ("keep", None, None, False),
        ("discard", "duplicate", "person", True),
        ("discard", None, "person", False),
        ("discard", "other", None, False),
        ("discard", "ugly", "person", False),
        ("undecided", None, None, True),
        ("undecided", None, "person", False),
        ("undecided", "other", None, False),
    ],
)
def test_decision_reason_and_who_decided_agree(
    values: Values, decision: str, reason: str | None, by: str | None, holds: bool
) -> None:
    line = values(decision=decision, discard_reason=reason, decided_by=by)
    if holds:
        assert ManifestRow.model_validate(line).decision == decision
    else:
        assert refused(line)


def test_all_words_of_the_contract(values: Values) -> None:
    for reason in DISCARD_REASONS:
        ManifestRow.model_validate(values(decision="discard", discard_reason=reason))
    for kind in MASK_KINDS:
        ManifestRow.model_validate(values(masks=[{"kind": kind, "polygon": [[0, 0]] * 3}]))
    for fill in FILLS:
        ManifestRow.model_validate(values(fill=fill))
    for split in (*SPLITS, None):
        ManifestRow.model_validate(values(split=split))
    for confidence in (0, 1, 0.0, 1.0, None):
        ManifestRow.model_validate(values(confidence=confidence))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(label=texts, note=texts, group=texts, x=st.integers(0, 39), y=st.integers(0, 29), data=st.data())
@settings(deadline=None)
def test_what_is_written_is_read_again(label, note, group, x, y, data) -> None:
    crop = [x, y, data.draw(st.integers(1, 40 - x)), data.draw(st.integers(1, 30 - y))]
    point = st.tuples(st.integers(-50, 90), st.integers(-50, 90)).map(list)
    line = {
        "file_name": "a.png", "sha256": "f" * 64, "width": 40, "height": 30, "label": label,
        "decision": "keep", "discard_reason": None, "crop": crop,
        "masks": [{"kind": "other", "polygon": data.draw(st.lists(point, min_size=3, max_size=6))}],
        "fill": "inpaint", "copy_group": group, "group": group, "split": None, "decided_by": "proposal",
        "confidence": data.draw(st.floats(0, 1)), "note": note,
    }  # fmt: skip
    row = ManifestRow.model_validate(line)
    text = row.to_json_line()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert parse_json(text) == line
    assert ManifestRow.model_validate(parse_json(text)) == row


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1]", "not a JSON object"),
        ("3", "not a JSON object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is given twice"),
        ('{"a": }', "Expecting value"),
    ],
)
def test_json_that_python_would_let_pass(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_a_state_that_a_person_decided_becomes_its_line() -> None:
    row = ManifestRow.from_state(state())
    assert row.model_dump(mode="json") == {
        "file_name": "yes/a.png", "sha256": "0" * 64, "width": 40, "height": 30, "label": "yes",
        "decision": "keep", "discard_reason": None, "crop": [1, 2, 3, 4],
        "masks": [{"kind": "text", "polygon": [[0, 0], [5, 0], [5, 5]]}], "fill": "black",
        "copy_group": "c1", "group": "g1", "split": "val", "decided_by": "person", "confidence": 0.5, "note": "n",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "reason", "by", "accept", "expected"),
    [
        ("keep", None, "proposal", False, ("undecided", None, None)),
        ("keep", None, "proposal", True, ("keep", None, "proposal")),
        ("discard", "duplicate", "proposal", False, ("undecided", None, None)),
        ("discard", "duplicate", "proposal", True, ("discard", "duplicate", "proposal")),
        ("discard", "quality", "person", False, ("discard", "quality", "person")),
        ("undecided", None, None, True, ("undecided", None, None)),
    ],
)
def test_only_what_a_person_decided_counts_unless_proposals_are_accepted(
    decision: str, reason: str | None, by: str | None, accept: bool, expected: tuple[str | None, ...]
) -> None:
    row = ManifestRow.from_state(
        state(decision=decision, discard_reason=reason, decided_by=by), accept_proposals=accept
    )
    assert (row.decision, row.discard_reason, row.decided_by) == expected


@pytest.mark.parametrize("by", ["person", "proposal", None])
def test_what_cannot_be_read_is_discarded_by_the_proposal(by: Any) -> None:
    unreadable = state(
        error="x is empty", width=None, height=None, sha256=None, decision="undecided", decided_by=by
    )
    row = ManifestRow.from_state(unreadable)
    assert (row.decision, row.discard_reason, row.decided_by) == ("discard", "unreadable", "proposal")
    assert row.crop is None


def test_crops_are_cut_to_the_image_and_masks_closed() -> None:
    line = ManifestRow.from_state(
        state(crop=Crop(-5, 20, 100, 100), masks=(Mask("arrow", ((1, 1), (8, 8))), Mask("text", ())))
    )
    assert line.crop == (0, 20, 40, 10)
    assert line.edits.masks == (Mask("arrow", ((1, 1), (8, 8), (8, 8))),)


def test_the_fill_of_all_can_be_chosen() -> None:
    assert ManifestRow.from_state(state(), fill="inpaint").fill == "inpaint"


def test_a_state_that_no_manifest_holds_is_named() -> None:
    with pytest.raises(ManifestError, match=r"yes/a\.png can't be written .*note"):
        ManifestRow.from_state(state(note="half \ud83d"))

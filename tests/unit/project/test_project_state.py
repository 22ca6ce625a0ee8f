"""The effective state: person, else proposal, else default, field by field; and the counts over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from curator.project import Project, edits
from curator.records import DEFAULT_FILL, UNSET, Crop, Edit, FieldEdit, ImageRecord, Mask, Proposal

OTHER = Mask("arrow", ((20, 20), (30, 20), (30, 30)))


def edit(image_id: int, name: str, value: object) -> Edit:
    return Edit("test", (FieldEdit(image_id, name, value),), (), image_id)  # type: ignore[arg-type]


def test_without_proposal_all_is_default(project: Project) -> None:
    state = project.state(project.ids[0])
    assert (state.decision, state.discard_reason, state.decided_by) == ("undecided", None, None)
    assert (state.crop, state.masks, state.fill, state.note) == (None, (), DEFAULT_FILL, "")
    assert (state.copy_group, state.split, state.confidence, state.proposal) == (None, None, None, None)
    assert state.edited == frozenset()


def test_ids_are_ordered_by_file_name(project: Project, make_record: Callable[..., ImageRecord]) -> None:
    project.add_records([make_record(1000, file_name="aa/first.png")])
    names = [project.state(one).file_name for one in project.ids]
    assert names == sorted(names)
    assert names[0] == "aa/first.png"
    assert project.id_of("aa/first.png") == max(project.ids)
    assert project.id_of("nowhere.png") is None


@pytest.mark.parametrize(
    ("name", "value", "attribute", "shown"),
    [
        ("crop", Crop(1, 2, 3, 4), "crop", Crop(1, 2, 3, 4)),
        ("crop", None, "crop", None),
        ("masks", (OTHER,), "masks", (OTHER,)),
        ("masks", (), "masks", ()),
        ("fill", "inpaint", "fill", "inpaint"),
        ("label", "maybe", "label", "maybe"),
        ("note", "scalp cut", "note", "scalp cut"),
        ("decision", ("discard", "quality"), "decision", "discard"),
        ("decision", ("undecided", None), "decision", "undecided"),
    ],
)
def test_a_person_overrides_one_field_and_no_other(
    project: Project,
    make_proposal: Callable[..., Proposal],
    name: str,
    value: object,
    attribute: str,
    shown: object,
) -> None:
    one = project.ids[0]
    project.set_proposals({one: make_proposal()})
    before = project.state(one)
    change = project.apply(edit(one, name, value))
    after = project.state(one)
    assert change.ids == (one,)
    assert getattr(after, attribute) == shown
    assert after.edited == {name}
    for other in ("crop", "masks", "fill", "label", "note", "decision"):
        if other != attribute:
            assert getattr(after, other) == getattr(before, other)
    project.apply(edit(one, name, UNSET))
    assert project.state(one) == before


def test_proposals_show_only_where_the_person_said_nothing(
    project: Project, make_proposal: Callable[..., Proposal]
) -> None:
    one = project.ids[0]
    project.apply(edit(one, "crop", Crop(0, 0, 10, 10)))
    project.set_proposals({one: make_proposal(decision="discard", discard_reason="not_brain_mri")})
    state = project.state(one)
    assert state.crop == Crop(0, 0, 10, 10)
    assert (state.decision, state.discard_reason, state.decided_by) == (
        "discard",
        "not_brain_mri",
        "proposal",
    )
    assert state.masks == make_proposal().masks


def test_accept_copies_values_and_method_into_the_persons_layer(
    project: Project, make_proposal: Callable[..., Proposal]
) -> None:
    one = project.ids[0]
    project.set_proposals({one: make_proposal()})
    project.apply(edits.accept(project.state(one)))
    project.set_proposals({one: make_proposal(crop=Crop(0, 0, 1, 1), masks=(), method="classical/2")})
    state = project.state(one)
    assert (state.decision, state.decided_by) == ("keep", "person")
    assert (state.crop, state.masks) == (make_proposal().crop, make_proposal().masks)
    assert state.edited == {"decision", "crop", "masks", "accepted"}


def test_back_to_the_proposal_leaves_label_note_and_fill(
    project: Project, make_proposal: Callable[..., Proposal]
) -> None:
    one = project.ids[0]
    project.set_proposals({one: make_proposal()})
    project.apply(edits.accept(project.state(one)))
    project.apply(edit(one, "note", "n"))
    project.apply(edits.relabel([project.state(one)], "yes"))
    project.apply(edits.back_to_proposal([project.state(one)]))
    assert project.state(one).edited == {"note", "label"}
    assert project.state(one).decided_by == "proposal"


def test_an_unreadable_file_is_a_proposed_discard(
    project: Project, make_record: Callable[..., ImageRecord]
) -> None:
    one = project.ids[0]
    project.mark_unreadable(one, "It is damaged: copy it again.")
    state = project.state(one)
    assert (state.decision, state.discard_reason, state.decided_by) == ("discard", "unreadable", "proposal")
    # The scan reads headers only, so the same bytes stay unreadable; other bytes get a new chance.
    project.add_records([make_record(0)])
    assert project.state(one).error is not None
    project.add_records([make_record(0, sha256="f" * 64)])
    assert project.state(one).error is None


def test_changed_bytes_keep_the_person_and_drop_the_proposal(
    project: Project, make_record: Callable[..., ImageRecord], make_proposal: Callable[..., Proposal]
) -> None:
    one = project.id_of("no/000.png")
    assert one is not None
    project.set_proposals({one: make_proposal()}, fingerprints={one: (1, 2)})
    project.apply(edit(one, "note", "mine"))
    change = project.add_records([make_record(0, sha256="e" * 64, width=50)])
    state = project.state(one)
    assert "no/000.png" in change.words
    assert (state.note, state.proposal, state.width) == ("mine", None, 50)
    assert project.earlier_sha256(one) == f"{0:064x}"
    assert one not in project.fingerprints()


def test_a_file_that_is_gone_comes_back_as_it_was(
    project: Project, make_record: Callable[..., ImageRecord], make_proposal: Callable[..., Proposal]
) -> None:
    one = project.ids[0]
    project.set_proposals({one: make_proposal()})
    before = project.state(one)
    project.mark_missing([before.file_name])
    gone = project.state(one)
    assert gone.error is not None
    assert before.file_name in gone.error
    assert (gone.sha256, gone.discard_reason) == (None, "unreadable")
    project.add_records([make_record(0)])
    assert project.state(one) == before


def test_a_renamed_file_keeps_its_id(project: Project, make_record: Callable[..., ImageRecord]) -> None:
    one = project.id_of("no/000.png")
    assert one is not None
    project.apply(edit(one, "note", "mine"))
    moved = make_record(0, file_name="yes/moved.png", label="yes")
    project.add_records([moved], renamed={"yes/moved.png": "no/000.png"})
    assert project.id_of("yes/moved.png") == one
    assert project.id_of("no/000.png") is None
    assert (project.state(one).note, project.state(one).label) == ("mine", "yes")
    assert len(project) == 8


def test_crops_are_cut_to_the_image(project: Project) -> None:
    one = project.ids[0]
    project.apply(edit(one, "crop", Crop(90, -5, 40, 40)))
    assert project.state(one).crop == Crop(90, 0, 10, 35)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decision", ("maybe", None)),
        ("decision", ("discard", "ugly")),
        ("crop", Crop(0, 0, 0, 5)),
        ("masks", (Mask("text", ((1, 1), (2, 2))),)),
        ("masks", (Mask("smudge", ((1, 1), (2, 2), (3, 1))),)),  # type: ignore[arg-type]
        ("fill", "white"),
        ("label", "  "),
        ("note", 3),
    ],
)
def test_values_that_a_field_cannot_hold_are_refused(project: Project, name: str, value: object) -> None:
    before = project.states()
    with pytest.raises(ValueError, match=r"."):
        project.apply(edit(project.ids[0], name, value))
    with pytest.raises(ValueError, match="no image"):
        project.apply(edit(99, "note", "x"))
    assert project.states() == before
    assert project.history() == []


def test_counts_follow_every_kind_of_change(project: Project, make_proposal: Callable[..., Proposal]) -> None:
    a, b, c, d = project.ids[:4]
    project.set_proposals(
        {
            a: make_proposal(),
            b: make_proposal(confidence=0.3),
            c: make_proposal(decision="discard", discard_reason="not_brain_mri"),
        }
    )
    project.apply(edits.decide([project.state(a)], "keep"))
    project.apply(edits.decide([project.state(d)], "discard", "quality"))
    project.mark_unreadable(project.ids[4], "Damaged.")
    counts = project.counts()
    assert (counts.total, counts.decided, counts.keep, counts.discard, counts.undecided) == (8, 2, 1, 1, 6)
    assert (counts.unsure, counts.unreadable, counts.proposed) == (1, 1, 3)
    assert (counts.proposed_keep, counts.proposed_discard) == (1, 2)
    assert counts.by_label == {"no": 4, "yes": 4}
    assert counts.by_reason == {"not_brain_mri": 1, "quality": 1, "unreadable": 1}
    while project.undo():
        pass
    assert project.counts().decided == 0
    assert project.counts().undecided == 8


def test_counts_are_those_of_a_fresh_count(project: Project, make_proposal: Callable[..., Proposal]) -> None:
    project.set_proposals({one: make_proposal(confidence=one / 10) for one in project.ids})
    project.apply(edits.accept_all(project.states()[:3]))
    project.apply(edits.relabel(project.states()[:5], "other"))
    root = project.root
    kept = project.counts()
    project.close()
    with Project.open(root) as again:
        assert again.counts() == kept
        assert again.classes == ("no", "other", "yes")

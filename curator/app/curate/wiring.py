"""Which signal of which part of Curate leads where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage
    from curator.records import ImageState


def connect_parts(page: CuratePage) -> None:
    """Ties the parts of the page to each other and to the project."""
    _connect_model(page)
    _connect_canvas(page)
    _connect_inspector(page)
    _connect_lists(page)
    _connect_audit(page)
    _connect_hints(page)


def _connect_model(page: CuratePage) -> None:
    model = page.model
    model.opened.connect(page.opened)
    model.closing.connect(page.closing)
    model.changed.connect(page.changed)
    model.current_changed.connect(page.current_changed)
    model.jobs.started.connect(page.soon_details)
    model.jobs.ended.connect(page.soon_details)


def _connect_canvas(page: CuratePage) -> None:
    canvas, stage, decisions = page.canvas, page.stage, page.decisions
    canvas.edited.connect(decisions.apply)
    canvas.pointed.connect(page.pointed)
    canvas.zoomed.connect(page.show_status)
    canvas.selected_changed.connect(page.soon_details)
    stage.back_wanted.connect(page.go_back)
    stage.view_changed.connect(page.show_view)
    stage.notice.pressed.connect(page.model.rescan)
    stage.pad.accept.clicked.connect(decisions.accept)
    stage.pad.discard.clicked.connect(decisions.discard_again)
    stage.pad.back.clicked.connect(lambda: decisions.go(-1))
    stage.reasons.chosen.connect(decisions.discard)
    stage.reasons.closed.connect(decisions.stop_asking)
    decisions.asking_changed.connect(page.asking_changed)
    page.middle.view_changed.connect(page.view_changed)


def _connect_inspector(page: CuratePage) -> None:
    inspector, decisions, canvas = page.inspector, page.decisions, page.canvas
    decision, crop = inspector.decision, inspector.crop
    decision.accept_wanted.connect(decisions.accept)
    decision.accept_all_wanted.connect(page.middle.open_confident)
    decision.decided.connect(page.decided)
    decision.reason_chosen.connect(page.reason_clicked)
    decision.advance_toggled.connect(decisions.set_advances)
    decision.unselect_wanted.connect(lambda: page.images.select(()))
    decision.second_look_wanted.connect(page.second_look_wanted)
    crop.crop_set.connect(decisions.set_crop)
    crop.margin_wanted.connect(decisions.add_margin)
    crop.square_wanted.connect(decisions.square)
    crop.propagate_wanted.connect(page.middle.open_propagate)
    inspector.label.chosen.connect(decisions.relabel)
    inspector.proposal_wanted.connect(decisions.back_to_proposal)
    inspector.anew_wanted.connect(page.model.propose_anew)
    inspector.fill_chosen.connect(decisions.set_fill)
    inspector.note_set.connect(decisions.set_note)
    inspector.left.connect(page.take_focus)
    inspector.overlays.selected.connect(canvas.select)
    inspector.overlays.deleted.connect(canvas.delete)
    inspector.overlays.deleted.connect(page.keep_focus)
    inspector.overlays.all_deleted.connect(decisions.clear_masks)
    inspector.overlays.all_deleted.connect(page.keep_focus)
    inspector.copies.chosen.connect(decisions.go_to)
    inspector.copies.keep_best_wanted.connect(decisions.keep_best)
    inspector.copies.compare_wanted.connect(page.middle.open_compare)
    inspector.history.jumped.connect(page.model.jump)


def _connect_lists(page: CuratePage) -> None:
    page.images.modelReset.connect(page.show_current_row)
    page.images.selected_changed.connect(page.soon_details)
    page.listing.changed.connect(page.show_current_row)
    page.filter_bar.left.connect(page.take_focus)
    page.strip.chosen.connect(page.decisions.go_to)
    page.grid.chosen.connect(page.decisions.go_to)
    for view in (page.strip, page.grid):
        view.way_out.connect(page.filter_bar.clear)
    page.bar.wanted.connect(page.bar_wanted)
    page.bar.kind_wanted.connect(page.kind_chosen)
    page.bar.go_to.connect(page.go_to_number)
    page.bar.original_held.connect(page.stage.set_original)


def _connect_audit(page: CuratePage) -> None:
    page.middle.accepted_many.connect(lambda states: _begin_audit(page, states))
    page.middle.confident.resume_wanted.connect(lambda: _resume_audit(page))
    page.audit.wanted.connect(page.listing.show_only)
    page.audit.go_wanted.connect(page.decisions.go_to)
    page.audit.changed.connect(page.stage.place)
    page.decisions.accepted.connect(lambda: page.audit.looked_at(page.decisions.state))


def _begin_audit(page: CuratePage, states: Sequence[ImageState]) -> None:
    """Many were accepted at once: a random part of them is looked at now (but not in a second look)."""
    project = page.model.project
    if project is not None and states and not page.model.adopted:
        page.middle.show_view("image")
        page.audit.begin(project, states)


def _resume_audit(page: CuratePage) -> None:
    """Goes on with a random look that was put off."""
    page.middle.close_sheet()
    if page.model.project is not None:
        page.middle.show_view("image")
        page.audit.resume(page.model.project)


def _connect_hints(page: CuratePage) -> None:
    page.hints.changed.connect(page.stage.place)
    page.model.changed.connect(page.hints.take)
    page.decisions.accepted.connect(lambda: page.hints.done("accept"))
    page.middle.view_changed.connect(
        lambda: page.hints.done("many") if page.middle.view == "confident" else None
    )

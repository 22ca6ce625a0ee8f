"""The tour's stops in Curate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from curator.app.tour_hands import Hands
from curator.errors import CuratorError
from curator.records import ImageState

if TYPE_CHECKING:
    from curator.app.curate.canvas import Canvas
    from curator.project import Project

_CTRL: Final = Qt.KeyboardModifier.ControlModifier
# Percent: what the tour accepts from the contact sheet.
_CONFIDENT = 75


def curate(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.curate.page import CuratePage

    window, project = hands.window, project_of(hands)
    page = window.curate
    if not isinstance(page, CuratePage):
        raise CuratorError("The page Curate is not there.")
    canvas = page.canvas
    masked = _surest(hands, lambda s: s.decision == "keep" and _with_texts(s) and _roomy(s))
    go_to(hands, masked)
    hands.shoot("curate")

    # Mend the crop by a handle, then mask something by hand.
    crop = project.state(masked).crop
    if crop is not None:
        corner = QPointF(crop.x, crop.y)
        view = canvas.viewport()
        hands.drag(view, _on(canvas, corner), _on(canvas, corner - QPointF(6, 6)))
    hands.until("the crop is mended", lambda: "crop" in project.state(masked).edited, 10)
    before = len(project.state(masked).masks)
    hands.key(canvas, Qt.Key.Key_M)
    width, height = project.state(masked).width or 1, project.state(masked).height or 1
    start, end = QPointF(0.62 * width, 0.93 * height), QPointF(0.86 * width, 0.985 * height)
    hands.drag(canvas.viewport(), _on(canvas, start), _on(canvas, end))
    hands.until("a mask is drawn", lambda: len(project.state(masked).masks) > before, 10)
    hands.shoot("crop-and-masks")
    hands.key(canvas, Qt.Key.Key_Escape)
    hands.key(canvas, Qt.Key.Key_Escape)
    hands.key(canvas, Qt.Key.Key_S)
    hands.shoot("side-by-side")
    hands.key(canvas, Qt.Key.Key_S)
    hands.key(canvas, Qt.Key.Key_Space)
    hands.until("it is accepted", lambda: project.state(masked).decided_by == "person", 10)

    # An overlay on the brain: discarded by key, taken back, discarded again.
    spoilt = _first(hands, lambda s: s.discard_reason == "overlay_on_brain")
    go_to(hands, spoilt)
    hands.key(canvas, Qt.Key.Key_X)
    hands.shoot("discard")
    hands.key(canvas, Qt.Key.Key_1)
    hands.until("it is discarded", lambda: project.state(spoilt).decided_by == "person", 10)
    hands.key(canvas, Qt.Key.Key_Z, _CTRL)
    hands.until("that is undone", lambda: project.state(spoilt).decided_by != "person", 10)
    hands.key(canvas, Qt.Key.Key_Z, _CTRL | Qt.KeyboardModifier.ShiftModifier)
    hands.until("that is redone", lambda: project.state(spoilt).decided_by == "person", 10)

    for _ in range(12):
        hands.key(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        hands.key(canvas, Qt.Key.Key_Space)
    hands.until("the edits are on disk", lambda: project.saved_sequence == project.sequence, 10)
    return f"Curated by key and mouse: {project.counts().decided} decided"


def look_around(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.curate.page import CuratePage

    window, project, page = hands.window, project_of(hands), hands.window.curate
    if not isinstance(page, CuratePage):
        raise CuratorError("The page Curate is not there.")
    # Two sheets that are about several images: copies beside each other, and one image's edits for others.
    copied = _first(hands, lambda s: s.copy_group is not None and s.discard_reason == "duplicate")
    go_to(hands, copied)
    hands.shoot("copies")
    shift = Qt.KeyboardModifier.ShiftModifier
    hands.key(page.canvas, Qt.Key.Key_C, shift)
    hands.until("the copies are compared", lambda: bool(page.middle.compare.view.shown()), 20)
    hands.shoot("compare")
    hands.press("How to compare: Difference", page.middle.compare)
    hands.shoot("difference")
    hands.key(page.middle.compare, Qt.Key.Key_Escape)
    hands.key(page.canvas, Qt.Key.Key_W)
    hands.key(page.canvas, Qt.Key.Key_I)
    hands.shoot("contrast")
    hands.key(page.canvas, Qt.Key.Key_W, shift)
    hands.key(page.canvas, Qt.Key.Key_W)
    hands.key(page.canvas, Qt.Key.Key_G)
    hands.rest(1500)
    hands.shoot("grid")
    page.images.select(page.images.listed()[7:12])
    hands.key(page, Qt.Key.Key_P, shift)
    hands.rest(1200)
    hands.shoot("apply-to-others")
    hands.key(page.middle.propagate, Qt.Key.Key_Escape)
    page.images.select(())
    hands.key(page, Qt.Key.Key_G)
    hands.click(page.inspector.decision.accept_all)
    page.middle.confident.slider.setFocus()
    for _ in range(page.middle.confident.slider.value() - _CONFIDENT):
        hands.key(page.middle.confident.slider, Qt.Key.Key_Left)
    hands.rest(1500)
    hands.shoot("contact-sheet")
    before = project.counts().decided
    hands.click(page.middle.confident.accept)
    hands.until("the confident ones are accepted", lambda: project.counts().decided > before, 30)
    hands.until("a random part of them comes up", lambda: page.audit.on, 10)
    for _ in range(3):
        hands.key(page.canvas, Qt.Key.Key_Space)
    hands.shoot("random-look")
    hands.click(page.stage.banner.end)
    hands.press("Dark or light") if _has(hands, "Dark or light") else window.toggle_theme()
    hands.shoot("light")
    window.toggle_theme()
    hands.key(page, Qt.Key.Key_Question)
    hands.shoot("keys")
    hands.key(window.help, Qt.Key.Key_Escape)
    if window.help.isVisible():
        window.toggle_help()
    counts = project.counts()
    return f"Accepted the confident ones at once: {counts.decided} of {counts.total} decided"


def project_of(hands: Hands) -> Project:
    project = hands.window.model.project
    if project is None:
        raise CuratorError("No folder is open.")
    return project


def _first(hands: Hands, wanted: Callable[[ImageState], bool]) -> int:
    for state in project_of(hands).states():
        if wanted(state):
            return state.id
    raise CuratorError("The demo has no image of the kind that the tour looks for.")


def _surest(hands: Hands, wanted: Callable[[ImageState], bool]) -> int:
    states = [state for state in project_of(hands).states() if wanted(state)]
    if not states:
        raise CuratorError("The demo has no image of the kind that the tour looks for.")
    return max(states, key=lambda state: (state.confidence or 0, -state.id)).id


def _with_texts(state: ImageState) -> bool:
    return sum(mask.kind == "text" for mask in state.masks) >= 2


def _roomy(state: ImageState) -> bool:
    """Whether the crop's upper left corner can be dragged outwards."""
    return state.crop is not None and state.crop.x >= 12 and state.crop.y >= 12


def go_to(hands: Hands, image_id: int) -> None:
    hands.window.model.set_current(image_id)
    hands.rest()


def _on(canvas: Canvas, point: QPointF) -> QPointF:
    """A point of the image as a point of the canvas's viewport."""
    return QPointF(canvas.mapFromScene(point))


def _has(hands: Hands, name: str) -> bool:
    return any(widget.accessibleName() == name for widget in hands.window.findChildren(QWidget))

"""What was found, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from curator.proposals.head import Head
from curator.proposals.overlays import Mark
from curator.proposals.page import Page
from curator.records import MaskKind

LOOK: Final = 0.4
"""From which probability on a spot that was not called a mark on the brain is pointed out."""

_NAMES: dict[MaskKind, tuple[str, str]] = {
    "text": ("text", "texts"),
    "ruler": ("a ruler", "rulers"),
    "arrow": ("an arrow", "arrows"),
    "marker": ("a marker", "markers"),
    "border": ("a border", "borders"),
    "watermark": ("a watermark", "watermarks"),
    "other": ("a mark", "marks"),
}


def explain(
    page: Page, head: Head, marks: Sequence[Mark], surest: float, target: Literal["head", "brain"]
) -> str:
    """One or more sentences for the user; `surest` is the probability of the likeliest mark on the brain."""
    level = head.background.level
    ground = "light" if head.background.bright else "dark" if level < 40 else "grey"
    found = "Head found" if target == "head" else "Inside of the skull outlined within the head found"
    behind = f"against a {ground} background" if head.background.seen else "filling the image"
    sentences = [f"{found} {behind}."]
    on_brain = [mark for mark in marks if mark.on == "brain"]
    if on_brain:
        sentences.append(f"On the brain: {_listed(page, on_brain)}, so discard.")
    strips = [mark for mark in marks if mark.kind == "border"]
    if strips:
        sides = [_side(page, mark) for mark in strips]
        sentences.append(f"{'Borders' if len(sides) > 1 else 'A border'} at {_joined(sides)}: masked.")
    for where, words in (("background", ""), ("head", " on scalp or neck")):
        group = [mark for mark in marks if mark.on == where and mark.kind != "border"]
        if group:
            sentences.append(f"{_listed(page, group).capitalize()}{words}: masked.")
    x0, y0, x1, y1 = head.box or (0, 0, 0, 0)
    height, width = page.grey.shape
    cut = [
        name
        for name, touches in (
            ("left", x0 <= 1),
            ("top", y0 <= 1),
            ("right", x1 >= width - 1),
            ("bottom", y1 >= height - 1),
        )
        if touches
    ]
    if cut:
        sentences.append(f"The head reaches the edge at {_joined(cut)}.")
    if surest >= LOOK and not on_brain:
        sentences.append("A spot on the brain may be a mark: please look.")
    if head.background.agreement < 0.6:
        sentences.append("The background is uneven.")
    return " ".join(sentences)


def _listed(page: Page, marks: Sequence[Mark]) -> str:
    """ "text at lower left and upper right, a ruler at right"."""
    places: dict[MaskKind, list[str]] = {}
    for mark in marks:
        at = places.setdefault(mark.kind, [])
        place = _place(page, mark)
        if place not in at:
            at.append(place)
    numbers = {kind: sum(mark.kind == kind for mark in marks) for kind in places}
    return ", ".join(f"{_NAMES[kind][numbers[kind] > 1]} at {_joined(at)}" for kind, at in places.items())


def _place(page: Page, mark: Mark) -> str:
    height, width = page.grey.shape
    x, y = (mark.box[0] + mark.box[2]) / 2 / width, (mark.box[1] + mark.box[3]) / 2 / height
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    down = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    if across and down:
        return f"{down} {across}"
    return across or {"upper": "top", "lower": "bottom", "": "the middle"}[down]


def _side(page: Page, mark: Mark) -> str:
    height, width = page.grey.shape
    x0, y0, x1, y1 = mark.box
    if x1 - x0 >= width:
        return "top" if y0 == 0 and y1 < height else "bottom"
    return "left" if x0 == 0 else "right"


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

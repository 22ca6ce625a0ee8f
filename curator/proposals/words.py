"""What was found in plain words, and how sure it is that a person would change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from curator.proposals.head import Head
from curator.proposals.marks import Suspicion
from curator.proposals.overlays import Mark, meet
from curator.proposals.page import Page
from curator.records import MaskKind

# Confidence starts here and is multiplied down for each thing that makes a correction likelier. The order of
# the factors follows how often 258 real slices, some with drawn marks, needed one: 23 % where a mark reaches
# into the crop (2 % else), 45 % with a weak mark, 39 % with four or more, 50 % on an uneven background.
_START = 0.95
_CUT_EDGE = 0.96  # for each side at which the image's edge cuts the head
_UNEVEN = 0.35  # taken off in proportion, where the corners disagree on the background
_UNSEEN = 0.6  # no background in the corners: the slice fills the image
_GREY_BACKGROUND, _GREY_LEVEL = 0.85, 35.0
_SHAPE, _SHAPE_RANGE = 0.75, (0.74, 0.86)  # share of its box that the head fills
_RATIO_RANGE = (0.70, 1.0)  # width over height of upright axial and coronal heads
_IN_CROP = 0.78  # a mark that reaches into the crop
_MANY_MARKS, _MANY = 0.75, 4
_ON_HEAD = 0.6
_SUSPECTED: dict[Suspicion, float] = {"none": 1.0, "possible": 0.92, "likely": 0.7}
_BY_EDGE = 0.95  # a mark cut by the edge of the image, of which the rest may be missed
_WEAK_MARK, _WEAK_SCORE = 0.7, 0.75

_NAMES: dict[MaskKind, tuple[str, str]] = {
    "text": ("text", "texts"),
    "ruler": ("a ruler", "rulers"),
    "arrow": ("an arrow", "arrows"),
    "marker": ("a marker", "markers"),
    "border": ("a border", "borders"),
    "watermark": ("a watermark", "watermarks"),
    "other": ("a mark", "marks"),
}


def confidence_of(
    page: Page, head: Head, beside: Sequence[Mark], upon: Sequence[Mark], suspected: Suspicion
) -> float:
    """How sure it is, 0..1: a product of factors for what was seen to go with corrections."""
    assert head.box is not None
    on_brain = [mark.score for mark in upon if mark.on == "brain"]
    if on_brain:  # crop and masks of a discarded image no longer matter
        return round(_START * max(on_brain), 3)
    x0, y0, x1, y1 = head.box
    height, width = page.grey.shape
    sure = _START * _CUT_EDGE ** sum((x0 <= 1, y0 <= 1, x1 >= width - 1, y1 >= height - 1))
    sure *= 1.0 - _UNEVEN * (1.0 - head.background.agreement)
    if not head.background.seen:
        sure *= _UNSEEN
    if head.background.level > _GREY_LEVEL:
        sure *= _GREY_BACKGROUND
    fill = float(head.mask[y0:y1, x0:x1].mean())
    ratio = (x1 - x0) / (y1 - y0)
    if not _SHAPE_RANGE[0] < fill < _SHAPE_RANGE[1]:
        sure *= _SHAPE
    if not _RATIO_RANGE[0] < ratio < _RATIO_RANGE[1]:
        sure *= _SHAPE
    if any(meet(mark.box, head.box) for mark in beside):
        sure *= _IN_CROP
    if any(mark.score < _WEAK_SCORE for mark in beside):
        sure *= _WEAK_MARK
    if len(beside) >= _MANY:
        sure *= _MANY_MARKS
    if any(m.box[0] <= 0 or m.box[1] <= 0 or m.box[2] >= width or m.box[3] >= height for m in beside):
        sure *= _BY_EDGE
    sure *= _SUSPECTED[suspected]
    if upon:
        sure *= _ON_HEAD
    return round(float(np.clip(sure, 0.05, 0.99)), 3)


def explain(
    page: Page, head: Head, marks: Sequence[Mark], suspected: Suspicion, target: Literal["head", "brain"]
) -> str:
    """One or more sentences for the user."""
    level = head.background.level
    ground = "light" if head.background.bright else "dark" if level < 40 else "grey"
    found = "Head found" if target == "head" else "Brain outlined, roughly, inside the head found"
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
    if suspected == "likely" and not on_brain:
        sentences.append("A hard spot on the brain may be a mark: please look.")
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

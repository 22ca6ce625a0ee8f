"""What an audit says to a person: titles, what was looked at, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from curator.evaluation import shortcut_audit_rows

if TYPE_CHECKING:
    from curator.evaluation.shortcut_audit import Audit, AuditRow

Key: TypeAlias = Literal["file", "ring", "outside", "outline", "size", "blur", "masks"]
Images: TypeAlias = Literal["file", "raw", "cleaned"]

TITLES: Final[Mapping[Key, str]] = {
    "file": "File facts alone",
    "ring": "Border ring alone",
    "outside": "All but the head",
    "outline": "Outline of the head alone",
    "size": "Size and place alone",
    "blur": "Shape and blur alone",
    "masks": "Masks alone",
}

# Titles of which one speaks as of one thing.
_ONE: Final[frozenset[Key]] = frozenset(("ring", "outside", "outline"))
# No network is shown these, only what they left in the pixels.
UNSEEN: Final[frozenset[Key]] = frozenset(("file", "size"))

# What the guess rests on, for a tool tip and the report.
LOOKED_AT: Final[Mapping[Key, str]] = {
    "file": "Bytes, width, height, format, colour mode, JPEG tables and subsampling, density, metadata.",
    "ring": "Grey levels of the outermost sixteenth of the image.",
    "outside": "The image with the head blanked: what is left is background, overlays, and the head's outline.",
    "outline": "Where the head lies and its shape, filled: no pixel of it.",
    "size": "Width, height, aspect, and where the crop lies: no pixel. A network sees of it what scaling leaves.",
    "blur": "Aspect, and how sharp the network's square is, brain and all: what scaling and compression left.",
    "masks": "Number, kinds, areas and places of the masks: no pixel of the image.",
}

MANY_LOOKS: Final = (
    "A row is worth a look where its interval lies above guessing and its value beyond what shuffled labels "
    "reached in any row; with pure noise that happens in about one audit of ten. Nothing found is not proof that "
    "nothing is there."
)

_CURES: Final[Mapping[tuple[Key, Images], str]] = {
    ("file", "file"): (
        "Cleaning does not change the files, but a network sees pixels only: the rows below say whether what made "
        "the files differ is seen in those."
    ),
    ("ring", "raw"): "A network could learn that instead of the brain: crop to the head.",
    ("ring", "cleaned"): (
        "It is left after cleaning: look at the edges of the crops, and at images that end within the head."
    ),
    ("outside", "raw"): "A network could learn that instead of the brain: crop and mask.",
    ("outside", "cleaned"): (
        "It is left after cleaning: look for overlays without a mask and for unlike backgrounds. The head's "
        "outline is in it too: compare that row."
    ),
    ("outline", "raw"): (
        "The classes were taken at other heights or from other sides, or framed otherwise: cropping helps against "
        "the framing, and only other images against the rest."
    ),
    ("outline", "cleaned"): (
        "The classes differ in slice height, in view or in how tightly they were framed: choose images of both "
        "that are alike in those."
    ),
    ("size", "raw"): (
        "A network does not see it, but for the blur and the shape that it leaves: compare that row."
    ),
    ("size", "cleaned"): (
        "A network does not see it, but for the blur and the shape that it leaves: compare that row."
    ),
    ("blur", "raw"): (
        "A network could learn that instead of the brain: crop, and train with augmentation of scale and noise."
    ),
    ("blur", "cleaned"): (
        "It is left after cleaning, which sharpens nothing: train with augmentation of scale and noise, and try "
        "the model on images from elsewhere before you believe it."
    ),
    ("masks", "cleaned"): (
        "The masks themselves tell the classes apart: fill them with the background or by inpainting, not black, "
        "and compare a run on crops alone."
    ),
}


def title(row: AuditRow) -> str:
    """A row's name with which images it is of: "Border ring alone, raw"."""
    return TITLES[row.key] if row.images == "file" else f"{TITLES[row.key]}, {row.images}"


def verdict_words(row: AuditRow, majority_class: str, groups: int) -> str:
    """A row's verdict in one or two sentences."""
    figure = row.balanced_accuracy
    if figure is None:
        return "No kept image has a mask: there is nothing to guess from."
    span = f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
    if row.unclear:
        return (
            f"Not clear: {span} lies above the {row.chance:.2f} of guessing, but shuffled labels reached "
            f"{row.permuted_high:.2f} as well. More images would tell."
        )
    if row.verdict == "fine":
        return (
            f"Nothing found: {span} is no clear step above the {row.chance:.2f} of guessing, as far as "
            f"{groups} groups can tell."
        )
    return f"{_said(row, 'Right', majority_class)} {_CURES[row.key, row.images]}"


def _said(row: AuditRow, begin: str, majority_class: str) -> str:
    """How often the guess is right: `begin` is "Right", or the row's name and its verb."""
    # Where the accuracy is no more than that of the most frequent class, as percents, it would read as nothing.
    if row.accuracy is not None and round(100 * row.accuracy.value) > round(100 * row.baseline):
        return (
            f"{begin} in {_percent(row.accuracy.value)} of images; always saying “{majority_class}” is in "
            f"{_percent(row.baseline)}."
        )
    return (
        f"{begin} in {_percent(row.value)} of each class on average; without any knowledge it would be "
        f"{_percent(row.chance)}."
    )


def sentence(audit: Audit) -> str:
    """The audit in one or two sentences, for the top of the table."""
    if not audit.rows:
        return audit.note
    worst = audit.worst
    found = [row for row in audit.rows if row.verdict == "look"]
    if worst is None or not found:
        return (
            f"Nothing found: none of {len(audit.rows)} looks past the brain tells the label better than guessing, "
            f"as far as {audit.images} images in {audit.groups} groups can tell. That does not prove that there "
            "is none."
        )
    seen = _seen_cleaned(audit)
    left = sum(row.verdict == "look" for row in seen)
    still = {0: "none clearly does", 1: "1 still does"}.get(left, f"{left} still do")
    after = f"Of the {len(seen)} that a network sees after cleaning, {still}."
    name = TITLES[worst.key] if worst.images == "file" else f"{TITLES[worst.key]} ({worst.images} images)"
    said = _said(worst, f"{name} {'is' if worst.key in _ONE else 'are'} right", audit.majority_class)
    return f"{len(found)} of {len(audit.rows)} looks past the brain tell the label. {said} {after}"


def part_words(audit: Audit) -> str:
    """Which images took part, and what else to know before reading the table."""
    parts = [f"{_count(audit.images, 'image')} in {_count(audit.groups, 'group')}"]
    parts.append(
        f"{_count(audit.test_images, 'image')} of the test split among them"
        if audit.test_images
        else "without the test split"
    )
    if audit.of_images > shortcut_audit_rows.MOST_IMAGES:
        parts.append(f"drawn by group from {audit.of_images}")
    elif audit.of_images > audit.images:
        parts.append(f"{audit.of_images - audit.images} more left out")
    if audit.without_head:
        parts.append(
            f"no head found in {audit.without_head}: the ellipse that fills the crop was blanked instead"
        )
    return f"{', '.join(parts)}." + (f" {audit.note}" if audit.note and audit.rows else "")


def _seen_cleaned(audit: Audit) -> list[AuditRow]:
    return [row for row in audit.rows if row.images == "cleaned" and row.key not in UNSEEN]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def short_rows(audit: Audit, most: int) -> list[AuditRow]:
    """The `most` rows that say most in short: the files, then what tells most of the cleaned images, which a
    network gets, each with the raw ones beside it."""
    file = [row for row in audit.rows if row.images == "file"]
    judged = [row for row in _seen_cleaned(audit) if row.balanced_accuracy is not None]
    judged.sort(key=lambda row: (row.verdict != "look", -row.value))
    chosen = list(file)
    for row in judged:
        raw = audit.row(row.key, "raw")
        chosen += [row] if raw is None else [raw, row]
    return chosen[:most]

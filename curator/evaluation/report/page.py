"""The parts that a report is written with: sections, tables, figures and the page round them, all as HTML text."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from curator.evaluation.report.style import STYLE


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading of its own; `body` is HTML. An empty body leaves the section out."""

    title: str
    body: str

    @property
    def anchor(self) -> str:
        """What links to it."""
        return anchor_of(self.title)


def anchor_of(title: str) -> str:
    """A title as the name of a place in the page."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def text(value: str) -> str:
    """Text as HTML, fit for an attribute too."""
    return html.escape(value, quote=True)


def paragraph(words: str, role: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{_class(role)}>{text(words)}</p>"


def note(words: str) -> str:
    """A paragraph that is not to be overlooked."""
    return f'<p class="note"><strong>{text(words)}</strong></p>'


def table(
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    role: str = "",
) -> str:
    """A table of plain text whose first column names the rows; `role` "words" sets its cells to the left."""
    return raw_table(caption, headings, [[text(cell) for cell in row] for row in rows], role)


def raw_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], role: str = "") -> str:
    """`table` with cells that are HTML; a cell that begins with "<td" is taken as it is."""
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in headings)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    # A wide table scrolls on its own, by keyboard too.
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{text(caption)}"><table{_class(role)}>'
        f"<caption>{text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure(content: str, caption: str) -> str:
    """Content with a caption of plain text below it."""
    return f"<figure>{content}<figcaption>{text(caption)}</figcaption></figure>"


def document(title: str, subtitle: str, sections: Sequence[Section], foot: str) -> str:
    """The whole page."""
    shown = [one for one in sections if one.body]
    links = "".join(f'<li><a href="#{one.anchor}">{text(one.title)}</a></li>' for one in shown)
    parts = "".join(
        f'<section aria-labelledby="{one.anchor}"><h2 id="{one.anchor}">{text(one.title)}</h2>{one.body}</section>'
        for one in shown
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text(title)} - Curator</title><style>{STYLE}</style></head><body>"
        '<a class="skip" href="#content">Skip to the content</a>'
        f'<header><h1>{text(title)}</h1><p class="dim">{text(subtitle)}</p></header>'
        f'<nav aria-label="Contents"><ol>{links}</ol></nav>'
        f'<main id="content">{parts}</main><footer>{text(foot)}</footer></body></html>\n'
    )


def count(number: int, one: str, many: str = "") -> str:
    """As "1 image", "3 images"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def share(part: int, whole: int) -> str:
    """As "12 (34 %)"."""
    return f"{part} ({100 * part / whole:.0f} %)" if whole else str(part)


def number(value: float | None) -> str:
    """Three decimals; a dash where it is not defined."""
    return "–" if value is None else f"{value:.3f}"


def _class(role: str) -> str:
    return f' class="{role}"' if role else ""

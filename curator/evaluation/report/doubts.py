"""What to know before a figure is believed: the honesty panel, the shortcut audit, probable label errors."""

from __future__ import annotations

from typing import Final

from curator.evaluation.honesty import Check, State, checks, metric_words, too_good, warning
from curator.evaluation.intervals import Interval
from curator.evaluation.report.page import Section, number, paragraph, raw_table, text
from curator.evaluation.results import ResultsReady
from curator.manifest.files import Manifest

# A colour, a shape and a word each.
_STATES: Final[dict[State, tuple[str, str]]] = {
    "fine": ("✓", "nothing found"),
    "look": ("!", "look at this"),
    "open": ("○", "nobody has looked"),
}


def honesty(results: ResultsReady, manifest: Manifest, repeats: int) -> Section:
    """The checks: what makes figures too good, and what is known of it."""
    found = checks(
        results.summary,
        manifest.rows,
        results.split or "test",
        repeats=repeats,
        touched=manifest.info.test_touched,
    )
    rows = [[text(one.title), f"{_state(one.state)}<br>{text(one.known)}{_todo(one)}"] for one in found]
    return Section(
        "Before you believe it",
        paragraph("What makes figures too good, and what is known of it here.")
        + raw_table("Checks", ["Check", "What is known, and what to do"], rows, "words"),
    )


def too_good_words(results: ResultsReady) -> str:
    """The warning; "" where no figure is too good."""
    doubts = too_good(results.summary)
    return warning(doubts) if doubts else ""


def spread(interval: Interval | None) -> str:
    """As "0.912 [0.850, 0.960]"."""
    if interval is None:
        return "not defined"
    return f"{interval.value:.3f} [{number(interval.low)}, {number(interval.high)}]"


def figure_name(name: str) -> str:
    """A figure's name with a capital."""
    words = metric_words(name)
    return words[:1].upper() + words[1:]


def _todo(check: Check) -> str:
    return "" if check.state == "fine" else f'<br><span class="dim">{text(check.todo)}</span>'


def _state(state: State) -> str:
    sign, words = _STATES[state]
    return f'<span class="state-{state}"><span aria-hidden="true">{sign}</span> {words}</span>'

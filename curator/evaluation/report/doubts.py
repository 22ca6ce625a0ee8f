"""What to know before a figure is believed: the honesty panel, the shortcut audit, probable label errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from curator.evaluation.flags import Queue
from curator.evaluation.honesty import Check, State, checks, metric_words, too_good, warning
from curator.evaluation.intervals import Interval
from curator.evaluation.report.page import Section, count, number, paragraph, raw_table, text
from curator.evaluation.results import ResultsReady
from curator.evaluation.shortcut_audit import Audit
from curator.evaluation.shortcut_audit_words import title
from curator.manifest.files import Manifest

# Of more flags than this the list ends: the window has them all.
_FLAGS: Final = 20
# A colour, a shape and a word each.
_STATES: Final[dict[State, tuple[str, str]]] = {
    "fine": ("✓", "nothing found"),
    "look": ("!", "look at this"),
    "open": ("○", "nobody has looked"),
}


def honesty(results: ResultsReady, manifest: Manifest, repeats: int, audit: Audit | None) -> Section:
    """The checks: what makes figures too good, and what is known of it."""
    found = checks(
        results.summary,
        manifest.rows,
        results.split,
        repeats=repeats,
        touched=manifest.info.test_touched,
        audit=audit,
    )
    rows = [[text(one.title), f"{_state(one.state)}<br>{text(one.known)}{_todo(one)}"] for one in found]
    return Section(
        "Before you believe it",
        paragraph("What makes figures too good, and what is known of it here.")
        + raw_table("Checks", ["Check", "What is known, and what to do"], rows, "words long"),
    )


def shortcuts(audit: Audit | None) -> Section:
    """What predicts the label though it is not the brain: the table of the audit, else how to make one."""
    if audit is None:
        words = (
            "Not audited. Audit in Review, or by `curator audit MANIFEST`: it says what predicts the label though "
            "it is not the brain."
        )
        return Section("Shortcut audit", paragraph(words))
    rows = [
        [
            text(title(one)),
            f'<span class="state-{one.verdict}">{"!" if one.verdict == "look" else "✓"} {one.verdict}</span>',
            f'<td class="range">{_rough(one.balanced_accuracy)}</td>',
            text(one.words),
        ]
        for one in audit.rows
    ]
    parts = [paragraph(audit.sentence)]
    if audit.note:
        parts.append(paragraph(audit.note))
    if rows:
        caption = (
            f"Guessed from what is not the brain: {count(audit.images, 'image')}, cross-validated by group; "
            f"chance is {audit.rows[0].chance:.2f}"
        )
        headings = ["Guessed from", "Verdict", "Balanced accuracy", "In words"]
        parts.append(raw_table(caption, headings, rows, "words long"))
    return Section("Shortcut audit", "".join(parts))


def queues(found: Sequence[Queue]) -> Section:
    """Probable label errors, the first of them by name, and how many images each other queue holds."""
    parts = []
    for queue in found:
        if queue.name == "label_errors" and queue.flags:
            rows = [[text(one.file_name), text(one.reason)] for one in queue.flags[:_FLAGS]]
            more = f", the first {_FLAGS}" if len(queue.flags) > _FLAGS else ""
            caption = f"{queue.title}: {len(queue.flags)}{more}"
            parts.append(raw_table(caption, ["Image", "Why"], rows, "words"))
            parts.append(paragraph(queue.note, "dim"))
        else:
            parts.append(paragraph(f"{queue.title}: {count(len(queue.flags), 'image')}. {queue.note}"))
    return Section("What is probably wrong with the data", "".join(parts))


def too_good_words(results: ResultsReady) -> str:
    """The warning; "" where no figure is too good."""
    doubts = too_good(results.summary)
    return warning(doubts) if doubts else ""


def spread(interval: Interval | None) -> str:
    """As "0.912 [0.850, 0.960]"."""
    if interval is None:
        return "not defined"
    return f"{interval.value:.3f} [{number(interval.low)}, {number(interval.high)}]"


def _rough(interval: Interval | None) -> str:
    return "–" if interval is None else f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def figure_name(name: str) -> str:
    """A figure's name with a capital."""
    words = metric_words(name)
    return words[:1].upper() + words[1:]


def _todo(check: Check) -> str:
    return "" if check.state == "fine" else f'<br><span class="dim">{text(check.todo)}</span>'


def _state(state: State) -> str:
    sign, words = _STATES[state]
    return f'<span class="state-{state}"><span aria-hidden="true">{sign}</span> {words}</span>'

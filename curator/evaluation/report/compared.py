"""Another run beside this one, on the images common to both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from curator.evaluation.common_images import Pair
from curator.evaluation.comparison import Comparison
from curator.evaluation.intervals import METRICS
from curator.evaluation.report.doubts import figure_name, spread
from curator.evaluation.report.page import Section, count, paragraph, table

# Of more images that turned, the list ends here.
_MOST: Final = 40


def compared(found: Comparison | None) -> Section:
    """The comparison; left out where none was asked for. The second of the two is the run of the report."""
    if found is None:
        return Section("Comparison", "")
    before, after = found.names
    parts = [paragraph(f"{before} (before) and {after} (this report). {found.verdict()}")]
    rows = [
        [
            figure_name(name),
            *(spread(one.get(name)) for one in (found.first, found.second, found.differences)),
        ]
        for name in METRICS
    ]
    parts.append(
        table(
            f"On the {count(len(found.common), 'common image')}, with 95 % intervals",
            ["Figure", "Before", "This", "Difference"],
            rows,
        )
    )
    parts.extend(paragraph(words) for words in found.caveats())
    for title, pairs in (
        ("Turned right", found.turned_right),
        ("Turned wrong", found.turned_wrong),
        ("Relabelled", found.relabelled),
    ):
        parts.append(_pairs(title, pairs))
    if found.left_out:
        lines = [[one.reason, str(len(one.names))] for one in found.left_out]
        parts.append(table("Not compared", ["Why", "Images"], lines, "words"))
    if found.plan:
        parts.append(
            table(
                "What differs in the plans", ["Setting", "Before", "This"], [list(one) for one in found.plan]
            )
        )
    parts.append(paragraph(f"What differs in the manifests: {found.changes.words()}."))
    return Section("Comparison", "".join(parts))


def _pairs(title: str, pairs: Sequence[Pair]) -> str:
    if not pairs:
        return ""
    rows = [
        [
            one.file_name,
            one.label if not one.relabelled else f"{one.was}, now {one.label}",
            f"{one.first.predicted} ({max(one.first.probabilities):.2f})",
            f"{one.second.predicted} ({max(one.second.probabilities):.2f})",
        ]
        for one in pairs[:_MOST]
    ]
    caption = f"{title}: {len(pairs)}" + (f", the first {_MOST}" if len(pairs) > _MOST else "")
    return table(caption, ["Image", "Label", "Said before", "Says now"], rows, "words")

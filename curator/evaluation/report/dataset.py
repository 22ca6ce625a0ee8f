"""What was trained on: the dataset, the cleaning done to it, splits and groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from curator.evaluation.cross_validated import CrossValidation
from curator.evaluation.report.page import Section, count, note, number, paragraph, share, table
from curator.manifest.files import Manifest
from curator.manifest.schema import ManifestRow
from curator.records import DECISIONS, DISCARD_REASONS, MASK_KINDS, SPLITS
from curator.training.config import Cleaning

_TRAINED_ON: Final[dict[Cleaning, str]] = {
    "masked": "The network gets each kept image cropped, with its masks filled.",
    "cropped": "The network gets each kept image cropped; its masks are left out, as this run's plan says.",
    "raw": "The network gets the whole images, neither cropped nor masked, as this run's plan says.",
}
# A table of more classes is a list of the largest.
_MOST_CLASSES: Final = 40


def dataset(manifest: Manifest) -> Section:
    """Images by class and decision."""
    rows = manifest.rows
    per_class = Counter(row.label for row in rows)
    by_both = Counter((row.label, row.decision) for row in rows)
    shown = (
        [name for name, _ in per_class.most_common()]
        if len(per_class) > _MOST_CLASSES
        else list(dict.fromkeys((*manifest.info.classes, *sorted(per_class))))
    )
    lines = [
        [name, *(str(by_both[name, one]) for one in DECISIONS), str(per_class[name])]
        for name in shown[:_MOST_CLASSES]
        if per_class[name]
    ]
    total = Counter(row.decision for row in rows)
    lines.append(["all", *(str(total[one]) for one in DECISIONS), str(len(rows))])
    left = len(shown) - _MOST_CLASSES
    words = (
        f"{count(len(rows), 'image')} in {count(len(per_class), 'class', 'classes')}; "
        f"profile {manifest.info.profile.replace('-', ' ')}."
    )
    more = f" The {count(left, 'smallest class', 'smallest classes')} are left out." if left > 0 else ""
    heading = ["Class", "Kept", "Discarded", "Undecided", "Images"]
    return Section(
        "Dataset", paragraph(words) + table(f"Images by class and decision.{more}", heading, lines)
    )


def cleaning(manifest: Manifest, used: Cleaning, pictures: str) -> Section:
    """What was decided, cropped and masked, by whom; `pictures` are the contact sheets as HTML."""
    kept = [row for row in manifest.rows if row.decision == "keep"]
    masked = [row for row in kept if row.masks]
    done = [
        ["Kept", share(len(kept), len(manifest.rows))],
        ["Of these cropped", share(sum(row.crop is not None for row in kept), len(kept))],
        ["Of these masked", share(len(masked), len(kept))],
        ["Decided by a person", share(sum(row.decided_by == "person" for row in kept), len(kept))],
        [
            "Decided by the proposal alone",
            share(sum(row.decided_by == "proposal" for row in kept), len(kept)),
        ],
    ]
    parts = [
        paragraph(_TRAINED_ON[used]),
        '<div class="tables">',
        table("Kept images", ["What", "Images"], done),
    ]
    kinds = Counter(mask.kind for row in kept for mask in row.masks)
    if kinds:
        images = Counter(kind for row in kept for kind in {mask.kind for mask in row.masks})
        lines = [[kind, str(kinds[kind]), str(images[kind])] for kind in MASK_KINDS if kinds[kind]]
        parts.append(table("Masks by kind", ["Kind", "Masks", "Images"], lines))
    reasons = Counter(row.discard_reason for row in manifest.rows if row.decision == "discard")
    if reasons:
        lines = [
            [reason.replace("_", " "), str(reasons[reason])] for reason in DISCARD_REASONS if reasons[reason]
        ]
        parts.append(table("Discarded, by reason", ["Reason", "Images"], lines))
    if masked:
        fills = Counter(row.fill for row in masked)
        parts.append(
            table(
                "How masks are filled",
                ["Fill", "Images"],
                [[name, str(n)] for name, n in fills.most_common()],
            )
        )
    return Section("Cleaning", "".join((*parts, "</div>", pictures)))


def splits(manifest: Manifest, folds: CrossValidation | None) -> Section:
    """How images are divided, and what holds them together."""
    info = manifest.info
    kept = [row for row in manifest.rows if row.decision == "keep"]
    copies = Counter(row.copy_group for row in kept if row.copy_group)
    words = (
        f"{count(len(kept), 'kept image')} in {count(len({row.group for row in kept}), 'group')}. Copies and "
        "near-copies, and images of one patient where that is known, are one group and never straddle splits. "
        f"{count(sum(number > 1 for number in copies.values()), 'set')} of copies "
        f"{'is' if sum(number > 1 for number in copies.values()) == 1 else 'are'} among them."
    )
    drawn = (
        f"Drawn by label over whole groups, {info.shares[0]} : {info.shares[1]} : {info.shares[2]}, "
        f"seed {info.seed}; a group that has a split keeps it."
    )
    parts = [paragraph(words), paragraph(drawn)]
    if info.test_touched:
        parts.append(
            note(
                f"Touched: {count(info.test_touched, 'test image')} mended or relabelled after its prediction "
                "was seen. The figures of the test split are rather too good for it."
            )
        )
    parts.append(_split_table(kept, list(info.classes)))
    if folds is not None:
        parts.append(paragraph(folds.about_test()))
        lines = [
            [
                str(one.fold),
                str(one.train),
                str(one.val),
                str(one.images),
                str(one.groups),
                f"{one.best_epoch} of {one.epochs}",
                number(one.metrics.get("balanced_accuracy")),
                number(one.metrics.get("auroc")),
            ]
            for one in folds.done
        ]
        heading = ["Fold", "Trained", "Validated", "Predicted", "Groups", "Best epoch", "Bal. acc.", "AUROC"]
        parts.append(table(f"{len(folds.done)} of {count(folds.folds, 'fold')} done", heading, lines))
    return Section("Splits and groups", "".join(parts))


def _split_table(kept: Sequence[ManifestRow], classes: Sequence[str]) -> str:
    shown = [one for one in (*SPLITS, None) if any(row.split == one for row in kept)]
    # Of many classes the columns would not fit a page.
    named = list(classes) if len(classes) <= 8 else []
    lines = []
    for split in shown:
        here = [row for row in kept if row.split == split]
        labels = Counter(row.label for row in here)
        lines.append(
            [
                {"val": "validation", "train": "training", None: "none"}.get(split, str(split)),
                str(len(here)),
                str(len({row.group for row in here})),
                *(share(labels[name], len(here)) for name in named),
            ]
        )
    return table("Kept images by split", ["Split", "Images", "Groups", *named], lines)

"""What to know of a model before it is used, as Markdown to lie beside its file.

After Mitchell and others, "Model Cards for Model Reporting", 2019.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from curator.evaluation.intervals import METRICS, Interval, Summary
from curator.manifest.files import Manifest
from curator.records import SPLITS
from curator.training.backbones import card_named
from curator.training.onnx_model import INPUT, OUTPUT, ModelFacts
from curator.training.runs import Run

_FIT: Final = {
    "letterbox": "scaled to fit the square with its ratio kept, black bars on both sides",
    "stretch": "stretched to the square",
    "center-crop": "its largest middle square scaled to the square",
}
_CLEANED: Final = {
    "masked": "cropped to the head, and overlays (text, rulers, arrows, frames) masked",
    "cropped": "cropped to the head, overlays left in",
    "raw": "used whole, nothing cropped or masked",
}


def model_card(
    run: Run, manifest: Manifest, facts: ModelFacts, summary: Summary | None, *, difference: float, file: str
) -> str:
    """The card of the model in `file`, Markdown. `summary` is of the test split, None if it was not evaluated."""
    card = card_named(run.config.backbone)
    side = facts.image_size
    weights = card.licence if run.pretrained else "none: it was trained from scratch"
    parts = [
        f"# {_plain(run.name)}",
        f"A classifier of images into {_listed(facts.classes)}: {card.title}, trained and exported with Curator "
        f"{facts.app_version}. **Not a medical device.**",
        "## Intended use",
        "Research and teaching on images like those it was trained on: sorting, second looks, comparing methods. "
        "Not for diagnosis, treatment or any decision about a patient; no authority has cleared it.",
        "## How to use it",
        f"`curator predict {_plain(file)} IMAGE...` cleans images as in training and needs no PyTorch.",
        f"By other means: input `{INPUT}` is RGB `uint8`, shape (batch, {side}, {side}, 3), 0 to 255; output "
        f"`{OUTPUT}` is `float32`, shape (batch, {len(facts.classes)}), in the order {_listed(facts.classes)}. "
        "Scaling and normalisation are inside. Before that, in Curator's renderer and not in the file, each image "
        "is turned "
        f"upright, {_CLEANED[facts.cleaning]}"
        + (f" (filled: {facts.fill})" if facts.cleaning == "masked" else "")
        + f", grey becomes three equal channels, and it is {_FIT[facts.resize]} (by area where it shrinks, else "
        "bilinear). When it was written, OpenCV's probabilities differed from PyTorch's by at most "
        f"{difference:.1e}.",
        "## Data",
        _data(run, manifest),
        "## Figures",
        _figures(summary, manifest.info.test_touched),
        "## Limits",
        "- It knows its classes only, and gives one of them to any image, also to one that is no such image.\n"
        "- Its figures hold for images from where these came; another scanner, sequence, age group or export "
        "can change them. Try it on your own labelled images first.\n"
        "- Probabilities are not calibrated.\n"
        "- What it goes by was not proven to be the anatomy: look at its heat maps and at the shortcut audit.",
        "## Weights and licence",
        f"Started from: {_plain(run.weights_message)} Licence of those weights: {_plain(weights)}. Curator itself "
        "is under Apache-2.0. Who trained it decides on the licence of this model, within those of weights and "
        "images.",
        "## Versions and hashes",
        _versions(run, facts),
    ]
    return "\n\n".join(parts) + "\n"


def _data(run: Run, manifest: Manifest) -> str:
    kept = [row for row in manifest.rows if row.decision == "keep"]
    counts = Counter((row.label, row.split) for row in kept)
    head = ["Class", *SPLITS, "all"]
    rows = [
        [
            _plain(name),
            *(str(counts[name, split]) for split in SPLITS),
            str(sum(number for (label, _), number in counts.items() if label == name)),
        ]
        for name in manifest.info.classes
    ]
    discarded = Counter(row.discard_reason for row in manifest.rows if row.decision == "discard")
    reasons = ", ".join(
        f"{number} {(why or '').replace('_', ' ')}" for why, number in discarded.most_common()
    )
    masked = sum(bool(row.masks) for row in kept)
    cropped = sum(row.crop is not None for row in kept)
    persons = sum(row.decided_by == "person" for row in kept)
    left = f"Discarded: {sum(discarded.values())}" + (f" ({reasons})" if reasons else "")
    return "\n\n".join(
        (
            f"{len(manifest.rows)} images, {len(kept)} of them kept, in {len({row.group for row in kept})} groups "
            "(copies, and images of one patient where that is known), which never straddle splits.",
            _table(head, rows),
            f"{left}. Of the kept images {cropped} have a crop, {masked} have masks, and {persons} were decided "
            f"by a person, the others by proposals. Trained on: {_CLEANED[run.config.cleaning]}.",
            f"Split {'/'.join(str(share) for share in manifest.info.shares)} by group, stratified by class, "
            f"seed {manifest.info.seed}. Profile: {manifest.info.profile}.",
        )
    )


def _figures(summary: Summary | None, touched: int) -> str:
    if summary is None or not summary.n_images:
        return "Not evaluated on the test split: run `curator evaluate` and export again."
    rows = [[METRICS.get(name, name), *_spread(interval)] for name, interval in summary.metrics.items()]
    rows.append(["majority class (baseline)", f"{summary.majority:.3f}", ""])
    classes = [
        [_plain(one.name), str(one.images), _number(one.recall), _number(one.precision)]
        for one in summary.per_class
    ]
    warned = (
        f"\n\n**Touched: {touched}** test images were mended after they were predicted, so these figures are "
        "no longer those of unseen images."
        if touched
        else ""
    )
    return (
        f"Test split, {summary.n_images} images in {summary.n_groups} groups; 95 % intervals by bootstrap over "
        "groups."
        + warned
        + "\n\n"
        + _table(["Figure", "Value", "95 % interval"], rows)
        + "\n\n"
        + _table(["Class", "Images", "Recall", "Precision"], classes)
    )


def _versions(run: Run, facts: ModelFacts) -> str:
    config = run.config
    best = run.best
    rows = [
        ["Curator", facts.app_version],
        ["Backbone", config.backbone],
        ["Run", _plain(run.name)],
        ["Epochs", f"{len(run.metrics)} of {config.epochs}" + (f", best {best.epoch}" if best else "")],
        ["Preset, seed", f"{_plain(config.preset)}, {config.seed}"],
        ["SHA-256 of best.pt", f"`{facts.checkpoint}`"],
        ["SHA-256 of manifest.jsonl", f"`{facts.manifest}`"],
    ]
    return _table(["What", "Which"], rows)


def _spread(interval: Interval | None) -> list[str]:
    if interval is None:
        return ["not defined", ""]
    return [f"{interval.value:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_plain(name) for name in names)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: names of classes and files are anyone's."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~])", r"\\\1", " ".join(text.split()))

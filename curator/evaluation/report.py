"""A run as one HTML file to hand on: no scripts, no network, fit for a screen reader and for print."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from curator import __version__
from curator.errors import ImageError
from curator.evaluation.honesty import checks, too_good, warning
from curator.evaluation.intervals import Interval, Summary
from curator.imaging.decode import RGB
from curator.imaging.render import network_input
from curator.manifest.files import Manifest, write_text
from curator.manifest.verify import read_verified
from curator.records import Prediction
from curator.training.data import cleaned
from curator.training.events import EpochMetrics
from curator.training.runs import Run, load_run

_WORST = 24
# A confusion matrix of more classes is unreadable on a page: the worst pairs are listed instead.
_MATRIX_CLASSES = 20
_PAIRS = 40
_CHART_WIDTH, _CHART_HEIGHT, _MARGIN = 460, 220, 40

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b1d20;background:#fff}
body{max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #d5d8dc}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .8rem;text-align:right}
th:first-child,td:first-child{text-align:left}thead th{border-bottom:1px solid #888}
.right{background:#dff1e6}.wrong{background:#f9e3df}.charts{display:flex;flex-wrap:wrap;gap:1rem}
.images{display:flex;flex-wrap:wrap;gap:.8rem}figure{margin:0;width:136px;font-size:.8rem}
figure img{width:136px;height:136px}figcaption{overflow-wrap:anywhere}
footer{color:#555;margin:2rem 0;font-size:.85rem}
@media print{body{margin:0}figure,table,svg{break-inside:avoid}}
"""


def write_report(
    run_dir: Path,
    predictions: Sequence[Prediction],
    summary: Summary,
    path: Path,
    *,
    manifest: Manifest | None = None,
    root: Path | None = None,
) -> None:
    """Writes the report of a run's predictions. Images that are gone are left out.

    Raises `TrainingError` or `ManifestError` where the run can't be read.
    """
    run = load_run(run_dir)
    source = manifest or run.manifest()
    images = _images_of(source, root or (manifest.root if manifest else run.root), run)
    parts = [
        f"<h1>{_text(run.name)}</h1>",
        _about(run, source),
        f"<h2>{_heading(predictions)}</h2>",
        _figures(summary, source.info.test_touched),
        _before_believing(summary, source),
        "<h2>Confusion matrix</h2>",
        _confusion(summary),
        _per_class(summary),
        "<h2>Training</h2>",
        _charts(run.metrics),
        "<h2>Most confidently wrong</h2>",
        _worst(predictions, run.classes, images),
        "<h2>Plan</h2>",
        _table(["Setting", "Value"], [[name, str(value)] for name, value in asdict(run.config).items()]),
        f"<footer>Curator {__version__}. Manifest SHA-256 {source.info.sha256}. Intervals are 95 %, by bootstrap "
        "over groups of copies. Not a medical device.</footer>",
    ]
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_text(run.name)} - Curator</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, document)


def _about(run: Run, manifest: Manifest) -> str:
    counts = manifest.info.counts
    rows = [
        ["Images in the manifest", str(len(manifest.rows))],
        *([f"{name}", str(number)] for name, number in counts.decision.items()),
        ["Train / val / test", " / ".join(str(run.sizes[split]) for split in ("train", "val", "test"))],
        ["Classes", ", ".join(run.classes)],
        ["Backbone", run.config.backbone],
        ["Weights", run.weights_message],
        ["Device", run.device],
        ["Epochs", f"{len(run.metrics)} of {run.config.epochs}"],
    ]
    return _table(["", ""], rows, head=False)


def _heading(predictions: Sequence[Prediction]) -> str:
    splits = sorted({one.split for one in predictions if one.split is not None})
    names = {"test": "Test set", "val": "Validation set", "train": "Training set"}
    return " and ".join(names[split] for split in splits) or "Predictions"


def _figures(summary: Summary, touched: int) -> str:
    rows = [[name.replace("_", " "), *_spread(interval)] for name, interval in summary.metrics.items()]
    rows.append(["majority class (baseline)", f"{summary.majority:.3f}", ""])
    note = f"<p>{summary.n_images} images in {summary.n_groups} groups.</p>"
    if touched:
        note += (
            f"<p><strong>Touched: {touched}</strong> test images were mended after they were predicted.</p>"
        )
    return note + _table(["Figure", "Value", "95 % interval"], rows)


def _before_believing(summary: Summary, manifest: Manifest) -> str:
    """The checks for figures that are too good; nothing for others."""
    found = too_good(summary)
    if not found:
        return ""
    known = checks(summary, manifest.rows, touched=manifest.info.test_touched)
    rows = [[one.title, one.known, one.todo] for one in known]
    return f"<p><strong>{_text(warning(found))}</strong></p>" + _table(["Check", "Known", "To do"], rows)


def _spread(interval: Interval | None) -> list[str]:
    if interval is None:
        return ["not defined", ""]
    return [f"{interval.value:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"]


def _confusion(summary: Summary) -> str:
    if len(summary.classes) > _MATRIX_CLASSES:
        return _confused_pairs(summary)
    head = "".join(f'<th scope="col">said {_text(name)}</th>' for name in summary.classes)
    body = []
    for row, name in enumerate(summary.classes):
        total = max(1, int(summary.confusion[row].sum()))
        cells = "".join(
            f'<td class="{"right" if row == column else "wrong" if count else ""}">{count} '
            f"({100 * count / total:.0f} %)</td>"
            for column, count in enumerate(summary.confusion[row].tolist())
        )
        body.append(f'<tr><th scope="row">is {_text(name)}</th>{cells}</tr>')
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _confused_pairs(summary: Summary) -> str:
    """Of many classes, the pairs that are confused most: a table that a page can hold."""
    wrong = summary.confusion - np.diag(summary.confusion.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    rows = []
    for true, said in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[true, said]:
            of = int(summary.confusion[true].sum())
            rows.append([summary.classes[true], summary.classes[said], f"{wrong[true, said]} of {of}"])
    if not rows:
        return "<p>No two classes were confused.</p>"
    return f"<p>The pairs confused most, of {len(summary.classes)} classes.</p>" + _table(
        ["Is", "Said", "Images"], rows
    )


def _per_class(summary: Summary) -> str:
    def shown(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    rows = [[one.name, str(one.images), shown(one.recall), shown(one.precision)] for one in summary.per_class]
    return _table(["Class", "Images", "Recall", "Precision"], rows)


def _charts(metrics: Sequence[EpochMetrics]) -> str:
    if not metrics:
        return "<p>No epoch was finished.</p>"
    loss = _chart("Loss", metrics, ("train", lambda m: m.train_loss), ("validation", lambda m: m.val_loss))
    right = _chart(
        "Accuracy (validation: balanced)",
        metrics,
        ("train", lambda m: m.train_accuracy),
        ("validation", lambda m: m.val_balanced_accuracy),
    )
    return f'<div class="charts">{loss}{right}</div>'


def _chart(
    title: str, metrics: Sequence[EpochMetrics], *series: tuple[str, Callable[[EpochMetrics], float]]
) -> str:
    values = [[take(row) for row in metrics] for _, take in series]
    top = max(1e-9, *(value for line in values for value in line))
    wide, high = _CHART_WIDTH - 2 * _MARGIN, _CHART_HEIGHT - 2 * _MARGIN
    last = max(1, len(metrics) - 1)
    lines = []
    for number, ((name, _), line) in enumerate(zip(series, values, strict=True)):
        colour = ("#2f78b7", "#b26b00")[number % 2]
        points = " ".join(
            f"{_MARGIN + wide * x / last:.1f},{_MARGIN + high * (1 - y / top):.1f}"
            for x, y in enumerate(line)
        )
        dash = ' stroke-dasharray="5 3"' if number else ""
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        lines.append(
            f'<text x="{_MARGIN + 120 * number}" y="{_CHART_HEIGHT - 8}" fill="{colour}" font-size="12">'
            f"{name}: last {line[-1]:.3f}</text>"
        )
    base = _MARGIN + high
    return (
        f'<svg role="img" aria-label="{title} over {len(metrics)} epochs" width="{_CHART_WIDTH}" '
        f'height="{_CHART_HEIGHT}"><text x="{_MARGIN}" y="20" font-size="14">{title}</text>'
        f'<path d="M{_MARGIN} {_MARGIN}V{base}H{_MARGIN + wide}" fill="none" stroke="#888"/>'
        f'<text x="4" y="{_MARGIN + 4}" font-size="11">{top:.2f}</text>'
        f'<text x="20" y="{base}" font-size="11">0</text>{"".join(lines)}</svg>'
    )


def _worst(
    predictions: Sequence[Prediction], classes: Sequence[str], image_of: Callable[[str], RGB | None]
) -> str:
    wrong = [one for one in predictions if one.label in classes and one.predicted != one.label]
    wrong.sort(key=lambda one: -(one.loss or 0))
    if not wrong:
        return "<p>Every prediction was right.</p>"
    figures = []
    for one in wrong[:_WORST]:
        image = image_of(one.file_name)
        if image is None:
            continue
        sure = max(one.probabilities)
        caption = f"{one.file_name}: is {one.label}, said {one.predicted} ({sure:.2f})"
        figures.append(
            f'<figure><img alt="{_text(caption)}" src="{_data_uri(image)}">'
            f"<figcaption>{_text(caption)}</figcaption></figure>"
        )
    return f'<p>{len(wrong)} wrong, as the network saw them.</p><div class="images">{"".join(figures)}</div>'


def _images_of(manifest: Manifest, root: Path, run: Run) -> Callable[[str], RGB | None]:
    rows = {row.file_name: row for row in manifest.rows}

    def image_of(file_name: str) -> RGB | None:
        row = rows.get(file_name)
        if row is None:
            return None
        try:
            image = read_verified(root, row)
        except ImageError:
            return None
        config = run.config
        return network_input(image, cleaned(row.edits, config.cleaning), config.image_size, config.resize)

    return image_of


def _data_uri(image: RGB) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, head: bool = True) -> str:
    top = "".join(f'<th scope="col">{_text(name)}</th>' for name in headings)
    body = "".join(
        "<tr>"
        + f'<th scope="row">{_text(row[0])}</th>'
        + "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table>{f'<thead><tr>{top}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _text(value: str) -> str:
    return html.escape(value, quote=True)

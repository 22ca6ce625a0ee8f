"""The report as a reader's program sees it: parsed, nothing fetched, every image described, the numbers in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_data import CONFIG, make_manifest

from curator.errors import CuratorError
from curator.evaluation.comparison import Comparison, ComparisonReady, read_comparison
from curator.evaluation.cross_validated import CrossValidation, FoldResult, OutOfFold, write_cross_validation
from curator.evaluation.evaluate import evaluate
from curator.evaluation.flags import Flag, Queue
from curator.evaluation.intervals import Interval, summarise
from curator.evaluation.report import ReportWritten, write_report
from curator.evaluation.report.charts import Line, chart, ticks
from curator.evaluation.report.doubts import queues, shortcuts
from curator.evaluation.report.figures import headline
from curator.evaluation.report.style import STYLE
from curator.evaluation.results import ResultsReady, read_results
from curator.evaluation.shortcut_audit import Audit, AuditRow
from curator.training.loop import fit

_VOID = {"meta", "img", "br", "link", "input", "hr"}
# Elements of SVG that are written without an end tag.
_DRAWN = {"path", "circle"}


class Page(HTMLParser):
    """Parses strictly: every element that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _DRAWN
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs on sixteen images, its test images predicted."""
    folder = tmp_path_factory.mktemp("report")
    manifest = make_manifest(folder / "data", {"train": 4, "val": 2, "test": 2})
    for _ in fit(manifest, CONFIG, folder / "run"):
        pass
    for _ in evaluate(folder / "run"):
        pass
    return folder / "run"


@pytest.fixture(scope="module")
def results(run_dir: Path) -> ResultsReady:
    return next(one for one in read_results(run_dir) if isinstance(one, ResultsReady))


def written(results: ResultsReady, path: Path, comparison: Comparison | None = None) -> str:
    events = list(write_report(results, path, comparison=comparison))
    text = path.read_text(encoding="utf-8")
    assert events[-1] == ReportWritten(path, len(text.encode()))
    return text


def all_wrong(results: ResultsReady) -> ResultsReady:
    """The same results, had the network said the other class of every image."""
    turned = tuple(
        replace(
            one,
            predicted=next(name for name in results.run.classes if name != one.label),
            probabilities=(0.9, 0.1) if one.label == results.run.classes[1] else (0.1, 0.9),
        )
        for one in results.predictions
    )
    return replace(results, predictions=turned, summary=summarise(turned, results.run.classes))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "Locked test split: "),
        ({"split": None}, "All kept images, those trained on among them: "),
        ({"manifest": Path("from elsewhere")}, "Locked test split of the manifest from elsewhere: "),
        (
            {"manifest": Path("from elsewhere"), "split": None},
            "All kept images of the manifest from elsewhere: ",
        ),
        ({"images": Path("fresh"), "split": None}, "New images: "),
    ],
)
def test_it_says_of_which_images_its_figures_are(
    results: ResultsReady, changed: dict[str, Any], words: str
) -> None:
    source = replace(results.source, **changed)
    shown = headline(replace(results, source=source, split=source.split), 0)
    assert shown.body.startswith(f"<p>{words}")


def test_it_stands_alone_and_is_accessible(results: ResultsReady, tmp_path: Path) -> None:
    text = written(all_wrong(results), tmp_path / "out" / "report.html")
    page = Page(text)
    assert page.open == []
    assert text.startswith("<!doctype html>")
    assert page.of("html") == [{"lang": "en"}]
    assert not page.of("script")
    assert not page.of("link")
    assert not re.search(r"https?://|url\(|@import", text)
    for attributes in (one for _, one in page.tags):
        assert (attributes.get("src") or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith("#")
    images = page.of("img")
    assert len(images) == 2 * len(results.predictions)
    assert all(len(one["alt"] or "") > 10 for one in images)
    assert all(one["scope"] in ("col", "row") for one in page.of("th"))
    assert len(page.of("caption")) == len(page.of("table"))
    assert len(page.of("figcaption")) == len(page.of("figure"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [one["id"] for _, one in page.tags if "id" in one]
    assert len(ids) == len(set(ids))
    targets = [(one["href"] or "").removeprefix("#") for one in page.of("a")]
    assert set(targets) <= set(ids)
    for svg in page.of("svg"):
        assert svg["role"] == "img"
        assert set((svg["aria-labelledby"] or "").split()) <= set(ids)


def test_it_holds_the_numbers(results: ResultsReady, tmp_path: Path) -> None:
    text = Page(written(results, tmp_path / "report.html")).text
    for interval in results.summary.metrics.values():
        assert interval is not None
        assert f"{interval.value:.3f}" in text
        assert f"{interval.low:.3f} to {interval.high:.3f}" in text
    assert f"majority class {results.summary.majority:.3f}" in text
    assert "4 images in 4 groups" in text
    assert "training 8 8" in text
    assert results.run.manifest().info.sha256 in text
    assert len(re.findall(r"\b[0-9a-f]{64}\b", text)) == 2
    assert "2 epochs of 2" in text


def test_names_are_escaped(results: ResultsReady, tmp_path: Path) -> None:
    name = '<b onload="x">&.png'
    one = results.predictions[0]
    odd = replace(one, file_name=name, predicted=next(c for c in results.run.classes if c != one.label))
    row = results.rows[one.file_name]
    with_odd = replace(
        results,
        predictions=(odd,),
        rows={name: row},
        summary=summarise((odd,), results.run.classes),
    )
    page = Page(written(with_odd, tmp_path / "report.html"))
    assert page.open == []
    assert not page.of("b") or all("onload" not in one for one in page.of("b"))
    assert any(name in (one["alt"] or "") for one in page.of("img"))
    assert name in page.text


def test_it_says_what_to_check_of_a_figure_that_is_too_good(results: ResultsReady, tmp_path: Path) -> None:
    metrics = {**results.summary.metrics, "balanced_accuracy": Interval(0.97, 0.9, 1.0), "auroc": None}
    good = replace(results, summary=replace(results.summary, metrics=metrics))
    text = Page(written(good, tmp_path / "report.html")).text
    assert "Balanced accuracy 0.970" in text
    assert "check this before you believe it" in text
    assert "0 groups and 0 sets of copies straddle splits" in text
    metrics["balanced_accuracy"] = Interval(0.7, 0.6, 0.8)
    metrics["accuracy"] = Interval(0.7, 0.6, 0.8)
    modest = replace(results, summary=replace(results.summary, metrics=metrics))
    assert "before you believe it" not in Page(written(modest, tmp_path / "modest.html")).text


def test_images_that_are_gone_are_left_out(results: ResultsReady, tmp_path: Path) -> None:
    page = Page(written(replace(all_wrong(results), root=tmp_path), tmp_path / "report.html"))
    assert page.of("img") == []
    assert "4 wrong" in page.text


def test_many_classes_list_pairs_and_stay_small(results: ResultsReady, tmp_path: Path) -> None:
    classes = tuple(f"class {number:03d}" for number in range(151))
    rng = np.random.default_rng(1)
    made = []
    for index in range(600):
        one = results.predictions[0]
        odds = rng.uniform(size=151)
        made.append(
            replace(
                one,
                file_name=f"{index}.png",
                label=classes[index % 151],
                predicted=classes[int(odds.argmax())],
                probabilities=tuple((odds / odds.sum()).tolist()),
                loss=1.0,
            )
        )
    many = replace(
        results,
        run=replace(results.run, classes=classes),
        predictions=tuple(made),
        rows={one.file_name: results.rows[results.predictions[0].file_name] for one in made},
        summary=summarise(made, classes, samples=200),
        root=tmp_path,
    )
    text = written(many, tmp_path / "report.html")
    page = Page(text)
    assert page.open == []
    assert "The pairs confused most, of 151 classes" in page.text
    assert len(text) < 300_000


def test_a_comparison_is_added_when_asked_for(run_dir: Path, results: ResultsReady, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for _ in fit(results.run.manifest(), replace(CONFIG, epochs=1, seed=4), other, root=results.root):
        pass
    ready = next(one for one in read_comparison(other, run_dir) if isinstance(one, ComparisonReady))
    page = Page(written(results, tmp_path / "report.html", ready.comparison))
    assert page.open == []
    assert "4 images common to both" in page.text
    assert "What differs in the manifests: nothing." in page.text
    assert re.search(r"seed 4 0", page.text)


def test_a_cross_validation_has_a_report_too(run_dir: Path, results: ResultsReady, tmp_path: Path) -> None:
    folder = tmp_path / "crossval"
    folder.mkdir()
    (folder / "fold-1").symlink_to(run_dir, target_is_directory=True)
    for name in ("manifest.jsonl", "manifest.json"):
        (folder / name).write_bytes((run_dir / name).read_bytes())
    predictions = results.predictions
    summary = summarise(predictions, results.run.classes)
    values = {name: one.value if one else None for name, one in summary.metrics.items()}
    done = FoldResult(1, "fold-1", 8, 4, 4, 4, 2, 1, 3.0, values, 0.5)
    write_cross_validation(
        CrossValidation(
            folder, CONFIG, 2, True, results.run.classes, results.root, 16, 16, 4, 0.0, (done,), None, None
        ),
        [OutOfFold(1, one) for one in predictions],
    )
    ready = next(one for one in read_results(folder) if isinstance(one, ResultsReady))
    page = Page(written(ready, tmp_path / "report.html"))
    assert page.open == []
    assert "Cross-validation in 2 folds" in page.text
    assert "1 of 2 folds done" in page.text
    assert "Every image predicted out of fold, by 1 network" in page.text
    assert "SHA-256 of fold-1/best.pt" in page.text


def test_where_it_can_not_be_written_is_said(results: ResultsReady, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CuratorError, match="choose another place"):
        list(write_report(results, tmp_path / "file" / "report.html"))


def test_the_audit_is_a_table_or_says_how_to_make_one() -> None:
    assert "curator audit" in shortcuts(None).body
    row = AuditRow(
        key="ring",
        what="Border ring alone",
        images="raw",
        signs=20,
        balanced_accuracy=Interval(0.674, 0.584, 0.761),
        accuracy=None,
        auroc=None,
        baseline=0.6,
        chance=0.5,
        permuted=0.5,
        permuted_high=0.55,
        verdict="look",
        words="A network could learn <that> instead.",
    )
    audit = Audit("0" * 64, ("no", "yes"), "yes", 117, 117, 117, 18, 0, 224, 0, 2, "", (row,))
    page = Page(shortcuts(audit).body)
    assert page.open == []
    assert "! look 0.67 [0.58, 0.76]" in page.text
    assert "A network could learn <that> instead." in page.text
    assert "chance is 0.50" in page.text


def test_probable_label_errors_are_listed_by_name_and_the_list_ends() -> None:
    flags = tuple(Flag(f"{index:02d}.png", 1.0 - index / 100, "Said no by <all>.") for index in range(25))
    found = queues(
        (
            Queue("label_errors", "Probable label errors", flags, "Rests on 25 images."),
            Queue("outliers", "Unlike the rest", (), "None is far from the rest."),
        )
    )
    page = Page(found.body)
    assert page.open == []
    assert "Probable label errors: 25, the first 20" in page.text
    assert "19.png" in page.text
    assert "20.png" not in page.text
    assert "Unlike the rest: 0 images. None is far from the rest." in page.text
    assert queues(()).body == ""


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.45, 1), (1, 40), (0, 0.0031), (1, 2)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 8
    assert all(low - 1e-9 <= one <= high + 1e-9 for one in found)
    steps = np.diff(found)
    assert np.allclose(steps, steps[0])


def test_a_chart_leaves_out_what_is_no_number() -> None:
    drawn = chart(
        "Loss",
        "falls",
        [Line("loss", [1, 2, 3], [1.0, float("nan"), 0.0])],
        x_label="epoch",
        x_range=(1, 3),
        y_range=(0, 1),
    )
    assert "nan" not in drawn
    path = re.search(r'class="line c0" d="(M[^"]*L[^"]*)"', drawn)
    assert path is not None
    assert path.group(1).count("L") == 1


def _contrast(first: str, second: str) -> float:
    """The ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        digits = colour.removeprefix("#")
        digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _schemes() -> Sequence[dict[str, str]]:
    found = [dict(re.findall(r"--(\w+):(#\w+)", block)) for block in re.findall(r":root\{([^}]*)\}", STYLE)]
    assert len(found) == 2
    return found


def test_text_has_enough_contrast_in_both_schemes() -> None:
    for colours in _schemes():
        for ground in ("ground", "pane", "good", "bad"):
            for ink in ("text", "dim"):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for ink in ("accent", "second", "look", "fine"):
            assert _contrast(colours[ink], colours["ground"]) >= 4.5, ink

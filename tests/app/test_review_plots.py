"""The plots of Review as a person handles them: threshold, range, classes, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyqtgraph as pg
import pytest
from plot_mouse import drag
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from sklearn import metrics
from test_shell_accessibility import nameless

from curator.app import messages, theme
from curator.app.jobs import Jobs
from curator.app.review.plots.curve_reader import CurveReader
from curator.app.review.plots.pane import PlotsPane
from curator.app.review.plots.threshold_bar import ThresholdBar
from curator.evaluation.curve_bands import Sample
from curator.records import Prediction

LEFT = Qt.MouseButton.LeftButton
TWO = ("no", "yes")


def predictions_of(classes: tuple[str, ...], n: int, seed: int = 1) -> list[Prediction]:
    random = np.random.default_rng(seed)
    true = random.integers(0, len(classes), n)
    logits = random.normal(0, 1.3, (n, len(classes))) + 2 * np.eye(len(classes))[true]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return [
        Prediction(
            f"{number}.png",
            None,
            classes[label],
            "test",
            f"g{number // 2}",
            classes[int(row.argmax())],
            tuple(row.tolist()),
            0.1,
        )
        for number, (label, row) in enumerate(zip(true, probabilities, strict=True))
    ]


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.cancel_all_and_wait()


@pytest.fixture
def pane(jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> PlotsPane:
    """Sixty predictions of two classes, curves and bands drawn."""
    # A scripted hand moves faster than the 100 moves a second that pyqtgraph listens to.
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", 0)
    bar = ThresholdBar()
    made = PlotsPane(CurveReader(jobs), bar)
    for widget in (bar, made):
        qtbot.addWidget(widget)
        widget.show()
    made.resize(900, 760)
    show(made, predictions_of(TWO, 60), TWO, qtbot)
    return made


def show(pane: PlotsPane, predictions: list[Prediction], classes: tuple[str, ...], qtbot: QtBot) -> None:
    pane.reader.show(predictions, classes)
    wait(pane, qtbot)


def wait(pane: PlotsPane, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: pane.reader.bands is not None and not pane.reader.is_reading, timeout=20_000)
    QApplication.processEvents()


def sample(pane: PlotsPane) -> Sample:
    found = pane.reader.found
    assert found is not None
    return found.sample


def table_rows(pane: PlotsPane) -> list[tuple[str, ...]]:
    return [pane.table.table.row_words(row) for row in range(len(pane.reader.classes))]


def test_corners_hold_the_figures_with_their_intervals(pane: PlotsPane) -> None:
    one = sample(pane)
    scores = one.probabilities[:, 1]
    bands = pane.reader.bands
    assert bands is not None
    for plot, words, key, value in (
        (pane.roc, "AUROC", "auroc", metrics.roc_auc_score(one.true, scores)),
        (pane.recall, "AP", "average_precision", metrics.average_precision_score(one.true, scores)),
    ):
        interval = bands.figures[key]
        assert interval is not None
        assert plot.value() == f"{words} {value:.3f} [{interval.low:.2f}, {interval.high:.2f}]"
    assert "ECE 0." in pane.reliability.value()
    assert f"Brier {metrics.brier_score_loss(one.true, scores):.3f}" in pane.reliability.accessibleName()
    x, y = pane.roc.data("curve")
    expected = metrics.roc_curve(one.true, scores, drop_intermediate=False)
    assert x == pytest.approx(expected[0].tolist())
    assert y == pytest.approx(expected[1].tolist())


def test_the_arrow_keys_of_the_slider_move_every_plot_the_table_and_the_matrix(
    pane: PlotsPane, qtbot: QtBot
) -> None:
    one = sample(pane)
    for _ in range(2):
        qtbot.keyClick(pane.bar.slider, Qt.Key.Key_PageUp)
    qtbot.keyClick(pane.bar.slider, Qt.Key.Key_Right)
    assert pane.bar.value() == pytest.approx(0.71)
    said = one.probabilities[:, 1] >= 0.71
    counts = metrics.confusion_matrix(one.true, said)
    np.testing.assert_array_equal(pane.counts(), counts)
    (tn, fp), (fn, tp) = counts.tolist()
    assert pane.roc.point() == pytest.approx((fp / (fp + tn), tp / (tp + fn)))
    assert pane.recall.point() == pytest.approx((tp / (tp + fn), tp / (tp + fp)))
    assert pane.reliability.threshold() == pytest.approx(0.71)
    assert pane.histogram.threshold() == pytest.approx(0.71)
    (no, yes) = table_rows(pane)
    assert yes[:4] == ("yes", str(tp + fn), f"{tp / (tp + fp):.3f}", f"{tp / (tp + fn):.3f}")
    assert no[:4] == ("no", str(tn + fp), f"{tn / (tn + fn):.3f}", f"{tn / (tn + fp):.3f}")
    assert yes[5] == f"{metrics.roc_auc_score(one.true, one.probabilities[:, 1]):.3f}"


def test_a_threshold_that_is_typed_or_dragged_is_the_same_one(pane: PlotsPane, qtbot: QtBot) -> None:
    heard: list[float] = []
    pane.bar.changed.connect(heard.append)
    pane.bar.box.selectAll()
    qtbot.keyClicks(pane.bar.box, "0.25")
    qtbot.keyClick(pane.bar.box, Qt.Key.Key_Return)
    assert heard == [0.25]
    assert pane.bar.slider.value() == 250
    drag(pane.histogram, (0.25, 1.0), (0.6, 1.0))
    assert heard[-1] == pytest.approx(0.6, abs=0.02)
    assert pane.reliability.threshold() == pytest.approx(heard[-1])
    # It was the line that was dragged, and no range.
    assert pane.histogram.chosen_range() is None
    qtbot.mouseClick(pane.bar.half_button, LEFT)
    assert heard[-1] == 0.5
    assert not pane.bar.half_button.isEnabled()


def test_of_the_first_class_the_threshold_counts_the_other_way(pane: PlotsPane, qtbot: QtBot) -> None:
    qtbot.keyClick(pane.choice, Qt.Key.Key_Up)
    wait(pane, qtbot)
    assert pane.reader.positive == 0
    assert pane.choice.currentText() == "no"
    one = sample(pane)
    pane.bar.move_to(0.8)
    said = np.where(one.probabilities[:, 0] >= 0.8, 0, 1)
    np.testing.assert_array_equal(pane.counts(), metrics.confusion_matrix(one.true, said))
    second = pane.reader.of_second(0.8)
    assert second is not None
    np.testing.assert_array_equal(one.probabilities[:, 1] >= second, said == 1)
    assert pane.reader.of_second(0.5) is None


def test_a_range_dragged_over_the_bars_filters_and_can_be_let_go(pane: PlotsPane, qtbot: QtBot) -> None:
    heard: list[object] = []
    pane.range_chosen.connect(heard.append)
    drag(pane.histogram, (0.62, 3.0), (0.88, 3.0))
    (number, low, high) = heard[-1]  # type: ignore[misc]
    assert number == 1
    assert (low, high) == pytest.approx((0.62, 0.88), abs=0.03)
    assert (pane.histogram.low.value(), pane.histogram.high.value()) == (low, high)
    pane.histogram.low.setFocus()
    qtbot.keyClick(pane.histogram.low, Qt.Key.Key_Up)
    assert heard[-1] == (1, pytest.approx(low + 0.05), high)
    qtbot.mouseClick(pane.histogram.all, LEFT)
    assert heard[-1] is None
    assert not pane.histogram.all.isEnabled()
    count = len(heard)
    pane.show_filter(None, (1, 0.1, 0.2))
    assert pane.histogram.chosen_range() == (0.1, 0.2)
    assert len(heard) == count


def test_bars_are_counts_by_true_class(pane: PlotsPane) -> None:
    one = sample(pane)
    first, second = pane.histogram.data("first")[1], pane.histogram.data("second")[1]
    scores = one.probabilities[:, 1]
    edges = np.linspace(0, 1, 21)
    assert first == np.histogram(scores[one.true == 1], edges)[0].tolist()
    assert second == np.histogram(scores[one.true == 0], edges)[0].tolist()
    assert (pane.histogram.legend["first"].text(), pane.histogram.legend["second"].text()) == TWO[::-1]


@pytest.mark.parametrize("name", ["roc", "precision_recall", "reliability", "histogram"])
def test_each_plot_is_saved_as_png_svg_and_csv(
    pane: PlotsPane, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plot = pane.plots[name]
    offered: list[str] = []
    pane.set_stem("run-1")

    def answer(_parent: object, _title: str, offer: str, _kinds: str) -> tuple[str, str]:
        offered.append(offer)
        # Without its ending, which is added.
        return str(tmp_path / Path(offer).stem), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    for words in ("Save as PNG …", "Save as SVG …", "Save as CSV …"):
        next(one for one in plot.head.menu.actions() if one.text() == words).trigger()
    stem = f"run-1-{name.replace('_', '-')}"
    assert offered == [f"{stem}.{ending}" for ending in ("png", "svg", "csv")]
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(offered)
    image = QImage(str(tmp_path / f"{stem}.png"))
    assert (image.width(), image.height()) == (2 * plot.width(), 2 * plot.height())
    drawing = ElementTree.fromstring((tmp_path / f"{stem}.svg").read_text(encoding="utf-8"))
    words = "".join(drawing.itertext())
    assert plot.title in words
    # Lines and letters, and nothing of the buttons around.
    assert len(drawing.findall(".//{http://www.w3.org/2000/svg}text")) > 8
    assert "from" not in words.split()
    assert plot.head.menu_button.isVisible()
    rows = list(csv.reader(io.StringIO((tmp_path / f"{stem}.csv").read_text(encoding="utf-8"))))
    assert len(rows) > 3
    assert all(len(row) == len(rows[0]) for row in rows)
    if name == "roc":
        assert rows[0] == ["1 - specificity", "sensitivity", "2.5 %", "97.5 %", "threshold"]
        one = sample(pane)
        x, y, thresholds = metrics.roc_curve(one.true, one.probabilities[:, 1], drop_intermediate=False)
        assert [float(row[0]) for row in rows[1:]] == pytest.approx(x.tolist(), abs=1e-5)
        assert [float(row[1]) for row in rows[1:]] == pytest.approx(y.tolist(), abs=1e-5)
        assert [float(row[4]) for row in rows[2:]] == pytest.approx(thresholds[1:].tolist(), abs=1e-5)
        # The band is of the upper end where the curve goes straight up, and of places a hundredth apart.
        upper = {float(row[0]): [float(cell) for cell in row[1:4]] for row in rows[1:]}
        assert all(low - 0.05 <= height <= high + 0.05 for height, low, high in upper.values())


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(
    pane: PlotsPane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(messages, "show", lambda words, *_: said.append(words))
    gone = tmp_path / "gone" / "roc.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(gone), ""))
    pane.roc.save_png()
    assert len(said) == 1
    assert "choose another folder" in said[0]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    pane.roc.save_svg()
    pane.table.save.save("csv")
    assert list(tmp_path.iterdir()) == []


def test_of_many_classes_the_mean_is_shown_until_a_class_is_chosen(pane: PlotsPane, qtbot: QtBot) -> None:
    classes = tuple("abcdefgh")
    show(pane, predictions_of(classes, 160), classes, qtbot)
    one = sample(pane)
    value = metrics.roc_auc_score(one.true, one.probabilities, multi_class="ovr")
    assert pane.roc.value().startswith(f"AUROC {value:.3f} [")
    assert pane.choice.currentText() == "all classes (macro average)"
    assert pane.roc.point() is None
    assert pane.histogram.threshold() is None
    assert pane.histogram.legend["first"].text() == "right"
    np.testing.assert_array_equal(
        pane.counts(), metrics.confusion_matrix(one.true, one.probabilities.argmax(axis=1))
    )
    for _ in range(3):
        qtbot.keyClick(pane.choice, Qt.Key.Key_Down)
    wait(pane, qtbot)
    assert pane.choice.currentText() == "c against the rest"
    value = metrics.roc_auc_score(one.true == 2, one.probabilities[:, 2])
    assert pane.roc.value().startswith(f"AUROC {value:.3f} [")
    before = pane.counts().copy()
    pane.bar.move_to(0.3)
    said = one.probabilities[:, 2] >= 0.3
    sensitivity = metrics.recall_score(one.true == 2, said)
    assert pane.roc.point() == pytest.approx((1 - metrics.recall_score(one.true != 2, ~said), sensitivity))
    # One class's threshold does not say which other class an image is of.
    np.testing.assert_array_equal(pane.counts(), before)


def test_what_is_asked_for_last_is_shown(pane: PlotsPane, qtbot: QtBot) -> None:
    pane.reader.show(predictions_of(TWO, 90, seed=2), TWO)
    pane.reader.show(predictions_of(TWO, 40, seed=3), TWO)
    wait(pane, qtbot)
    assert len(sample(pane).true) == 40
    assert pane.counts().sum() == 40


def test_where_there_is_nothing_to_judge_it_says_so(pane: PlotsPane, qtbot: QtBot) -> None:
    show(pane, [one for one in predictions_of(TWO, 60) if one.label == "yes"], TWO, qtbot)
    assert pane.roc.view.isHidden()
    assert not pane.histogram.view.isHidden()
    pane.reader.show((), TWO)
    qtbot.waitUntil(lambda: not pane.reader.is_reading, timeout=20_000)
    assert all(plot.view.isHidden() for plot in pane.plots.values())


def test_bands_are_drawn_only_once_they_are_seen(jobs: Jobs, qtbot: QtBot) -> None:
    reader = CurveReader(jobs)
    reader.show(predictions_of(TWO, 60), TWO)
    qtbot.waitUntil(lambda: reader.found is not None and not reader.is_reading, timeout=20_000)
    assert reader.bands is None
    reader.want_bands(True)
    qtbot.waitUntil(lambda: reader.bands is not None, timeout=20_000)


def test_the_plots_take_the_colours_of_the_scheme_and_stand_below_each_other_in_a_narrow_window(
    pane: PlotsPane, qapp: QApplication
) -> None:
    assert pane.roc.y() == pane.recall.y()
    dark = pane.grab().toImage()
    theme.apply(qapp, "light")
    assert pane.grab().toImage() != dark
    pane.resize(390, 600)
    QApplication.processEvents()
    assert pane.roc.y() < pane.recall.y() < pane.reliability.y() < pane.histogram.y()
    assert pane.roc.width() > 300


def test_every_control_has_a_name(pane: PlotsPane) -> None:
    assert nameless(pane) == []
    assert nameless(pane.bar) == []

"""The plots of the page Train as a person handles them: zoom, crosshair, scale, smoothing, files."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph as pg
import pytest
from plot_mouse import at, drag, mouse
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from curator.app import messages, theme
from curator.app.train.curve_panel import CurvePanel
from curator.app.train.curves import Curves
from curator.app.train.memory import MemoryWatch
from curator.app.train.plot import Plot
from curator.training.device import MemorySample
from curator.training.events import BatchDone, EpochMetrics

GIB = 1024**3
LEFT = Qt.MouseButton.LeftButton


def curves_of(epochs: int, factor: float = 1.0) -> Curves:
    curves = Curves(20)
    for epoch in range(1, epochs + 1):
        for batch in range(1, 5):
            curves.add_batch(BatchDone(epoch, batch, 4, batch / 5, factor / epoch, 10.0, 1.0))
        val = factor * (abs(epoch - 6) + 3) / 10
        phase = "head" if epoch < 4 else "unfrozen"
        curves.add_epoch(
            EpochMetrics(epoch, phase, factor / epoch, val, 0.6, 0.5, 0.7, 0.8, 10.0**-epoch, 1.0, 1.0)
        )
    curves.add_phase(4, "unfrozen")
    return curves


@pytest.fixture
def panel(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> CurvePanel:
    # A scripted hand moves faster than the 100 moves a second that pyqtgraph listens to.
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", 0)
    made = CurvePanel(MemoryWatch())
    qtbot.addWidget(made)
    made.resize(1000, 620)
    made.show()
    made.show_curves(curves_of(8))
    qtbot.waitExposed(made)
    QApplication.processEvents()
    return made


def shown(plot: Plot) -> tuple[list[float], list[float]]:
    x, y = plot.view.getPlotItem().getViewBox().viewRange()
    return x, y


def action(plot: Plot, words: str) -> QAction:
    menus = [plot.head.menu, *(one.menu() for one in plot.head.menu.actions() if one.menu() is not None)]
    (found,) = [one for menu in menus for one in menu.actions() if one.text() == words]
    return found


def test_a_dragged_box_zooms_and_a_double_click_goes_back(panel: CurvePanel, qtbot: QtBot) -> None:
    plot = panel.loss
    whole = shown(plot)
    drag(plot, (2, 0.2), (6, 0.8))
    (left, right), (low, high) = shown(plot)
    assert (left, right) == pytest.approx((2, 6), abs=0.2)
    assert (low, high) == pytest.approx((0.2, 0.8), abs=0.05)
    assert plot.head.home_button.isVisible()
    # What goes on meanwhile does not move it, and the whole is the new whole afterwards.
    longer = curves_of(8)
    longer.epochs = 40
    panel.show_curves(longer)
    assert shown(plot)[0] == [left, right]
    qtbot.mouseDClick(plot.view.viewport(), LEFT, pos=at(plot, 4, 0.5))
    assert not plot.view.is_zoomed
    # As far as the last epoch, and a little room for the ring of the best one.
    left, right = shown(plot)[0]
    assert left == pytest.approx(0)
    assert 40 < right < 41
    assert shown(plot)[1] == pytest.approx(whole[1])
    assert not plot.head.home_button.isVisible()


def test_a_flat_drag_keeps_the_height(panel: CurvePanel) -> None:
    plot = panel.loss
    whole = shown(plot)
    drag(plot, (3, 0.5), (9, 0.5))
    assert shown(plot)[0] == pytest.approx([3, 9], abs=0.2)
    assert shown(plot)[1] == whole[1]


def test_the_wheel_zooms_round_the_pointer_and_the_button_shows_all(panel: CurvePanel, qtbot: QtBot) -> None:
    plot = panel.loss
    whole = shown(plot)
    where = QPointF(at(plot, 5, 0.5))
    target = plot.view.viewport()
    event = QWheelEvent(
        where,
        target.mapToGlobal(where),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, event)
    (left, right), _ = shown(plot)
    assert whole[0][0] < left < 5 < right < whole[0][1]
    qtbot.mouseClick(plot.head.home_button, LEFT)
    assert shown(plot) == whole


def test_keys_do_what_the_mouse_does(panel: CurvePanel, qtbot: QtBot) -> None:
    plot = panel.loss
    whole = shown(plot)
    plot.view.setFocus()
    qtbot.keyClick(plot.view, Qt.Key.Key_Plus)
    assert plot.view.is_zoomed
    qtbot.keyClick(plot.view, Qt.Key.Key_0)
    assert shown(plot) == whole
    qtbot.keyClick(plot.view, Qt.Key.Key_Left)
    assert "epoch 8" in plot.crosshair()
    qtbot.keyClick(plot.view, Qt.Key.Key_Left)
    qtbot.keyClick(plot.view, Qt.Key.Key_Left)
    assert "epoch 6</b>, best" in plot.crosshair()
    qtbot.keyClick(plot.view, Qt.Key.Key_Escape)
    assert plot.crosshair() == ""


def test_all_values_of_an_epoch_are_said_at_the_pointer(panel: CurvePanel) -> None:
    panel.add_overlay("other", curves_of(5, factor=2.0), "#b48ead", "quick <look>")
    plot = panel.loss
    mouse(plot.view.viewport(), QMouseEvent.Type.MouseMove, at(plot, 4.3, 0.5), Qt.MouseButton.NoButton)
    words = plot.crosshair()
    assert "epoch 4" in words
    assert "train&nbsp;&nbsp;0.25" in words
    assert "val&nbsp;&nbsp;0.5" in words
    assert "quick &lt;look&gt; val&nbsp;&nbsp;1" in words
    assert "batch" in words
    QApplication.sendEvent(plot.view, QMouseEvent(
        QMouseEvent.Type.Leave, QPointF(), QPointF(), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    ))  # fmt: skip
    assert plot.crosshair() == ""


def test_the_loss_on_a_logarithmic_scale(panel: CurvePanel) -> None:
    plot = panel.loss
    action(plot, "Logarithmic scale").trigger()
    low, high = shown(plot)[1]
    assert 10**low < 0.125
    assert 10**high > 1
    assert plot.data("train")[1][0] == 1.0
    action(plot, "Logarithmic scale").trigger()
    assert shown(plot)[1][0] <= 0


def test_the_batch_curve_is_smoothed_and_says_so(panel: CurvePanel) -> None:
    assert panel.loss.legend["batch"].text() == "batch, EMA 0.9"
    smooth = panel.loss.data("batch")[1]
    action(panel.loss, "None").trigger()
    assert panel.loss.legend["batch"].text() == "batch"
    raw = panel.loss.data("batch")[1]
    assert raw == panel.curves.batch_loss
    assert smooth != raw


def test_accuracy_or_auroc_by_the_tab(panel: CurvePanel, qtbot: QtBot) -> None:
    assert panel.accuracy.isVisible()
    qtbot.mouseClick(panel.accuracy.head.tabs[1], LEFT)
    assert panel.auroc.isVisible()
    assert panel.auroc.data("val")[1] == [0.8] * 8
    qtbot.mouseClick(panel.auroc.head.tabs[0], LEFT)
    assert panel.accuracy.isVisible()
    assert panel.accuracy.head.tabs[0].isChecked()
    assert not panel.accuracy.head.tabs[1].isChecked()


def test_phases_and_the_best_epoch_are_marked(panel: CurvePanel) -> None:
    for plot in (panel.loss, panel.accuracy, panel.auroc, panel.rate):
        assert plot.marks() == ((3.0, "unfrozen"), (6.0, "best"))


def test_the_ring_of_a_best_epoch_at_the_end_is_whole(panel: CurvePanel) -> None:
    falling = curves_of(6)
    falling.epochs = 6
    panel.show_curves(falling)
    assert panel.loss.marks()[-1] == (6, "best")
    right = panel.loss.view.getPlotItem().getViewBox().sceneBoundingRect().right()
    # The ring is 10 pixels wide.
    assert at(panel.loss, 6, 0.5).x() + 5 <= right


def test_the_words_on_the_level_of_all_memory_are_whole_in_a_low_plot(panel: CurvePanel) -> None:
    panel.resize(600, 340)
    panel.memory.take(MemorySample("cpu", "cpu", 0, 0, 0, GIB, 20 * GIB, 24 * GIB), 0.1)
    panel.draw()
    QApplication.processEvents()
    plot = panel.machine_memory
    (words,) = [
        one for one in plot.view.scene().items() if isinstance(one, pg.InfLineLabel) and one.isVisible()
    ]
    assert words.format == plot.level()
    box = plot.view.getPlotItem().getViewBox()
    # Its own margin may be cut, its letters not.
    margin = words.textItem.document().documentMargin()
    assert words.sceneBoundingRect().top() + margin >= box.sceneBoundingRect().top()


def test_a_long_title_is_never_clipped(panel: CurvePanel) -> None:
    for width in (600, 1000, 640, 580):
        panel.resize(width, 620)
        QApplication.processEvents()
        for plot in (panel.loss, panel.rate, panel.machine_memory):
            (title,) = [one for one in plot.head.findChildren(QLabel) if one.text() == plot.title]
            assert title.width() >= title.sizeHint().width(), (plot.title, width)


def test_the_memory_of_a_device_with_what_others_hold(panel: CurvePanel) -> None:
    memory = panel.memory
    memory.mark("unfrozen")
    for number in range(3):
        sample = MemorySample(
            "cuda:0",
            "cuda",
            (1 + number) * GIB,
            4 * GIB,
            8 * GIB,
            GIB,
            GIB,
            GIB,
            peak=5 * GIB,
            others=2 * GIB,
        )
        memory.take(sample, number / 10)
    panel.draw()
    QApplication.processEvents()
    plot = panel.device_memory
    assert panel.memory_plots.currentWidget() is plot
    assert plot.data("first")[1] == [1, 2, 3]
    assert plot.data("second")[1] == [4, 4, 4]
    assert plot.data("peak")[1] == [5, 5, 5]
    assert plot.data("others")[1] == [2, 2, 2]
    assert plot.level() == "total 8.0 GB"
    assert plot.accessibleName() == "Plot: Device memory. 3.0 of 8.0 GB, peak 5.0"
    assert [words for _, words in plot.marks()] == ["unfrozen"]


def test_a_plot_is_saved_as_a_table(
    panel: CurvePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.add_overlay("other", curves_of(2, factor=2.0), "#b48ead", "quick look")
    path = tmp_path / "loss"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    action(panel.accuracy, "Save as CSV …").trigger()
    lines = (tmp_path / "loss.csv").read_text().splitlines()
    assert lines[0] == 'epoch,"train, plain",val,quick look: train,quick look: val'
    assert lines[1] == "1,0.6,0.7,0.6,0.7"
    assert lines[8] == "8,0.6,0.7,,"
    action(panel.rate, "Save as CSV …").trigger()
    rates = dict(line.split(",")[:2] for line in (tmp_path / "loss.csv").read_text().splitlines()[1:])
    assert (rates["1"], rates["3"]) == ("0.1", "0.001")


def test_a_plot_is_saved_as_an_image(
    panel: CurvePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "loss.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    action(panel.loss, "Save as PNG …").trigger()
    image = QImage(str(path))
    assert image.size() == panel.loss.size() * 2
    colours = {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
    }
    assert theme.current().unsure in colours


def test_a_plot_that_cannot_be_saved_says_so(
    panel: CurvePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    messages.hub().shown.connect(lambda message: heard.append(message.text))
    path = tmp_path / "nowhere" / "loss.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    action(panel.loss, "Save as CSV …").trigger()
    assert heard[-1].startswith(f"{path} can't be written")


def test_nothing_is_drawn_while_hidden_and_everything_once_it_is_shown(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    panel.hide()
    panel.curves.add_epoch(EpochMetrics(9, "head", 0.1, 0.2, 0.6, 0.5, 0.7, 0.8, 1e-4, 1.0, 1.0))
    panel.touch("epoch")
    assert not panel._beat.isActive()
    assert len(panel.loss.data("val")[0]) == 8
    panel.show()
    assert len(panel.loss.data("val")[0]) == 9


def test_colours_follow_the_theme(panel: CurvePanel, qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    image = panel.loss.grab().toImage()
    colours = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 2)
    }
    assert theme.LIGHT.unsure in colours
    assert theme.DARK.unsure not in colours

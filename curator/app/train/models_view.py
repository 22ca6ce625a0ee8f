"""The backbones side by side: what they cost, what they reach, how fast they are here, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from curator.app.project_model import ProjectModel
from curator.app.train.figure_table import ROW_HEIGHT, FigureTable
from curator.app.train.imagenet_pane import ImagenetPane
from curator.app.train.layers_pane import LayersPane
from curator.app.train.models_work import (
    ASK_KEY,
    COMPARE_KEY,
    MEASURE_KEY,
    Compared,
    compare,
    measure,
)
from curator.app.train.run_index import FETCH_KEY, fetch
from curator.app.widgets import label, line, set_role
from curator.app.words import memory
from curator.records import Progress

if TYPE_CHECKING:
    from curator.app.jobs import Job
    from curator.imaging.render import Resize
    from curator.training.comparison import BackboneSummary, Measurement

_WIDTH, _HEIGHT = 1160, 660
_MARGIN = 24
_PANE_WIDTH: Final = 316
_PARTS: Final = 1000
_HEADINGS: Final = (
    "Backbone", "Parameters", "Multiply-adds", "Top-1", "One image", "Images/s", "Memory", "Weights",
)  # fmt: skip
_TIPS: Final = (
    "",
    "Of the whole published network",
    "For one image of 224 px",
    "Share of ImageNet's validation images told right, as published",
    "Measured here: median time for one image",
    "Measured here: in batches of 16",
    "Parameters and the most that is alive at once while one image passes, added up tensor by tensor",
    "ImageNet weights on this machine",
)


class ModelsDialog(QDialog):
    """`backbone_chosen` carries the name to train with; `weights_changed` comes when some were fetched."""

    backbone_chosen = Signal(str)
    weights_changed = Signal()

    def __init__(
        self, model: ProjectModel, chosen: str, resize: Resize, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model, self._chosen = model, chosen
        self._rows: tuple[BackboneSummary, ...] = ()
        self._measured: dict[str, Measurement] = {}
        self._busy = ""
        self.setWindowTitle("Backbones")
        self.setAccessibleName("Backbones side by side")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.table = FigureTable("Backbones", _HEADINGS, words=(0, 7), tips=_TIPS)
        self.table.setFixedHeight(30 + 4 * ROW_HEIGHT + 4)
        self.measure_button = _button("Measure on this machine", self.measure)
        self.fetch_button = _button("Fetch the weights", self.fetch)
        self.train_button = _button("Train with it", self._train_with_it, role="primary")
        self.status = label("", "dim", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(130)
        self.progress.setAccessibleName("Progress of measuring or fetching")
        self.cancel_button = _button("Cancel", self._cancel)
        self.layers = LayersPane(model.jobs)
        self.imagenet = ImagenetPane(model, resize)
        self._lay_out()
        self.table.chosen.connect(self._row_chosen)
        self._follow_running()
        self._show_state()
        self._compare()
        self._fit(parent)

    @property
    def chosen(self) -> str:
        """The backbone that is marked."""
        return self._chosen

    def done(self, result: int) -> None:
        """What only this view is for ends with it; a fetch goes on in the status bar."""
        for key in (MEASURE_KEY, ASK_KEY):
            job = self._model.jobs.get(key)
            if job is not None:
                job.cancel()
        super().done(result)

    @Slot()
    def measure(self) -> None:
        """Measures all backbones."""
        if self._model.jobs.get(MEASURE_KEY) is None:
            job = self._model.jobs.start("Measuring the backbones", measure, key=MEASURE_KEY)
            self._follow(job)

    @Slot()
    def fetch(self) -> None:
        """Fetches the weights of the marked backbone."""
        name = self._chosen
        if self._model.jobs.get(FETCH_KEY) is None:
            job = self._model.jobs.start(
                f"Fetching the weights of {name}", lambda: fetch(name), key=FETCH_KEY
            )
            self._follow(job)

    def _compare(self) -> None:
        job = self._model.jobs.start("Comparing the backbones", compare, key=COMPARE_KEY, quiet=True)
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    def _follow_running(self) -> None:
        """What was begun before, here or on the page, is shown too."""
        for key in (FETCH_KEY, MEASURE_KEY):
            job = self._model.jobs.get(key)
            if job is not None:
                self._follow(job)

    def _follow(self, job: Job) -> None:
        job.event.connect(self._take)
        job.progress.connect(self._show_progress)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)
        self.progress.setRange(0, 0)
        self._say(f"{job.title} …")
        self._show_state()

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, Compared):
            self._rows = event.rows
            self._show_rows()
            names = [row.name for row in self._rows]
            self.table.choose(names.index(self._chosen) if self._chosen in names else 0)
            self._show_state()
            return
        from curator.training.weights import Fetched

        if isinstance(event, Fetched):
            self._say(f"Fetched from {event.origin}; its SHA-256 is right.", "good")
            self.weights_changed.emit()
            return
        # Loaded by now, torch and all: the job's own thread has made the event.
        from curator.training.comparison import Measured, busy_words

        if isinstance(event, Measured):
            self._measured[event.measurement.name] = event.measurement
            self._busy = busy_words(event.measurement)
            self._show_rows()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        self._say(progress.what)
        known = progress.total > 0
        self.progress.setRange(0, _PARTS if known else 0)
        if known:
            self.progress.setValue(round(_PARTS * progress.done / progress.total))

    @Slot(str)
    def _failed(self, message: str) -> None:
        self._say(message, "bad")

    @Slot()
    def _ended(self) -> None:
        if self.status.property("role") == "dim":
            some = next(iter(self._measured.values()), None)
            threads = f" with {some.threads} thread{'s' * (some.threads != 1)}" if some is not None else ""
            self._say(
                f"Measured on this machine's CPU{threads}. {self._busy}".strip() if some is not None else ""
            )
        self._show_state()
        self._compare()

    @Slot()
    def _cancel(self) -> None:
        for key in (FETCH_KEY, MEASURE_KEY):
            job = self._model.jobs.get(key)
            if job is not None:
                job.cancel()

    @Slot()
    def _train_with_it(self) -> None:
        self.backbone_chosen.emit(self._chosen)
        self.accept()

    @Slot(int)
    def _row_chosen(self, row: int) -> None:
        self._chosen = self._rows[row].name
        self._show_state()

    def _say(self, words: str, tone: str = "dim") -> None:
        self.status.setText(words)
        set_role(self.status, tone)

    def _show_rows(self) -> None:
        self.table.set_rows([_words(row, self._measured.get(row.name)) for row in self._rows])

    def _row(self) -> BackboneSummary | None:
        return next((row for row in self._rows if row.name == self._chosen), None)

    @Slot()
    def _show_state(self) -> None:
        jobs, row = self._model.jobs, self._row()
        busy = jobs.get(FETCH_KEY) is not None or jobs.get(MEASURE_KEY) is not None
        training = jobs.get("train") is not None
        self.measure_button.setEnabled(not busy and not training)
        self.measure_button.setToolTip(
            "Not while a training runs: both would be slowed down" if training else ""
        )
        self.fetch_button.setVisible(row is not None and not row.at_hand)
        self.fetch_button.setEnabled(not busy)
        self.fetch_button.setToolTip(f"From {row.source}. Licence: {row.licence}" if row is not None else "")
        self.train_button.setEnabled(row is not None and not training)
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        if row is not None:
            self.layers.show_backbone(row.name, row.title)
            self.imagenet.set_backbone(row.name, row.title, at_hand=row.at_hand)

    def _fit(self, parent: QWidget | None) -> None:
        """As large as is useful, within the window it belongs to."""
        room = parent.window().size() if parent is not None else None
        width = min(_WIDTH, room.width() - _MARGIN) if room is not None else _WIDTH
        height = min(_HEIGHT, room.height() - _MARGIN) if room is not None else _HEIGHT
        self.resize(width, height)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(
            label(
                "Published networks at 224 px with their thousand ImageNet classes. Training replaces the last "
                "layers by one of your own classes.",
                "dim",
                wrap=True,
            )
        )
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 2, 1, 1)
        inside.addWidget(self.table)
        column.addWidget(card)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addWidget(self.measure_button)
        actions.addWidget(self.fetch_button)
        actions.addWidget(self.progress)
        actions.addWidget(self.cancel_button)
        actions.addSpacing(4)
        actions.addWidget(self.status, 1)
        actions.addWidget(self.train_button)
        column.addLayout(actions)
        column.addWidget(line())
        lower = QHBoxLayout()
        lower.setSpacing(20)
        lower.addWidget(self.layers, 1)
        self.imagenet.setFixedWidth(_PANE_WIDTH)
        lower.addWidget(self.imagenet)
        column.addLayout(lower, 1)


def _words(row: BackboneSummary, measured: Measurement | None) -> tuple[str, ...]:
    here = ("–", "–", "–")
    if measured is not None:
        here = (
            f"{measured.latency_ms:.0f} ms",
            f"{measured.images_per_second:.1f}",
            memory(measured.memory_bytes),
        )
    return (
        row.title,
        f"{row.parameters / 1e6:.1f} M",
        f"{row.macs / 1e9:.2f} G",
        f"{row.top1:.1f} %",
        *here,
        row.weights,
    )


def _button(words: str, slot: Any, *, role: str = "") -> QPushButton:
    button = QPushButton(words)
    button.setAccessibleName(words)
    button.setAutoDefault(False)
    if role:
        button.setProperty("role", role)
    button.clicked.connect(slot)
    return button

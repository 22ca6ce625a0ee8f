"""What do the raw ImageNet classes say of this image? Asked of the backbone that is chosen beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.image_work import to_qimage
from curator.app.project_model import ProjectModel
from curator.app.train.models_work import ASK_KEY, ask
from curator.app.widgets import SectionLabel, label, set_role
from curator.imaging.decode import EXTENSIONS
from curator.records import Edits

if TYPE_CHECKING:
    from curator.imaging.render import Resize

_SIDE: Final = 112
_ROW: Final = 22
_NO_MRI: Final = (
    "ImageNet has no class for MRI: this is what the image looks like to the network, not what it is."
)


class GuessBars(QWidget):
    """The likeliest classes, each on a bar as long as it is likely."""

    def __init__(self, most: int = 5) -> None:
        super().__init__()
        self._guesses: list[tuple[str, float]] = []
        self._most = most
        self.setAccessibleName("Likeliest ImageNet classes")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()
        theme.notifier().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(220, _ROW * self._most)

    def set_guesses(self, guesses: list[tuple[str, float]]) -> None:
        """Shows names with probabilities in 0..1, the likeliest first."""
        self._guesses = guesses
        said = ", ".join(f"{name} {_percent(share)}" for name, share in guesses)
        self.setAccessibleDescription(said)
        self.setVisible(bool(guesses))
        self.update()

    def guesses(self) -> list[tuple[str, float]]:
        """What is shown."""
        return self._guesses

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars behind names, per cents at the right."""
        colours = theme.current()
        bar = QColor(colours.accent)
        bar.setAlphaF(0.3)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        for number, (name, share) in enumerate(self._guesses):
            row = QRectF(0, number * _ROW + 1, self.width(), _ROW - 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.pane_raised))
            painter.drawRoundedRect(row, 3, 3)
            painter.setBrush(bar)
            painter.drawRoundedRect(QRectF(row.x(), row.y(), max(row.width() * share, 3), row.height()), 3, 3)
            painter.setPen(QColor(colours.text))
            right = metrics.horizontalAdvance("100 %") + 8
            words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(row.width() - right - 12))
            inside = row.adjusted(7, 0, -7, 0)
            painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
            painter.drawText(
                inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _percent(share)
            )
        painter.end()


class ImagenetPane(QWidget):
    """Asks on a thread of its own; the answer is of the backbone and image that its words name."""

    def __init__(self, model: ProjectModel, resize: Resize) -> None:
        super().__init__()
        self.setAccessibleName("What the raw ImageNet classes say of an image")
        self._model, self._resize = model, resize
        self._backbone, self._title, self._at_hand = "", "", False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionLabel("Raw ImageNet classes"))
        row = QHBoxLayout()
        row.setSpacing(12)
        self.picture = QLabel()
        self.picture.setFixedSize(_SIDE, _SIDE)
        self.picture.setProperty("role", "card")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("The image as the network gets it")
        row.addWidget(self.picture)
        side = QVBoxLayout()
        side.setSpacing(6)
        self.words = label("", "dim", wrap=True)
        self.current_button = _button("Ask about the image in Curate", self.ask_current)
        self.current_button.setText("The image in Curate")
        self.current_button.setToolTip("The image that Curate shows, cleaned as it is now")
        self.file_button = _button("Ask about another image file", self.choose_file)
        self.file_button.setText("Another image…")
        side.addWidget(self.words)
        side.addStretch(1)
        side.addWidget(self.current_button)
        side.addWidget(self.file_button)
        row.addLayout(side, 1)
        column.addLayout(row)
        self.bars = GuessBars()
        column.addWidget(self.bars)
        self.note = label(_NO_MRI, "small", wrap=True)
        column.addWidget(self.note)
        column.addStretch(1)

    def set_backbone(self, name: str, title: str, *, at_hand: bool) -> None:
        """Which backbone is asked from now on; what another one said goes."""
        if name != self._backbone:
            self.picture.clear()
            self.bars.set_guesses([])
        self._backbone, self._title, self._at_hand = name, title, at_hand
        self._show_state()

    @Slot()
    def ask_current(self) -> None:
        """Asks about the image that Curate shows."""
        project, current = self._model.project, self._model.current_id
        if project is not None and current >= 0:
            state = project.state(current)
            self._ask(project.root / state.file_name, state.edits)

    @Slot()
    def choose_file(self) -> None:
        """Asks for a file, and then about it."""
        endings = " ".join(f"*{ending}" for ending in sorted(EXTENSIONS))
        path, _ = QFileDialog.getOpenFileName(
            self, "An image to show to the network", "", f"Images ({endings})"
        )
        if path:
            self._ask(Path(path), None)

    def _ask(self, path: Path, edits: Edits | None) -> None:
        jobs = self._model.jobs
        if jobs.get(ASK_KEY) is not None or not self._at_hand:
            return
        name, resize = self._backbone, self._resize
        job = jobs.start(f"Asking {self._title}", lambda: ask(name, path, edits, resize), key=ASK_KEY)
        job.event.connect(self._take)
        job.failed.connect(self._failed)
        job.ended.connect(self._show_state)
        self.note.setText(_NO_MRI)
        set_role(self.note, "small")
        self._show_state()
        self.words.setText(f"Asking {self._title} about {path.name} …")

    @Slot(object)
    def _take(self, event: Any) -> None:
        # Loaded by now: the job's own thread has made the event.
        from curator.training.imagenet import ImagenetSaid

        if not isinstance(event, ImagenetSaid) or event.backbone != self._backbone:
            return
        ratio = self.devicePixelRatioF()
        side = round(_SIDE * ratio)
        picture = QPixmap.fromImage(to_qimage(event.pixels)).scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        picture.setDevicePixelRatio(ratio)
        self.picture.setPixmap(picture)
        self.bars.set_guesses([(guess.category, guess.probability) for guess in event.guesses])

    @Slot(str)
    def _failed(self, message: str) -> None:
        self.bars.set_guesses([])
        self.picture.clear()
        self.note.setText(message)
        set_role(self.note, "bad")

    @Slot()
    def _show_state(self) -> None:
        asking = self._model.jobs.get(ASK_KEY) is not None
        can = self._at_hand and not asking
        has_image = self._model.project is not None and self._model.current_id >= 0
        self.current_button.setEnabled(can and has_image)
        self.file_button.setEnabled(can)
        if asking:
            return
        if not self._backbone:
            self.words.setText("")
        elif not self._at_hand:
            self.words.setText(f"Fetch the weights of {self._title} to ask it.")
        else:
            self.words.setText(f"What do {self._title}'s raw ImageNet classes say of an image?")


def _button(words: str, slot: Any) -> QPushButton:
    button = QPushButton(words)
    button.setAccessibleName(words)
    button.clicked.connect(slot)
    return button


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"

"""Real training images as the network will see them: plain beside varied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from curator.app.jobs import Jobs, load
from curator.app.train.options import WORDS
from curator.app.widgets import label
from curator.errors import CuratorError, ImageError
from curator.records import Edits, Event, ImageState, Progress

if TYPE_CHECKING:
    from curator.imaging.decode import RGB
    from curator.training.config import TrainConfig

KEY: Final = "augmentation preview"
IMAGES: Final = 6
_SHOWN: Final = 148


@dataclass(frozen=True, slots=True)
class PreviewReady(Event):
    """Pairs of images, RGB uint8 (s, s, 3): as rendered, and varied."""

    pairs: tuple[tuple[RGB, RGB], ...]


def chosen(states: Sequence[ImageState]) -> list[ImageState]:
    """Some kept training images, spread over the folder; any readable ones where none is kept yet."""
    kept = [
        one for one in states if one.decision == "keep" and one.split in (None, "train") and not one.error
    ]
    usable = kept or [one for one in states if not one.error]
    step = max(1, len(usable) // IMAGES)
    return usable[::step][:IMAGES]


def draw_preview(root: Path, states: Sequence[ImageState], config: TrainConfig, seed: int) -> Iterator[Event]:
    """Renders the images at training size and varies them: one `PreviewReady`.

    Raises `CuratorError` where none can be read.
    """
    yield Progress(0, 0, "Loading PyTorch")
    preview, numpy = load("curator.training.augment").preview, load("numpy")
    cleaned = load("curator.training.data").cleaned
    found = (_rendered(root, one, cleaned(one.edits, config.cleaning), config) for one in states)
    plain = [image for image in found if image is not None]
    if not plain:
        raise CuratorError("No image can be shown: none could be read. Press F5 to look at the folder again.")
    varied = preview(numpy.stack(plain), config.augmentation, seed)
    yield PreviewReady(tuple(zip(plain, varied, strict=True)))


def _rendered(root: Path, state: ImageState, edits: Edits, config: TrainConfig) -> RGB | None:
    from curator.imaging import decode
    from curator.imaging.render import network_input

    try:
        return network_input(decode.load(root / state.file_name), edits, config.image_size, config.resize)
    except ImageError:
        return None


class AugmentPreview(QDialog):
    """A sheet over the window; "Draw again" varies the same images anew."""

    def __init__(
        self, jobs: Jobs, root: Path, states: Sequence[ImageState], config: TrainConfig, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Augmentation")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._jobs, self._root, self._config = jobs, root, config
        self._states = chosen(states)
        self._seed = config.seed
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        kind = WORDS.get(config.augmentation, config.augmentation)
        column.addWidget(label(f"{kind}, {config.image_size} × {config.image_size} pixels", "name"))
        self.words = label("Left as rendered, right as one epoch would see it.", "dim")
        column.addWidget(self.words)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.setHorizontalSpacing(4)
        self.plain = [_tile(f"Image {number + 1}, as rendered") for number in range(IMAGES)]
        self.varied = [_tile(f"Image {number + 1}, varied") for number in range(IMAGES)]
        for number in range(IMAGES):
            row, place = divmod(number, 3)
            grid.addWidget(self.plain[number], row, 3 * place)
            grid.addWidget(self.varied[number], row, 3 * place + 1)
            if place < 2:
                grid.setColumnMinimumWidth(3 * place + 2, 14)
        grid.setVerticalSpacing(14)
        column.addLayout(grid)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.again_button = QPushButton("Draw again")
        self.again_button.setAccessibleName("Draw again")
        self.again_button.clicked.connect(self.draw_again)
        close = QPushButton("Close")
        close.setAccessibleName("Close")
        close.clicked.connect(self.accept)
        buttons.addWidget(self.again_button)
        buttons.addWidget(close)
        column.addLayout(buttons)
        self._draw()

    @Slot()
    def draw_again(self) -> None:
        """Varies the images anew."""
        self._seed += 1
        self._draw()

    def _draw(self) -> None:
        if self._jobs.get(KEY) is not None:
            return
        root, states, config, seed = self._root, self._states, self._config, self._seed
        job = self._jobs.start(
            "Drawing the preview", lambda: draw_preview(root, states, config, seed), key=KEY, quiet=True
        )
        job.event.connect(self._take)
        job.failed.connect(self.words.setText)

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, PreviewReady):
            for number, (plain, varied) in enumerate(event.pairs):
                self.plain[number].setPixmap(_pixmap(plain, self.devicePixelRatioF()))
                self.varied[number].setPixmap(_pixmap(varied, self.devicePixelRatioF()))


def _tile(words: str) -> QLabel:
    tile = QLabel()
    tile.setAccessibleName(words)
    tile.setFixedSize(_SHOWN, _SHOWN)
    tile.setStyleSheet("QLabel { background: black; border-radius: 3px; }")
    return tile


def _pixmap(image: RGB, ratio: float) -> QPixmap:
    height, width, _ = image.shape
    data = image.tobytes()
    drawn = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    side = round(_SHOWN * ratio)
    shown = QPixmap.fromImage(
        drawn.scaled(
            QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    )
    shown.setDevicePixelRatio(ratio)
    return shown

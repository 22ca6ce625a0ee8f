"""What is drawn, as a file: a widget as PNG or SVG, a table as CSV; written whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from curator.app import messages, theme

Ending: TypeAlias = Literal["png", "svg", "csv"]

_KINDS: Final[dict[Ending, str]] = {
    "png": "Images (*.png)",
    "svg": "Drawings (*.svg)",
    "csv": "Tables (*.csv)",
}
# Twice as fine as on the screen.
_PNG_RATIO: Final = 2.0


def ask_path(parent: QWidget, what: str, name: str, ending: Ending) -> Path | None:
    """Asks where to save `what`; `name` is offered, and the ending added where it lacks. None if cancelled."""
    path, _ = QFileDialog.getSaveFileName(parent, f"Save {what}", f"{name}.{ending}", _KINDS[ending])
    if not path:
        return None
    return Path(path if path.endswith(f".{ending}") else f"{path}.{ending}")


def save_widget(widget: QWidget, path: Path, ending: Ending, title: str) -> None:
    """Draws a widget into a PNG or SVG file."""
    write(path, as_png(widget) if ending == "png" else as_svg(widget, title))


def save_text(text: str, path: Path) -> None:
    """Writes text into a file."""
    write(path, text.encode())


def as_png(widget: QWidget) -> bytes:
    """The widget as it is shown, twice as fine."""
    image = QImage(widget.size() * _PNG_RATIO, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_PNG_RATIO)
    image.fill(QColor(theme.current().background))
    widget.render(image)
    buffer = _buffer()
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(buffer.data().data())


def as_svg(widget: QWidget, title: str) -> bytes:
    """The widget as it is shown, in lines and letters that can be scaled."""
    from PySide6.QtSvg import QSvgGenerator

    buffer = _buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    # Qt takes 72 dots per inch for a drawing: letters would come out smaller than on the screen.
    generator.setResolution(widget.logicalDpiX())
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), QColor(theme.current().background))
    painter.setPen(Qt.PenStyle.NoPen)
    widget.render(painter, widget.rect().topLeft())
    painter.end()
    # Elsewhere the window's own font may be unknown: letters without serifs are as wide as these, about.
    return re.sub(rb'font-family="([^"]+)"', rb'font-family="\1, sans-serif"', bytes(buffer.data().data()))


def write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all; says what to do where that fails."""
    from curator.manifest.files import write_bytes

    try:
        write_bytes(path, data)
    except OSError as error:
        messages.show(f"{path} can't be written ({error.strerror}): choose another folder.", "error")


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer

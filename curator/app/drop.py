"""Folders that are dragged over the window and dropped, anywhere on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class FolderDrop(QObject):
    """Watches `widget`: `hovered` says whether a folder is over it, `dropped` carries its path."""

    hovered = Signal(bool)
    dropped = Signal(object)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes what belongs to dragging, nothing else."""
        if isinstance(event, QDragEnterEvent) and folder_in(event.mimeData()) is not None:
            event.acceptProposedAction()
            self.hovered.emit(True)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hovered.emit(False)
            return True
        # A move is a drop event to Qt too.
        if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.hovered.emit(False)
            folder = folder_in(event.mimeData())
            if folder is not None:
                event.acceptProposedAction()
                self.dropped.emit(folder)
            return True
        return super().eventFilter(watched, event)


def folder_in(data: QMimeData) -> Path | None:
    """The first folder among what is dragged."""
    paths = (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    return next((path for path in paths if path.is_dir()), None)

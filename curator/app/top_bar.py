"""The bar at the top: the dataset, the page's own controls, undo and redo, theme and help."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QWidget

from curator.app import theme
from curator.app.widgets import IconButton, label

_PATH_WIDTH = 220

_SAYING_NOTHING = frozenset({"images", "image", "data", "dataset", "train"})


class TopBar(QWidget):
    """Emits what the user wants; the window knows how."""

    open_wanted = Signal()
    export_wanted = Signal()
    undo_wanted = Signal()
    redo_wanted = Signal()
    theme_wanted = Signal()
    help_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("top_bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Top bar")
        self.setFixedHeight(44)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(4)
        self._name = label("Curator", "name")
        self._path = label("", "dim")
        row.addWidget(self._name)
        row.addSpacing(8)
        row.addWidget(self._path)
        row.addSpacing(8)
        self._pages = QStackedWidget()
        self._pages.setStyleSheet("QStackedWidget { background: transparent; }")
        self._pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._blank = QWidget()
        self._pages.addWidget(self._blank)
        row.addWidget(self._pages, 1)
        self.open_button = IconButton("folder", "Open a folder", "open")
        self.export_button = IconButton("export", "Export", "export")
        self.undo_button = IconButton("undo", "Undo", "undo")
        self.redo_button = IconButton("redo", "Redo", "redo")
        self.theme_button = IconButton("sun", "Dark or light", "theme")
        self.help_button = IconButton("help", "Keys and help", "help")
        for button, signal in (
            (self.open_button, self.open_wanted),
            (self.export_button, self.export_wanted),
            (self.undo_button, self.undo_wanted),
            (self.redo_button, self.redo_wanted),
            (self.theme_button, self.theme_wanted),
            (self.help_button, self.help_wanted),
        ):
            button.clicked.connect(signal)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.insertSpacing(row.indexOf(self.undo_button), 10)
        theme.notifier().changed.connect(self._show_theme)
        self._show_theme()
        self.set_history(None, None)
        self.export_button.setEnabled(False)

    def set_dataset(self, root: Path | None) -> None:
        """Shows which dataset is open."""
        self._name.setText("Curator" if root is None else _dataset_name(root))
        text = "" if root is None else str(root)
        home = str(Path.home())
        shown = "~" + text[len(home) :] if text.startswith(home + "/") else text
        metrics = QFontMetrics(self._path.font())
        self._path.setText(metrics.elidedText(shown, Qt.TextElideMode.ElideMiddle, _PATH_WIDTH))
        self._path.setToolTip(text)
        self.export_button.setEnabled(root is not None)

    def set_history(self, undo_words: str | None, redo_words: str | None) -> None:
        """Turns undo and redo on or off and says what they would do."""
        self.undo_button.setEnabled(undo_words is not None)
        self.undo_button.set_words(f"Undo: {undo_words}" if undo_words else "Undo")
        self.redo_button.setEnabled(redo_words is not None)
        self.redo_button.set_words(f"Redo: {redo_words}" if redo_words else "Redo")

    def show_page_bar(self, bar: QWidget | None) -> None:
        """Shows the page's own part."""
        if bar is not None and self._pages.indexOf(bar) < 0:
            self._pages.addWidget(bar)
        self._pages.setCurrentWidget(bar if bar is not None else self._blank)

    def _show_theme(self) -> None:
        dark = theme.current().scheme == "dark"
        self.theme_button.set_icon("sun" if dark else "moon")
        self.theme_button.set_words("Light colours" if dark else "Dark colours")


def _dataset_name(root: Path) -> str:
    """The folder's name, with its parent's where it says nothing by itself."""
    return f"{root.parent.name} / {root.name}" if root.name.lower() in _SAYING_NOTHING else root.name

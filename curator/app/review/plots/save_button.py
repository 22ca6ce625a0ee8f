"""A small button that saves a widget as PNG and SVG and its values as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from curator.app.saved_picture import Ending, ask_path, save_text, save_widget
from curator.app.widgets import IconButton


class SaveButton(IconButton):
    """Its menu has an entry for each ending. `stem` gives the name that is offered, `table` the text of the CSV."""

    def __init__(
        self,
        what: str,
        drawn: QWidget,
        stem: Callable[[], str],
        table: Callable[[], str],
        endings: Sequence[Ending] = ("png", "svg", "csv"),
    ) -> None:
        super().__init__("download", f"Save {what}", size=14)
        self._what, self._drawn, self._stem, self._table = what, drawn, stem, table
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for ending in endings:
            action = menu.addAction(f"Save as {ending.upper()} …")
            action.triggered.connect(lambda _on=False, ending=ending: self.save(ending))
        self.setMenu(menu)

    def save(self, ending: Ending) -> None:
        """Asks for a file and writes it."""
        path = ask_path(self, self._what, self._stem(), ending)
        if path is None:
            return
        if ending == "csv":
            save_text(self._table(), path)
        else:
            save_widget(self._drawn, path, ending, self._what)

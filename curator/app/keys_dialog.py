"""Lets the user change keys; a key that is taken is refused with the name of what has it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from curator.app.settings import Settings
from curator.app.shortcuts import Key, display, shortcuts
from curator.app.widgets import IconButton, SectionLabel, label


class KeysDialog(QDialog):
    """One line a key. Changes take hold at once and are stored."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.fields: dict[str, QKeySequenceEdit] = {}
        self.setWindowTitle("Change keys")
        self.setAccessibleName("Change keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 640)
        column = QVBoxLayout(self)
        column.addWidget(label("Click on a key and press the new one.", "dim"))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        self._grid = QGridLayout(holder)
        self._grid.setColumnStretch(0, 1)
        area.setWidget(holder)
        column.addWidget(area, 1)
        self._trouble = label("", "bad", wrap=True)
        column.addWidget(self._trouble)
        foot = QHBoxLayout()
        everything = QPushButton("All back to the defaults")
        everything.setAccessibleName("All keys back to the defaults")
        everything.clicked.connect(self._reset_all)
        close = QPushButton("Close")
        close.setAccessibleName("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot.addWidget(everything)
        foot.addStretch(1)
        foot.addWidget(close)
        column.addLayout(foot)
        self._fill()

    def _fill(self) -> None:
        page = ""
        row = 0
        for key in shortcuts.all():
            if key.page != page:
                page = key.page
                self._grid.addWidget(SectionLabel(page), row, 0, 1, 3)
                row += 1
            self._grid.addWidget(label(key.words, wrap=True), row, 0)
            if not key.can_change:
                self._grid.addWidget(label(f"{display(key.keys[0])}, always", "dim"), row, 1)
                row += 1
                continue
            field = QKeySequenceEdit(QKeySequence(key.keys[0]))
            field.setMaximumSequenceLength(1)
            field.setAccessibleName(f"Key for: {key.words}")
            field.setFixedWidth(150)
            field.editingFinished.connect(lambda key=key: self._changed(key))
            self.fields[key.id] = field
            back = IconButton("reset", f"Default key for: {key.words}", size=14)
            back.clicked.connect(lambda _on=False, key=key: self._reset(key))
            self._grid.addWidget(field, row, 1)
            self._grid.addWidget(back, row, 2)
            row += 1

    def _changed(self, key: Key) -> None:
        field = self.fields[key.id]
        text = field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        now = shortcuts.get(key.id).keys
        if text == now[0]:
            return
        refused = shortcuts.refusal(key.id, (text,)) if text else ""
        self._trouble.setText(refused)
        if not text or refused:
            self._show(key.id)
            return
        self._store({**shortcuts.own(), key.id: text})

    def _reset(self, key: Key) -> None:
        """Back to the default, unless another thing got one of its keys meanwhile."""
        own = {id: text for id, text in shortcuts.own().items() if id != key.id}
        refused = shortcuts.refusal(key.id, shortcuts.default(key.id).keys)
        self._trouble.setText(refused)
        if not refused:
            self._store(own)
        self._show(key.id)

    def _reset_all(self) -> None:
        self._trouble.setText("")
        self._store({})
        for id in self.fields:
            self._show(id)

    def _show(self, id: str) -> None:
        self.fields[id].setKeySequence(QKeySequence(shortcuts.get(id).keys[0]))

    def _store(self, own: dict[str, str]) -> None:
        shortcuts.set_own(own)
        self._settings.set_keys(own)

"""The shortcut audit: what tells the label though it is not the brain, in a table and in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from curator.app.review.interval_cell import IntervalCell
from curator.app.widgets import FactRow, SectionLabel, label, lay_out_empty, line

if TYPE_CHECKING:
    from curator.evaluation.shortcut_audit import Audit, AuditRow
    from curator.evaluation.shortcut_audit_words import Images, Key
    from curator.records import Progress

_WHY: Final = (
    "A network learns whatever tells the classes apart. The audit guesses the label from files, borders, masks and "
    "framing, without the brain: where that goes better than by chance, a good figure need not mean much."
)
_NOT_YET: Final = "Not audited yet: what is above may rest on files or frames, not on the brain."
_SHORT_LINES: Final = 4
# From here on title, raw and cleaned have room side by side.
_WIDE: Final = 600
# Pixels that the middle's own margin lacks.
_RIGHT: Final = 10


class AuditPane(QWidget):
    """`wanted`: make the audit, or make it again; `stop_wanted`: end the one that runs."""

    wanted = Signal()
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Shortcut audit")
        self.audit: Audit | None = None
        self.sentence = label("", "name", wrap=True)
        self.sentence.setAccessibleName("What the audit found")
        self.part = label("", "small", wrap=True)
        self.again = _button("Audit again", "Make the shortcut audit again")
        self.again.clicked.connect(self.wanted)
        self.button = _button("Audit", "Make the shortcut audit", "primary")
        self.button.clicked.connect(self.wanted)
        self.stop = _button("Cancel", "Cancel the shortcut audit")
        self.stop.clicked.connect(self.stop_wanted)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Shortcut audit")
        self.doing = label("", "dim")
        self.empty_title = label("Not audited yet", "title")
        self.empty_words = label(_WHY, "dim", wrap=True)
        self.cells: dict[tuple[Key, Images], IntervalCell] = {}
        self._table = QWidget()
        self._table.setProperty("role", "scrolled")
        self._grid = QGridLayout(self._table)
        self._running = QWidget()
        self._auditing = self._narrow = False
        self._stack = QStackedWidget()
        self._lay_out()
        self.show_audit(None)

    def show_audit(self, audit: Audit | None) -> None:
        """Shows an audit; None: it was not made yet."""
        self.audit = audit
        self._clear()
        if audit is None or not audit.rows:
            self.setFocusProxy(self.button)
            self.say_done()
            self._say_empty("Not audited yet", _WHY, button=True)
            if audit is not None:
                self._say_empty("Too few images to tell", audit.sentence, button=False)
            return
        self.setFocusProxy(self.again)
        self._stack.setCurrentIndex(1)
        self.say_done()
        from curator.evaluation.shortcut_audit_words import part_words

        self.sentence.setText(audit.sentence)
        self.part.setText(part_words(audit))
        self._fill(audit)

    def say_unfit(self, words: str) -> None:
        """Nothing can be audited here: `words` say why."""
        self.show_audit(None)
        self._say_empty("Nothing to audit here", words, button=False)

    def say_failed(self, words: str) -> None:
        """The audit ended with an error."""
        self.say_done()
        if self.audit is None:
            self._say_empty("The audit could not be made", words, button=True)

    def say_running(self, progress: Progress | None) -> None:
        """The audit is being made, as far as `progress` says."""
        held = self.again.hasFocus() or self.button.hasFocus()
        self._running.show()
        if held:
            self.stop.setFocus()
        self.again.setEnabled(False)
        self._auditing = True
        if self.audit is None:
            self._say_empty("Auditing", _WHY, button=False)
        self.bar.setRange(0, progress.total if progress is not None else 0)
        if progress is not None:
            self.bar.setValue(progress.done)
            self.doing.setText(f"{progress.what}: {100 * progress.done // max(1, progress.total)} %")
        else:
            self.doing.setText("Beginning the audit")

    def say_done(self) -> None:
        """No audit is being made; whoever could cancel it can ask for another."""
        held = self.stop.hasFocus()
        self.again.setEnabled(True)
        if self._auditing and self.audit is None:
            self._say_empty("Not audited yet", _WHY, button=True)
        self._auditing = False
        self._running.hide()
        if held:
            self.setFocus()

    def _say_empty(self, title: str, words: str, *, button: bool) -> None:
        self.empty_title.setText(title)
        self.empty_words.setText(words)
        self.button.setVisible(button)
        self._stack.setCurrentIndex(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _WIDE
        if narrow != self._narrow:
            self._narrow = narrow
            if self.cells and self.audit is not None:
                self._clear()
                self._fill(self.audit)

    def _clear(self) -> None:
        self.cells = {}
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _fill(self, audit: Audit) -> None:
        from curator.evaluation.shortcut_audit_words import LOOKED_AT, MANY_LOOKS, TITLES

        figures = [row.balanced_accuracy for row in audit.rows if row.balanced_accuracy is not None]
        least = max(0.0, min([1 / len(audit.classes), *(figure.low for figure in figures)]) - 0.03)
        columns = (
            ("Guessed from", ""),
            ("Raw", "The files, and the whole images as a network would get them"),
            ("Cleaned", "Cropped and masked as in the manifest"),
        )
        narrow = self._narrow
        self._grid.setHorizontalSpacing(8 if narrow else 18)
        for column, (words, tip) in enumerate(columns):
            if narrow and not column:
                continue
            heading = SectionLabel(words)
            heading.setToolTip(tip)
            self._grid.addWidget(heading, 0, column)
        at = 1
        for key, name in TITLES.items():
            rows = {row.images: row for row in audit.rows if row.key == key}
            if not rows:
                continue
            title = label(name)
            title.setToolTip(LOOKED_AT[key])
            self._grid.addWidget(line(), at, 0, 1, 3)
            # In a narrow window the figures stand below what they are of.
            self._grid.addWidget(title, at + 1, 0, 1, 3 if narrow else 1)
            at += narrow
            for images, row in rows.items():
                cell = IntervalCell(row, least)
                self.cells[key, images] = cell
                self._grid.addWidget(cell, at + 1, 2 if images == "cleaned" else 1)
            words = row_words(rows)
            if words:
                self._grid.addWidget(label(words, "small", wrap=True), at + 2, 0, 1, 3)
            at += 3
        self._grid.addWidget(line(), at, 0, 1, 3)
        legend = (
            f"Balanced accuracy, mean recall of the classes, with its 95 % interval. The dashed line is guessing "
            f"({1 / len(audit.classes):.2f}), the band what shuffled labels reached. {MANY_LOOKS}"
        )
        self._grid.addWidget(label(legend, "small", wrap=True), at + 1, 0, 1, 3)
        self._grid.setRowStretch(at + 2, 1)

    def _lay_out(self) -> None:
        running = QHBoxLayout(self._running)
        running.setContentsMargins(0, 0, _RIGHT, 0)
        running.setSpacing(10)
        running.addWidget(self.bar, 1)
        running.addWidget(self.doing)
        running.addWidget(self.stop)
        empty = QWidget()
        lay_out_empty(empty, self.empty_title, self.empty_words, self.button)
        self._grid.setContentsMargins(0, 4, _RIGHT, 10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("Table of the shortcut audit")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._table)
        done = QWidget()
        inside = QVBoxLayout(done)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, _RIGHT, 0)
        head.setSpacing(16)
        head.addWidget(self.sentence, 1)
        head.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(head)
        inside.addWidget(self.part)
        inside.addWidget(area, 1)
        self._stack.addWidget(empty)
        self._stack.addWidget(done)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(self._running)
        whole.addWidget(self._stack, 1)


class AuditShort(QWidget):
    """The audit in three or four lines, beside the headline figures.

    `wanted`: make the audit; `opened`: show the whole of it.
    """

    wanted = Signal()
    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Shortcut audit in short")
        self.words = label("", "dim", wrap=True)
        self.button = _button("Audit", "Make the shortcut audit", "link")
        self.button.clicked.connect(self._clicked)
        self.rows: list[FactRow] = []
        self._audit: Audit | None = None
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        # The link's own padding: their first lines stand side by side.
        self.words.setContentsMargins(0, 3, 0, 0)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(SectionLabel("Shortcut audit"))
        column.addLayout(self._lines)
        column.addLayout(foot)
        self.show_audit(None)

    def show_audit(self, audit: Audit | None) -> None:
        """Shows the lines that tell most; None: it was not made yet."""
        self._audit = audit
        for row in self.rows:
            self._lines.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        self.button.setVisible(True)
        self.button.setText("Audit" if audit is None else "See all")
        self.button.setAccessibleName(
            "Make the shortcut audit" if audit is None else "Show the whole shortcut audit"
        )
        if audit is None:
            self.words.setText(_NOT_YET)
            return
        if not audit.rows:
            self.words.setText("Too few images to tell.")
            return
        from curator.evaluation.shortcut_audit_words import short_rows

        for one in short_rows(audit, _SHORT_LINES):
            made = FactRow(one.what, tip=one.words)
            figure = one.balanced_accuracy
            made.set_value(
                f"{figure.value:.2f}" if figure is not None else "",
                "bad" if one.verdict == "look" else "good",
            )
            self._lines.addWidget(made)
            self.rows.append(made)
        self.words.setText(f"guessing {1 / len(audit.classes):.2f}")

    def say_running(self, progress: Progress | None) -> None:
        """The audit is being made."""
        share = f" {100 * progress.done // max(1, progress.total)} %" if progress is not None else ""
        self.words.setText(f"{progress.what if progress is not None else 'Auditing'}{share}")
        self.button.hide()

    def say_unfit(self, words: str) -> None:
        """Nothing can be audited here."""
        self.show_audit(None)
        self.words.setText(words)
        self.button.hide()

    def _clicked(self) -> None:
        if self._audit is None:
            self.wanted.emit()
        else:
            self.opened.emit()


def row_words(rows: dict[Images, AuditRow]) -> str:
    """What stands below one line of the table: what the cleaned images say, if anything, else the raw ones."""
    cleaned = rows.get("cleaned")
    if cleaned is not None and cleaned.verdict == "look":
        return cleaned.words
    found = next((row for row in rows.values() if row.verdict == "look"), None)
    if found is None:
        told = (row.words for row in rows.values() if row.balanced_accuracy is None or row.unclear)
        return next(told, "")
    if cleaned is None:
        return found.words
    after = (
        f"After cleaning: {cleaned.words}" if cleaned.unclear else "Nothing of it is found after cleaning."
    )
    return f"{found.words} {after}"


def _button(words: str, name: str, role: str = "") -> QPushButton:
    made = QPushButton(words)
    made.setAccessibleName(name)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        made.setProperty("role", role)
    return made

"""The line above a plot: title or tabs, legend, value, and the menu of what can be done with the plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QFontMetrics, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from curator.app import theme
from curator.app.widgets import IconButton, label, set_role

_TAB_PADDING: Final = 10
# After a name, so that the mark that follows is not taken for its own.
_APART: Final = 6
# How solid a faint curve is drawn.
FAINT: Final = 0.45
# How the legend marks what is drawn as an area: told apart without colour as well.
Area: TypeAlias = Literal["", "solid", "outlined"]
_AREA: Final = 10
SMOOTHINGS: Final = ((0.0, "None"), (0.6, "0.6"), (0.9, "0.9"), (0.97, "0.97"))


class PlotHead(QWidget):
    """`tab_chosen` carries the number of the tab; the rest are wishes of the menu."""

    tab_chosen = Signal(int)
    home_wanted = Signal()
    zoom_wanted = Signal(float)
    log_wanted = Signal(bool)
    smoothing_wanted = Signal(float)
    png_wanted = Signal()
    svg_wanted = Signal()
    csv_wanted = Signal()

    def __init__(self, title: str, tabs: Sequence[str] = (), tab: int = 0) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(26)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self.tabs: list[QPushButton] = []
        for number, words in enumerate(tabs):
            self._row.addWidget(self._tab(number, words, tab))
        if not tabs:
            heading = label(title, "name")
            heading.setContentsMargins(0, 0, _APART, 0)
            self._row.addWidget(heading)
        self._legend: list[tuple[QLabel, QLabel, str, bool]] = []
        self._areas: dict[QLabel, Area] = {}
        self._variants: tuple[str, ...] = ("",)
        self._value = label("", "value")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self._value, 1)
        self.home_button = QPushButton("Show all")
        self.home_button.setProperty("role", "link")
        self.home_button.setAccessibleName(f"{title}: show all")
        self.home_button.setToolTip("A part is shown; double click the plot, or here, for the whole")
        self.home_button.clicked.connect(self.home_wanted)
        self.home_button.hide()
        self._row.addWidget(self.home_button)
        self.menu = QMenu(self)
        self.menu_button = IconButton("more", f"{title}: view and save", size=14)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self.menu)
        self._row.addWidget(self.menu_button)
        self._fill_menu()

    def add_legend(self, words: str, colour: str, *, faint: bool = False, area: Area = "") -> QLabel:
        """Adds a mark in the colour (a field of `Colours`) with words; returns the label of the words."""
        mark = QLabel()
        mark.setFixedSize(*((_AREA, _AREA) if area else (12, 3)))
        shown = label(words, "dim")
        shown.setContentsMargins(0, 0, _APART, 0)
        at = self._row.indexOf(self._value)
        self._row.insertWidget(at, mark, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.insertWidget(at + 1, shown)
        self._legend.append((mark, shown, colour, faint))
        self._areas[mark] = area
        return shown

    def offer_log(self, on: bool) -> None:
        """Puts "Logarithmic scale" into the menu."""
        action = QAction("Logarithmic scale", self.menu, checkable=True, checked=on)
        action.toggled.connect(self.log_wanted)
        self.menu.insertAction(self._before_saving, action)

    def offer_smoothing(self, factor: float) -> None:
        """Puts the smoothing of the batch curve into the menu."""
        menu = QMenu("Smoothing of the batches", self.menu)
        group = QActionGroup(menu)
        for value, words in SMOOTHINGS:
            action = QAction(words, menu, checkable=True, checked=value == factor)
            action.triggered.connect(lambda _on=False, value=value: self.smoothing_wanted.emit(value))
            group.addAction(action)
            menu.addAction(action)
        self.menu.insertMenu(self._before_saving, menu)

    def set_value(self, *variants: str) -> None:
        """Shows the first of `variants`, longest first, that there is room for."""
        self._variants = variants
        self._value.setToolTip(variants[0])
        self.fit_value()

    def value(self) -> str:
        """The value as shown."""
        return self._value.text()

    def fit_value(self) -> None:
        """Says as much as there is room for; where there is none at all, the legend goes: faint curves first."""
        for mark, words, _, _ in self._legend:
            mark.show()
            words.show()
        for faint in (True, False):
            for mark, words, _, is_faint in reversed(self._legend):
                if is_faint == faint and self._room() < 0:
                    mark.hide()
                    words.hide()
        room, metrics = self._room(), self._value.fontMetrics()
        fitting = (words for words in (*self._variants, "") if metrics.horizontalAdvance(words) + 4 <= room)
        self._value.setText(next(fitting, ""))
        # Not left to the event loop: until then the title would stand clipped.
        self._row.activate()

    def _room(self) -> int:
        items = (self._row.itemAt(number) for number in range(self._row.count()))
        parts = (item.widget() for item in items if item is not None)
        others = [part for part in parts if part is not None and part is not self._value]
        wanted = [max(one.sizeHint().width(), one.minimumWidth()) for one in others if not one.isHidden()]
        return self.width() - sum(wanted) - self._row.spacing() * len(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Says as much as there is room for."""
        super().resizeEvent(event)
        self.fit_value()

    def recolour(self) -> None:
        """Takes the colours of the scheme that is shown."""
        for mark, _, colour, faint in self._legend:
            shade = QColor(getattr(theme.current(), colour))
            shade.setAlphaF(FAINT if faint else 1.0)
            if self._areas[mark]:
                mark.setPixmap(_filled(shade, self._areas[mark]))
                continue
            mark.setStyleSheet(f"background: {shade.name(QColor.NameFormat.HexArgb)}; border-radius: 1px")

    def _tab(self, number: int, words: str, chosen: int) -> QPushButton:
        tab = QPushButton(words)
        tab.setCheckable(True)
        tab.setChecked(number == chosen)
        tab.setAccessibleName(f"Plot of {words}")
        tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_role(tab, "tab")
        bold = theme.font(self.font())
        bold.setBold(True)
        # The chosen one is bold, and the others must not move for it.
        tab.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(words) + _TAB_PADDING)

        def clicked() -> None:
            tab.setChecked(number == chosen)
            self.tab_chosen.emit(number)

        tab.clicked.connect(clicked)
        self.tabs.append(tab)
        return tab

    def _fill_menu(self) -> None:
        for words, factor in (("Zoom in (+)", 0.5), ("Zoom out (−)", 2.0)):
            action = self.menu.addAction(words)
            action.triggered.connect(lambda _on=False, factor=factor: self.zoom_wanted.emit(factor))
        self.menu.addAction("Show all (0)").triggered.connect(self.home_wanted)
        self._before_saving = self.menu.addSeparator()
        self.menu.addAction("Save as PNG …").triggered.connect(self.png_wanted)
        self.menu.addAction("Save as SVG …").triggered.connect(self.svg_wanted)
        self.menu.addAction("Save as CSV …").triggered.connect(self.csv_wanted)


def _filled(shade: QColor, area: Area) -> QPixmap:
    """A little square as the area is filled."""
    drawn = QPixmap(_AREA, _AREA)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    if area == "solid":
        painter.fillRect(drawn.rect(), shade)
    painter.setPen(shade)
    painter.drawRect(drawn.rect().adjusted(0, 0, -1, -1))
    painter.end()
    return drawn

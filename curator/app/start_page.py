"""What the window shows while no folder is open: a place to drop one, the recent ones, and the demo."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from curator.app import theme
from curator.app.settings import Settings
from curator.app.widgets import SectionLabel, Segment, label
from curator.records import Profile

_WIDTH = 620


class StartPage(QWidget):
    """Emits what the user wants; `profile` is what a new folder will be opened under."""

    open_wanted = Signal()
    demo_wanted = Signal()
    folder_chosen = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.setProperty("role", "page")
        self.setAccessibleName("Start")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole.addWidget(area)
        middle = QWidget()
        middle.setProperty("role", "scrolled")
        area.setWidget(middle)
        outer = QVBoxLayout(middle)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(2)
        column = QVBoxLayout()
        column.setSpacing(10)
        row = QHBoxLayout()
        row.addStretch(1)
        holder = QWidget()
        holder.setFixedWidth(_WIDTH)
        holder.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        row.addWidget(holder)
        row.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(3)
        column.addWidget(self._drop_area())
        column.addSpacing(10)
        column.addWidget(SectionLabel("New folders are opened as"))
        column.addWidget(self._profile_choice())
        self._profile_words = label("", "dim", wrap=True)
        column.addWidget(self._profile_words)
        column.addSpacing(10)
        self._recent_title = SectionLabel("Recent")
        column.addWidget(self._recent_title)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        self.recent_buttons: list[QPushButton] = []
        self._say_profile()
        self.refresh()

    @property
    def profile(self) -> Profile:
        """The profile that is chosen for new folders."""
        return self._settings.profile

    def set_hot(self, hot: bool) -> None:
        """Lights the drop area while a folder is dragged over the window."""
        self._area.setProperty("hot", hot)
        theme.restyle(self._area)

    def refresh(self) -> None:
        """Reads the recent folders again."""
        for old in self.recent_buttons:
            self._recent.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.recent_buttons = [self._recent_button(folder) for folder in self._settings.recent()]
        for button in self.recent_buttons:
            self._recent.addWidget(button)
        self._recent_title.setVisible(bool(self.recent_buttons))

    def _drop_area(self) -> QFrame:
        area = QFrame()
        area.setObjectName("drop_area")
        self._area = area
        column = QVBoxLayout(area)
        column.setContentsMargins(24, 36, 24, 32)
        column.setSpacing(8)
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        theme.notifier().changed.connect(self._draw)
        self._draw()
        title = label("Drop a folder of images here", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words = label("One folder per class, such as yes/ and no/. The originals are never changed.", "dim")
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._picture)
        column.addWidget(title)
        column.addWidget(words)
        column.addSpacing(12)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        self.open_button = QPushButton("Open folder…")
        self.open_button.setProperty("role", "primary")
        self.open_button.setAccessibleName("Open a folder")
        self.open_button.clicked.connect(self.open_wanted)
        self.demo_button = QPushButton("Try the demo")
        self.demo_button.setAccessibleName("Try the demo")
        self.demo_button.setToolTip(
            "Draws 200 synthetic brain slices with everything a real folder has wrong"
        )
        self.demo_button.clicked.connect(self.demo_wanted)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.demo_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        return area

    def _profile_choice(self) -> Segment:
        self.profile_choice = Segment(
            "Profile of new folders", (("brain-mri", "Brain MRI"), ("general", "General images"))
        )
        self.profile_choice.set_value(self._settings.profile)
        self.profile_choice.chosen.connect(self._choose_profile)
        return self.profile_choice

    def _choose_profile(self, value: object) -> None:
        self._settings.profile = "general" if value == "general" else "brain-mri"
        self._say_profile()

    def _say_profile(self) -> None:
        self._profile_words.setText(
            "Looks for the head, for burnt-in text, rulers and arrows, and for copies."
            if self._settings.profile == "brain-mri"
            else "Looks for copies and unreadable files only: no head, no overlays."
        )

    def _recent_button(self, folder: Path) -> QPushButton:
        button = QPushButton()
        button.setProperty("role", "row")
        button.setAccessibleName(f"Open {folder}")
        button.setToolTip(str(folder))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(button)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(12)
        parent = label("", "dim")
        shown = parent.fontMetrics().elidedText(
            str(folder.parent), Qt.TextElideMode.ElideMiddle, _WIDTH - 220
        )
        parent.setText(shown)
        for part in (label(folder.name), parent):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(part)
        row.addStretch(1)
        button.clicked.connect(lambda: self.folder_chosen.emit(folder))
        return button

    def _draw(self) -> None:
        self._picture.setPixmap(theme.pixmap("app", theme.current().accent, 56, self.devicePixelRatioF()))

"""The window: rail, top bar, the pages, status bar. It only joins them; what they do is theirs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from curator import __version__
from curator.app import collector, messages, theme
from curator.app.demo import start_demo
from curator.app.dialogs import folder_of_images, may_stop_training
from curator.app.drop import FolderDrop
from curator.app.help_overlay import HelpOverlay
from curator.app.jobs import Jobs
from curator.app.page import Page
from curator.app.pages import PAGES, PageHolder
from curator.app.project_model import ProjectModel
from curator.app.rail import Rail
from curator.app.settings import Settings
from curator.app.shortcuts import WINDOW, shortcuts
from curator.app.start_page import StartPage
from curator.app.status_bar import StatusBar
from curator.app.toast import Toast
from curator.app.top_bar import TopBar
from curator.errors import CuratorError
from curator.paths import existing_project_dir


class MainWindow(QMainWindow):
    """One open dataset and its three pages. The pages are made when they are first shown."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.jobs = Jobs(self)
        self.model = ProjectModel(self.jobs, self)
        self.setWindowTitle("Curator")
        self.setWindowIcon(theme.icon("app", theme.current().accent, size=64))
        self.setAccessibleName(f"Curator {__version__}")
        self.setMinimumSize(1024, 640)
        self.resize(1440, 900)
        self.rail = Rail()
        self.bar = TopBar()
        self.status = StatusBar(self.jobs)
        self.stack = QStackedWidget()
        self.start = StartPage(self.settings)
        self.stack.addWidget(self.start)
        self._lay_out()
        self.toast = Toast(self)
        self.help = HelpOverlay(self.stack)
        self.pages = PageHolder(self)
        self.drop = FolderDrop(self)
        self._connect()
        self._bind_keys()
        shortcuts.set_own(self.settings.keys())
        if self.settings.geometry is not None:
            self.restoreGeometry(self.settings.geometry)
        self.show_start()

    @property
    def curate(self) -> Page:
        """The page Curate, made now if it is not there yet."""
        return self.pages.get(0)

    @property
    def train(self) -> Page:
        """The page Train, made now if it is not there yet."""
        return self.pages.get(1)

    @property
    def review(self) -> Page:
        """The page Review, made now if it is not there yet."""
        return self.pages.get(2)

    def open_folder(self, folder: Path) -> bool:
        """Opens a dataset. False, with a message, where it cannot be opened."""
        root = Path(folder).expanduser().resolve()
        project = self.model.project
        if project is not None and project.root == root:
            return True
        if not self._may_leave():
            return False
        profile = None if existing_project_dir(root) is not None else self.settings.profile
        try:
            if not root.is_dir():
                raise CuratorError(
                    f"{root} is not a folder: choose the folder that holds one folder per class."
                )
            self.model.open(root, profile)
        except CuratorError as error:
            messages.show(str(error), "error")
            return False
        self.settings.add_recent(root)
        return True

    def show_page(self, index: int) -> None:
        """Brings Curate (0), Train (1) or Review (2) to the front; nothing while no folder is open."""
        if self.model.project is None:
            self.rail.set_current(-1)
            return
        page = self.pages.get(index)
        self.stack.setCurrentWidget(page)
        self.rail.set_current(index)
        self.bar.show_page_bar(self.pages.top_bar(index))
        self.status.set_page_text(self.pages.status_text(index))
        page.activate()

    def show_start(self) -> None:
        """Shows the start page."""
        self.start.refresh()
        self.stack.setCurrentWidget(self.start)
        self.rail.close_project()
        self.bar.set_dataset(None)
        self.bar.show_page_bar(None)
        self.status.set_page_text("")
        self.status.show_saving(None)
        self.setWindowTitle("Curator")
        self.start.open_button.setFocus()

    @Slot()
    def choose_folder(self) -> None:
        """Asks for a folder and opens it."""
        chosen = folder_of_images(self)
        if chosen is not None:
            self.open_folder(chosen)

    @Slot()
    def export(self) -> None:
        """Shows the export dialog."""
        if self.model.project is not None:
            from curator.app.export_dialog import ExportDialog

            ExportDialog(self.model, self).open()

    @Slot()
    def toggle_theme(self) -> None:
        """Changes between dark and light."""
        self.settings.theme = "light" if theme.current().scheme == "dark" else "dark"
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, self.settings.theme)

    @Slot()
    def toggle_help(self) -> None:
        """Shows or hides the keys."""
        if self.help.isVisible():
            self.help.hide()
        else:
            page = self.stack.currentWidget()
            self.help.show_for([page.title, WINDOW] if isinstance(page, Page) else [WINDOW])

    @Slot()
    def make_demo(self) -> None:
        """Draws the demo dataset in the background and opens it."""
        start_demo(self.jobs, self.open_folder)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ends all jobs, writes what is not written yet, remembers the window's place."""
        if not self._may_leave():
            event.ignore()
            return
        self.settings.geometry = self.saveGeometry()
        self.model.close()
        self.jobs.cancel_all_and_wait()
        self.settings.sync()
        event.accept()

    def _may_leave(self) -> bool:
        return self.jobs.get("train") is None or may_stop_training(self)

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(body)
        for kind in PAGES:
            self.rail.add(kind.icon, kind.title, kind.shortcut)

    def _connect(self) -> None:
        self.model.opened.connect(self._opened)
        self.model.closing.connect(self.show_start)
        self.model.closing.connect(collector.release)
        self.jobs.ended.connect(collector.settle)
        self.model.changed.connect(self._show_history)
        self.model.saving.connect(self.status.show_saving)
        self.rail.chosen.connect(self.show_page)
        self.start.open_wanted.connect(self.choose_folder)
        self.start.demo_wanted.connect(self.make_demo)
        self.start.folder_chosen.connect(self.open_folder)
        for signal, slot in (
            (self.bar.open_wanted, self.choose_folder),
            (self.bar.export_wanted, self.export),
            (self.bar.undo_wanted, self.model.undo),
            (self.bar.redo_wanted, self.model.redo),
            (self.bar.theme_wanted, self.toggle_theme),
            (self.bar.help_wanted, self.toggle_help),
        ):
            signal.connect(slot)
        self.drop.hovered.connect(self.start.set_hot)
        self.drop.dropped.connect(self.open_folder)
        self.help.change_wanted.connect(self._change_keys)
        messages.hub().shown.connect(self.toast.show_message)

    def _bind_keys(self) -> None:
        for id, slot in (
            ("page.curate", lambda: self.show_page(0)),
            ("page.train", lambda: self.show_page(1)),
            ("page.review", lambda: self.show_page(2)),
            ("open", self.choose_folder),
            ("export", self.export),
            ("undo", self.model.undo),
            ("redo", self.model.redo),
            ("rescan", self.model.rescan),
            ("theme", self.toggle_theme),
            ("help", self.toggle_help),
            ("quit", self.close),
        ):
            shortcuts.bind(self, id, slot, context=Qt.ShortcutContext.WindowShortcut)

    def _change_keys(self) -> None:
        from curator.app.keys_dialog import KeysDialog

        KeysDialog(self.settings, self).open()

    @Slot()
    def _opened(self) -> None:
        project = self.model.project
        assert project is not None
        self.rail.setEnabled(True)
        self.bar.set_dataset(project.root)
        self.setWindowTitle(f"{project.root.name} — Curator")
        self._show_history()
        self.show_page(0)

    @Slot(object)
    def _show_history(self, _change: object = None) -> None:
        project = self.model.project
        if project is not None:
            self.bar.set_history(project.undo_words, project.redo_words)

"""The second look: a part of what was decided comes up again, blind, in a page Curate of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from curator.app import messages
from curator.app.curate.page import CuratePage
from curator.app.curate.second_look_results import ResultsPane
from curator.app.curate.second_look_start import StartPane
from curator.app.help_overlay import HelpOverlay
from curator.app.image_loader import ImageLoader
from curator.app.project_model import ProjectModel
from curator.app.shortcuts import CURATE, WINDOW, shortcuts
from curator.app.toast import Toast
from curator.app.widgets import IconButton, label, line
from curator.errors import CuratorError
from curator.project import Project
from curator.workflow import second_look
from curator.workflow.agreement import Agreement
from curator.workflow.second_look import SecondLook

_PART_OF_PARENT = 0.96
_LARGEST_SEED = 2**31


class SecondLookDialog(QDialog):
    """Over the project that `model` has open. `show_wanted` carries an image of it to go to in Curate.

    What is decided here lies in a small project of its own: closing half way loses nothing. `seed` draws the
    sample; None takes a new one each time.
    """

    show_wanted = Signal(int)

    def __init__(
        self, model: ProjectModel, parent: QWidget | None = None, *, seed: int | None = None
    ) -> None:
        super().__init__(parent)
        project = model.project
        assert project is not None
        self._project = project
        self._seed = seed
        # The small project while it is open and not shown yet; then it is the look's model that has it.
        self._second: Project | None = None
        self.setWindowTitle("Second look")
        self.setAccessibleName("Second look")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(900, 560)
        if parent is not None:
            self.resize(parent.window().size() * _PART_OF_PARENT)
        self._loader = ImageLoader(self)
        self._loader.set_root(project.root)
        self.start = StartPane()
        self.results = ResultsPane(self._loader)
        self.look: LookPane | None = None
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start)
        self.stack.addWidget(self.results)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.toast = Toast(self)
        messages.hub().shown.connect(self.toast.show_message)
        model.closing.connect(self.reject)
        self.start.begun.connect(self._begin)
        self.start.gone_on.connect(self._go_on)
        self.start.ended.connect(self._end)
        self.start.shown.connect(self._show_earlier)
        self.start.closed.connect(self.reject)
        self.results.show_wanted.connect(self._show_in_curate)
        self.results.closed.connect(self.accept)
        self.results.back.connect(self._show_start)
        self._show_start()

    def done(self, result: int) -> None:
        """Closes; what was looked at so far is on the disk and can be gone on with."""
        self._close_look()
        self._loader.close()
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """While images are looked at, Enter and Esc are the page's alone."""
        if self.look is None or event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            super().keyPressEvent(event)

    @Slot()
    def _show_start(self) -> None:
        """The first page, with the one that is not finished, if there is one."""
        self.start.say("")
        unfinished: tuple[int, int] | None = None
        look = second_look.unfinished(self._project)
        if look is not None:
            try:
                self._second = self._second or second_look.resume(self._project)
            except CuratorError as error:
                self.start.say(str(error))
            done = second_look.agreement(self._project, self._second).reviewed if self._second else 0
            unfinished = (done, len(look.first))
        population = len(second_look.eligible(self._project))
        self.stack.setCurrentWidget(self.start)
        self.start.show_looks(population, second_look.looks(self._project), unfinished)
        self.start.go_on.setEnabled(self._second is not None)

    @Slot(float)
    def _begin(self, share: float) -> None:
        import secrets

        seed = secrets.randbelow(_LARGEST_SEED) if self._seed is None else self._seed
        try:
            self._second = second_look.begin(self._project, seed, share=share)
        except CuratorError as error:
            self.start.say(str(error))
            return
        self._go_on()

    @Slot()
    def _go_on(self) -> None:
        """Shows the small project in a page of its own."""
        second, self._second = self._second, None
        assert second is not None
        self.look = LookPane(second)
        self.look.finished.connect(self._finish)
        self.look.put_off.connect(self.reject)
        self.stack.addWidget(self.look)
        self.stack.setCurrentWidget(self.look)
        self.look.page.activate()

    @Slot()
    def _end(self) -> None:
        """Ends one that was begun earlier: with what was looked at, or without anything."""
        second, self._second = self._second, None
        try:
            if second is not None and second.counts().decided:
                results = second_look.finish(self._project, second)
                self._show_results(results)
            else:
                second_look.drop(self._project)
        except CuratorError as error:
            self.start.say(str(error))
        finally:
            if second is not None:
                second.close()
        if self.stack.currentWidget() is self.start:
            self._show_start()

    @Slot()
    def _finish(self) -> None:
        look = self.look
        assert look is not None
        second = look.model.project
        assert second is not None
        look.page.inspector.commit_note()
        try:
            results = second_look.finish(self._project, second)
        except CuratorError as error:
            messages.show(str(error), "error")
            return
        self._show_results(results)
        self._close_look()

    @Slot(object)
    def _show_earlier(self, look: SecondLook) -> None:
        if look.results is not None:
            self._show_results(look.results)

    def _show_results(self, results: Agreement) -> None:
        self.stack.setCurrentWidget(self.results)
        self.results.show_results(self._project, results)

    @Slot(int)
    def _show_in_curate(self, image_id: int) -> None:
        self.show_wanted.emit(image_id)
        self.accept()

    def _close_look(self) -> None:
        if self._second is not None:
            self._second.close()
            self._second = None
        if self.look is not None:
            self.look.shut()
            self.stack.removeWidget(self.look)
            self.look.deleteLater()
            self.look = None


class LookPane(QWidget):
    """The page Curate over the small project, which is closed with it."""

    finished = Signal()
    put_off = Signal()

    def __init__(self, second: Project) -> None:
        super().__init__()
        self.model = ProjectModel(parent=self)
        self.page = CuratePage(self.model)
        self.place = label("", "name")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName("Images looked at again")
        self.undo = IconButton("undo", "Undo", "undo")
        self.redo = IconButton("redo", "Redo", "redo")
        self.help_button = IconButton("help", "Keys and help", "help")
        self.finish = QPushButton("Finish")
        self.finish.setProperty("role", "primary")
        self.finish.setAccessibleName("Finish")
        self.later = QPushButton("Later")
        self.later.setAccessibleName("Later")
        self.later.setToolTip("Close, and go on another time")
        self._help = HelpOverlay(self)
        self._lay_out()
        for button, id, slot in (
            (self.undo, "undo", self.model.undo),
            (self.redo, "redo", self.model.redo),
            (self.help_button, "help", self._show_help),
        ):
            button.clicked.connect(slot)
            shortcuts.bind(self, id, slot)
        self.later.clicked.connect(self.put_off)
        self.finish.clicked.connect(self.finished)
        self._help.change_wanted.connect(self._change_keys)
        self.model.changed.connect(self._show_place)
        self.model.adopt(second)
        self._show_place()
        for any_button in self.findChildren(QPushButton):
            # Enter belongs to the page, not to whichever button a dialog would take for its default.
            any_button.setAutoDefault(False)

    def shut(self) -> None:
        """Writes and closes the small project and ends all threads."""
        self.model.close()
        self.page.loader.close()

    def _lay_out(self) -> None:
        head = QWidget()
        head.setObjectName("top_bar")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head.setAccessibleName("Second look")
        head.setFixedHeight(44)
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(10)
        row.addWidget(self.place)
        row.addWidget(self.bar)
        row.addSpacing(14)
        row.addWidget(self.page.top_bar(), 1)
        for button in (self.undo, self.redo, self.help_button, self.later, self.finish):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(line())
        column.addWidget(self.page, 1)

    @Slot()
    def _show_place(self, _change: object = None) -> None:
        project = self.model.project
        if project is None:
            return
        done, total = project.counts().decided, len(project)
        self.place.setText(f"{done} of {total} looked at")
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.finish.setEnabled(done > 0)
        for button, name, words in (
            (self.undo, "Undo", project.undo_words),
            (self.redo, "Redo", project.redo_words),
        ):
            button.setEnabled(words is not None)
            button.set_words(f"{name}: {words}" if words else name)

    @Slot()
    def _show_help(self) -> None:
        if self._help.isVisible():
            self._help.hide()
            self.page.take_focus()
        else:
            self._help.show_for([CURATE, WINDOW])

    @Slot()
    def _change_keys(self) -> None:
        from curator.app.keys_dialog import KeysDialog
        from curator.app.settings import Settings

        KeysDialog(Settings(), self).open()

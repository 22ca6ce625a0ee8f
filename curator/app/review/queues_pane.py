"""What is probably wrong with the data: queues, how much of each is left, and why an image is in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from curator.app.widgets import KeyHint, SectionLabel, label, set_role

if TYPE_CHECKING:
    from curator.evaluation.flags import Flag, Queue
    from curator.records import Progress

NEXT_KEY: Final = "review.queue_next"


class QueuesPane(QWidget):
    """Lists queues; one of them may be chosen, which is for the page to show.

    `queue_chosen` carries a `Queue`, or None when it is let go; `image_wanted` the name of the next image to look
    at in it; `find_wanted` and `stop_wanted` come from the buttons. What is handled (mended, relabelled, discarded,
    looked at) counts no longer, though it stays listed.
    """

    queue_chosen = Signal(object)
    image_wanted = Signal(str)
    find_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What is wrong with the data")
        self._queues: tuple[Queue, ...] = ()
        # Flagged images that are not among those shown.
        self._elsewhere = 0
        self._found = False
        self._rows: dict[str, _Row] = {}
        self._handled: frozenset[str] = frozenset()
        self._chosen: str | None = None
        self._current: str | None = None
        self.rows = QVBoxLayout()
        self.rows.setSpacing(0)
        self.words = label("", "dim", wrap=True)
        self.reason = label("", "value", wrap=True)
        self.reason.setAccessibleName("Why this image is in the queue")
        self.note = label("", "small", wrap=True)
        self.next_button = QPushButton("Next to look at")
        self.next_button.setAccessibleName("Next image to look at in this queue")
        self.next_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.next_button.clicked.connect(self.step)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Finding what is wrong with the data")
        self.doing = label("", "small")
        self.find_button = QPushButton()
        self.find_button.clicked.connect(self.find_wanted)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setAccessibleName("Stop finding what is wrong with the data")
        self.stop_button.clicked.connect(self.stop_wanted)
        for button in (self.find_button, self.stop_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()
        self.show_queues(None)

    # What is shown

    def show_queues(self, queues: Sequence[Queue] | None, shown: frozenset[str] | None = None) -> None:
        """Shows queues; None: they have not been found yet. Of their images only those in `shown` count, if that
        is given. A queue that was chosen stays so where it still has images.
        """
        self._found = queues is not None
        self._elsewhere = 0
        self._queues = tuple(self._of_shown(queue, shown) for queue in queues or ())
        chosen = self._chosen
        for row in self._rows.values():
            self.rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = {}
        for queue in self._queues:
            row = _Row(queue)
            row.clicked.connect(self._row_clicked)
            self._rows[queue.name] = row
            self.rows.addWidget(row)
            row.show()
        self._chosen = None
        if chosen in self._rows and self._queue(chosen).flags:
            self._choose(chosen)
        elif chosen is not None:
            self.queue_chosen.emit(None)
        self._refresh()

    def set_handled(self, names: frozenset[str]) -> None:
        """Says which images were mended, relabelled, discarded or looked at: they are not counted."""
        if names != self._handled:
            self._handled = names
            self._refresh()

    def show_image(self, name: str | None) -> None:
        """Says why an image is in the chosen queue; None where no image is shown."""
        self._current = name
        self._say_reason()

    def show_progress(self, progress: Progress | None) -> None:
        """Shows how far the finding is; None where nothing runs."""
        running = progress is not None
        for part in (self.bar, self.doing, self.stop_button):
            part.setVisible(running)
        self.find_button.setVisible(not running)
        if progress is not None:
            self.bar.setRange(0, max(1, progress.total))
            self.bar.setValue(progress.done)
            self.doing.setText(f"{progress.what}…")

    def say(self, words: str) -> None:
        """Says in a sentence what went wrong; empty takes it back."""
        if words:
            self.words.setText(words)
            set_role(self.words, "warn")
            self.words.show()
        else:
            self._refresh()

    # What is chosen

    @property
    def found(self) -> bool:
        """Whether queues are shown, empty ones included."""
        return self._found

    @property
    def chosen(self) -> Queue | None:
        """The queue that is chosen."""
        return None if self._chosen is None else self._queue(self._chosen)

    def left(self, queue: Queue) -> int:
        """How many images of a queue are still to be looked at."""
        return sum(flag.file_name not in self._handled for flag in queue.flags)

    def names(self) -> frozenset[str]:
        """The images of all queues."""
        return frozenset(flag.file_name for queue in self._queues for flag in queue.flags)

    def first_left(self) -> str | None:
        """The first image of the chosen queue that is to be looked at; None where all were."""
        flags = self.chosen.flags if self.chosen is not None else ()
        return next((flag.file_name for flag in flags if flag.file_name not in self._handled), None)

    def let_go(self) -> None:
        """Chooses no queue, without a signal: the page shows something else."""
        if self._chosen is not None:
            self._rows[self._chosen].setChecked(False)
            self._chosen = None
            self._refresh()

    @Slot()
    def step(self) -> None:
        """Asks for the next image of the chosen queue that is left, from its start again after the last; the first
        queue with any left where none is chosen."""
        queue = self.chosen
        if queue is None:
            first = next((one for one in self._queues if self.left(one)), None)
            if first is not None:
                self._choose(first.name)
                self._refresh()
            return
        names = [flag.file_name for flag in queue.flags]
        start = names.index(self._current) + 1 if self._current in names else 0
        for name in (*names[start:], *names[:start]):
            if name not in self._handled and name != self._current:
                self.image_wanted.emit(name)
                return

    @Slot()
    def _row_clicked(self) -> None:
        row = self.sender()
        assert isinstance(row, _Row)
        if row.isChecked():
            self._choose(row.queue.name)
        else:
            self._chosen = None
            self.queue_chosen.emit(None)
        self._refresh()

    def _choose(self, name: str) -> None:
        self._chosen = name
        for one, row in self._rows.items():
            row.setChecked(one == name)
        self.queue_chosen.emit(self._queue(name))

    def _queue(self, name: str) -> Queue:
        return self._rows[name].queue

    def _of_shown(self, queue: Queue, shown: frozenset[str] | None) -> Queue:
        if shown is None:
            return queue
        flags = tuple(flag for flag in queue.flags if flag.file_name in shown)
        self._elsewhere += len(queue.flags) - len(flags)
        return replace(queue, flags=flags)

    # In words

    def _refresh(self) -> None:
        for row in self._rows.values():
            row.show_left(self.left(row.queue))
        flags = sum(len(queue.flags) for queue in self._queues)
        if not self._found:
            words = (
                "Probable label errors, images unlike the rest, copies across labels, and predictions that swing "
                "with masks or crop: each with its reason."
            )
        elif self._elsewhere:
            words = f"{self._elsewhere} more in other splits: choose “all” above."
        elif not flags:
            words = "Nothing suspicious was found."
        else:
            words = ""
        set_role(self.words, "dim")
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.find_button.setText("Find again" if self._found else "Find them")
        again = "again " if self._found else ""
        self.find_button.setAccessibleName(f"Find {again}what is wrong with the data")
        set_role(self.find_button, "link" if self._found else "")
        queue = self.chosen
        self.note.setText(queue.note if queue is not None else "")
        self.note.setVisible(queue is not None)
        self._next.setVisible(queue is not None)
        self.next_button.setEnabled(queue is not None and self.left(queue) > 0)
        self._say_reason()

    def _say_reason(self) -> None:
        queue = self.chosen
        flag: Flag | None = None
        if queue is not None:
            flag = next((one for one in queue.flags if one.file_name == self._current), None)
        self.reason.setText(flag.reason if flag is not None else "")
        self.reason.setVisible(flag is not None)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(SectionLabel("What is wrong with the data"))
        column.addSpacing(6)
        column.addLayout(self.rows)
        column.addSpacing(4)
        self._next = QWidget()
        row = QHBoxLayout(self._next)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.next_button)
        row.addWidget(KeyHint(NEXT_KEY), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        # Its spacing is only between parts that are shown.
        told = QVBoxLayout()
        told.setSpacing(8)
        for part in (self.words, self.reason, self._next, self.note, self.bar, self.doing):
            told.addWidget(part)
        column.addLayout(told)
        column.addSpacing(8)
        buttons = QHBoxLayout()
        buttons.addWidget(self.find_button)
        buttons.addWidget(self.stop_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.show_progress(None)


class _Row(QPushButton):
    """A queue's title and how many of it are left; can't be chosen where it is empty."""

    def __init__(self, queue: Queue) -> None:
        super().__init__()
        self.queue = queue
        self.setProperty("role", "row")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setEnabled(bool(queue.flags))
        self.setToolTip(queue.note)
        self._count = label("", "value")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        title = label(queue.title, "" if queue.flags else "dim")
        row.addWidget(title, 1)
        row.addWidget(self._count)
        for part in (title, self._count):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMinimumHeight(28)

    def show_left(self, left: int) -> None:
        """Shows how many are left; "done" where there were some."""
        done = bool(self.queue.flags) and not left
        self._count.setText("done" if done else str(left))
        set_role(self._count, "good" if done else "value" if left else "dim")
        self.setAccessibleName(
            f"{self.queue.title}: {'all looked at' if done else f'{left} of {len(self.queue.flags)} to look at'}"
        )

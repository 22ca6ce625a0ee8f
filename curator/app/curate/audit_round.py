"""The look at a random part of what was accepted at once: a banner over the canvas, and what it counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from curator.app.curate.floating import Panel, height_of
from curator.app.shortcuts import with_keys
from curator.app.widgets import label
from curator.project import Project
from curator.records import Change, ImageState
from curator.workflow import audit
from curator.workflow.audit import Audit


class AuditBanner(Panel):
    """One sentence and two buttons, at the top of the canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Random look")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(10)
        self.words = label("", wrap=True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.next = self._button("Next", "primary")
        self.end = self._button("Later", "")
        row.addWidget(self.words, 1)
        row.addWidget(self.next)
        row.addWidget(self.end)
        self.hide()

    def place(self, left: int, wide: int, gap: int) -> None:
        """At the top of an area, beside what floats on its left."""
        width = min(680, wide - left - gap)
        shown = [one.sizeHint().width() + 10 for one in (self.next, self.end) if not one.isHidden()]
        high = max(height_of(self.words, sum(shown) + 24, width), 44)
        self.setGeometry(left + (wide - left - gap - width) // 2, gap, width, high)

    def _button(self, words: str, role: str) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", role)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(words)
        return button


class AuditRound(QObject):
    """Counts looks while it is on; `changed` says that the banner has another size.

    `wanted` carries the ids to list when a round begins or goes on, None when it ends; `go_wanted` the next
    image to look at.
    """

    changed = Signal()
    wanted = Signal(object)
    go_wanted = Signal(int)

    def __init__(self, banner: AuditBanner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.banner = banner
        self._project: Project | None = None
        self._audit: Audit | None = None
        banner.next.clicked.connect(self._next)
        banner.end.clicked.connect(lambda: self.end())

    @property
    def on(self) -> bool:
        """Whether looks are being counted."""
        return self._audit is not None

    def begin(self, project: Project, accepted: Sequence[ImageState]) -> None:
        """Draws a sample of what was just accepted and leads to it."""
        self._start(project, audit.draw(accepted, project.seed + project.sequence))

    def resume(self, project: Project) -> None:
        """Goes on with an earlier one."""
        found = audit.open_audit(project)
        if found is not None:
            self._start(project, found)

    def looked_at(self, state: ImageState | None) -> None:
        """A person has said of an image that it is right as it is."""
        if state is not None:
            self._see([state.file_name])

    def take(self, change: Change, current_id: int) -> None:
        """An edit of the current image, or of nothing but the sample, means that a person has looked at it.

        Where the acceptance itself is taken back there is nothing left to look at.
        """
        project, current = self._project, self._audit
        if project is None or current is None or not change.ids:
            return
        sample = audit.ids(project, current)
        if change.kind == "undo" and not any(project.state(one).decided_by == "person" for one in sample):
            self.end(done=True)
        elif change.kind == "edit" and set(change.ids) <= set(sample):
            self._see([project.state(one).file_name for one in change.ids])
        elif change.kind == "edit" and current_id in change.ids:
            self._see([project.state(current_id).file_name])
        else:
            self._show()

    def end(self, *, done: bool = False) -> None:
        """Ends the round. What was looked at counts; what was not can be looked at later, unless it is `done`."""
        project, current = self._project, self._audit
        if project is None or current is None:
            return
        if done or current.seen >= current.sample.keys():
            audit.store(project, Audit(current.begun, current.accepted, current.sample, current.seen, True))
        self.close()
        self.wanted.emit(None)

    def close(self) -> None:
        """Stops counting; the project is closed, or the round over."""
        self._project = self._audit = None
        self.banner.hide()
        self.changed.emit()

    def _start(self, project: Project, started: Audit) -> None:
        self._project, self._audit = project, started
        audit.store(project, started)
        self._show()
        self.wanted.emit(audit.ids(project, started))
        self._next()

    def _see(self, names: Sequence[str]) -> None:
        project, current = self._project, self._audit
        if project is None or current is None:
            return
        after = current
        for name in names:
            after = after.with_seen(name)
        if after.seen != current.seen:
            self._audit = after
            audit.store(project, after)
        if any(name in current.sample for name in names):
            self._show()

    def _next(self) -> None:
        project, current = self._project, self._audit
        if project is None or current is None:
            return
        for one in audit.ids(project, current):
            if project.state(one).file_name not in current.seen:
                self.go_wanted.emit(one)
                return

    def _show(self) -> None:
        project, current = self._project, self._audit
        if project is None or current is None:
            return
        found = audit.result(project, current)
        left = found.sample - found.looked_at
        more = with_keys(f" {left} to go: [curate.accept] if it is right, else mend it.") if left else ""
        self.banner.words.setText(found.words() + more)
        self.banner.next.setVisible(left > 0)
        self.banner.end.setText("Later" if left else "Done")
        self.banner.end.setAccessibleName(self.banner.end.text())
        self.banner.show()
        self.banner.raise_()
        self.changed.emit()

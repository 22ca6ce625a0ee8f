"""The layers of one backbone, summed by kind or one by one."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.jobs import Jobs
from curator.app.train.figure_table import FigureTable
from curator.app.train.models_work import LayersRead, layers_of
from curator.app.widgets import Segment, label


class LayersPane(QWidget):
    """Lists them on a thread of its own, once for each backbone."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setAccessibleName("Layers of the backbone")
        self._jobs = jobs
        self._read: dict[str, LayersRead] = {}
        self._name = ""
        self.heading = label("", "name")
        self.views = Segment("Layers shown", (("kinds", "By kind"), ("layers", "Every layer")))
        self.kinds = FigureTable(
            "Layers summed by kind", ("Kind", "Layers", "Parameters", "Share", "Multiply-adds", "Share")
        )
        self.layers = FigureTable(
            "Every layer", ("Layer", "Kind", "Output", "Parameters", "Multiply-adds"), words=(0, 1)
        )
        self.spared = label("", "dim", wrap=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.kinds)
        self._stack.addWidget(self.layers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.views)
        column.addLayout(head)
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 2, 1, 1)
        inside.addWidget(self._stack)
        column.addWidget(card, 1)
        column.addWidget(self.spared)
        self.views.chosen.connect(self._view_chosen)
        self.views.set_value("kinds")

    def show_backbone(self, name: str, title: str) -> None:
        """Shows the layers of the backbone `name`."""
        self._name = name
        self.heading.setText(f"Layers of {title}")
        if name not in self._read:
            job = self._jobs.start(
                "Listing layers", lambda: layers_of(name), key=f"backbones.layers.{name}", quiet=True
            )
            job.event.connect(self._take)
            job.failed.connect(self._failed)
        self._show()

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, LayersRead):
            self._read[event.name] = event
            self._show()

    @Slot(str)
    def _failed(self, message: str) -> None:
        messages.show(message, "error")

    @Slot(object)
    def _view_chosen(self, which: object) -> None:
        self._stack.setCurrentWidget(self.kinds if which == "kinds" else self.layers)

    def _show(self) -> None:
        read = self._read.get(self._name)
        kinds, layers = (read.kinds, read.layers) if read is not None else ((), ())
        parameters = sum(one.parameters for one in kinds)
        macs = sum(one.macs for one in kinds)
        self.kinds.set_rows(
            [
                (
                    one.kind,
                    str(one.layers),
                    _count(one.parameters),
                    f"{100 * one.parameters / parameters:.1f} %",
                    _count(one.macs),
                    f"{100 * one.macs / macs:.1f} %",
                )
                for one in kinds
            ]
        )
        self.layers.set_rows(
            [
                (
                    one.name,
                    one.kind,
                    " × ".join(map(str, one.output)),
                    _count(one.parameters),
                    _count(one.macs),
                )
                for one in layers
            ]
        )
        spared = read.spared if read is not None else ""
        self.spared.setText(spared)
        self.spared.setVisible(bool(spared))


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")

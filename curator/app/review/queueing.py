"""Ties the queues to the gallery: what is shown of a chosen one, and what of it was handled meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QScrollArea

from curator.app.jobs import Jobs
from curator.app.review.items import Item
from curator.app.review.queues_pane import QueuesPane
from curator.app.review.queues_work import QueuesWork
from curator.app.review.showing import Showing

if TYPE_CHECKING:
    from curator.evaluation.flags import Queue
    from curator.evaluation.results import ResultsReady


class Queueing(QObject):
    """Follows what the page shows, and shows the queue that is chosen in its pane."""

    def __init__(self, jobs: Jobs, showing: Showing, parent: QObject) -> None:
        super().__init__(parent)
        self._showing = showing
        self._results: ResultsReady | None = None
        self.pane = QueuesPane()
        self.work = QueuesWork(jobs, self.pane, self)
        showing.facts.put("queues", self.pane)
        self.pane.queue_chosen.connect(self._chosen)
        self.pane.image_wanted.connect(showing.gallery.go_to)
        self.work.shown.connect(self._follow)
        showing.gallery.item_chosen.connect(self._item_chosen)
        # Said whenever other images are shown, filtered otherwise, mended or looked at.
        showing.to_see.connect(self._follow)

    @Slot()
    def _follow(self) -> None:
        table = self._showing.table
        results = table.results if table is not None else None
        if results is not self._results:
            self._results = results
            self.pane.let_go()
            self.work.show(results)
        if table is None:
            return
        if self._showing.wish.only is None:
            self.pane.let_go()
        handled = set()
        for name in self.pane.names():
            position = table.position_of(name)
            if table.mended[position] or table.looked[position]:
                handled.add(name)
        self.pane.set_handled(frozenset(handled))

    @Slot(object)
    def _chosen(self, queue: Queue | None) -> None:
        if queue is None:
            self._showing.show_all()
            return
        scores = {flag.file_name: flag.score for flag in queue.flags}
        self._showing.show_only(scores, queue.title)
        first = self.pane.first_left() or queue.flags[0].file_name
        self._showing.gallery.go_to(first)
        self._reveal()

    def _reveal(self) -> None:
        """Scrolls the side so that the reason can be read."""
        area = self.pane.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            # The labels have their new height once what is waiting was laid out.
            QTimer.singleShot(0, self, lambda: area.ensureWidgetVisible(self.pane.next_button))

    @Slot(object)
    def _item_chosen(self, item: Item | None) -> None:
        self.pane.show_image(item.name if item is not None else None)

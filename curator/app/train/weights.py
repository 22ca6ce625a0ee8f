"""Tells the form which backbones there are and what they would start from; fetches what is missing."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Slot

from curator.app import messages
from curator.app.jobs import Jobs
from curator.app.train.form import TrainForm
from curator.app.train.run_index import CARDS_KEY, FETCH_KEY, Backbone, BackbonesRead, fetch, read_backbones


class WeightsWatch(QObject):
    """Looks on a thread of its own: finding weights may read and hash large files."""

    def __init__(self, jobs: Jobs, form: TrainForm) -> None:
        super().__init__(form)
        self._jobs = jobs
        self._form = form
        self._backbones: dict[str, Backbone] = {}
        form.changed.connect(self._show)
        form.fetch_button.clicked.connect(self._fetch)

    @Slot()
    def refresh(self) -> None:
        """Looks anew."""
        if self._jobs.get(CARDS_KEY) is None:
            job = self._jobs.start("Looking for weights", read_backbones, key=CARDS_KEY, quiet=True)
            job.event.connect(self._take)
            job.failed.connect(self._failed)

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, BackbonesRead):
            self._backbones = {backbone.name: backbone for backbone in event.backbones}
            self._form.set_backbones([(one.name, one.words) for one in event.backbones])
            self._show()

    @Slot()
    def _show(self) -> None:
        backbone = self._backbones.get(str(self._form.backbone.currentData()))
        if backbone is None:
            return
        wants = self._form.weights() == "imagenet"
        words = backbone.weights if wants else ""
        fetching = self._jobs.get(FETCH_KEY) is not None
        self._form.show_weights(words, can_fetch=wants and backbone.can_fetch and not fetching)

    @Slot()
    def _fetch(self) -> None:
        name = str(self._form.backbone.currentData())
        if self._jobs.get(FETCH_KEY) is not None:
            return
        job = self._jobs.start(f"Fetching the weights of {name}", lambda: fetch(name), key=FETCH_KEY)
        job.failed.connect(self._failed)
        job.ended.connect(self.refresh)
        self._show()

    @Slot(str)
    def _failed(self, message: str) -> None:
        messages.show(message, "error")

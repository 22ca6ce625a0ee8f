"""Which images are listed and in which order: kept with the project, changed by the bar and by looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from curator.app.curate.filter_bar import FilterBar
from curator.app.image_filter import Filter, Order, from_json, to_json
from curator.app.image_list import ImageList
from curator.app.project_model import ProjectModel

_SETTING: Final = "curate.list"


class Listing(QObject):
    """`changed` says that other images are listed now."""

    changed = Signal()

    def __init__(self, model: ProjectModel, images: ImageList, bar: FilterBar, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._images = images
        self._bar = bar
        # What was listed before a look at a few images.
        self._before: Filter | None = None
        bar.changed.connect(self.set_filter)
        bar.order_changed.connect(self.set_order)
        bar.more_wanted.connect(self.open_panel)

    def restore(self) -> None:
        """Lists what was listed when the project was last open."""
        project = self._model.project
        wanted, order = from_json(project.setting(_SETTING) if project is not None else None)
        self._before = None
        self._images.set_order(order)
        self._images.set_filter(wanted)
        self._bar.show_filter(wanted, order)

    def reset(self) -> None:
        """Lists everything; nothing is stored."""
        self._before = None
        self._images.set_order("name")
        self._images.set_filter(Filter())
        self._bar.show_filter(Filter(), "name")

    @Slot(object)
    def set_filter(self, wanted: Filter) -> None:
        """Lists other images; the current one stays current. A look at a few is no longer all that is listed."""
        self._before = None
        self._show(replace(wanted, only=None))
        self._store()

    @Slot(object)
    def set_order(self, order: Order) -> None:
        """Changes the order; likeness is to the current image."""
        self._images.set_order(order, self._model.current_id if order == "likeness" else -1)
        self._bar.show_order(order)
        self._store()
        self.changed.emit()

    @Slot(object)
    def show_only(self, image_ids: Iterable[int] | None) -> None:
        """Lists a few images for a look; None goes back to what was listed before."""
        if image_ids is not None:
            self._before = self._before or self._images.filter
            self._show(Filter(only=frozenset(image_ids)))
        elif self._before is not None:
            wanted, self._before = self._before, None
            self._show(wanted)

    @Slot()
    def open_panel(self) -> None:
        """Opens the further filters."""
        if self._model.project is not None:
            self._bar.open_panel(self._model.project, self._images.count_for)

    def _show(self, wanted: Filter) -> None:
        self._images.set_filter(wanted)
        # Nothing is decided of images that nobody sees.
        self._images.select(frozenset(self._images.selected) & frozenset(self._images.listed()))
        self._bar.show_filter(wanted, self._images.order)
        self.changed.emit()

    def _store(self) -> None:
        if self._model.project is not None:
            shown = replace(self._images.filter, only=None)
            self._model.project.set_setting(_SETTING, to_json(shown, self._images.order))

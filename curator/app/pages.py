"""Makes the three pages when they are first wanted, so that the window is up before they are imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from curator.app import messages
from curator.app.page import Page

if TYPE_CHECKING:
    from curator.app.main_window import MainWindow
    from curator.workflow.again import MendedSince

CURATE: Final = 0
TRAIN: Final = 1
REVIEW: Final = 2


@dataclass(frozen=True, slots=True)
class PageKind:
    """What the rail shows of a page that is not made yet."""

    title: str
    icon: str
    shortcut: str


PAGES: Final = (
    PageKind("Curate", "crop", "page.curate"),
    PageKind("Train", "chart", "page.train"),
    PageKind("Review", "eye", "page.review"),
)


class PageHolder(QObject):
    """Owns the pages and ties them to the window and to each other."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._pages: dict[int, Page] = {}
        self._bars: dict[int, QWidget | None] = {}
        self._status: dict[int, str] = {}

    def get(self, index: int) -> Page:
        """The page, made and put into the window if it is not there yet."""
        page = self._pages.get(index)
        if page is None:
            page = self._make(index)
            self._pages[index] = page
            self._bars[index] = page.top_bar()
            self._window.stack.addWidget(page)
            page.rail_text_changed.connect(self._window.rail.buttons[index].set_text)
            page.status_changed.connect(lambda text: self._status_changed(index, text))
        return page

    def made(self, index: int) -> bool:
        """Whether the page is there yet."""
        return index in self._pages

    def top_bar(self, index: int) -> QWidget | None:
        """The page's part of the top bar."""
        return self._bars.get(index)

    def status_text(self, index: int) -> str:
        """What the page last said for the status bar."""
        return self._status.get(index, "")

    def _make(self, index: int) -> Page:
        model = self._window.model
        if index == CURATE:
            from curator.app.curate.page import CuratePage

            curate = CuratePage(model)
            curate.back_requested.connect(lambda: self._window.show_page(REVIEW))
            curate.second_look_wanted.connect(self._second_look)
            curate.hints.use(self._window.settings)
            return curate
        if index == TRAIN:
            from curator.app.train.page import TrainPage

            train = TrainPage(model)
            train.review_requested.connect(self._review)
            train.again.done.connect(self._trained_again)
            return train
        from curator.app.review.page import ReviewPage

        review = ReviewPage(model)
        review.mend_requested.connect(self._mend)
        review.train_requested.connect(lambda: self._window.show_page(TRAIN))
        review.comparing.again_wanted.connect(self._train_again)
        return review

    def _second_look(self) -> None:
        if self._window.model.project is None:
            return
        from curator.app.curate.second_look import SecondLookDialog

        dialog = SecondLookDialog(self._window.model, self._window)
        dialog.show_wanted.connect(self._window.model.set_current)
        dialog.open()

    def _mend(self, image_id: int) -> None:
        from curator.app.curate.page import CuratePage

        self._window.model.set_current(image_id)
        self._window.show_page(CURATE)
        curate = self._pages[CURATE]
        if isinstance(curate, CuratePage):
            curate.begin_mending()

    def _review(self, run_dir: Path) -> None:
        from curator.app.review.page import ReviewPage

        self._window.show_page(REVIEW)
        review = self._pages[REVIEW]
        if isinstance(review, ReviewPage):
            review.show_run(run_dir)

    def _train_again(self, mended: MendedSince) -> None:
        from curator.app.train.page import TrainPage

        self._window.show_page(TRAIN)
        train = self._pages[TRAIN]
        if isinstance(train, TrainPage):
            train.again.start(mended)

    def _trained_again(self, before: Path, after: Path) -> None:
        """Who waited at Train is led to the comparison; who is elsewhere is asked."""
        if self._window.stack.currentWidget() is self._pages.get(TRAIN):
            self._compare(before, after)
        else:
            messages.show(
                f"Trained again: {after.name}.",
                "done",
                messages.Action("Compare", lambda: self._compare(before, after)),
            )

    def _compare(self, before: Path, after: Path) -> None:
        from curator.app.review.page import ReviewPage

        self._window.show_page(REVIEW)
        review = self._pages[REVIEW]
        if isinstance(review, ReviewPage):
            review.show_comparison(before, after)

    def _status_changed(self, index: int, text: str) -> None:
        self._status[index] = text
        if self._window.stack.currentWidget() is self._pages.get(index):
            self._window.status.set_page_text(text)

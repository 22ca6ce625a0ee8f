"""The one door for words to the user outside the pages: short messages and questions that block nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

log = logging.getLogger(__name__)

Level: TypeAlias = Literal["info", "done", "warning", "error"]
_LOG_LEVELS: Final = {
    "info": logging.INFO,
    "done": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class Action:
    """A button on a message."""

    words: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Errors and questions (warnings with `actions`) stay until closed, others go by themselves."""

    text: str
    level: Level
    actions: tuple[Action, ...] = ()

    @property
    def stays(self) -> bool:
        """Whether it waits for the user."""
        return self.level == "error" or (self.level == "warning" and bool(self.actions))


class Messages(QObject):
    """Whoever shows messages connects to `shown`; it carries a `Message`."""

    shown = Signal(object)


@lru_cache(maxsize=1)
def hub() -> Messages:
    """The one `Messages`."""
    return Messages()


def show(text: str, level: Level = "info", *actions: Action) -> None:
    """Shows `text` over the window without taking the focus, and writes it to the log."""
    log.log(_LOG_LEVELS[level], text)
    hub().shown.emit(Message(text, level, actions))


def ask(text: str, words: str, run: Callable[[], object], level: Level = "warning") -> None:
    """Asks, without blocking, whether to `run` what the button `words` says; closing the message declines."""
    show(text, level, Action(words, run))


def confirm_test_touch(count: int, run: Callable[[], object]) -> None:
    """Asks before images of the locked test split are changed after their predictions were seen."""
    what = "this test image" if count == 1 else f"these {count} test images"
    ask(
        f"You have seen what a model says of {what}. Changing test images by what the model says makes the "
        f'test figures look better than they are. If you go on, they will carry "touched: n".',
        "Change anyway",
        run,
    )

"""Starts the window: application object, colours, font, log file, and what happens to unforeseen errors."""

from __future__ import annotations

import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from curator import __version__
from curator.app import messages, theme
from curator.app.settings import Settings
from curator.errors import CuratorError
from curator.paths import data_dir

log = logging.getLogger(__name__)
_qt_log = logging.getLogger("qt")

_LOG_BYTES = 1_000_000
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run(folder: Path | None = None) -> int:
    """Shows the window, on `folder` if one is given, and returns the exit status once it is closed."""
    app = create(sys.argv)
    start_log()
    install_hooks()
    from curator.app.main_window import MainWindow

    window = MainWindow(Settings())
    window.show()
    if folder is not None:
        window.open_folder(folder)
    return int(app.exec())


def create(arguments: list[str]) -> QApplication:
    """The application object with the user's colours; the one that exists already, if there is one."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(arguments)
    app.setApplicationName("Curator")
    app.setApplicationDisplayName("Curator")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("curator")
    app.setStyle("Fusion")
    app.setFont(theme.font(app.font()))
    theme.apply(app, Settings().theme)
    return app


def start_log() -> Path:
    """Writes the log to a file in the user's data folder and returns its path."""
    path = data_dir() / "curator.log"
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return path


def install_hooks() -> None:
    """An unforeseen error is logged and said, and the window goes on; Qt's own messages go to the log."""
    sys.excepthook = report
    threading.excepthook = _report_thread
    qInstallMessageHandler(_qt_message)


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What `sys.excepthook` calls: also for what is raised inside a slot."""
    if issubclass(kind, KeyboardInterrupt):
        app = QApplication.instance()
        if app is not None:
            app.quit()
        return
    if isinstance(error, CuratorError):
        messages.show(str(error), "error")
        return
    log.error("Unforeseen error", exc_info=(kind, error, trace))
    messages.show(
        f"Something went wrong that Curator did not foresee: {error or kind.__name__}. "
        f"Your edits are saved. The details are in {data_dir() / 'curator.log'}.",
        "error",
    )


def _report_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        report(args.exc_type, args.exc_value, args.exc_traceback)


def _qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    _qt_log.log(_QT_LEVELS.get(kind, logging.WARNING), "%s", text)

"""The one writer: a thread that commits what is queued, in order, and acknowledges it.

Commits take 4 to 28 ms with `synchronous=FULL`, so they never run on the caller's thread. Whatever waits is
grouped into one transaction; a failed one is rolled back and tried again, together with what came since.
"""

from __future__ import annotations

import atexit
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from curator.project import schema

Rows: TypeAlias = Sequence[Sequence[Any]]
Statement: TypeAlias = tuple[str, "Rows | Callable[[], Rows]"]
"""One SQL statement and the rows of parameters to run it with, or what makes them on the writer's thread
(from values that no longer change).
"""

_FIRST_RETRY: Final = 0.05
_LAST_RETRY: Final = 5.0


class Writer:
    """Commits statements to the database at `path` on its own thread.

    `saved_sequence`, `saved_at` (epoch seconds) and `error` (a sentence while commits fail, else None) may
    be read from any thread.
    """

    def __init__(self, path: Path, sequence: int = 0) -> None:
        self._path = path
        self._condition = threading.Condition()
        self._waiting: list[tuple[int, Sequence[Statement]]] = []
        self._busy = False
        self._stopping = False
        self._hurry = False
        self.saved_sequence = sequence
        self.saved_at: float | None = None
        self.error: str | None = None
        self._thread = threading.Thread(target=self._run, name="project-writer", daemon=True)
        self._thread.start()
        # A program that ends without closing its project still saves what was acknowledged to the person.
        atexit.register(self._at_exit)

    def submit(self, statements: Iterable[Statement], sequence: int) -> None:
        """Queues the statements of one change; they are committed together and in the order of the calls."""
        with self._condition:
            self._waiting.append((sequence, tuple(statements)))
            self._condition.notify_all()

    def flush(self, timeout: float) -> bool:
        """Waits until all is on disk; False when that took longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._condition:
            self._hurry = True
            self._condition.notify_all()
            while self._waiting or self._busy:
                left = deadline - time.monotonic()
                if left <= 0 or not self._thread.is_alive():
                    return False
                self._condition.wait(left)
            return True

    def close(self, timeout: float) -> bool:
        """Saves what waits and ends the thread; False where something could not be saved."""
        saved = self.flush(timeout)
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._thread.join()
        atexit.unregister(self._at_exit)
        return saved

    def _at_exit(self) -> None:
        self.close(timeout=10)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        pause = _FIRST_RETRY
        try:
            connection = self._backed_up()
            while (batch := self._next_batch()) is not None:
                try:
                    connection = connection or schema.connect(self._path)
                    _commit(connection, batch)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is shown and saving goes on
                    self._failed(error, batch)
                    if connection is not None:
                        with contextlib.suppress(sqlite3.Error):
                            connection.close()
                        connection = None
                    if not self._pause(pause):
                        return
                    pause = min(2 * pause, _LAST_RETRY)
                else:
                    pause = _FIRST_RETRY
                    self._saved(batch)
        finally:
            if connection is not None:
                connection.close()

    def _backed_up(self) -> sqlite3.Connection | None:
        """The first connection, after the day's backup was made; a backup that fails hinders nothing."""
        try:
            connection = schema.connect(self._path)
        except sqlite3.Error:
            return None
        with contextlib.suppress(sqlite3.Error, OSError):
            schema.back_up(connection, self._path.parent)
        return connection

    def _next_batch(self) -> list[tuple[int, Sequence[Statement]]] | None:
        with self._condition:
            while not self._waiting:
                if self._stopping:
                    return None
                self._condition.wait()
            batch, self._waiting = self._waiting, []
            self._busy = True
            self._hurry = False
            return batch

    def _saved(self, batch: list[tuple[int, Sequence[Statement]]]) -> None:
        with self._condition:
            self.saved_sequence = max(self.saved_sequence, batch[-1][0])
            self.saved_at = time.time()
            self.error = None
            self._busy = False
            self._condition.notify_all()

    def _failed(self, error: Exception, batch: list[tuple[int, Sequence[Statement]]]) -> None:
        with self._condition:
            self._waiting[:0] = batch
            self._busy = False
            reason = str(error).rstrip(".") or type(error).__name__
            self.error = (
                f"{self._path} could not be saved ({reason}): check the free space and permissions; "
                "Curator keeps trying and loses nothing while it stays open."
            )
            self._condition.notify_all()

    def _pause(self, seconds: float) -> bool:
        """Waits before the next attempt; False when the writer is to end."""
        deadline = time.monotonic() + seconds
        with self._condition:
            while not self._stopping and not self._hurry:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._condition.wait(left)
            self._hurry = False
            return not self._stopping


def _commit(connection: sqlite3.Connection, batch: Iterable[tuple[int, Sequence[Statement]]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for _, statements in batch:
            for sql, rows in statements:
                connection.executemany(sql, rows() if callable(rows) else rows)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


class Unsaved:
    """Stands for the writer of a project that lives in memory only: nothing is ever written."""

    saved_at: float | None = None
    error: str | None = None

    def __init__(self) -> None:
        self.saved_sequence = 0

    def submit(self, statements: Iterable[Statement], sequence: int) -> None:
        """Forgets the statements."""
        self.saved_sequence = sequence

    def flush(self, timeout: float) -> bool:
        """Nothing waits."""
        return True

    def close(self, timeout: float) -> bool:
        """Nothing is open."""
        return True

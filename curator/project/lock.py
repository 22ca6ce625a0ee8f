"""One process a project: a lock that the system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from curator.errors import ProjectError

_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
# Windows locks bytes, and a locked byte cannot be read: it lies far behind the process number.
_LOCKED_BYTE = 1 << 20


class FolderLock:
    """Holds `path` locked from construction to `release`.

    Raises `ProjectError` where another process (or another project object of this one) holds it, or where
    the folder cannot be written. File systems without locks are used without.
    """

    def __init__(self, path: Path, shown: str) -> None:
        self._descriptor: int | None = None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ProjectError(
                f"{path.parent} cannot be written ({error.strerror}): "
                "check the folder's permissions and the free space."
            ) from error
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in _TAKEN:
                holder = _holder(descriptor)
                os.close(descriptor)
                raise ProjectError(
                    f"{shown} is already open in another Curator{holder}: close it there first."
                ) from error
        self._descriptor = descriptor
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, str(os.getpid()).encode())

    def release(self) -> None:
        """Lets go; further calls do nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    try:
        number = os.read(descriptor, 20).decode("ascii", "ignore").strip()
    except OSError:
        return ""
    return f" (process {number})" if number.isdigit() else ""


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

"""Importing PyTorch and what needs it without making the window wait.

Two things in such an import hold the interpreter for half a second and more, measured with a timer of 5 ms in
another thread: loading the shared libraries (some hundred MB), since Python's own `dlopen` keeps the interpreter's
lock, and the full collections that its many new objects set off. Without both the worst wait went from 600 to
70 ms on two busy cores.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

# In the order and with the visibility in which PyTorch loads them itself. Not `libtorch_python.so`: what it sets up
# while it is loaded needs the interpreter's lock, which another thread may hold while it waits for the loader.
_LIBRARIES: Final = (
    ("libtorch_global_deps.so", True),
    ("libtorch_cpu.so", False),
    ("libtorch_cuda.so", False),
)


@contextmanager
def gently() -> Iterator[None]:
    """Imports inside leave other threads their turn; what they made is no more looked at by the collector."""
    if sys.platform == "linux" and "torch" not in sys.modules:
        _load_libraries()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _load_libraries() -> None:
    """Calls the C library's own `dlopen`, which ctypes does without the interpreter's lock.

    `import torch` then finds the libraries loaded. Where one can't be, that import says so itself.
    """
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return
    try:
        dlopen = ctypes.CDLL(None).dlopen
    except (OSError, AttributeError) as error:
        log.debug("PyTorch's libraries are not loaded beforehand: %s", error)
        return
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    for name, visible in _LIBRARIES:
        path = Path(found.origin).parent / "lib" / name
        if path.is_file():
            dlopen(os.fsencode(path), os.RTLD_NOW | (os.RTLD_GLOBAL if visible else os.RTLD_LOCAL))

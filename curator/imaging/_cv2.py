"""The one place where OpenCV is imported.

opencv-python (the build with windows) points Qt at its own plugins through two environment variables; every
xcb failure of PySide6 would then blame OpenCV's folder, so they are restored. OpenCV's own threads are
switched off: work is spread over images, not within one, and threads do not survive a fork.
"""

from __future__ import annotations

import os

_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_before = {name: os.environ.get(name) for name in _QT_VARIABLES}

import cv2  # noqa: E402

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

cv2.setNumThreads(0)

__all__ = ["cv2"]

"""Keeps in files what the two networks see of pages, so that what judges it can be fitted again within minutes.

A file goes by its page's pixels, its folder by the networks and the code that runs them: with other networks
nothing old is read. To the bit: in half precision what is nearly certain would be certain, and trees fitted to that
call a twentieth of clean heads marked. Some 2 MB a page.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from curator.proposals import detector, maps, propose, suspects
from curator.proposals import page as page_module
from curator.proposals.maps import Maps
from curator.proposals.page import Area, Page

Floats = npt.NDArray[np.float32]

_PLANES = ("head", "mark", "border", "inside")


class Seen:
    """The networks' maps of pages, read from `folder` where they are kept there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / _version()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._look, self._drawn_map = maps.look, detector.drawn_map

    def look(self, page: Page) -> Maps:
        """As `curator.proposals.maps.look`."""
        file = self._file(page, "maps")
        if not file.is_file():
            seen = self._look(page)
            planes = np.stack([getattr(seen, name) for name in _PLANES])
            _write(file, planes=planes, verdict=np.float64(seen.verdict))
        with np.load(file) as told:
            return Maps(*told["planes"], float(told["verdict"]))

    def drawn_map(self, page: Page, brain: Area) -> Floats:
        """As `curator.proposals.detector.drawn_map`."""
        file = self._file(page, "drawn")
        if not file.is_file():
            _write(file, drawn=self._drawn_map(page, brain))
        with np.load(file) as told:
            return np.asarray(told["drawn"], np.float32)

    def _file(self, page: Page, what: str) -> Path:
        name = hashlib.sha256(np.ascontiguousarray(page.rgb)).hexdigest()[:24]
        height, width = page.grey.shape
        return self.folder / f"{name}-{width}x{height}-{what}.npz"


def keep_in(folder: Path | None) -> None:
    """From now on this process keeps there what the networks see, and runs no part of OpenCV on other threads."""
    cv2.setNumThreads(1)
    if folder is not None:
        seen = Seen(folder)
        propose.look = seen.look
        suspects.drawn_map = seen.drawn_map


def _version() -> str:
    code = (Path(str(module.__file__)) for module in (maps, detector, suspects, page_module))
    files = (maps.network_file(), detector.detector_file(), *code)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _write(file: Path, **arrays: npt.ArrayLike) -> None:
    part = file.with_suffix(f".{np.random.default_rng().integers(2**32)}.part")
    with part.open("wb") as out:
        np.savez(out, **arrays)
    part.replace(file)

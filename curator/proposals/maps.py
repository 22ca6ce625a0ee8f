"""What the network sees of a page: where head, marks and borders are, and whether it is a head at all."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from curator.errors import WeightsError
from curator.paths import models_dir
from curator.proposals.page import Page

if TYPE_CHECKING:
    from curator.imaging._cv2 import cv2

Floats = npt.NDArray[np.float32]

# Longest side in pixels at which the network looks: it was trained on parts at 0.8 to 1.5 times this size. Larger
# pages are looked at larger, as thin marks vanish when they are shrunk.
_SIDE, _SIDE_LARGE, _LARGE = 384, 512, 480
_MULTIPLE = 16

_own = threading.local()


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Probabilities 0..1, float32 of the page's (h, w): `head` with scalp, burnt-in `mark`s, `border`s, `inside`
    of the skull. `verdict` 0..1: how likely this is an MRI of a head."""

    head: Floats
    mark: Floats
    border: Floats
    inside: Floats
    verdict: float


def network_file() -> Path:
    """The shipped network."""
    return models_dir() / "proposals" / "network.onnx"


def network_of(path: Path, name: str) -> cv2.dnn.Net:
    """This thread's copy of a network, which a message calls by `name`: OpenCV's cannot be run by two at once.

    Raises `WeightsError` if it cannot be read.
    """
    from curator.imaging._cv2 import cv2

    kept: dict[Path, cv2.dnn.Net] = _own.__dict__.setdefault("networks", {})
    if path not in kept:
        try:
            kept[path] = cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8))
        except OSError as error:
            raise WeightsError(
                f"The {name} {path} cannot be read ({error.strerror}): install Curator again."
            ) from None
        except cv2.error as error:
            raise WeightsError(f"The {name} {path} is damaged: install Curator again.") from error
    return kept[path]


def look(page: Page) -> Maps:
    """Runs the network on a page.

    The mean with its mirror image, which took twice as long, was no better on real slices. Deterministic, and the
    same in every thread. Raises `WeightsError` if the network cannot be read.
    """
    network = network_of(network_file(), "proposals' network")
    inputs, (y, x, h, w) = _letterboxed(page)
    network.setInput(unshuffled(inputs[None]))
    logits, verdict = network.forward(["maps", "verdict"])
    shares = probability(logits)[0, :, y : y + h, x : x + w]
    head, mark, border, inside = (_resized(np.ascontiguousarray(plane), page) for plane in shares)
    return Maps(head, mark, border, inside, probability(verdict).item())


def probability(logits: npt.ArrayLike) -> Floats:
    """Probabilities 0..1 from logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def unshuffled(inputs: Floats) -> Floats:
    """Planes (n, c, h, w) at half the resolution with four times the channels, as torch's `pixel_unshuffle`."""
    count, channels, height, width = inputs.shape
    blocks = inputs.reshape(count, channels, height // 2, 2, width // 2, 2).transpose(0, 1, 3, 5, 2, 4)
    return np.ascontiguousarray(blocks).reshape(count, channels * 4, height // 2, width // 2)


def _letterboxed(page: Page) -> tuple[Floats, tuple[int, int, int, int]]:
    """The network's input (4, h, w), and where the page lies on it: y, x, height, width.

    Its planes, 0..1: the mean of the channels, that to the power of 0.4, which brings out faint scalp, twice the
    difference of the largest and smallest channel, and 1 where the page lies.
    """
    from curator.imaging._cv2 import cv2

    height, width = page.grey.shape
    long = max(height, width)
    side = _SIDE if long <= _LARGE else _SIDE_LARGE
    scale = side / long
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    rows, columns = (-(-size // _MULTIPLE) * _MULTIPLE for size in (h, w))
    y, x = (rows - h) // 2, (columns - w) // 2
    rgb = page.rgb.astype(np.float32)
    flat = np.stack([rgb.mean(2), page.colour.astype(np.float32)], 2)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    sized = cv2.resize(flat, (w, h), interpolation=method) / np.float32(255)
    canvas = np.zeros((4, rows, columns), np.float32)
    grey = sized[..., 0]
    canvas[:, y : y + h, x : x + w] = grey, grey**0.4, sized[..., 1] * 2, np.ones_like(grey)
    return canvas, (y, x, h, w)


def _resized(share: Floats, page: Page) -> Floats:
    from curator.imaging._cv2 import cv2

    height, width = page.grey.shape
    return np.asarray(cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

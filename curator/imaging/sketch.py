"""A small picture of an image with marked points: enough to tell later whether two images show the same slice.

What the picture shows does not depend on the file's size, margin or brightness, and points are described so that
crop, rotation, text and mirroring leave most of them as they were.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.errors import CuratorError
from curator.imaging.decode import RGB, grey

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint64]

VERSION: Final = 1
"""Of the bytes of `Sketch.encoded` and of what they are made from; sketches of another version are made anew."""

SIDE: Final = 128
"""The longer side of a sketch's picture, in pixels."""

# Points of a sketch: with half as many, copies and others lie only half as far apart.
_POINTS: Final = 120
# What differs by less than this share of the picture's range from the median of its border is background.
_BACKGROUND: Final = 0.12
# A row or column with a smaller share of foreground is background.
_LEAST_SHARE: Final = 0.02
_MARGIN: Final = 0.03
# Local contrast: the reach in pixels of a sketch, and the grey levels below which variation counts as none.
_REACH: Final = SIDE / 8
_NO_CONTRAST: Final = 4.0
# Grey levels of one local standard deviation in what points are found on, and the frame round it in pixels.
_LEVELS: Final = 50.0
_FRAME: Final = 8
# Detail: the blur, in pixels, of what JPEG and resizing take away, and the reach of what still counts as detail.
_BLUR: Final = 1.0
_DETAIL: Final = 1.5
# Detail that is weaker than this on average over so many pixels, in local standard deviations, is none.
_FLAT: Final = 0.15
WINDOW: Final = 6.0
"""Over how many pixels of a sketch detail is averaged (the standard deviation of the weights)."""
# With fewer points, or detail on a smaller share of the picture, images cannot be told apart by detail.
_LEAST_POINTS: Final = 16
_LEAST_AREA: Final = 0.1
# Bytes before the points: version, whether it is detailed, number of points.
_HEAD: Final = 3
# Hardly lossy, and a third of PNG's size.
_QUALITY: Final = 95


@dataclass(frozen=True, slots=True)
class Sketch:
    """`picture`: grey uint8 (height, width), the longer side `SIDE`; `points`: float32 (n, 2), x and y in it;
    `codes`: uint64 (n, 2), 128 bits that describe what is round each point.
    """

    picture: U8
    points: F32
    codes: Codes

    @property
    def detailed(self) -> bool:
        """Whether there is enough in it to be told from others by detail; a blank or a blurred one has not."""
        return (
            len(self.points) >= _LEAST_POINTS and float(with_detail(fine(self.picture)).mean()) >= _LEAST_AREA
        )

    def encoded(self) -> bytes:
        """What `decoded` makes the same sketch of; some 7 KB."""
        from curator.imaging._cv2 import cv2

        picture = cv2.imencode(".jpg", self.picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
        # To half a pixel, which is finer than points are found again.
        points = np.rint(2 * self.points).astype(np.uint8)
        head = bytes((VERSION, self.detailed, len(points)))
        return head + points.tobytes() + self.codes.astype("<u8").tobytes() + picture


def decoded(data: bytes) -> Sketch:
    """The sketch that `encoded` wrote. Raises `CuratorError` for another version or damaged bytes."""
    from curator.imaging._cv2 import cv2

    codes = decoded_codes(data)
    count = len(codes)
    points = np.frombuffer(data, np.uint8, 2 * count, _HEAD).reshape(-1, 2).astype(np.float32) / np.float32(2)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8, offset=_HEAD + 18 * count), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise CuratorError("A stored sketch of an image is damaged: propose again.")
    return Sketch(np.asarray(picture, np.uint8), points, codes)


def decoded_codes(data: bytes) -> Codes:
    """The codes alone, shape (n, 2), of what `encoded` wrote. Raises `CuratorError` like `decoded`."""
    if not is_current(data) or len(data) <= _HEAD + 18 * data[2]:
        raise CuratorError("A stored sketch of an image is damaged or of another version: propose again.")
    count = data[2]
    return np.frombuffer(data, "<u8", 2 * count, _HEAD + 2 * count).reshape(-1, 2).astype(np.uint64)


def is_current(data: bytes) -> bool:
    """Whether these are the bytes of a sketch of the present version."""
    return len(data) > _HEAD and data[0] == VERSION


def is_detailed(data: bytes) -> bool:
    """`Sketch.detailed` of what `encoded` wrote."""
    return is_current(data) and bool(data[1])


def mirrored(codes: Codes) -> Codes:
    """The codes that points have in the picture mirrored left to right, shape (n, 2) like `codes`."""
    return _packed(_bits(codes)[:, _mirror_order()])


def sketch(image: RGB) -> Sketch:
    """The sketch of an image: cut to its foreground, shrunk, with points of its local contrast.

    Points and their descriptions are SIFT's (Lowe, "Distinctive image features from scale-invariant keypoints",
    2004) on the local contrast, which no gamma changes much; each of the 128 values is kept as one bit, above or
    below the description's median, which loses little (Zhou et al., "Scalar quantization for large scale image
    search", 2012).
    """
    from curator.imaging._cv2 import cv2

    level = grey(image)
    x0, y0, x1, y1 = _foreground(level)
    part = level[y0:y1, x0:x1]
    by = SIDE / max(part.shape)
    size = (max(8, round(part.shape[1] * by)), max(8, round(part.shape[0] * by)))
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(np.ascontiguousarray(part), size, interpolation=how), np.uint8)
    contrast = np.clip(128 + _LEVELS * local_contrast(picture), 0, 255).astype(np.uint8)
    framed = cv2.copyMakeBorder(contrast, _FRAME, _FRAME, _FRAME, _FRAME, cv2.BORDER_REPLICATE)
    found, described = cv2.SIFT.create(_POINTS, contrastThreshold=0.02, edgeThreshold=12).detectAndCompute(
        framed, None
    )
    if len(found) == 0:
        return Sketch(picture, np.zeros((0, 2), np.float32), np.zeros((0, 2), np.uint64))
    points = np.array([point.pt for point in found], np.float32) - _FRAME
    inside = np.all((points >= 0) & (points < SIDE - 0.5), axis=1)
    points, described = points[inside][:_POINTS], np.asarray(described, np.float32)[inside][:_POINTS]
    bits = described > np.median(described, axis=1, keepdims=True)
    return Sketch(picture, np.asarray(np.rint(2 * points) / 2, np.float32), _packed(bits))


def local_contrast(picture: npt.NDArray[np.generic], reach: float = _REACH) -> F32:
    """What a picture differs from its surroundings, in their standard deviations; `reach` in pixels."""
    from curator.imaging._cv2 import cv2

    values = np.asarray(picture, np.float32)
    apart = values - cv2.GaussianBlur(values, (0, 0), reach)
    spread = np.sqrt(cv2.GaussianBlur(apart * apart, (0, 0), reach) + _NO_CONTRAST**2)
    return np.asarray(apart / spread, np.float32)


def fine(picture: npt.NDArray[np.generic]) -> F32:
    """The fine detail of a sketch's picture, in local standard deviations."""
    from curator.imaging._cv2 import cv2

    return local_contrast(cv2.GaussianBlur(np.asarray(picture, np.float32), (0, 0), _BLUR), _DETAIL)


def with_detail(detail: F32) -> npt.NDArray[np.bool_]:
    """Where there is any `fine` detail, of the same shape."""
    from curator.imaging._cv2 import cv2

    energy = cv2.GaussianBlur(detail * detail, (0, 0), WINDOW)
    return np.asarray(energy > _FLAT**2, np.bool_)


def _foreground(level: U8) -> tuple[int, int, int, int]:
    """The box x0, y0, x1, y1 of what is not background, with a little margin; all where that is next to nothing."""
    from curator.imaging._cv2 import cv2

    high, wide = level.shape
    by = min(1.0, SIDE / max(high, wide))
    size = (max(1, round(wide * by)), max(1, round(high * by)))
    small = cv2.GaussianBlur(cv2.resize(level, size, interpolation=cv2.INTER_AREA), (0, 0), 1.0).astype(
        np.float32
    )
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    apart = np.abs(small - np.median(border))
    marked = apart > _BACKGROUND * np.percentile(apart, 98)
    rows = np.flatnonzero(marked.mean(axis=1) > _LEAST_SHARE)
    columns = np.flatnonzero(marked.mean(axis=0) > _LEAST_SHARE)
    if len(rows) < 4 or len(columns) < 4:
        return 0, 0, wide, high
    x0, x1, y0, y1 = columns[0] / by, (columns[-1] + 1) / by, rows[0] / by, (rows[-1] + 1) / by
    across, along = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    return (
        max(0, round(x0 - across)),
        max(0, round(y0 - along)),
        min(wide, round(x1 + across)),
        min(high, round(y1 + along)),
    )


@functools.cache
def _mirror_order() -> npt.NDArray[np.int64]:
    """Where each of SIFT's 128 values (4 rows, 4 columns, 8 directions) comes from when the picture is mirrored.

    A point's square is turned to its direction; mirrored, its rows come in reverse and directions turn backwards.
    """
    values = np.arange(128).reshape(4, 4, 8)
    return np.asarray(values[::-1][..., (8 - np.arange(8)) % 8].ravel(), np.int64)


def _packed(bits: npt.NDArray[np.bool_]) -> Codes:
    return np.packbits(np.ascontiguousarray(bits), axis=1).view(np.uint64).reshape(-1, 2)


def _bits(codes: Codes) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.ascontiguousarray(codes).view(np.uint8).reshape(-1, 16), axis=1).astype(np.bool_)

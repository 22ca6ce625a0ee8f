"""64-bit perceptual hashes: the same slice saved at another size, quality or brightness hashes alike.

Measured on real brain-MRI folders: a distance of 4 or less, on the whole image or on the head crop, joined no
false pair; 5 to 10 needs a person.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB, grey

NEAR_COPY_DISTANCE = 4


def phash(image: RGB) -> int:
    """The DCT hash of an image as an unsigned 64-bit integer.

    Grey, shrunk by area to 32x32, DCT-II, the 8x8 lowest frequencies against their median without the
    constant term (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
    """
    from curator.imaging._cv2 import cv2

    small = cv2.resize(grey(image).astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    low = np.asarray(cv2.dct(small))[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def distances(first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Hamming distances 0..64 of hashes, broadcast like any numpy operator."""
    different = np.bitwise_xor(first, second)
    counts: npt.NDArray[np.uint8]
    if hasattr(np, "bitwise_count"):  # since numpy 2.0, ten times as fast
        counts = np.bitwise_count(different)
        return counts
    quarters = np.asarray(different, order="C")[..., None].view(np.uint16)
    counts = _bits()[quarters].sum(axis=-1, dtype=np.uint8)
    return counts


@functools.cache
def _bits() -> npt.NDArray[np.uint8]:
    """The number of ones in every 16-bit number, shape (65536,)."""
    numbers = np.arange(1 << 16, dtype=np.uint16)
    ones: npt.NDArray[np.uint8] = np.unpackbits(numbers.view(np.uint8).reshape(-1, 2), axis=1).sum(
        axis=1, dtype=np.uint8
    )
    return ones

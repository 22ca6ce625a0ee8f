"""From T1 grey levels to the look of other sequences.

The template is 8-bit T1: fluid about 30, grey matter about 82, white matter about 113, fat 100 to 250. Inside
the skull a curve per sequence maps these levels; outside it, fat, muscle and bone follow T1 at the weight
that the sequence gives fat. Levels are relative: 1 is about the brightest tissue of a usual window.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Sequence: TypeAlias = Literal["T1", "T2", "FLAIR", "T1C", "PD"]
F32: TypeAlias = npt.NDArray[np.float32]

# Inside the skull: T1 level -> level in the sequence.
_CURVES: Final[dict[str, tuple[list[float], list[float]]]] = {
    "T1": ([0, 30, 82, 113, 255], [0.02, 0.16, 0.46, 0.66, 1.3]),
    # 2D spin echo after gadolinium: little contrast between grey and white matter.
    "T1C": ([0, 30, 82, 113, 255], [0.03, 0.14, 0.38, 0.45, 0.9]),
    "T2": ([0, 14, 32, 52, 82, 113, 255], [0.12, 0.6, 0.98, 0.86, 0.47, 0.31, 0.2]),
    "FLAIR": ([0, 28, 52, 82, 113, 255], [0.04, 0.07, 0.3, 0.48, 0.41, 0.33]),
    "PD": ([0, 14, 30, 82, 113, 255], [0.2, 0.5, 0.62, 0.74, 0.58, 0.5]),
}
# The level that a usual window shows as white; a lesion does not change it.
WHITE: Final[dict[Sequence, float]] = {"T1": 0.82, "T1C": 0.78, "T2": 0.92, "FLAIR": 0.72, "PD": 0.92}
# Fat and muscle outside the skull, as a factor of T1 (level 150 is 1).
_FAT: Final = {"T1": 1.0, "T1C": 0.85, "T2": 0.62, "FLAIR": 0.5, "PD": 0.8}


def tissue(t1: F32, inside: F32, sequence: Sequence, fat: float) -> F32:
    """Levels (height, width) of a sequence from T1 (0..255) and `inside` (0..1: how far inside the skull).

    `fat` scales what lies outside the skull: 1 as usual, 0.3 with the fat signal suppressed.
    """
    levels, values = _CURVES[sequence]
    within = np.interp(t1, levels, values).astype(np.float32)
    without = (t1 / 150.0) * (_FAT[sequence] * fat)
    return (within * inside + without * (1 - inside)).astype(np.float32)


def fluid(t1: F32) -> F32:
    """How much a T1 level looks like fluid, 0..1."""
    return np.asarray(np.clip((58.0 - t1) / 24.0, 0, 1), np.float32)


def white_matter(t1: F32) -> F32:
    """How much a T1 level looks like white matter, 0..1."""
    return np.asarray(np.clip((t1 - 84.0) / 18.0, 0, 1), np.float32)

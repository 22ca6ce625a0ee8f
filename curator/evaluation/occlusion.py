"""Where a network looks, by hiding it: how much less a class is believed with a black patch over each place.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014; the difference is taken in
log-odds, as Robnik-Šikonja and Kononenko, "Explaining Classifications For Individual Instances", 2008, propose,
so that a network that is sure of itself still shows what it goes by.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from curator.evaluation.saliency import Heat, hottest_one
from curator.imaging.decode import RGB
from curator.records import Progress
from curator.training.data import Images

# Patches worked between two yields: 165 ms with MobileNetV2 at 224 px on one core, so that another choice is heard
# soon.
BATCH: Final = 8
# The patch's side as a share of the image's, and its step as a share of the patch's: 15 x 15 places.
_PATCH: Final = 1 / 8
_STEP: Final = 1 / 2
# Probabilities are kept off 0 and 1, where log-odds end.
_LEAST: Final = 1e-12


class Believes(Protocol):
    """Anything that gives class probabilities, (n, classes), for rendered images `uint8` (n, s, s, 3)."""

    def probabilities(self, images: Images) -> npt.NDArray[np.float64]: ...


def occlusion(
    network: Believes,
    image: RGB,
    class_index: int | None = None,
    *,
    patch: int | None = None,
    stride: int | None = None,
    batch: int = BATCH,
) -> Generator[Progress, None, Heat]:
    """Yields `Progress` a batch of patches and returns the heat: `float32` (s, s), 0 to 1, 1 at its hottest.

    `image` is rendered, `uint8` (s, s, 3); `class_index` the likeliest class unless given; `patch` and
    `stride` in pixels, an eighth of the side and half the patch unless given. The patch is black, as the
    letterbox and a filled mask are. A pixel's heat is the mean loss of log-odds over the patches that cover it;
    where hiding makes the class likelier it is 0. All zeros where nothing speaks for the class.
    """
    side = image.shape[0]
    patch = min(side, patch or max(1, round(side * _PATCH)))
    stride = stride or max(1, round(patch * _STEP))
    whole = network.probabilities(image[None])[0]
    chosen = int(whole.argmax()) if class_index is None else class_index
    believed = _log_odds(whole)[chosen]
    steps = sorted({*range(0, side - patch + 1, stride), side - patch})
    places = [(y, x) for y in steps for x in steps]
    # What is black already can't be hidden: nothing is lost there.
    hiding = [place for place in places if image[_at(place, patch)].any()]
    lost = np.zeros((side, side))
    covered = np.zeros((side, side))
    for place in places:
        covered[_at(place, patch)] += 1
    yield Progress(0, len(hiding), "Occlusion")
    for start in range(0, len(hiding), batch):
        part = hiding[start : start + batch]
        hidden = np.repeat(image[None], len(part), axis=0)
        for one, place in zip(hidden, part, strict=True):
            one[_at(place, patch)] = 0
        losses = believed - _log_odds(network.probabilities(hidden))[:, chosen]
        for place, loss in zip(part, losses, strict=True):
            lost[_at(place, patch)] += loss
        yield Progress(min(start + batch, len(hiding)), len(hiding), "Occlusion")
    return hottest_one(np.maximum(lost / np.maximum(covered, 1), 0))


def _at(place: tuple[int, int], patch: int) -> tuple[slice, slice]:
    y, x = place
    return slice(y, y + patch), slice(x, x + patch)


def _log_odds(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    likely = np.clip(probabilities, _LEAST, 1 - _LEAST)
    odds: npt.NDArray[np.float64] = np.log(likely) - np.log1p(-likely)
    return odds

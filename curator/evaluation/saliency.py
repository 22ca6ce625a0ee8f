"""Where a network looks: Grad-CAM by captum, on the layer that the backbone's card names.

Selvaraju and others, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB
from curator.training.data import Images
from curator.training.inference import Predictor

Heat: TypeAlias = npt.NDArray[np.float32]
Method: TypeAlias = Literal["grad-cam", "occlusion"]


class GradCam:
    """Heat maps of one run. Loads the network unless it is given; to be used from one thread at a time.

    The gradient comes through the image, so that frozen layers need not be opened: neither weights nor what
    of them is frozen is ever changed.
    """

    def __init__(self, run_dir: Path, *, device: str = "cpu", predictor: Predictor | None = None) -> None:
        from captum.attr import LayerGradCam

        self.predictor = predictor or Predictor(run_dir, device=device)
        network = self.predictor.network
        network.eval()
        self._cam = LayerGradCam(network, network.cam_module())

    def heat(self, image: RGB, class_index: int | None = None) -> Heat:
        """The heat over a rendered image `uint8` (s, s, 3): `float32` (s, s), 0 to 1, 1 at its hottest.

        For the class with the highest probability unless another is given. All zeros where nothing speaks for
        the class.
        """
        found: Heat = self.heats(image[None], None if class_index is None else [class_index])[0]
        return found

    def heats(self, images: Images, class_indices: Sequence[int] | None = None) -> Heat:
        """As `heat`, for rendered images `uint8` (n, s, s, 3) at once: `float32` (n, s, s)."""
        import torch
        from torch.nn import functional

        with torch.enable_grad():
            tensor = self.predictor.tensor(images).requires_grad_(True)
            if class_indices is None:
                with torch.no_grad():
                    class_indices = self.predictor.network(tensor).argmax(1).tolist()
            maps = self._cam.attribute(tensor, target=list(class_indices), relu_attributions=True)
        full = functional.interpolate(
            maps.detach().float(), images.shape[1:3], mode="bilinear", align_corners=False
        )
        return np.stack([hottest_one(heat) for heat in full[:, 0].cpu().numpy()])


def hottest_one(heat: npt.NDArray[np.floating]) -> Heat:
    """Heat of any scale, at least 0, as `float32` with 1 at its hottest; all zeros stay so."""
    peak = float(heat.max())
    scaled: Heat = (heat / peak if peak > 0 else np.zeros_like(heat)).astype(np.float32)
    return scaled


def share_inside(heat: Heat, inside: npt.NDArray[np.bool_]) -> float | None:
    """The share of the heat that lies where `inside` is true, both (s, s); None where there is no heat."""
    total = float(heat.sum(dtype=np.float64))
    return float(heat[inside].sum(dtype=np.float64)) / total if total > 0 else None

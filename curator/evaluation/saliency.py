"""Where a network looks: Grad-CAM by captum, on the layer that the backbone's card names.

Selvaraju and others, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", 2017.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB
from curator.training.inference import Predictor

Heat: TypeAlias = npt.NDArray[np.float32]


class GradCam:
    """Heat maps of one run. Loads the network once; to be used from one thread at a time."""

    def __init__(self, run_dir: Path, *, device: str = "cpu") -> None:
        from captum.attr import LayerGradCam

        self.predictor = Predictor(run_dir, device=device)
        network = self.predictor.network
        # With every layer open no part of the forward pass is under no_grad; the weights are not changed.
        network.open(len(network.card.groups))
        network.eval()
        self._cam = LayerGradCam(network, network.cam_module())

    def heat(self, image: RGB, class_index: int | None = None) -> Heat:
        """The heat over a rendered image `uint8` (s, s, 3): `float32` (s, s), 0 to 1, 1 at its hottest.

        For the class with the highest probability unless another is given. All zeros where nothing speaks for
        the class.
        """
        import torch
        from torch.nn import functional

        with torch.enable_grad():
            tensor = self.predictor.tensor(image[None]).requires_grad_(True)
            if class_index is None:
                with torch.no_grad():
                    class_index = int(self.predictor.network(tensor).argmax())
            maps = self._cam.attribute(tensor, target=class_index, relu_attributions=True)
        size = image.shape[:2]
        full = functional.interpolate(maps.detach().float(), size, mode="bilinear", align_corners=False)
        heat = full[0, 0].cpu().numpy()
        peak = float(heat.max())
        return (heat / peak if peak > 0 else np.zeros_like(heat)).astype(np.float32)


def share_inside(heat: Heat, inside: npt.NDArray[np.bool_]) -> float | None:
    """The share of the heat that lies where `inside` is true, both (s, s); None where there is no heat."""
    total = float(heat.sum())
    return float(heat[inside].sum()) / total if total > 0 else None

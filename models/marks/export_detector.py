"""Writes the trained detector as Curator uses it: `python export_detector.py detector.pt detector.onnx`.

OpenCV runs the file. Needs `onnx` and `onnxscript` beside Curator. Prints the largest difference between the two.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from detector import Detector, planes_of
from export import Seen, write

_MOST = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    net = Detector()
    net.load_state_dict(torch.load(options.weights, map_location="cpu", weights_only=True))
    seen = Seen(net.float().eval())
    write(seen, torch.rand(1, 12, 96, 80), options.out, taken="planes", given=["map"])
    worst = 0.0
    for height, width in ((192, 192), (304, 256), (96, 400)):
        image = np.random.default_rng(0).integers(0, 256, (height, width, 2), np.uint8)
        x = functional.pixel_unshuffle(torch.from_numpy(planes_of(image))[None], 2)
        run = cv2.dnn.readNetFromONNX(str(options.out))
        run.setInput(x.numpy())
        with torch.inference_mode():
            truth = seen(x)
        worst = max(worst, float((torch.from_numpy(run.forward()).reshape(truth.shape) - truth).abs().max()))
    print(f"largest difference between torch and OpenCV: {worst:.1e}")
    if worst > _MOST:
        sys.exit("The exported detector does not do what the trained one does.")


if __name__ == "__main__":
    main()

"""Writes the trained network as Curator uses it: `python export.py weights.pt network.onnx`.

OpenCV runs the file, so that neither the window nor `curator propose` waits for torch. Needs `onnx` and
`onnxscript` beside Curator. Prints the largest difference between the two on noise, which must be under 1e-3.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import onnx
import torch
from network import ProposalNet, unshuffled
from torch import Tensor, nn

_MOST = 1e-3


class Seen(nn.Module):
    """A network from its unshuffled input on, by its method `seen`."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return self.net.seen(x)


def write(seen: Seen, example: Tensor, file: Path, *, taken: str, given: list[str]) -> None:
    """Writes a network whose input, called `taken`, has any height and width; `given` names its outputs."""
    dynamic = torch.export.Dim.DYNAMIC
    torch.onnx.export(
        seen,
        (example,),
        file,
        dynamo=True,
        dynamic_shapes={"x": {2: dynamic, 3: dynamic}},
        external_data=False,
        input_names=[taken],
        output_names=given,
    )
    _bare(file)


def _bare(file: Path) -> None:
    """Takes out what the exporter notes of the machine and the source."""
    model = onnx.load(file)
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.value_info,
        *graph.input,
        *graph.output,
        *graph.initializer,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    net = ProposalNet()
    net.load_state_dict(torch.load(options.weights, map_location="cpu", weights_only=True))
    seen = Seen(net.float().eval())
    write(seen, torch.rand(2, 16, 192, 160), options.out, taken="features", given=["maps", "verdict"])
    worst = 0.0
    for height, width in ((384, 384), (304, 384), (512, 400)):
        x = unshuffled(torch.rand(2, 4, height, width))
        run = cv2.dnn.readNetFromONNX(str(options.out))
        run.setInput(x.numpy())
        maps, verdict = run.forward(["maps", "verdict"])
        with torch.inference_mode():
            truth = seen(x)
        for one, other in zip((maps, verdict), truth, strict=True):
            worst = max(worst, float((torch.from_numpy(one).reshape(other.shape) - other).abs().max()))
    print(f"largest difference between torch and OpenCV: {worst:.1e}")
    if worst > _MOST:
        sys.exit("The exported network does not do what the trained one does.")


if __name__ == "__main__":
    main()

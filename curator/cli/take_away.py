"""The command `export-model`: a run's model as ONNX, with its card."""

from __future__ import annotations

from pathlib import Path

import typer

from curator.cli.output import complain, drawn, say, say_json


def export_model(
    run: Path = typer.Argument(..., help="A run's folder."),
    out: Path | None = typer.Option(None, "--out", help="The file; default: model.onnx in the run's folder."),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> None:
    """Write RUN's model as ONNX, preprocessing and classes inside, with a model card beside it.

    `curator predict` takes the file in place of RUN, and needs no PyTorch for it.
    """
    from curator.evaluation import take_away

    for event in drawn(take_away.export_model(run, out or run / "model.onnx")):
        if isinstance(event, take_away.ModelExported):
            if as_json:
                say_json({"model": str(event.model), "card": str(event.card), "difference": event.difference})
            else:
                say(str(event.model))
                complain(
                    f"Its card is {event.card}. OpenCV gives PyTorch's probabilities to within "
                    f"{event.difference:.1e}. Not a medical device."
                )

"""What `evaluate --heat` does: says how much of each image's heat lies outside the head."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from curator.cli.output import drawn, say, say_json, table


def measure_heat(folder: Path, manifest: Path | None, root: Path | None, as_json: bool) -> None:
    """Measures the images of a run or a cross-validation that are not measured yet, and prints all, most outside
    first.

    Raises `CuratorError` where the folder can't be used.
    """
    from curator.errors import CuratorError
    from curator.evaluation import heat
    from curator.evaluation.results import ResultsReady, Source, read_results
    from curator.training.device import memory_kept

    shares: tuple[heat.HeatShare, ...] = ()
    results: ResultsReady | None = None
    with memory_kept():
        source = Source(folder, manifest=manifest, split=None if manifest else "test", root=root)
        for event in drawn(read_results(source)):
            if isinstance(event, ResultsReady):
                results = event
        if results is None or not results.predictions:
            raise CuratorError(f"{folder} has no predictions: look at the warnings above.")
        for event in drawn(heat.measure_heat(results)):
            if isinstance(event, heat.HeatMeasured):
                shares = event.shares
    # What has no heat comes last.
    ordered = sorted(shares, key=lambda one: (one.outside is None, -(one.outside or 0), one.file_name))
    if as_json:
        say_json({"run": str(folder), "heat": [asdict(one) for one in ordered]})
    elif ordered:
        rows = [
            [one.file_name, one.predicted, "-" if one.outside is None else f"{one.outside:.3f}", one.ground]
            for one in ordered
        ]
        table(["image", "predicted", "outside", "of"], rows)
    else:
        say("No image could be read.")

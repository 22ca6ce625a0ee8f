"""`curator train MANIFEST --find-lr`: the curve of the range test on a terminal, or as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from curator.cli.output import complain, drawn, say, say_json

if TYPE_CHECKING:
    from curator.training.events import RateFound

_WIDTH: Final = 48
_NAMES: Final = {"head": "head (--head-lr)", "unfrozen": "opened layers (--lr)"}


def find_rates(
    manifest: Path, root: Path | None, preset: str, changes: dict[str, Any], as_json: bool
) -> None:
    """Prints a curve and a suggestion for each phase that the plan has. Trains nothing that is kept."""
    from curator.manifest.files import read_manifest
    from curator.training.config import TrainConfig
    from curator.training.events import BatchSizeFound, RateFound
    from curator.training.lr_finder import range_test

    config = replace(TrainConfig.preset_named(preset), **changes)
    found = []
    for event in drawn(range_test(read_manifest(manifest), config, root=root)):
        if isinstance(event, BatchSizeFound):
            complain(event.message)
        elif isinstance(event, RateFound):
            found.append(event)
            if not as_json:
                _print(event)
    if as_json:
        say_json([asdict(one) for one in found])


def _print(found: RateFound) -> None:
    from curator.training.rate_curve import smoothed

    say(f"{_NAMES[found.phase]}, batch size {found.batch_size}")
    finite = [(rate, loss) for rate, loss in found.points if math.isfinite(loss)]
    curve = smoothed([loss for _, loss in finite])
    # What has run away would press all else flat.
    highest = 1.3 * max(curve[: max(1, len(curve) // 2)], default=1.0)
    for (rate, _), loss in zip(finite, curve, strict=True):
        bar = "#" * round(_WIDTH * min(loss, highest) / highest)
        marks = [
            words
            for words, at in (("suggested", found.suggestion), ("steepest", found.steepest))
            if at is not None and abs(math.log10(rate / at)) < 0.05
        ]
        say(f"  {rate:.1e}  {loss:7.4f}  {bar} {', '.join(marks)}".rstrip())
    say(found.message)

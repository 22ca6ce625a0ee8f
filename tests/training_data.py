"""A tiny dataset whose class is seen at a glance: a bright blob in the left or in the right half."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from curator.dataset.split import Shares
from curator.imaging.decode import header, sha256
from curator.manifest.files import Manifest, write_manifest
from curator.manifest.schema import ManifestRow
from curator.records import Split
from curator.training.config import TrainConfig
from curator.training.events import EpochMetrics

CONFIG = TrainConfig(
    weights="none",
    image_size=32,
    epochs=2,
    batch_size=4,
    augmentation="none",
    deterministic=True,
    threads=1,
    device="cpu",
    lr=1e-3,
)


def plain(metrics: tuple[EpochMetrics, ...]) -> list[EpochMetrics]:
    """Metrics without what depends on the clock."""
    return [replace(row, seconds=0, images_per_second=0) for row in metrics]


def make_manifest(
    folder: Path, counts: dict[Split, int], classes: tuple[str, ...] = ("left", "right")
) -> Manifest:
    """Writes `counts` images a class and split, and their manifest; the images lie in `folder/images`."""
    rng = np.random.default_rng(5)
    rows = []
    for number, label in enumerate(classes):
        for split, count in counts.items():
            for index in range(count):
                pixels = rng.integers(0, 40, (40, 40), np.uint8)
                x = 4 + round(24 * number / max(1, len(classes) - 1))
                pixels[12:26, x : x + 8] = 230
                path = folder / "images" / label / f"{split}{index:02d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
                data = path.read_bytes()
                facts = header(data, path.name)
                rows.append(
                    ManifestRow(
                        file_name=f"{label}/{path.name}",
                        sha256=sha256(data),
                        width=facts.width,
                        height=facts.height,
                        label=label,
                        decision="keep",
                        discard_reason=None,
                        crop=None,
                        masks=[],
                        fill="background",
                        copy_group=None,
                        group=f"{label}-{path.stem}",
                        split=split,
                        decided_by="person",
                        confidence=None,
                        note="",
                    )
                )
    return write_manifest(
        folder / "manifest",
        rows,
        root=folder / "images",
        profile="general",
        classes=list(classes),
        seed=0,
        shares=Shares(),
    )

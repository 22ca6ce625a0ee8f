"""Small datasets for the shortcut audit: the same noise in both classes, and one planted thing that tells them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from curator.dataset.split import Shares
from curator.imaging.decode import sha256
from curator.manifest.files import Manifest, write_manifest
from curator.manifest.schema import ManifestMask, ManifestRow
from curator.records import Split

Planted = Literal["nothing", "border", "jpeg", "masks", "size"]
WIDTH, HEIGHT, EDGE = 64, 56, 6


def planted(
    folder: Path, what: Planted, *, groups: int = 22, classes: tuple[str, ...] = ("no", "yes"), seed: int = 1
) -> Manifest:
    """`groups` a class, every third of two images, cropped to what lies within the border; see `Planted`.

    "border": 6 px round the image are bright in the last class; "jpeg": the last class is saved at quality 50,
    the others at 95; "masks": a mask lies on the left in the last class, on the right in the others; "size": the
    last class is half as large again.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for label in classes:
        odd = label == classes[-1]
        for group in range(groups):
            split: Split = ("train", "train", "train", "val", "test")[group % 5]
            for copy in range(2 if group % 3 == 0 else 1):
                name = f"{label}/{group:02}-{copy}.{'jpg' if what == 'jpeg' else 'png'}"
                scale = 1.5 if what == "size" and odd else 1.0
                size = round(HEIGHT * scale), round(WIDTH * scale)
                pixels = rng.integers(60, 140, size, np.uint8)
                if what == "jpeg":  # even blocks, which any quality keeps as they are
                    pixels = np.kron(pixels[::8, ::8], np.ones((8, 8), np.uint8))[: size[0], : size[1]]
                if what == "border":
                    inside = np.s_[EDGE:-EDGE, EDGE:-EDGE]
                    framed = np.full(size, 120 if odd else 80, np.uint8)
                    framed += rng.integers(0, 9, size, np.uint8)
                    framed[inside] = pixels[inside]
                    pixels = framed
                data = _saved(pixels, what, odd)
                path = folder / "images" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                x = EDGE + (4 if odd else 36)
                mask = [(x, 20), (x + 8, 20), (x + 8, 30), (x, 30)]
                rows.append(
                    ManifestRow(
                        file_name=name,
                        sha256=sha256(data),
                        width=size[1],
                        height=size[0],
                        label=label,
                        decision="keep",
                        discard_reason=None,
                        crop=(EDGE, EDGE, size[1] - 2 * EDGE, size[0] - 2 * EDGE),
                        masks=[ManifestMask(kind="text", polygon=mask)] if what == "masks" else [],
                        fill="black",
                        copy_group=None,
                        group=f"{label}-{group}",
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


def _saved(pixels: np.ndarray, what: Planted, odd: bool) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    if what == "jpeg":
        image.save(buffer, "JPEG", quality=50 if odd else 95)
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()

"""Packs free pictures that show no head: `python pictures.py OUT.npz --scans FOLDER --photographs FILE...`.

OUT holds one JPEG a picture, at most 448 pixels long, as bytes by name: `photograph/...` in colour and `scan/...`,
which are slices of MR in DICOM with the square root of their levels, so that dark tissue keeps its detail. The
photographs of scikit-learn and scikit-image are always packed. `card.md` says what the shipped network saw.
"""

from __future__ import annotations

import argparse
import sys
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent))
from textures import cut_out
from tissue import Floats, Rng

U8 = npt.NDArray[np.uint8]
_LONG, _QUALITY = 448, 88
_NAMES = (
    "astronaut brick camera cell chelsea coffee coins color grass gravel horse hubble_deep_field ihc moon "
)
_NAMES += "motorcycle_left page retina rocket text microaneurysms clock_motion"


def packaged() -> list[Path]:
    """The photographs that come with scikit-learn and scikit-image."""
    import skimage
    import sklearn

    shipped = Path(sklearn.__file__).parent / "datasets" / "images"
    folder = Path(skimage.__file__).parent / "data"
    return [
        *sorted(shipped.glob("*.jpg")),
        *(path for path in sorted(folder.iterdir()) if path.stem in _NAMES.split()),
    ]


@lru_cache(maxsize=2)
def pictures(file: str | None) -> dict[str, list[U8]]:
    """Photographs and scans, RGB uint8 (h, w, 3); without a file only the photographs that come with packages."""
    found: dict[str, list[U8]] = {"photograph": [], "scan": []}
    if file is None:
        found["photograph"] = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in packaged()]
        return found
    with np.load(file) as packed:
        for name in packed.files:
            image = cv2.cvtColor(cv2.imdecode(packed[name], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            found[name.split("/")[0]].append(np.asarray(image, np.uint8))
    return found


def draw_photograph(rng: Rng, file: str | None, height: int, width: int) -> Floats:
    """A part of a photograph, levels 0..255, float32 (height, width, 3): grey more often than not."""
    photos = pictures(file)["photograph"]
    part = _part(rng, photos[rng.integers(len(photos))], height, width)
    if rng.random() < 0.7:
        part = np.repeat(part @ np.float32([0.3, 0.59, 0.11])[:, None], 3, 2)
    if rng.random() < 0.25:
        part = 255 * (np.clip(part, 0, 255) / 255) ** np.float32(rng.uniform(0.5, 2.2))
    if rng.random() < 0.06:
        part = 255 - part
    if rng.random() < 0.25:
        part = cut_out(rng, part)
    return np.asarray(part, np.float32)


def draw_real_scan(rng: Rng, file: str | None, height: int, width: int) -> Floats | None:
    """A slice of MR of a body in a random window, float32 (height, width); None if there is none."""
    scans = pictures(file)["scan"]
    if not scans:
        return None
    part = _part(rng, scans[rng.integers(len(scans))], height, width)[..., 0]
    grey = (part / 255) ** 2
    white = np.percentile(grey, rng.uniform(96, 99.8)) + 1e-3
    return np.asarray(255 * np.clip(grey / white, 0, 1) ** rng.uniform(0.5, 1.2), np.float32)


def _part(rng: Rng, image: U8, height: int, width: int) -> Floats:
    """A window of an image at its own aspect or nearly so, turned and mirrored at times."""
    h, w = image.shape[:2]
    share = rng.uniform(0.3, 1) if rng.random() < 0.8 else 1.0
    wide = min(w, h * width / height) * share
    high = min(h, wide * height / width * rng.uniform(0.8, 1.25))
    ch, cw = max(24, int(high)), max(24, int(wide))
    y, x = rng.integers(max(1, h - ch + 1)), rng.integers(max(1, w - cw + 1))
    part = np.ascontiguousarray(image[y : y + ch, x : x + cw])
    if rng.random() < 0.5:
        part = part[:, ::-1]
    if rng.random() < 0.1:
        part = np.ascontiguousarray(np.rot90(part, int(rng.integers(1, 4))))
    method = cv2.INTER_AREA if part.shape[0] > height else cv2.INTER_CUBIC
    part = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=method)
    return np.clip(part, 0, 255).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--scans", type=Path, help="folder of DICOM slices")
    parser.add_argument("--photographs", type=Path, nargs="*", default=[], help="files")
    options = parser.parse_args()
    packed: dict[str, U8] = {}

    def pack(name: str, image: npt.NDArray[np.uint8]) -> None:
        scale = min(1.0, _LONG / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        packed[name] = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].ravel()

    for path in [*packaged(), *options.photographs]:
        pack(f"photograph/{path.stem}", cv2.imread(str(path)))
    for path in sorted(options.scans.glob("*.dcm")) if options.scans else []:
        import pydicom

        levels = pydicom.dcmread(path).pixel_array.astype(np.float32)
        pack(f"scan/{path.stem}", (255 * np.sqrt(levels / levels.max())).round().astype(np.uint8))
    np.savez(options.out, **packed)
    print(f"{len(packed)} pictures, {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

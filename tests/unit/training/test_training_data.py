"""Images on their way to the network: verified each time, decoded once, cleaned as the plan says."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training_data import CONFIG, make_manifest

from curator.errors import TrainingError
from curator.imaging.decode import RGB
from curator.imaging.render import network_input
from curator.manifest.files import Manifest
from curator.manifest.schema import ManifestMask, ManifestRow
from curator.manifest.verify import read_verified
from curator.paths import cache_dir
from curator.records import Crop, Edits, Event, Mask, Prediction, Warned
from curator.training import data
from curator.training.config import CLEANINGS, Cleaning
from curator.training.data import Loaded, cleaned, load_images
from curator.training.events import Predicted
from curator.training.image_cache import ImageCache, key_of
from curator.training.inference import Predictor, predict_manifest
from curator.training.loop import fit

EDITS = Edits(Crop(4, 2, 30, 34), (Mask("text", ((5, 5), (12, 5), (12, 9))),), "black")


def load(work: Generator[Event, None, Loaded]) -> tuple[Loaded, list[Event]]:
    """What loading returns, and what it yielded."""
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as done:
            return done.value, events


def edited(row: ManifestRow) -> ManifestRow:
    return row.model_copy(
        update={
            "crop": (4, 2, 30, 34),
            "masks": [ManifestMask(kind="text", polygon=[(5, 5), (12, 5), (12, 9)])],
            "fill": "black",
        }
    )


def test_without_a_place_for_the_cache_images_are_loaded_all_the_same(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-folder").write_text("")
    monkeypatch.setenv("CURATOR_CACHE", str(tmp_path / "no-folder"))
    rows = manifest.rows[:3]
    loaded, _ = load(load_images(rows, manifest.root, 32, "letterbox"))
    assert [row.file_name for row in loaded.rows] == [row.file_name for row in rows]


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are decoded."""
    names: list[str] = []
    decode = data.decoded

    def counting(content: bytes, row: ManifestRow) -> RGB:
        names.append(row.file_name)
        return decode(content, row)

    monkeypatch.setattr(data, "decoded", counting)
    return names


def test_an_image_is_decoded_once_and_for_all_runs(manifest: Manifest, decodings: list[str]) -> None:
    first, _ = load(load_images(manifest.rows, manifest.root, 32, "letterbox"))
    assert len(decodings) == len(manifest.rows)
    again, _ = load(load_images(manifest.rows, manifest.root, 32, "letterbox"))
    assert len(decodings) == len(manifest.rows)
    assert np.array_equal(first.images, again.images)
    for row, image in zip(first.rows, first.images, strict=True):
        assert np.array_equal(image, network_input(read_verified(manifest.root, row), row.edits, 32))


def test_other_edits_size_or_fit_are_other_squares(manifest: Manifest, decodings: list[str]) -> None:
    row = manifest.rows[0]
    variants: list[tuple[ManifestRow, int, data.Resize]] = [
        (row, 32, "letterbox"),
        (row, 48, "letterbox"),
        (row, 32, "stretch"),
        (edited(row), 32, "letterbox"),
    ]
    for turn in range(2):
        for variant, side, resize in variants:
            load(load_images([variant], manifest.root, side, resize))
        assert len(decodings) == len(variants), turn


def test_a_changed_or_missing_file_is_noticed_though_its_square_is_kept(manifest: Manifest) -> None:
    load(load_images(manifest.rows, manifest.root, 32, "letterbox"))
    changed, gone = manifest.rows[0], manifest.rows[1]
    (manifest.root / changed.file_name).write_bytes(b"other")
    (manifest.root / gone.file_name).unlink()
    loaded, events = load(load_images(manifest.rows, manifest.root, 32, "letterbox"))
    messages = [event.message for event in events if isinstance(event, Warned)]
    assert [changed.file_name in messages[0], gone.file_name in messages[1]] == [True, True]
    assert loaded.rows == manifest.rows[2:]
    with pytest.raises(TrainingError, match=f"{changed.file_name} has changed"):
        load(load_images(manifest.rows, manifest.root, 32, "letterbox", skip=False))


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_square_is_made_anew(damage: str, manifest: Manifest, decodings: list[str]) -> None:
    rows = manifest.rows[:1]
    good, _ = load(load_images(rows, manifest.root, 32, "letterbox"))
    (path,) = (cache_dir() / "squares").glob("*/*")
    content = path.read_bytes()
    flipped = bytes([content[0] ^ 255]) + content[1:]
    path.write_bytes({"cut": content[:-9], "flipped": flipped, "empty": b""}[damage])
    for turn in (2, 2):
        again, _ = load(load_images(rows, manifest.root, 32, "letterbox"))
        assert np.array_equal(again.images, good.images)
        assert len(decodings) == turn


def test_the_cache_stays_within_its_bound_and_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    square = np.full((8, 8, 3), 7, np.uint8)
    size = square.nbytes + 4
    keys = [key_of(f"{number:064x}", Edits(), 8, "letterbox") for number in range(20)]
    cache = ImageCache(tmp_path, most_bytes=10 * size)
    for number, key in enumerate(keys[:10]):
        cache.put(key, square)
        os.utime(tmp_path / key[:2] / key[2:], (number, number))
    # Old as it is, the first has just been used.
    assert cache.get(keys[0], 8) is not None
    cache.put(keys[10], square)
    cache.trim()
    left = [key for key in keys if cache.get(key, 8) is not None]
    assert left == [keys[0], *keys[3:11]]
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 10 * size


def test_a_disk_that_takes_nothing_is_no_error(tmp_path: Path, manifest: Manifest) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ImageCache(tmp_path / "file")
    key = key_of("0" * 64, Edits(), 8, "letterbox")
    cache.put(key, np.zeros((8, 8, 3), np.uint8))
    assert cache.get(key, 8) is None
    cache.trim()


def test_cleaning_takes_over_all_the_crop_or_nothing() -> None:
    assert cleaned(EDITS, "masked") == EDITS
    assert cleaned(EDITS, "cropped") == Edits(EDITS.crop, (), EDITS.fill)
    assert cleaned(EDITS, "raw") == Edits()


@pytest.mark.parametrize("cleaning", CLEANINGS)
def test_a_run_predicts_what_it_was_trained_on(cleaning: Cleaning, tmp_path: Path) -> None:
    """The network sees the same pixels in training, evaluation and the pictures of the report."""
    plain = make_manifest(tmp_path / "data", {"train": 4, "val": 2, "test": 2})
    manifest = replace(plain, rows=tuple(edited(row) for row in plain.rows))
    run_dir = tmp_path / "run"
    for _ in fit(manifest, replace(CONFIG, epochs=1, cleaning=cleaning), run_dir):
        pass
    predictor = Predictor(run_dir, device="cpu")
    assert predictor.run.config.cleaning == cleaning
    found: list[Prediction] = []
    for event in predict_manifest(run_dir, manifest=manifest, root=manifest.root, device="cpu"):
        if isinstance(event, Predicted):
            found.extend(event.predictions)
    expected = {"masked": EDITS, "cropped": Edits(EDITS.crop), "raw": Edits()}[cleaning]
    for prediction in found:
        row = next(row for row in manifest.rows if row.file_name == prediction.file_name)
        square = network_input(read_verified(manifest.root, row), expected, 32)
        assert prediction.probabilities == pytest.approx(predictor.probabilities(square[None])[0], abs=1e-6)
    assert len(found) == 4

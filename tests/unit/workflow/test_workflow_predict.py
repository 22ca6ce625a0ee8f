"""New files go the way of the dataset's: the same pixels reach the network, so the same figures come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from curator.dataset.split import Shares
from curator.errors import CuratorError
from curator.evaluation.predict_files import FilePredicted, predict_files
from curator.manifest.files import Manifest
from curator.records import Progress, Warned
from curator.training.config import Cleaning
from curator.workflow.export import Exported, export_folder


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory, make_image: Callable[..., Image.Image]) -> Manifest:
    """Twelve images of two classes, cleaned by the proposals."""
    folder = tmp_path_factory.mktemp("predict")
    for name in ("no", "yes"):
        (folder / "dataset" / name).mkdir(parents=True)
    for number in range(12):
        make_image(number).save(folder / "dataset" / ("yes" if number % 2 else "no") / f"{number}.png")
    events = export_folder(
        folder / "dataset",
        folder / "out",
        accept_proposals=True,
        shares=Shares(50, 25, 25),
        fill="black",
        workers=1,
    )
    return next(event.manifest for event in events if isinstance(event, Exported))


@pytest.mark.parametrize("cleaning", ["masked", "cropped", "raw"])
def test_files_are_predicted_like_the_images_of_the_manifest(
    cleaning: Cleaning, manifest: Manifest, tmp_path: Path
) -> None:
    from curator.training.config import TrainConfig
    from curator.training.events import Predicted
    from curator.training.inference import predict_manifest
    from curator.training.loop import fit

    root, run = manifest.root, tmp_path / "run"
    config = TrainConfig(
        weights="none", epochs=1, image_size=64, batch_size=8, device="cpu", threads=1, cleaning=cleaning
    )
    for _ in fit(manifest, config, run):
        pass
    expected = {
        one.file_name: one.probabilities
        for event in predict_manifest(run, splits=("train", "val", "test"), device="cpu")
        if isinstance(event, Predicted)
        for one in event.predictions
    }
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    files = [root / name for name in expected]
    got = list(predict_files(run, [*files[:3], broken, *files[3:]], device="cpu"))
    found = [event.prediction for event in got if isinstance(event, FilePredicted)]
    assert [one.file_name for one in found] == [str(file) for file in files]
    for one, file in zip(found, expected, strict=True):
        assert one.probabilities == pytest.approx(expected[file], abs=1e-5)
        assert one.predicted == ("no", "yes")[one.probabilities.index(max(one.probabilities))]
        assert sum(one.probabilities) == pytest.approx(1)
    assert ["broken.png" in event.message for event in got if isinstance(event, Warned)] == [True]
    steps = [event for event in got if isinstance(event, Progress)]
    assert (steps[-1].done, steps[-1].total) == (len(files) + 1, len(files) + 1)


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(CuratorError, match="is not a run"):
        list(predict_files(tmp_path, []))

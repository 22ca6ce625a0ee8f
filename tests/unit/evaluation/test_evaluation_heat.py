"""Heat maps of real runs, occlusion on a network that is known, and the share of heat outside the head."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from training_data import CONFIG, make_manifest

from curator.evaluation import heat as heat_module
from curator.evaluation import saliency
from curator.evaluation.head_area import head_area
from curator.evaluation.heat import FILE, HeatMeasured, current_heat, heat_outside, measure_heat
from curator.evaluation.occlusion import occlusion
from curator.evaluation.results import ResultsReady, read_results
from curator.evaluation.saliency import GradCam, share_inside
from curator.imaging.render import network_input
from curator.manifest.verify import read_verified
from curator.records import Crop, Edits, Progress, Warned
from curator.training.inference import Predictor
from curator.training.loop import fit
from curator.workflow.cross_validation import cross_validate

SIDE = 96


@pytest.fixture(scope="module", params=["mobilenet_v2", "resnet18"])
def backbone(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["frozen", "open"])
def run_dir(request: pytest.FixtureRequest, backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch, of the head alone or with all layers open."""
    folder = tmp_path_factory.mktemp(f"{backbone}-{request.param}")
    manifest = make_manifest(folder, {"train": 4, "val": 2, "test": 2})
    is_open = request.param == "open"
    config = replace(
        CONFIG,
        backbone=backbone,
        image_size=SIDE,
        epochs=1,
        head_epochs=0 if is_open else 1,
        open_groups=9 if is_open else 0,
    )
    for _ in fit(manifest, config, folder / "run"):
        pass
    return folder / "run"


def square_of(predictor: Predictor) -> np.ndarray:
    run = predictor.run
    row = run.manifest().rows[0]
    return network_input(read_verified(run.root, row), row.edits, SIDE, "letterbox")


def let_both_classes_speak(predictor: Predictor, square: np.ndarray) -> None:
    """Gives the head weights whose evidence is zero on the average over places, so that each class has places
    that speak for it: of a network that has hardly learnt, all of them may speak against one."""
    network = predictor.network
    with torch.no_grad():
        mean = network.pooled(predictor.tensor(square[None]))[0]
        drawn = torch.randn(network.head.weight.shape, generator=torch.Generator().manual_seed(4))
        network.head.weight.copy_(drawn - (drawn @ mean / (mean @ mean))[:, None] * mean)


@pytest.mark.parametrize("frozen", [True, False])
def test_grad_cam_leaves_the_network_as_it_is(run_dir: Path, frozen: bool) -> None:
    cam = GradCam(run_dir)
    network = cam.predictor.network
    network.open(0 if frozen else 9)
    asked = {name: one.requires_grad for name, one in network.named_parameters()}
    square = square_of(cam.predictor)
    let_both_classes_speak(cam.predictor, square)
    before = {name: one.clone() for name, one in network.state_dict().items()}
    first, second = cam.heat(square, 0), cam.heat(square, 1)
    for heat in (first, second):
        assert heat.shape == (SIDE, SIDE)
        assert heat.dtype == np.float32
        assert np.isfinite(heat).all()
        assert heat.max() == 1
        assert np.ptp(heat) > 0.1
    assert np.abs(first - second).max() > 0.1
    both = cam.heats(np.stack([square, square]), [0, 1])
    np.testing.assert_allclose(both, [first, second], atol=1e-4)
    assert {name: one.requires_grad for name, one in network.named_parameters()} == asked
    assert all(one.grad is None for one in network.parameters())
    assert all(torch.equal(before[name], one) for name, one in network.state_dict().items())
    assert not network.training


def test_occlusion_of_a_run_is_a_map_of_the_square(run_dir: Path) -> None:
    predictor = Predictor(run_dir, device="cpu")
    square = square_of(predictor)
    maps = [finished(occlusion(predictor, square, chosen, patch=32, stride=32))[0] for chosen in (0, 1)]
    for heat in maps:
        assert heat.shape == (SIDE, SIDE)
        assert np.isfinite(heat).all()
        assert 0 <= heat.min() <= heat.max() <= 1
    # With two classes what speaks for one speaks against the other.
    assert maps[0].any() or maps[1].any()
    assert not ((maps[0] > 0) & (maps[1] > 0)).any()


def finished(events: object) -> tuple[np.ndarray, list[Progress]]:
    """What a generator returns, and what it yielded on the way."""
    steps = []
    while True:
        try:
            steps.append(next(events))  # type: ignore[call-overload]
        except StopIteration as end:
            return end.value, steps


@dataclass
class Bright:
    """Believes in class 1 the more, the brighter an image's brightest pixel is; counts what it is asked."""

    asked: int = 0

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        self.asked += len(images)
        odds = images.reshape(len(images), -1).max(1) / 51.0
        one = 1 / (1 + np.exp(-odds))
        return np.stack([1 - one, one], 1)


def test_occlusion_finds_the_bright_patch() -> None:
    image = np.full((64, 64, 3), 20, np.uint8)
    image[40:48, 8:16] = 250
    heat, steps = finished(occlusion(Bright(), image, 1))
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert 40 <= y < 48
    assert 8 <= x < 16
    assert heat[:24].max() == 0
    assert heat[:, 32:].max() == 0
    assert (steps[-1].done, steps[-1].total) == (15 * 15, 15 * 15)
    against, _ = finished(occlusion(Bright(), image, 0))
    assert not against.any()
    assert (finished(occlusion(Bright(), image))[0] == heat).all()


def test_occlusion_asks_nothing_about_black_and_ends_between_batches() -> None:
    network = Bright()
    image = np.zeros((64, 64, 3), np.uint8)
    image[:8, :8] = 200
    finished(occlusion(network, image, 1))
    assert network.asked == 1 + 4  # the whole image, and the patches that touch the corner
    network = Bright()
    events = occlusion(network, np.full((64, 64, 3), 9, np.uint8), 1, batch=5)
    next(events)
    next(events)
    events.close()
    assert network.asked == 1 + 5


@given(
    arrays(np.float32, (12, 12), elements=st.floats(0, 1, width=32)),
    arrays(np.bool_, (12, 12)),
)
def test_shares_inside_and_outside_add_up(heat: np.ndarray, inside: np.ndarray) -> None:
    within, without = share_inside(heat, inside), share_inside(heat, ~inside)
    if within is None or without is None:
        assert within is without
        assert not heat.any()
    else:
        assert 0 <= within <= 1
        assert within + without == pytest.approx(1)


def test_share_is_exact_on_a_constructed_map() -> None:
    heat = np.zeros((10, 10), np.float32)
    heat[0, :3] = 1
    heat[5, 5] = 0.5
    inside = np.zeros((10, 10), bool)
    inside[4:8, 4:8] = True
    assert share_inside(heat, inside) == pytest.approx(0.5 / 3.5)


def test_the_heads_area_goes_the_way_of_the_pixels() -> None:
    """On the square the area lies on the head's own pixels, whatever crop and fit."""
    image = phantom_image()
    for edits in (Edits(), Edits(crop=Crop(30, 10, 100, 130))):
        for resize in ("letterbox", "stretch", "center-crop"):
            area, ground = head_area(image, edits, 80, resize, "brain-mri")
            square = network_input(image, edits, 80, resize)[..., 0]
            assert ground == "head"
            bright = square > 60
            assert area[bright].mean() > 0.97
            assert area[square == 0].mean() < 0.1


def phantom_image() -> np.ndarray:
    """A grey ellipse on black, wider than high."""
    y, x = np.mgrid[:150, :200]
    head = ((x - 90) / 50) ** 2 + ((y - 75) / 60) ** 2 < 1
    return np.repeat((head * 120).astype(np.uint8)[..., None], 3, axis=2)


def test_without_a_head_the_picture_stands_in() -> None:
    image = np.full((40, 80, 3), 90, np.uint8)
    area, ground = head_area(image, Edits(), 80, "letterbox", "general")
    assert ground == "picture"
    assert area[20:60].all()
    assert not area[:20].any()
    assert not area[60:].any()
    assert head_area(np.zeros((9, 9, 3), np.uint8), Edits(), 16, "stretch", "brain-mri")[1] == "picture"


def results_of(run_dir: Path) -> ResultsReady:
    return next(one for one in read_results(run_dir) if isinstance(one, ResultsReady))


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch on squares of 64 pixels."""
    folder = tmp_path_factory.mktemp("small")
    manifest = make_manifest(folder, {"train": 3, "val": 2, "test": 5})
    for _ in fit(manifest, replace(CONFIG, image_size=64, epochs=1), folder / "run"):
        pass
    return folder / "run"


@pytest.fixture
def results(small_run: Path, tmp_path: Path) -> ResultsReady:
    """Its test images, in a folder of the test's own."""
    return results_of(Path(shutil.copytree(small_run, tmp_path / "run")))


def test_heat_is_measured_once_kept_and_known_to_be_stale(
    results: ResultsReady, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = results.run.folder
    assert heat_outside(results) == {}
    gone = results.predictions[0].file_name
    path = results.root / gone
    data = path.read_bytes()
    path.write_bytes(b"other")
    events = list(measure_heat(results, device="cpu"))
    assert [one.message.split()[0] for one in events if isinstance(one, Warned)] == [gone]
    path.write_bytes(data)
    done = events[-1]
    assert isinstance(done, HeatMeasured)
    assert len(done.shares) == 9
    assert {one.ground for one in done.shares} == {"picture"}
    outside = heat_outside(results)
    assert outside == {one.file_name: one.outside for one in done.shares if one.outside is not None}
    asked: list[str] = []
    once = heat_module.read_verified
    monkeypatch.setattr(
        heat_module, "read_verified", lambda root, row: (asked.append(row.file_name), once(root, row))[1]
    )
    again = list(measure_heat(results, device="cpu"))[-1]
    assert asked == [gone]
    assert isinstance(again, HeatMeasured)
    assert len(again.shares) == 10
    # The share by hand, for one image.
    one = again.shares[3]
    row = results.rows[one.file_name]
    image = read_verified(results.root, row)
    square = network_input(image, row.edits, 64, "letterbox")
    heat = GradCam(folder).heat(square, results.run.classes.index(one.predicted))
    area, _ = head_area(image, row.edits, 64, "letterbox", "general")
    assert one.outside == pytest.approx(1 - (share_inside(heat, area) or 0), abs=1e-4)
    # Another crop, another class, another checkpoint: each makes what was measured stale.
    other = replace(results.predictions[0], predicted="left")
    said = replace(results, predictions=(replace(other, predicted="none"), *results.predictions[1:]))
    assert len(current_heat(said)) == 9
    cropped = row.model_copy(update={"crop": (1, 1, 20, 20)})
    moved = replace(results, rows={**results.rows, one.file_name: cropped})
    assert len(current_heat(moved)) == 9
    lines = (folder / FILE).read_text().splitlines()
    (folder / FILE).write_text("\n".join([*lines[:4], "{no line", json.dumps({"run": 3}), *lines[5:]]))
    assert len(heat_outside(results)) == 9
    state = torch.load(folder / "best.pt", weights_only=True)
    state["model"]["head.bias"] += 1
    torch.save(state, folder / "best.pt")
    assert heat_outside(results) == {}


def test_what_was_measured_before_it_was_stopped_is_kept(results: ResultsReady) -> None:
    events = measure_heat(results, device="cpu")
    done = [next(events) for _ in range(2)]
    events.close()  # type: ignore[attr-defined]
    assert [one.done for one in done if isinstance(one, Progress)] == [0, 8]
    assert len(heat_outside(results)) > 0


def test_of_a_cross_validation_each_image_is_held_against_its_own_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = make_manifest(tmp_path, {"train": 4, "val": 2})
    config = replace(CONFIG, image_size=64, epochs=1)
    folder = tmp_path / "folds"
    for _ in cross_validate(manifest, config, folder, folds=2):
        pass
    results = next(one for one in read_results(folder) if isinstance(one, ResultsReady))
    loaded: list[str] = []

    class Counted(GradCam):
        def __init__(self, run_dir: Path, *, device: str = "cpu") -> None:
            loaded.append(run_dir.name)
            super().__init__(run_dir, device=device)

    monkeypatch.setattr(saliency, "GradCam", Counted)
    done = list(measure_heat(results, device="cpu"))[-1]
    assert isinstance(done, HeatMeasured)
    assert loaded == ["fold-1", "fold-2"]
    assert {one.file_name: one.run for one in done.shares} == {
        name: f"fold-{fold}" for name, fold in results.folds.items()
    }
    assert len(done.shares) == 12
    kept = heat_outside(results)
    # One fold is trained anew: what its network said is stale, what the other's said is not.
    state = torch.load(folder / "fold-1" / "best.pt", weights_only=True)
    state["model"]["head.bias"] += 1
    torch.save(state, folder / "fold-1" / "best.pt")
    assert heat_outside(results) == {name: kept[name] for name in kept if results.folds[name] == 2}

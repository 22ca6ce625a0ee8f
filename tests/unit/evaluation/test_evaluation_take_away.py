"""A model taken away as ONNX says what torch says, wherever it is run, and says what it is."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from training_data import CONFIG, make_manifest

from curator.errors import CuratorError, TrainingError
from curator.evaluation import take_away
from curator.evaluation.evaluate import evaluate
from curator.evaluation.predict_files import FilePredicted, predict_files
from curator.evaluation.take_away import ModelExported, export_model
from curator.records import Progress, Warned
from curator.training import backbones, checkpoint, onnx_export, runs
from curator.training.backbones import build, card_named
from curator.training.inference import Predictor
from curator.training.loop import fit
from curator.training.onnx_export import ModelWritten
from curator.training.onnx_model import OnnxPredictor, read_facts


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch, evaluated."""
    folder = tmp_path_factory.mktemp("take-away")
    manifest = make_manifest(folder, {"train": 4, "val": 2, "test": 3}, ("has | bar", "plain"))
    for _ in fit(manifest, replace(CONFIG, image_size=48, epochs=1), folder / "run"):
        pass
    for _ in evaluate(folder / "run"):
        pass
    return folder / "run"


@pytest.fixture(scope="module")
def exported(trained: Path) -> Path:
    out = trained.parent / "out" / "model.onnx"
    done = list(export_model(trained, out))
    assert [one.done for one in done if isinstance(one, Progress)] == [0, 1, 2, 3]
    event = done[-1]
    assert isinstance(event, ModelExported)
    assert (event.model, event.card) == (out, out.with_suffix(".md"))
    assert event.difference < 1e-4
    assert sorted(path.name for path in out.parent.iterdir()) == ["model.md", "model.onnx"]
    return out


def run_with(backbone: str, trained: Path, folder: Path, side: int) -> Path:
    """A run's folder whose network is another one, its head so strong that images are told apart."""
    folder.mkdir()
    for name in ("config.json", "manifest.json", "manifest.jsonl", "metrics.csv"):
        (folder / name).write_bytes((trained / name).read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config["plan"] |= {"backbone": backbone, "image_size": side}
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(1)
    network = build(card_named(backbone), 2, dropout=0.2).eval()
    images = torch.from_numpy(varied(side)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        maps = network.pooled(network.normalised(images))
        network.head.weight.copy_(torch.randn(network.head.weight.shape))
        logits = network.classified(maps)
        apart = logits[:, 1] - logits[:, 0]
        network.head.weight.mul_(4 / apart.std())
        network.head.bias.copy_(torch.tensor([float(apart.mean() * 4 / apart.std()), 0.0]))
    checkpoint.save(folder / runs.BEST, {"model": network.state_dict(), "epoch": 1})
    return folder


def varied(side: int) -> np.ndarray:
    """Images that differ: noise, ramps, plain ones, a bright blob on black."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (7, side, side, 3), np.uint8)
    images[1] = np.linspace(0, 255, side, dtype=np.uint8)[:, None, None]
    images[2], images[3], images[4] = 0, 128, 255
    images[5] = 0
    images[5, side // 4 : side // 2, side // 4 : side // 2] = 230
    return images


@pytest.mark.parametrize("backbone", [card.name for card in backbones.cards()])
def test_every_backbone_says_the_same_in_torch_onnxruntime_and_opencv(
    backbone: str, trained: Path, tmp_path: Path
) -> None:
    side = 64
    run = run_with(backbone, trained, tmp_path / "run", side)
    done = list(export_model(run, tmp_path / "taken"))[-1]
    assert isinstance(done, ModelExported)
    assert done.model == tmp_path / "taken.onnx"
    images = varied(side)
    expected = Predictor(run, device="cpu").probabilities(images)
    assert np.ptp(expected[:, 0]) > 0.3, "images that all get the same probability prove little"
    session = onnxruntime.InferenceSession(str(done.model), providers=["CPUExecutionProvider"])
    (given_,) = session.get_inputs()
    assert (given_.name, given_.type, given_.shape) == ("image", "tensor(uint8)", ["batch", side, side, 3])
    exported = OnnxPredictor(done.model)
    for count in (1, 7, 3):
        by_onnxruntime = session.run(["probabilities"], {"image": images[:count]})[0]
        assert np.abs(by_onnxruntime - expected[:count]).max() < 1e-4
        assert np.abs(exported.probabilities(images[:count]) - expected[:count]).max() < 1e-4


def test_files_are_predicted_by_the_model_as_by_the_run(
    trained: Path, exported: Path, tmp_path: Path
) -> None:
    run = runs.load_run(trained)
    files = [run.root / row.file_name for row in run.manifest().rows[:5]]
    tall = tmp_path / "tall.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 30), np.uint8)).save(tall)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    found = {}
    for source in (trained, exported):
        events = list(predict_files(source, [*files, broken, tall], device="cpu"))
        found[source] = [one.prediction for one in events if isinstance(one, FilePredicted)]
        assert [one.message.count("broken.png") for one in events if isinstance(one, Warned)] == [1]
    assert len(found[trained]) == 6
    for one, other in zip(found[trained], found[exported], strict=True):
        assert (one.file_name, one.sha256, one.predicted) == (other.file_name, other.sha256, other.predicted)
        assert other.probabilities == pytest.approx(one.probabilities, abs=1e-4)
        assert sum(other.probabilities) == pytest.approx(1)


def test_the_file_says_what_is_needed_to_use_it(trained: Path, exported: Path) -> None:
    facts = read_facts(exported)
    assert facts.classes == ("has | bar", "plain")
    assert (facts.image_size, facts.resize, facts.cleaning, facts.profile) == (
        48,
        "letterbox",
        "masked",
        "general",
    )
    assert (facts.backbone, facts.run) == ("mobilenet_v2", "run")
    # As whoever has the package onnx reads it.
    model = onnx.load(str(exported))
    entries = {one.key: one.value for one in model.metadata_props}
    assert json.loads(entries["curator.classes"]) == ["has | bar", "plain"]
    assert model.producer_name == "Curator"
    assert not [one for one in model.graph.initializer if one.data_location]


def test_the_card_says_what_it_is_for_and_what_it_is_not(trained: Path, exported: Path) -> None:
    card = exported.with_suffix(".md").read_text(encoding="utf-8")
    summary = next(one for one in evaluate(trained) if hasattr(one, "summary")).summary  # type: ignore[attr-defined]
    assert "Not a medical device" in card
    accuracy = summary.metrics["accuracy"]
    assert f"| accuracy | {accuracy.value:.3f} | {accuracy.low:.3f} to {accuracy.high:.3f} |" in card
    assert f"| majority class (baseline) | {summary.majority:.3f} |" in card
    assert r"| has \| bar | 4 | 2 | 3 | 9 |" in card
    for part in (
        "## Intended use",
        "## Data",
        "## Limits",
        "## Weights and licence",
        "## Versions and hashes",
    ):
        assert part in card
    facts = read_facts(exported)
    assert facts.checkpoint in card
    assert facts.manifest in card
    assert "trained from scratch" in card
    # Every row of a table has as many cells as its head.
    for block in card.split("\n\n"):
        lines = [line.replace(r"\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


def test_without_figures_the_card_says_so(
    trained: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run, ignore=shutil.ignore_patterns("figures.json"))
    written = ModelWritten(tmp_path / "model.onnx", read_facts(exported), 0.0)
    monkeypatch.setattr(take_away, "write_onnx", lambda *_, **__: iter([written]))
    done = list(export_model(run, tmp_path / "model.onnx"))[-1]
    assert isinstance(done, ModelExported)
    assert "Not evaluated on the test split" in done.card.read_text(encoding="utf-8")


def test_the_package_that_is_missing_is_named_with_its_cure(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "onnx" else known(name, *rest)
    )
    with pytest.raises(TrainingError, match=r"pip install 'curator-studio\[onnx\]'"):
        list(export_model(trained, tmp_path / "model.onnx"))
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_says_something_else_is_not_left(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = onnx_export._export

    def other(network: torch.nn.Module, *rest: object) -> None:
        with torch.no_grad():
            network.head.bias[0] += 3  # type: ignore[index, operator]
        export(network, *rest)  # type: ignore[arg-type]
        with torch.no_grad():
            network.head.bias[0] -= 3  # type: ignore[index, operator]

    monkeypatch.setattr(onnx_export, "_export", other)
    with pytest.raises(TrainingError, match="nothing was written"):
        list(export_model(trained, tmp_path / "model.onnx"))
    assert list(tmp_path.iterdir()) == []


def refused(path: Path) -> str:
    """The sentence for a file that can't be used."""
    with pytest.raises(CuratorError) as caught:
        OnnxPredictor(path).probabilities(np.zeros((1, 48, 48, 3), np.uint8))
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_a_foreign_model_gets_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from onnx import TensorProto, helper

    node = helper.make_node("Relu", ["x"], ["y"])
    shape = ["n", 3]
    graph = helper.make_graph(
        [node],
        "foreign",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    path = tmp_path / "foreign.onnx"
    onnx.save(helper.make_model(graph), str(path))
    assert "no model that Curator exported" in refused(path)
    (tmp_path / "text.onnx").write_text("hello, world " * 40)
    refused(tmp_path / "text.onnx")
    (tmp_path / "empty.onnx").write_bytes(b"")
    refused(tmp_path / "empty.onnx")
    assert "can't be read" in refused(tmp_path / "gone.onnx")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("curator.classes", '["one"]'),
        ("curator.classes", '["a", "b", "c"]'),
        ("curator.classes", '{"a": 1}'),
        ("curator.image_size", "1000000"),
        ("curator.image_size", '"48"'),
        ("curator.resize", '"other"'),
        ("curator.schema", '"curator-model/9"'),
        ("curator.run", "[]"),
        ("curator.fill", "no json"),
        ("curator.classes", "[" * 200_000),
    ],
)
def test_metadata_that_was_changed_is_refused(
    key: str, value: str, exported: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(str(exported))
    for one in model.metadata_props:
        if one.key == key:
            one.value = value
    path = tmp_path / "changed.onnx"
    onnx.save(model, str(path))
    refused(path)
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def small(exported: Path) -> bytes:
    """The exported model without its weights: what the metadata is read from in a few kilobytes."""
    model = onnx.load(str(exported))
    del model.graph.initializer[:]
    return model.SerializeToString()


@given(st.data())
def test_a_damaged_file_never_ends_in_anything_but_a_sentence(
    exported: Path, small: bytes, data: st.DataObject
) -> None:
    """Cut short or with bytes changed anywhere in its last part, where the metadata lies."""
    whole = bytearray(small)
    last = len(whole) - 900
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole)))]
    else:
        for at in data.draw(st.lists(st.integers(last, len(whole) - 1), min_size=1, max_size=6)):
            whole[at] = data.draw(st.integers(0, 255))
    path = exported.parent.parent / "damaged.onnx"
    path.write_bytes(bytes(whole))
    with contextlib.suppress(TrainingError):
        assert len(read_facts(path).classes) >= 2


def test_what_is_no_run_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(CuratorError, match="is not a run"):
        list(export_model(tmp_path / "none", tmp_path / "model.onnx"))
    assert list(tmp_path.iterdir()) == []

"""`export-model`, `predict` with what it wrote, also where there is no PyTorch at all; and `evaluate --heat`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from training_data import CONFIG, make_manifest

from curator.cli.main import run
from curator.training.loop import fit
from curator.training.runs import load_run

WITHOUT_TORCH = """
import sys
for name in ("torch", "torchvision", "captum", "onnx", "onnxruntime"):
    sys.modules[name] = None
from curator.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli-take-away")
    manifest = make_manifest(folder, {"train": 3, "val": 2, "test": 2})
    for _ in fit(manifest, replace(CONFIG, epochs=1), folder / "run"):
        pass
    return folder / "run"


def test_a_model_is_exported_and_predicts_without_torch(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "models" / "mine.onnx"
    assert run(["export-model", str(run_dir), "--out", str(model), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["model"] == str(model)
    assert Path(answer["card"]).read_text(encoding="utf-8").startswith("# run")
    assert answer["difference"] < 1e-4
    images = [str(path) for path in sorted(load_run(run_dir).root.rglob("*.png"))[:3]]
    assert run(["predict", str(run_dir), *images, "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, "predict", str(model), *images, "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for one, other in zip(found, expected, strict=True):
        assert one["file_name"] == other["file_name"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-4)


def test_without_a_name_it_lies_in_the_run(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export-model", str(run_dir)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{run_dir / 'model.onnx'}\n"
    assert "Not a medical device" in captured.err
    assert (run_dir / "model.md").is_file()


@pytest.mark.parametrize("name", ["none.onnx", "no.onnx"])
def test_what_is_no_model_is_one_line(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    if name == "no.onnx":
        path.write_bytes(b"\x00\x01\x02 nothing of the kind")
    assert run(["predict", str(path), "image.png"]) == 1
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert str(path) in error


def test_heat_is_listed_with_the_most_outside_first(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", str(run_dir), "--heat", "--json"]) == 0
    shares = json.loads(capsys.readouterr().out)["heat"]
    assert {one["file_name"] for one in shares} == {
        row.file_name for row in load_run(run_dir).manifest().rows if row.split == "test"
    }
    outside = [one["outside"] for one in shares if one["outside"] is not None]
    assert outside == sorted(outside, reverse=True)
    assert {one["ground"] for one in shares} == {"picture"}
    assert (run_dir / "heat.jsonl").is_file()
    assert run(["evaluate", str(run_dir), "--heat"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["image", "predicted", "outside", "of"]
    assert [line.split()[0] for line in lines[1:]] == [one["file_name"] for one in shares]
    assert run(["evaluate", str(run_dir), "--heat", "--queues"]) == 2


@pytest.mark.parametrize("what", ["--heat", "--queues"])
def test_the_images_may_lie_elsewhere_than_where_they_were_trained_on(
    what: str, run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(run_dir, tmp_path / "run", ignore=shutil.ignore_patterns("*.jsonl")))
    shutil.copy(run_dir / "manifest.jsonl", copy)
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    root, config["root"] = config["root"], str(tmp_path / "gone")
    (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert run(["evaluate", str(copy), what, "--json"]) == (1 if what == "--heat" else 0)
    assert "is no longer in" in capsys.readouterr().err
    assert run(["evaluate", str(copy), what, "--root", root, "--json"]) == 0
    captured = capsys.readouterr()
    assert "is no longer in" not in captured.err
    if what == "--heat":
        assert len(json.loads(captured.out)["heat"]) == 4
    else:
        assert "Rests on the 8 validation and test images" in captured.out

"""The whole loop by the command line, on a handful of demo images: propose, export, train, evaluate, predict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curator.cli.main import run
from curator.manifest.files import read_manifest
from curator.workflow.demo import make_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty demo images; their root."""
    folder = tmp_path_factory.mktemp("demo")
    for _ in make_demo(folder, count=40):
        pass
    return folder / "images"


@pytest.fixture(scope="module")
def exported(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their manifest, proposals accepted, with the cleaned images."""
    out = tmp_path_factory.mktemp("exported")
    assert run(["export", str(demo), "--out", str(out), "--accept-proposals", "--materialise"]) == 0
    return out


@pytest.fixture(scope="module")
def trained(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs on that manifest."""
    out = tmp_path_factory.mktemp("runs") / "first"
    arguments = [
        "--epochs",
        "2",
        "--image-size",
        "32",
        "--weights",
        "none",
        "--batch-size",
        "8",
        "--seed",
        "1",
    ]
    assert run(["train", str(exported), "--out", str(out), *arguments]) == 0
    return out


def test_proposals_are_manifest_lines_and_touch_nothing(demo: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in demo.rglob("*") if path.is_file()}
    out = tmp_path / "p.jsonl"
    assert run(["propose", str(demo), "--out", str(out), "--workers", "2"]) == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    names = sorted(path.relative_to(demo).as_posix() for path in before)
    assert [line["file_name"] for line in lines] == names
    assert {path: path.read_bytes() for path in demo.rglob("*") if path.is_file()} == before
    assert not demo.with_name("images.curator").exists()
    again = tmp_path / "again.jsonl"
    assert run(["propose", str(demo), "--out", str(again), "--workers", "1"]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_export_without_acceptance_is_undecided(demo: Path, tmp_path: Path) -> None:
    assert run(["export", str(demo), "--out", str(tmp_path)]) == 0
    rows = read_manifest(tmp_path).rows
    assert {row.decision for row in rows if row.discard_reason != "unreadable"} == {"undecided"}


def test_materialised_images_are_those_that_are_kept(exported: Path) -> None:
    kept = [row for row in read_manifest(exported).rows if row.decision == "keep"]
    written = sorted((exported / "images").rglob("*.png"))
    assert len(written) == len(kept) > 20
    for metadata in (exported / "images").glob("*/metadata.jsonl"):
        for line in metadata.read_text(encoding="utf-8").splitlines():
            values = json.loads(line)
            assert all(isinstance(value, str) for value in values.values())
            assert (metadata.parent / values["file_name"]).is_file()


def test_a_run_has_all_that_belongs_to_it(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names >= {
        "config.json",
        "manifest.jsonl",
        "manifest.json",
        "metrics.csv",
        "best.pt",
        "last.pt",
        "predictions.jsonl",
        "log.txt",
    }
    assert len((trained / "metrics.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_evaluate_writes_json_and_a_report(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "e.json", tmp_path / "r.html"
    assert run(["evaluate", str(trained), "--out", str(out), "--report", str(report), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == json.loads(out.read_text(encoding="utf-8"))
    assert sum(map(sum, answer["confusion"])) == answer["images"] == len(answer["predictions"])
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_predict_says_what_could_not_be_read(
    trained: Path, demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = next(path for path in sorted(demo.rglob("*.jpg")))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    assert run(["predict", str(trained), str(image), str(broken), "--json"]) == 1
    captured = capsys.readouterr()
    (found,) = json.loads(captured.out)
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert "broken.jpg" in captured.err


def test_resume_extends_a_finished_run(trained: Path, exported: Path) -> None:
    assert run(["train", str(exported), "--out", str(trained), "--resume"]) == 1
    assert run(["train", str(exported), "--out", str(trained), "--resume", "--epochs", "3"]) == 0
    assert len((trained / "metrics.csv").read_text(encoding="utf-8").splitlines()) == 4


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "curator", "propose", str(tmp_path / "nowhere")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1

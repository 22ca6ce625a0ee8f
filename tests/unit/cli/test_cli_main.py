"""Exit status and messages: 0 done, 1 with one clear line, 2 wrong usage, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curator import __version__
from curator.cli.main import run


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"curator {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for command in (
        "open",
        "demo",
        "propose",
        "export",
        "train",
        "evaluate",
        "predict",
        "export-model",
        "models",
        "doctor",
    ):
        assert f"\n  {command} " in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["propose"],
        ["propose", ".", "--target", "foot"],
        ["export", ".", "--out", "x", "--fill", "pink"],
        ["export", ".", "--out", "x", "--format", "xml"],
        ["propose", ".", "--workers", "-1"],
        ["train", "m", "--resume"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(tmp_path) if part == "." else part for part in arguments]) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["propose", "MISSING"],
        ["export", "MISSING", "--out", "x"],
        ["open", "MISSING"],
        ["train", "MISSING"],
        ["evaluate", "MISSING"],
        ["predict", "MISSING", "a.jpg"],
    ],
)
def test_bad_input_is_1_with_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "nowhere")
    assert run([missing if part == "MISSING" else part for part in arguments]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "nowhere" in error
    assert "Traceback" not in error


def test_ctrl_c_is_1_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("curator.workflow.propose.propose_folder", interrupted)
    assert run(["propose", str(tmp_path)]) == 1
    error = capsys.readouterr().err.strip()
    assert error.count("\n") == 0
    assert "topped" in error or "Aborted" in error


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from curator.cli.main import run; run(['--help']); "
        "heavy = {'torch', 'torchvision', 'sklearn', 'cv2', 'PySide6', 'pyqtgraph'} & set(sys.modules); "
        "sys.exit(1 if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_doctor_reports_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status = run(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in report["checks"]}
    assert checks["Settings"]["good"] is True
    assert checks["Device"]["found"]
    assert status == int(any(not check["good"] and check["needed"] for check in report["checks"]))
    for check in report["checks"]:
        assert check["good"] or check["cure"]

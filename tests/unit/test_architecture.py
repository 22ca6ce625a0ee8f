"""What holds for the package as a whole: an engine without a screen, light imports, short files, a full wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "curator"

# Qt, and what takes longer to import than a window may take to open (0.3 to 3 s each).
SCREEN = ("PySide6", "pyqtgraph")
HEAVY = ("torch", "torchvision", "sklearn", "scipy", "cv2", "captum", "pyarrow", *SCREEN)

# Imported before the first window or the first line of help is seen.
LIGHT = (
    "curator",
    "curator.records",
    "curator.errors",
    "curator.paths",
    "curator.metrics",
    "curator.imaging.decode",
    "curator.imaging.render",
    "curator.imaging.fingerprint",
    "curator.imaging.thumbnails",
    "curator.dataset.scan",
    "curator.dataset.copies",
    "curator.dataset.split",
    "curator.manifest.schema",
    "curator.manifest.files",
    "curator.manifest.materialise",
    "curator.manifest.verify",
    "curator.project",
)


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def engine_modules() -> list[str]:
    """Every module but the window's, the command line's and the starting point."""
    names = map(module_name, sorted(PACKAGE.rglob("*.py")))
    outside = ("curator.app", "curator.cli", "curator.__main__")
    return [name for name in names if not any(name == o or name.startswith(f"{o}.") for o in outside)]


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints; fails with its errors."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


WITHOUT_A_SCREEN = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"PySide6", "shiboken6", "pyqtgraph"}:
            raise ImportError(f"{name} was asked for")

sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv) - 1)
"""

LOADED_BY = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_every_engine_module_is_imported_where_there_is_no_qt() -> None:
    modules = engine_modules()
    assert {"curator.records", "curator.workflow", "curator.training.loop"} <= set(modules)
    assert int(python(WITHOUT_A_SCREEN, *modules)) == len(modules)


def test_the_check_for_qt_would_notice_it() -> None:
    with pytest.raises(AssertionError, match="PySide6"):
        python(WITHOUT_A_SCREEN, "curator.app.application")


@pytest.mark.parametrize("module", LIGHT)
def test_what_is_imported_first_is_light(module: str) -> None:
    loaded = set(python(LOADED_BY, module).split())
    assert "curator" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_opencv_is_imported_in_one_place_only() -> None:
    found = [
        path.relative_to(REPOSITORY).as_posix()
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if line.split("#")[0].strip().startswith(("import cv2", "from cv2"))
    ]
    assert found == ["curator/imaging/_cv2.py"]


def test_opencv_leaves_qts_plugins_alone() -> None:
    code = (
        "import os; os.environ['QT_QPA_FONTDIR'] = 'mine'; from curator.imaging._cv2 import cv2; "
        "print(os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH'), os.environ['QT_QPA_FONTDIR'], cv2.getNumThreads())"
    )
    assert python(code).split() == [str(os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH")), "mine", "1"]


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {
        path.relative_to(REPOSITORY).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_the_wheel_holds_models_and_resources(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        timeout=240,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "models", "resources", "curator"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")[:-1]
    expected = {name if name.startswith("curator/") else f"curator/_shipped/{name}" for name in tracked}
    assert expected - held == set()
    for name in ("models/vgg16/config.toml", "resources/icons/app.svg"):
        assert f"curator/_shipped/{name}" in held
    assert not [name for name in held if name.startswith("tests/") or "__pycache__" in name]


def test_an_installed_wheel_finds_what_is_shipped(tmp_path: Path) -> None:
    """`paths` prefers the folder inside the package, which only a wheel has."""
    shipped = tmp_path / "curator" / "_shipped" / "models"
    shipped.mkdir(parents=True)
    for name in ("__init__.py", "paths.py"):
        (tmp_path / "curator" / name).write_bytes((PACKAGE / name).read_bytes())
    code = "import sys; sys.path.insert(0, sys.argv[1]); from curator import paths; print(paths.models_dir())"
    assert Path(python(code, str(tmp_path)).strip()) == shipped.resolve()

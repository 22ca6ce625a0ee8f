"""What the report was made of, exactly: versions and hashes."""

from __future__ import annotations

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from curator import __version__
from curator.evaluation.report.page import Section, raw_table, text
from curator.evaluation.results import ResultsReady
from curator.manifest.files import LINES, Manifest
from curator.training.package_index import sha256_of
from curator.training.runs import BEST

_PACKAGES: Final = ("torch", "torchvision", "numpy", "opencv-python", "scipy", "captum")


def versions(results: ResultsReady, manifest: Manifest) -> Section:
    """Versions of what is installed now, the SHA-256 of manifest and checkpoints, and when it was trained."""
    run = results.run
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started_at))
    rows = [
        ["Curator", f"{__version__}; the manifest by {manifest.info.app_version}"],
        ["Python", platform.python_version()],
        *([name, found] for name in _PACKAGES if (found := _version(name))),
        ["Trained", f"{started} on {run.device}"],
        [f"SHA-256 of {LINES}", f"<code>{manifest.info.sha256}</code>"],
    ]
    for name, path in _checkpoints(results):
        rows.append([f"SHA-256 of {text(name)}", f"<code>{sha256_of(path)}</code>"])
    return Section("Versions and hashes", raw_table("This report rests on", ["What", "Value"], rows, "words"))


def _checkpoints(results: ResultsReady) -> list[tuple[str, Path]]:
    folders = sorted({results.run_dir_of(one.file_name) for one in results.predictions})
    paths = [folder / BEST for folder in folders if (folder / BEST).is_file()]
    return [(path.relative_to(results.run.folder).as_posix(), path) for path in paths]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""

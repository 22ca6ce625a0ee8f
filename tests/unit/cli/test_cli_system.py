"""What is said of a screen and of missing libraries."""

from __future__ import annotations

import sys

import pytest

from curator.cli import system

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libraries are only checked on Linux")


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_os_release", lambda: "id=debian")


def test_no_display_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(system, "missing_libraries", lambda libraries: ())
    found = system.screen()
    assert not found.available
    assert "DISPLAY" in found.reason


@pytest.mark.usefixtures("debian")
def test_missing_xcb_libraries_give_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":7")
    lacking = ("libxcb-cursor.so.0", "libxkbcommon-x11.so.0")
    monkeypatch.setattr(
        system, "missing_libraries", lambda libraries: lacking if libraries is system.XCB_LIBRARIES else ()
    )
    found = system.screen()
    assert not found.available
    assert found.missing == lacking
    assert found.cure.endswith("apt-get install -y libxcb-cursor0 libxkbcommon-x11-0")


def test_a_library_that_is_nowhere_is_missing() -> None:
    names = {"libcurator-has-no-such-library.so.9": "nothing", "libc.so.6": "libc6"}
    assert system.missing_libraries(names) == ("libcurator-has-no-such-library.so.9",)


@pytest.mark.parametrize(("family", "tool"), [("id=fedora", "dnf"), ("id=arch", "pacman"), ("", "apt-get")])
def test_each_family_has_its_command(family: str, tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_os_release", lambda: family)
    assert tool in system.install_command(("libEGL.so.1",))

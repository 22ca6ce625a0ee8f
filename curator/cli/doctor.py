"""`curator doctor`: what this machine lacks, and the exact command that mends it."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass

import typer

from curator.cli.output import say, say_json
from curator.cli.system import (
    QT_LIBRARIES,
    XCB_LIBRARIES,
    describe,
    has_display,
    install_command,
    missing_libraries,
    offscreen_asked,
)

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; `needed` marks what the window or the trainer can't do without."""

    name: str
    good: bool
    found: str
    cure: str = ""
    needed: bool = True


def doctor(
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Check screen, Qt's libraries, device, memory, weights and write permission."""
    checks = [*_window(), *_device(), *_weights(), *_folders()]
    if as_json:
        say_json({"machine": describe(), "checks": [asdict(check) for check in checks]})
    else:
        say(describe())
        for check in checks:
            mark = "ok  " if check.good else ("MISS" if check.needed else "note")
            say(f"{mark}  {check.name:<14} {check.found}")
            if check.cure:
                say(f"{'':<22}-> {check.cure}")
    if not all(check.good or not check.needed for check in checks):
        raise typer.Exit(1)


def _window() -> list[Check]:
    qt = missing_libraries(QT_LIBRARIES)
    xcb = missing_libraries(XCB_LIBRARIES)
    checks = [
        Check("Qt", not qt, f"missing {', '.join(qt)}" if qt else "loads", install_command(qt) if qt else "")
    ]
    needs_xcb = has_display() and not os.environ.get("WAYLAND_DISPLAY")
    checks.append(
        Check(
            "Qt on X11",
            not xcb,
            f"missing {', '.join(xcb)}" if xcb else "libraries are there",
            install_command(xcb) if xcb else "",
            needed=needs_xcb,
        )
    )
    if has_display() and not offscreen_asked():
        checks.append(Check("Screen", True, "there is a display"))
    else:
        checks.append(
            Check(
                "Screen",
                False,
                "no display: the window can only be toured offscreen, the other commands work",
                "curator demo --tour out",
                needed=False,
            )
        )
    return checks


def _device() -> list[Check]:
    import psutil

    from curator.training.device import pick, sample

    device = pick("auto")
    memory = sample(device)
    free, total = memory.machine_free / _GIB, memory.machine_total / _GIB
    cores = psutil.cpu_count(logical=True) or 1
    checks = [Check("Device", True, f"{device}, {cores} cores")]
    if memory.kind != "cpu" and memory.total:
        checks.append(Check("Device memory", True, f"{memory.total / _GIB:.1f} GiB"))
    enough = free >= 2
    checks.append(
        Check(
            "Memory",
            enough,
            f"{free:.1f} of {total:.1f} GiB free",
            "" if enough else "close other programs: training needs about 2 GiB",
            needed=False,
        )
    )
    return checks


def _weights() -> list[Check]:
    from curator.training.backbones import cards
    from curator.training.weights import find_weights

    checks = []
    for card in cards():
        found = find_weights(card)
        at_hand = found.path is not None
        cure = "" if at_hand else f"curator models --fetch {card.name}"
        said = found.message if at_hand else "ImageNet weights are not on this machine"
        checks.append(Check(card.name, at_hand, said, cure, needed=False))
    return checks


def _folders() -> list[Check]:
    from curator.paths import cache_dir, config_dir, data_dir

    checks = []
    places = (
        ("Cache", cache_dir, "CURATOR_CACHE"),
        ("Projects", data_dir, "CURATOR_DATA"),
        ("Settings", config_dir, "CURATOR_CONFIG"),
    )
    for name, find, variable in places:
        try:
            folder = find()
            probe = folder / f".write-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            cure = f"export {variable}=A_FOLDER_OF_YOURS"
            checks.append(Check(name, False, f"{error.filename} can't be written", cure))
        else:
            checks.append(Check(name, True, f"{folder} can be written"))
    return checks

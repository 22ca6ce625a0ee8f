"""Colours, fonts and icons of the window, dark and light; the one place that knows them.

Overlay colours of the canvas (crop, masks, badges on images) are data: pages take them from `DARK` in both
schemes, because the canvas is near black in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias
from weakref import WeakSet

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from shiboken6 import isValid

from curator.paths import resources_dir

Scheme: TypeAlias = Literal["dark", "light"]

FONT_PIXELS: Final = 13
# Icons are drawn for each of these ratios, so that QIcon has a sharp pixmap on every screen.
_RATIOS: Final = (1.0, 1.5, 2.0, 3.0)
# Not `QApplication.allWidgets`: that also hands out widgets that are being destroyed, and has crashed on one.
_with_icons: Final[WeakSet[QAbstractButton]] = WeakSet()


@dataclass(frozen=True, slots=True)
class Colours:
    """All colours of one scheme, as `#rrggbb`. Text reaches 4.5:1 on `background`, `pane`, `pane_raised`."""

    scheme: Scheme
    background: str
    pane: str
    pane_raised: str
    hover: str
    line: str
    line_strong: str
    text: str
    dim: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    keep: str
    keep_soft: str
    discard: str
    discard_soft: str
    unsure: str
    unsure_soft: str
    canvas: str
    on_canvas: str


DARK: Final = Colours(
    scheme="dark",
    background="#17181a",
    pane="#1e2022",
    pane_raised="#25282b",
    hover="#2c3034",
    line="#303438",
    line_strong="#464c52",
    text="#e4e6e8",
    dim="#9aa1a8",
    accent="#5aa9e6",
    accent_hover="#78b9eb",
    accent_soft="#222e38",
    on_accent="#0b1a26",
    keep="#4db07f",
    keep_soft="#21362b",
    discard="#e26e5f",
    discard_soft="#33221f",
    unsure="#e0ab4b",
    unsure_soft="#393022",
    canvas="#0b0c0d",
    on_canvas="#e4e6e8",
)
LIGHT: Final = Colours(
    scheme="light",
    background="#f1f2f3",
    pane="#fafafa",
    pane_raised="#ffffff",
    hover="#e9ebed",
    line="#d9dcdf",
    line_strong="#b4babf",
    text="#1c1f22",
    dim="#5a6168",
    accent="#1a6aab",
    accent_hover="#155a92",
    accent_soft="#e3eef7",
    on_accent="#ffffff",
    keep="#1d7443",
    keep_soft="#e2f1e8",
    discard="#b4382a",
    discard_soft="#f8e6e3",
    unsure="#855600",
    unsure_soft="#f6ecd8",
    canvas="#0b0c0d",
    on_canvas="#e4e6e8",
)
SCHEMES: Final[dict[Scheme, Colours]] = {"dark": DARK, "light": LIGHT}

_chosen: list[Colours] = [DARK]


class _Notifier(QObject):
    changed = Signal(object)


@lru_cache(maxsize=1)
def notifier() -> _Notifier:
    """Its `changed` signal carries the new `Colours`; for what no stylesheet reaches (plots, delegates)."""
    return _Notifier()


def current() -> Colours:
    """The colours of the scheme that is shown now."""
    return _chosen[0]


def apply(app: QApplication, scheme: Scheme) -> None:
    """Shows the whole application in `scheme`: palette, stylesheet, and every icon set by `set_icon`."""
    # Imported here because the stylesheet needs `Colours` from this module.
    from curator.app.stylesheet import build

    colours = SCHEMES[scheme]
    _chosen[0] = colours
    app.styleHints().setColorScheme(
        Qt.ColorScheme.Dark if scheme == "dark" else Qt.ColorScheme.Light,
    )
    app.setPalette(_palette(colours))
    app.setStyleSheet(build(colours))
    for button in tuple(_with_icons):
        if isValid(button):
            _refresh_icon(button)
    notifier().changed.emit(colours)


def font(base: QFont, pixels: int = FONT_PIXELS) -> QFont:
    """`base` at `pixels` height with figures of equal width, so that changing numbers don't jitter."""
    made = QFont(base)
    made.setPixelSize(pixels)
    if hasattr(QFont, "Tag"):
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def icon(name: str, colour: str | None = None, *, on: str | None = None, size: int = 20) -> QIcon:
    """The icon `resources/icons/<name>.svg` in `colour` (`#rrggbb`, default the text colour).

    `on` is the colour of the checked state. `size` is the side in device-independent pixels.
    """
    colours = current()
    base = colour or colours.text
    made = QIcon()
    faded = QColor(base)
    faded.setAlphaF(0.35)
    for ratio in _RATIOS:
        made.addPixmap(_drawn(name, base, size, ratio), QIcon.Mode.Normal, QIcon.State.Off)
        made.addPixmap(
            _drawn(name, faded.name(QColor.NameFormat.HexArgb), size, ratio),
            QIcon.Mode.Disabled,
            QIcon.State.Off,
        )
        if on is not None:
            made.addPixmap(_drawn(name, on, size, ratio), QIcon.Mode.Normal, QIcon.State.On)
    return made


def pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    """One icon drawn at exactly `ratio` device pixels per pixel, for delegates and the canvas; cached."""
    return _drawn(name, colour, size, ratio)


def set_icon(button: QAbstractButton, name: str, colour: str | None = None, on: str | None = None) -> None:
    """Gives `button` an icon that follows the theme. `colour` and `on` name fields of `Colours`."""
    button.setProperty("icon_name", name)
    button.setProperty("icon_colour", colour)
    button.setProperty("icon_on", on)
    _with_icons.add(button)
    _refresh_icon(button)


def icon_names() -> list[str]:
    """The names of all icons that are shipped."""
    return sorted(path.stem for path in (resources_dir() / "icons").glob("*.svg"))


def restyle(widget: QWidget) -> None:
    """Makes the stylesheet look again at `widget` after one of its properties changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def _refresh_icon(button: QAbstractButton) -> None:
    colours = current()
    colour, on = button.property("icon_colour"), button.property("icon_on")
    button.setIcon(
        icon(
            button.property("icon_name"),
            getattr(colours, colour) if colour else None,
            on=getattr(colours, on) if on else None,
            size=max(button.iconSize().width(), 12),
        )
    )


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _drawn(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer

    painted = QColor(colour)
    source = _source(name).replace("currentColor", painted.name())
    renderer = QSvgRenderer(QByteArray(source.encode()))
    drawn = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setOpacity(painted.alphaF())
    renderer.render(painter)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, value in (
        (role.Window, colours.background),
        (role.WindowText, colours.text),
        (role.Base, colours.background),
        (role.AlternateBase, colours.pane),
        (role.Text, colours.text),
        (role.Button, colours.pane_raised),
        (role.ButtonText, colours.text),
        (role.ToolTipBase, colours.pane_raised),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.dim),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
        (role.Mid, colours.line),
    ):
        palette.setColor(which, QColor(value))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(disabled, which, QColor(colours.line_strong))
    return palette

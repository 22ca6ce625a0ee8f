"""Colours that can be read, icons that are drawn, no heavy import before the window is up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from curator.app import theme
from curator.app.widgets import BADGES, IconButton
from curator.paths import resources_dir

SCHEMES = [theme.DARK, theme.LIGHT]


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast by WCAG 2.1, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", SCHEMES, ids=lambda colours: colours.scheme)
@pytest.mark.parametrize("text", ["text", "dim", "accent", "keep", "discard", "unsure"])
@pytest.mark.parametrize("ground", ["background", "pane", "pane_raised"])
def test_text_can_be_read(colours: theme.Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("colours", SCHEMES, ids=lambda colours: colours.scheme)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
        ("on_canvas", "canvas"),
        ("text", "hover"),
        ("dim", "hover"),
        ("text", "accent_soft"),
        ("dim", "accent_soft"),
        ("accent", "accent_soft"),
        ("keep", "keep_soft"),
        ("discard", "discard_soft"),
        ("unsure", "unsure_soft"),
    ],
)
def test_text_can_be_read_on_coloured_ground(colours: theme.Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("name", theme.icon_names())
def test_every_icon_is_drawn_in_the_colour_that_is_asked_for(qtbot: QtBot, name: str) -> None:
    source = (resources_dir() / "icons" / f"{name}.svg").read_text()
    assert "currentColor" in source
    assert not re.search(r'(stroke|fill)="#', source)
    image = theme.pixmap(name, "#ff0000", 20, 2.0).toImage()
    assert image.width() == 40
    shades = [image.pixelColor(x, y) for x in range(40) for y in range(40)]
    drawn = [shade for shade in shades if shade.alpha() > 128]
    assert drawn
    assert all(shade.red() > 200 and shade.green() < 60 for shade in drawn)


def test_badges_have_icons_and_colours() -> None:
    for icon, colour in BADGES.values():
        assert icon in theme.icon_names()
        assert QColor(getattr(theme.DARK, colour)).isValid()


def test_changing_the_scheme_recolours_buttons(qapp: QApplication, qtbot: QtBot) -> None:
    button = IconButton("crop", "Crop")
    qtbot.addWidget(button)
    heard: list[str] = []
    theme.notifier().changed.connect(lambda colours: heard.append(colours.scheme))

    def brightest() -> int:
        image = button.icon().pixmap(QSize(18, 18)).toImage()
        shades = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return max(shade.lightness() for shade in shades if shade.alpha() > 200)

    dark = brightest()
    theme.apply(qapp, "light")
    assert brightest() < 80 < dark
    assert heard == ["light"]
    assert theme.current() is theme.LIGHT


def test_role_of_primary_button_is_painted(qapp: QApplication, qtbot: QtBot) -> None:
    button = QPushButton("Train")
    button.setProperty("role", "primary")
    qtbot.addWidget(button)
    button.resize(120, 40)
    shade = button.grab().toImage().pixelColor(60, 6)
    assert shade.name() == theme.DARK.accent


def test_figures_have_one_width(qapp: QApplication) -> None:
    font = theme.font(qapp.font())
    assert font.pixelSize() == theme.FONT_PIXELS


def test_nothing_heavy_is_imported_before_the_window_is_up(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from curator.app.application import create\n"
        "app = create(['curator'])\n"
        "from curator.app.main_window import MainWindow\n"
        "window = MainWindow(); window.show(); app.processEvents()\n"
        "heavy = ('torch', 'torchvision', 'sklearn', 'cv2', 'pyqtgraph', 'scipy', 'captum', 'numpy')\n"
        "print('HEAVY', [name for name in heavy if name in sys.modules])\n"
        "window.close()\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "CURATOR_CONFIG": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=True,
    )
    assert "HEAVY []" in done.stdout

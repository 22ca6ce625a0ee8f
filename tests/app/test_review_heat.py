"""Heat maps in Review: colours that survive greyscale, choices, another heat map at once, the large view."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless

from curator.app import jobs
from curator.app.review.details import DetailsPane
from curator.app.review.heat_bar import METHODS
from curator.app.review.items import Item
from curator.app.review.large_view import LargeView, place_of_square
from curator.app.review.pictures import Details, Pictures, Wanted
from curator.evaluation.heat_colours import CHOICES, blended, table
from curator.evaluation.saliency import share_inside
from curator.imaging.decode import sha256
from curator.imaging.render import RESIZES, network_input
from curator.records import Crop, Edits, Prediction


def lightness(colours: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB colours `uint8` (n, 3)."""
    linear = colours / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


@pytest.mark.parametrize("name", [name for name, _ in CHOICES])
def test_every_table_only_gets_lighter(name: str) -> None:
    colours = table(name)  # type: ignore[arg-type]
    assert colours.shape == (256, 3)
    light = lightness(colours)
    # Rounding to 8 bits costs up to half a level.
    assert (np.diff(light) > -0.5).all()
    assert (np.diff(light[::16]) > 0).all()
    assert light[-1] - light[0] > 60


def test_the_outline_is_seen_without_colour() -> None:
    image = np.full((40, 40, 3), 30, np.uint8)
    heat = np.zeros((40, 40), np.float32)
    heat[10:20, 10:20] = 1
    for name, _ in CHOICES:
        mixed = blended(image, heat, 0.5, name)
        assert (mixed[10, 10:20] == mixed[10, 10]).all()
        assert set(np.unique(mixed[10, 10:20])) <= {0, 255}
        assert (mixed[:10] == 30).all()
        assert not (mixed[12:18, 12:18] == mixed[10, 10]).all()


@given(
    st.integers(20, 90),
    st.integers(20, 90),
    st.sampled_from(RESIZES),
    st.booleans(),
    st.data(),
)
def test_a_place_of_the_image_lies_where_the_square_shows_it(
    width: int, height: int, resize: str, cropped: bool, data: st.DataObject
) -> None:
    crop = Crop(3, 2, width - 8, height - 5) if cropped else None
    edits = Edits(crop)
    # Away from the borders of the crop, so that all of the mark is in every square.
    inner = crop or Crop(0, 0, width, height)
    short = min(inner.width, inner.height)
    x = data.draw(
        st.integers(inner.x + (inner.width - short) // 2 + 3, inner.x + (inner.width + short) // 2 - 5)
    )
    y = data.draw(
        st.integers(inner.y + (inner.height - short) // 2 + 3, inner.y + (inner.height + short) // 2 - 5)
    )
    image = np.zeros((height, width, 3), np.uint8)
    image[y : y + 2, x : x + 2] = 255
    side = 128
    square = network_input(image, edits, side, resize)[..., 0].astype(float)  # type: ignore[arg-type]
    rows, columns = np.mgrid[:side, :side] + 0.5
    at = QPointF((square * columns).sum() / square.sum(), (square * rows).sum() / square.sum())
    place = place_of_square(width, height, edits, side, resize)  # type: ignore[arg-type]
    found = place.topLeft() + QPointF(at.x() * place.width() / side, at.y() * place.height() / side)
    assert found.x() == pytest.approx(x + 1, abs=0.6)
    assert found.y() == pytest.approx(y + 1, abs=0.6)


class FakeCam:
    """Stands in for a run's network: heat in the half that belongs to the class, and a gate that a test opens."""

    def __init__(self, run_dir: Path) -> None:
        self.predictor = self
        self.network = self
        self.asked = 0
        self.began = threading.Event()
        self.gate = threading.Event()

    def state_dict(self) -> dict[str, np.ndarray]:
        return {"weights": np.zeros(4)}

    def heat(self, image: np.ndarray, class_index: int) -> np.ndarray:
        heat = np.zeros(image.shape[:2], np.float32)
        half = image.shape[1] // 2
        heat[:, class_index * half : (class_index + 1) * half] = 1
        return heat

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        self.asked += len(images)
        self.began.set()
        assert self.gate.wait(30)
        bright = images[..., 0].mean((1, 2)) / 255
        return np.stack([bright, 1 - bright], 1)


@dataclass
class Setting:
    pane: DetailsPane
    pictures: Pictures
    cam: FakeCam
    items: list[Item]
    wanted: list[Wanted]


@pytest.fixture
def setting(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """The pane with two images of two classes, and a network that is known."""
    cam = FakeCam(tmp_path)
    real = jobs.load

    class Saliency:
        GradCam = staticmethod(lambda run_dir: cam)
        share_inside = staticmethod(share_inside)

    monkeypatch.setattr(
        jobs, "load", lambda name: Saliency if name == "curator.evaluation.saliency" else real(name)
    )
    items, wanted = [], []
    for number in range(2):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((60, 80), 120 + number, np.uint8)).save(path)
        digest = sha256(path.read_bytes())
        one = Prediction(path.name, digest, "yes", "test", "g", "no", (0.7, 0.3), 1.2)
        items.append(Item(one, Edits(), number, true=1, said=0, mended=False, discarded=False, looked=False))
        wanted.append(Wanted(tmp_path, path, digest, Edits(), 64, "letterbox", 0, profile="general"))
    pictures = Pictures()
    pane = DetailsPane(pictures)
    qtbot.addWidget(pane)
    pane.heat_bar.show_classes(("no", "yes"))
    pane.bind_keys(pane)
    pane.resize(280, 900)
    pane.show()
    yield Setting(pane, pictures, cam, items, wanted)
    cam.gate.set()
    pictures.close()


def choose(box: object, words: str, qtbot: QtBot) -> None:
    """Turns a combo box to an entry as a person does, by its first letters."""
    box.setFocus()  # type: ignore[attr-defined]
    index = box.findText(words)  # type: ignore[attr-defined]
    assert index >= 0
    while box.currentIndex() != index:  # type: ignore[attr-defined]
        down = box.currentIndex() < index  # type: ignore[attr-defined]
        qtbot.keyClick(box, Qt.Key.Key_Down if down else Qt.Key.Key_Up)


def test_the_class_and_the_colours_are_a_persons_choice(setting: Setting, qtbot: QtBot) -> None:
    pane = setting.pane
    pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: pane.heat.image is not None, timeout=30_000)
    # The left half of the square is hot, a quarter of it above and below the picture.
    assert pane.heat_words.text() == "Grad-CAM for no: 25 % of the heat outside the picture"
    first = pane.heat.image
    assert first is not None
    side = first.width()
    assert first.pixelColor(side // 4, side // 2) != first.pixelColor(3 * side // 4, side // 2)
    choose(pane.heat_bar.targets, "what it is", qtbot)
    qtbot.waitUntil(lambda: pane.heat_words.text().startswith("Grad-CAM for yes:"), timeout=30_000)
    second = pane.heat.image
    assert second is not None
    assert second != first
    choose(pane.heat_bar.colours, "Grey", qtbot)
    assert pane.heat.image != second
    grey = pane.heat.image
    assert grey is not None
    colour = grey.pixelColor(3 * side // 4, side // 2)
    assert colour.red() == colour.green() == colour.blue()
    pane.opacity.setFocus()
    qtbot.keyClick(pane.opacity, Qt.Key.Key_Home)
    shown, square = pane.heat.image, pane.trained.image
    assert shown is not None
    assert square is not None
    assert shown.scaled(square.size()) == square
    choose(pane.heat_bar.targets, "for no", qtbot)
    qtbot.waitUntil(lambda: pane.heat_words.text().startswith("Grad-CAM for no:"), timeout=30_000)


def test_occlusion_says_how_far_it_is_and_ends_when_another_image_is_chosen(
    setting: Setting, qtbot: QtBot
) -> None:
    pane, cam = setting.pane, setting.cam
    pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: pane.heat.image is not None, timeout=30_000)
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_H)
    assert pane.heat_bar.methods.currentText() == "Occlusion"
    qtbot.waitUntil(lambda: pane.heat_words.text().startswith("Occlusion for no"), timeout=30_000)
    assert pane.heat.image is None
    qtbot.waitUntil(cam.began.is_set, timeout=30_000)
    assert cam.asked == 1
    # Another image while the first answer is awaited: the rest of the first image is never asked for.
    qtbot.keyClick(pane, Qt.Key.Key_H)
    pane.show_item(setting.items[1], setting.wanted[1])
    assert pane.heat.image is None
    cam.gate.set()
    qtbot.waitUntil(lambda: pane.heat.image is not None, timeout=30_000)
    assert cam.asked <= 1 + 8
    # Back to it: what was begun is done to its end.
    qtbot.keyClick(pane, Qt.Key.Key_H)
    pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: pane.heat_words.text().endswith("outside the picture"), timeout=30_000)
    assert cam.asked > 100
    asked = cam.asked
    # What was made is at hand.
    qtbot.keyClick(pane, Qt.Key.Key_H)
    qtbot.keyClick(pane, Qt.Key.Key_H)
    assert pane.heat.image is not None
    assert cam.asked == asked


def test_an_image_that_is_gone_is_said(setting: Setting, qtbot: QtBot) -> None:
    gone = replace(setting.wanted[0], path=setting.wanted[0].path.with_name("gone.png"))
    setting.pane.show_item(setting.items[0], gone)
    qtbot.waitUntil(lambda: "gone.png" in setting.pane.heat_words.text(), timeout=30_000)
    assert setting.pane.original.image is None


def test_an_image_that_changed_since_is_not_shown_as_what_was_predicted(
    setting: Setting, qtbot: QtBot
) -> None:
    wanted = setting.wanted[0]
    Image.fromarray(np.full((60, 80), 250, np.uint8)).save(wanted.path)
    setting.pane.show_item(setting.items[0], wanted)
    qtbot.waitUntil(lambda: "0.png has changed since" in setting.pane.heat_words.text(), timeout=30_000)
    assert setting.pane.original.image is None
    with qtbot.waitSignal(setting.pictures.square_ready):
        assert setting.pictures.square(wanted) is None
    square = setting.pictures.square(wanted)
    assert square is not None
    assert square.toImage().pixelColor(84, 84).red() == 0


def test_what_fails_unforeseen_is_said(setting: Setting, qtbot: QtBot) -> None:
    def fails(image: np.ndarray, class_index: int) -> np.ndarray:
        raise RuntimeError("out of memory")

    setting.cam.heat = fails  # type: ignore[method-assign]
    setting.pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: "failed: out of memory" in setting.pane.heat_words.text(), timeout=30_000)
    assert setting.pane.original.image is not None


def test_heat_of_a_run_that_went_on_is_made_anew(setting: Setting, qtbot: QtBot) -> None:
    pane, cam = setting.pane, setting.cam
    pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: pane.heat.image is not None, timeout=30_000)
    before = cam.heat
    cam.heat = lambda image, index: before(image, 1 - index)  # type: ignore[method-assign]
    first = pane.heat.image
    setting.pictures.forget_details()
    pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: pane.heat.image is not None, timeout=30_000)
    assert pane.heat.image != first


def test_the_large_view_shows_one_place_three_times(setting: Setting, qtbot: QtBot) -> None:
    pane = setting.pane
    pane.show_item(setting.items[0], setting.wanted[0])
    qtbot.waitUntil(lambda: pane.heat.image is not None, timeout=30_000)
    qtbot.mouseDClick(pane.trained, Qt.MouseButton.LeftButton)
    view = pane.findChild(LargeView)
    assert view is not None
    qtbot.waitUntil(view.isActiveWindow)
    view.resize(1200, 600)
    assert view.heat.image == pane.heat.image
    assert view.name.text() == "0.png"
    assert nameless(view) == []
    fitted = view.trained.target()
    assert QRectF(view.trained.rect()).contains(fitted)
    at = QPointF(40, 50)
    before = image_place(view.original, at)
    wheel = QWheelEvent(
        at,
        view.original.mapToGlobal(at),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    view.original.wheelEvent(wheel)
    after = image_place(view.original, at)
    assert (before - after).manhattanLength() < 0.01
    middles = [
        image_place(one, QPointF(one.rect().width() / 2, one.rect().height() / 2)) for one in three(view)
    ]
    assert all((one - middles[0]).manhattanLength() < 0.01 for one in middles)
    scales = {round(one.view()[0], 6) for one in three(view)}
    assert len(scales) == 1
    start = view.heat.rect().center()
    qtbot.mousePress(view.heat, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view.heat, start + QPoint(30, 0))
    qtbot.mouseRelease(view.heat, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.trained.target() == fitted
    with qtbot.waitSignal(pane.stepped) as caught:
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert caught.args == [1]
    pane.show_item(setting.items[1], setting.wanted[1])
    qtbot.waitUntil(lambda: view.name.text() == "1.png", timeout=30_000)
    qtbot.keyClick(view, Qt.Key.Key_Z)
    assert not view.isVisible()


def three(view: LargeView) -> tuple:
    return view.original, view.trained, view.heat


def image_place(picture: object, at: QPointF) -> QPointF:
    """The place of the original that a widget shows at a point."""
    scale, centre = picture.view()  # type: ignore[attr-defined]
    rect = picture.rect()  # type: ignore[attr-defined]
    return centre + (at - QPointF(rect.width() / 2, rect.height() / 2)) / scale


def test_every_method_that_is_offered_can_be_asked_for() -> None:
    assert [name for name, _, _ in METHODS] == ["grad-cam", "occlusion"]
    assert Details(Wanted(Path(), Path(), None, Edits(), 8, "stretch", 0)).wanted.method == "grad-cam"


def test_heat_leaves_cold_places_as_they_are() -> None:
    image = np.full((4, 4, 3), 100, np.uint8)
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0] = 1
    mixed = blended(image, heat, 0.5)
    assert (mixed[1:] == 100).all()
    assert (mixed[0, 0] != 100).any()
    assert (blended(image, heat, 0.0) == image).all()

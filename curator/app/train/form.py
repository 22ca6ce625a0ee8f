"""The form of a training: presets, backbone, and everything else folded away."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from curator.app.train.fields import BatchBox, Field, FractionBox, RateBox, choice_box, count_box
from curator.app.train.options import CHOICES, GROUPS, LIMITS, MEMORY_TAKERS, WORDS
from curator.app.widgets import Fold, SectionLabel, label
from curator.imaging.render import Resize
from curator.training.config import PRESETS, TrainConfig

DEFAULT_PRESET: Final = "fine-tune"
_OTHER_FILE: Final = "file…"


class PresetCard(QPushButton):
    """Title and description of a preset; the one that is on is framed."""

    def __init__(self, name: str, title: str, description: str) -> None:
        super().__init__()
        self.name = name
        self.setProperty("role", "choice")
        self.setCheckable(True)
        self.setAccessibleName(f"Preset {title}: {description}")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 12, 10)
        column.setSpacing(2)
        self._title, self._description = title, description
        self._words = label(description, "dim", wrap=True)
        for part in (label(title, "name"), self._words):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(part)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_time(self, words: str) -> None:
        """Says how long it takes; "" where nobody knows."""
        text = f"{self._description} {words}".strip()
        if text != self._words.text():
            self._words.setText(text)
            self.setAccessibleName(f"Preset {self._title}: {text}")
            self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """The description wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As high as the words need."""
        layout = self.layout()
        return layout.heightForWidth(width) if layout is not None else super().heightForWidth(width)


class TrainForm(QWidget):
    """Makes a `TrainConfig`. `changed` comes with every change; `preview_wanted` asks to see the augmentation."""

    changed = Signal()
    find_rate_wanted = Signal()
    preview_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Training options")
        self.find_button = QPushButton("Find…")
        # Narrow: the column has no room for a framed one beside the words.
        self.find_button.setProperty("role", "link")
        self.find_button.setAccessibleName("Find a learning rate")
        self.find_button.setToolTip("Tries rising rates on a copy of the network and draws the loss")
        self.find_button.clicked.connect(self.find_rate_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionLabel("Preset"))
        self._group = QButtonGroup(self)
        self.cards: dict[str, PresetCard] = {}
        for name, preset in PRESETS.items():
            card = PresetCard(name, preset.title, preset.description)
            self.cards[name] = card
            self._group.addButton(card)
            column.addWidget(card)
        self._group.buttonClicked.connect(self._preset_clicked)
        column.addSpacing(6)
        heading = QHBoxLayout()
        heading.addWidget(SectionLabel("Backbone"), 1)
        self.compare_button = QPushButton("Compare backbones…")
        self.compare_button.setAccessibleName("Compare backbones")
        self.compare_button.setProperty("role", "link")
        heading.addWidget(self.compare_button)
        column.addLayout(heading)
        self.backbone = QComboBox()
        self.backbone.setAccessibleName("Backbone")
        self.backbone.addItem(TrainConfig().backbone, TrainConfig().backbone)
        self.backbone.currentIndexChanged.connect(self.changed)
        column.addWidget(self.backbone)
        self.weights_words = label("", "dim", wrap=True)
        self.weights_words.hide()
        column.addWidget(self.weights_words)
        self.fetch_button = QPushButton("Fetch the weights")
        self.fetch_button.setAccessibleName("Fetch the weights of the backbone")
        self.fetch_button.hide()
        column.addWidget(self.fetch_button)
        column.addSpacing(2)
        self._editors: dict[str, QWidget] = {}
        self.more = Fold("More options", self._options())
        column.addWidget(self.more)
        self._found_for: tuple[Any, ...] = ()
        self.changed.connect(self._forget_found_batch)
        # What the form does not ask for stays as the preset, or the run that is shown, has it.
        self._base = TrainConfig.preset_named(DEFAULT_PRESET)
        self.changed.connect(self._show_momentum)
        self.set_preset(DEFAULT_PRESET)

    def config(self) -> TrainConfig:
        """What the form says. Raises `TrainingError` where it makes no sense together."""
        values = {name: _read(editor) for name, editor in self._editors.items()}
        return dataclasses.replace(self._base, backbone=self.backbone.currentData(), **values)

    def set_config(self, config: TrainConfig) -> None:
        """Shows `config`."""
        self._base = config
        card = self.cards.get(config.preset)
        if card is not None:
            card.setChecked(True)
        index = self.backbone.findData(config.backbone)
        if index >= 0:
            self.backbone.setCurrentIndex(index)
        for name, editor in self._editors.items():
            _write(editor, getattr(config, name))
        self.changed.emit()

    def set_preset(self, name: str) -> None:
        """Puts every option to what the preset `name` says; the backbone stays unless it says one."""
        self.set_config(self.plan_of(name))

    def plan_of(self, name: str) -> TrainConfig:
        """What the preset `name` would do with the backbone that is chosen."""
        config = TrainConfig.preset_named(name)
        if "backbone" in PRESETS[name].changes:
            return config
        return dataclasses.replace(config, backbone=self.backbone.currentData())

    def show_times(self, times: Mapping[str, str]) -> None:
        """Says on each preset's card how long it takes on this machine."""
        for name, words in times.items():
            self.cards[name].show_time(words)

    def set_backbones(self, cards: Sequence[tuple[str, str]]) -> None:
        """Fills the list of backbones: (name, words). The one that was chosen stays chosen."""
        chosen = self.backbone.currentData()
        self.backbone.blockSignals(True)
        self.backbone.clear()
        for name, words in cards:
            self.backbone.addItem(words, name)
        index = self.backbone.findData(chosen)
        self.backbone.setCurrentIndex(max(index, 0))
        self.backbone.blockSignals(False)
        self.changed.emit()

    @Slot(str)
    def choose_backbone(self, name: str) -> None:
        """Chooses the backbone `name`; nothing where there is none of that name."""
        index = self.backbone.findData(name)
        if index >= 0:
            self.backbone.setCurrentIndex(index)

    def resize_choice(self) -> Resize:
        """How an image is fitted into the network's square."""
        return cast("Resize", _read(self._editors["resize"]))

    def editor(self, name: str) -> Any:
        """The control of one field of `TrainConfig`."""
        return self._editors[name]

    def weights(self) -> str:
        """What the backbone is to start from: "imagenet", "none" or a file."""
        return str(_read(self._editors["weights"]))

    def show_weights(self, words: str, can_fetch: bool) -> None:
        """Says what the backbone would start from, with a button to fetch weights that are missing."""
        self.weights_words.setText(words)
        self.weights_words.setVisible(bool(words))
        self.fetch_button.setVisible(can_fetch)

    @Slot(int)
    def show_found_batch(self, size: int) -> None:
        """Shows in place of "auto" the batch size that a training has found, while it would be found again."""
        self._found_for = self._memory_takers()
        self._batch_box().show_found(size)

    @Slot()
    def _forget_found_batch(self) -> None:
        if self._found_for and self._found_for != self._memory_takers():
            self._found_for = ()
            self._batch_box().show_found(None)

    def _batch_box(self) -> BatchBox:
        box = self._editors["batch_size"]
        assert isinstance(box, BatchBox)
        return box

    def _memory_takers(self) -> tuple[Any, ...]:
        return (self.backbone.currentData(), *(_read(self._editors[name]) for name in MEMORY_TAKERS))

    @Slot(str, float)
    def use_rate(self, phase: str, rate: float) -> None:
        """Takes a learning rate for a phase, "head" or "unfrozen"."""
        _write(self._editors["head_lr" if phase == "head" else "lr"], rate)

    def _options(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        self.preview_button = QPushButton("Preview …")
        self.preview_button.setProperty("role", "link")
        self.preview_button.setAccessibleName("Preview the augmentation")
        self.preview_button.clicked.connect(self.preview_wanted)
        row = 0
        for heading, fields in GROUPS:
            grid.setRowMinimumHeight(row, 26 if row else 0)
            grid.addWidget(label(heading, "small"), row, 0, Qt.AlignmentFlag.AlignBottom)
            for field in fields:
                row += 1
                self._add_field(grid, row, field)
                if field.name == "augmentation":
                    row += 1
                    grid.addWidget(self.preview_button, row, 1, Qt.AlignmentFlag.AlignLeft)
            row += 1
        return holder

    def _add_field(self, grid: QGridLayout, row: int, field: Field) -> None:
        editor = self._editor(field)
        editor.setAccessibleName(field.words)
        editor.setToolTip(field.tip)
        editor.setFixedWidth(118)
        words = label(field.words, "dim")
        words.setToolTip(field.tip)
        words.setBuddy(editor)
        grid.addWidget(editor, row, 1, Qt.AlignmentFlag.AlignRight)
        self._editors[field.name] = editor
        grid.addWidget(words, row, 0)
        if field.name == "lr":
            grid.addWidget(self.find_button, row, 0, Qt.AlignmentFlag.AlignRight)

    def _editor(self, field: Field) -> QWidget:
        if field.kind in ("count", "size"):
            box = count_box(*LIMITS[field.name], step=32 if field.kind == "size" else 1)
            box.valueChanged.connect(self.changed)
            return box
        if field.kind == "batch":
            batch = BatchBox(LIMITS[field.name][1])
            batch.valueChanged.connect(self.changed)
            return batch
        if field.kind == "rate":
            rate = RateBox()
            rate.valueChanged.connect(self.changed)
            return rate
        if field.kind == "fraction":
            fraction = FractionBox()
            fraction.valueChanged.connect(self.changed)
            return fraction
        if field.kind == "flag":
            flag = QCheckBox()
            flag.toggled.connect(self.changed)
            return flag
        combo = choice_box([(choice, WORDS.get(choice, str(choice))) for choice in CHOICES[field.name]])
        if field.kind == "weights":
            combo.setItemText(0, "ImageNet")
            combo.addItem(_OTHER_FILE, _OTHER_FILE)
            combo.activated.connect(self._weights_activated)
        combo.currentIndexChanged.connect(self.changed)
        return combo

    @Slot()
    def _show_momentum(self) -> None:
        self.editor("momentum").setEnabled(self.editor("optimiser").currentData() == "sgd")

    @Slot(int)
    def _weights_activated(self, index: int) -> None:
        combo = self._editors["weights"]
        assert isinstance(combo, QComboBox)
        if combo.itemData(index) != _OTHER_FILE:
            return
        path, _ = QFileDialog.getOpenFileName(self, "Weights to start from", "", "Weights (*.pt *.pth)")
        if path:
            _write(combo, path)
        else:
            combo.setCurrentIndex(0)

    def _preset_clicked(self, button: PresetCard) -> None:
        self.set_preset(button.name)


def _read(editor: QWidget) -> Any:
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QComboBox):
        return editor.currentData()
    assert isinstance(editor, (QSpinBox, RateBox, FractionBox))
    return editor.value()


def _write(editor: QWidget, value: Any) -> None:
    if isinstance(editor, QCheckBox):
        editor.setChecked(bool(value))
    elif isinstance(editor, QComboBox):
        index = editor.findData(value)
        if index < 0:
            # A file of weights, or a choice of an engine newer than this form.
            editor.insertItem(max(editor.count() - 1, 0), str(value).rsplit("/", 1)[-1], value)
            index = editor.findData(value)
        editor.setCurrentIndex(index)
    else:
        assert isinstance(editor, (QSpinBox, RateBox, FractionBox))
        editor.setValue(value)

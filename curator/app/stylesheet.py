"""The stylesheet, built from the colours of a scheme.

Widgets choose their look by the dynamic property `role`; see the selectors below. Set the property before the
widget is shown, or call `theme.restyle` afterwards.
"""

from __future__ import annotations

from curator.app.theme import Colours
from curator.paths import resources_dir


def build(c: Colours) -> str:
    """The application's stylesheet in the colours `c`."""
    return "\n".join((_base(c), _labels(c), _buttons(c), _inputs(c), _lists(c), _shell(c)))


def _mark(name: str, c: Colours) -> str:
    """The address of a small drawn mark (arrows, ticks) in the shade that suits the scheme."""
    return (resources_dir() / "icons" / "marks" / f"{name}-{c.scheme}.svg").as_posix()


def _base(c: Colours) -> str:
    return f"""
    QWidget {{ color: {c.text}; }}
    QMainWindow, QDialog, QStackedWidget {{ background: {c.background}; }}
    QToolTip {{ background: {c.pane_raised}; color: {c.text}; border: 1px solid {c.line_strong};
        padding: 4px 7px; }}
    QWidget[role="pane"] {{ background: {c.pane}; }}
    QWidget[role="page"] {{ background: {c.background}; }}
    QWidget[role="canvas"] {{ background: {c.canvas}; }}
    QFrame[role="card"] {{ background: {c.pane}; border: 1px solid {c.line}; border-radius: 8px; }}
    QFrame[role="line"] {{ background: {c.line}; border: none; max-height: 1px; min-height: 1px; }}
    QFrame[role="vline"] {{ background: {c.line}; border: none; max-width: 1px; min-width: 1px; }}
    QScrollArea, QScrollArea > QWidget > QWidget[role="scrolled"] {{ background: transparent; border: none; }}
    QSplitter::handle {{ background: {c.line}; }}
    QSplitter::handle:horizontal {{ width: 1px; }}
    QSplitter::handle:vertical {{ height: 1px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {c.line_strong}; border-radius: 3px; margin: 2px; }}
    QScrollBar::handle:vertical {{ min-height: 28px; }}
    QScrollBar::handle:horizontal {{ min-width: 28px; }}
    QScrollBar::handle:hover {{ background: {c.dim}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QMenu {{ background: {c.pane_raised}; border: 1px solid {c.line_strong}; padding: 4px; }}
    QMenu::item {{ padding: 5px 22px 5px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {c.accent_soft}; }}
    QMenu::item:disabled {{ color: {c.dim}; }}
    QMenu::indicator {{ width: 12px; height: 12px; left: 4px; border-radius: 3px; }}
    QMenu::indicator:checked {{ background: {c.accent}; image: url({_mark("tick", c)}); }}
    QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 6px; }}
    """


def _labels(c: Colours) -> str:
    return f"""
    QLabel {{ background: transparent; }}
    QLabel[role="title"] {{ font-size: 20px; }}
    QLabel[role="title-dim"] {{ font-size: 20px; color: {c.dim}; }}
    QLabel[role="heading"] {{ color: {c.dim}; font-size: 11px; font-weight: 600; letter-spacing: 1px; }}
    QLabel[role="name"] {{ font-weight: 600; }}
    QLabel[role="dim"] {{ color: {c.dim}; }}
    QLabel[role="small"] {{ color: {c.dim}; font-size: 11px; }}
    QLabel[role="value"] {{ color: {c.text}; }}
    QLabel[role="good"] {{ color: {c.keep}; }}
    QLabel[role="warn"] {{ color: {c.unsure}; }}
    QLabel[role="bad"] {{ color: {c.discard}; }}
    QLabel[role="key"] {{ color: {c.dim}; font-size: 11px; background: {c.background};
        border: 1px solid {c.line}; border-radius: 4px; padding: 0 4px; }}
    QLabel:disabled {{ color: {c.dim}; }}
    """


def _buttons(c: Colours) -> str:
    return f"""
    QPushButton {{ background: {c.pane_raised}; border: 1px solid {c.line}; border-radius: 6px;
        padding: 5px 12px; min-height: 18px; }}
    QPushButton:hover {{ background: {c.hover}; border-color: {c.line_strong}; }}
    QPushButton:pressed {{ background: {c.line}; }}
    QPushButton:focus {{ border-color: {c.accent}; }}
    QPushButton:disabled {{ color: {c.line_strong}; background: {c.pane}; }}
    QPushButton[role="primary"] {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent};
        font-weight: 600; }}
    QPushButton[role="primary"]:hover {{ background: {c.accent_hover}; border-color: {c.accent_hover}; }}
    QPushButton[role="primary"]:focus {{ border: 2px solid {c.text}; padding: 4px 11px; }}
    QPushButton[role="primary"]:disabled {{ background: {c.pane_raised}; color: {c.dim};
        border-color: {c.line}; }}
    QPushButton[role="primary-big"] {{ background: {c.accent}; color: {c.on_accent};
        border-color: {c.accent}; font-weight: 600; font-size: 14px; min-height: 28px; }}
    QPushButton[role="primary-big"]:hover {{ background: {c.accent_hover}; border-color: {c.accent_hover}; }}
    QPushButton[role="primary-big"]:focus {{ border: 2px solid {c.text}; padding: 4px 11px; }}
    QPushButton[role="primary-big"]:disabled {{ background: {c.pane_raised}; color: {c.dim};
        border-color: {c.line}; }}
    QPushButton[role="big"] {{ min-height: 28px; font-weight: 600; }}
    QPushButton[role="danger"] {{ color: {c.discard}; }}
    QPushButton[role="danger"]:hover {{ background: {c.discard_soft}; border-color: {c.discard}; }}
    QPushButton[role="chip"] {{ background: transparent; border: 1px solid {c.line}; border-radius: 12px;
        padding: 2px 10px; min-height: 18px; color: {c.dim}; }}
    QPushButton[role="chip"]:hover {{ color: {c.text}; border-color: {c.line_strong}; }}
    QPushButton[role="chip"]:checked {{ background: {c.accent_soft}; border-color: {c.accent};
        color: {c.text}; }}
    QPushButton[role="chip"]:focus {{ border-color: {c.accent}; }}
    QPushButton[role="chip"]::menu-indicator {{ width: 0; }}
    QPushButton[role="chip"]:disabled {{ color: {c.line_strong}; }}
    QPushButton[role="segment"] {{ background: {c.pane_raised}; border: 1px solid {c.line};
        border-radius: 6px;
        padding: 6px 8px; font-weight: 600; color: {c.dim}; }}
    QPushButton[role="segment"]:hover {{ background: {c.hover}; color: {c.text}; }}
    QPushButton[role="segment"]:focus {{ border-color: {c.dim}; }}
    QPushButton[role="segment"]:checked {{ background: {c.accent_soft}; border-color: {c.accent};
        color: {c.accent}; }}
    QPushButton[role="segment"][tone="keep"]:checked {{ background: {c.keep_soft}; border-color: {c.keep};
        color: {c.keep}; }}
    QPushButton[role="segment"][tone="discard"]:checked {{ background: {c.discard_soft};
        border-color: {c.discard}; color: {c.discard}; }}
    QPushButton[role="segment"][tone="undecided"]:checked {{ background: {c.hover}; border-color: {c.dim};
        color: {c.text}; }}
    QPushButton[role="link"]:disabled {{ color: {c.line_strong}; }}
    QPushButton[role="link"] {{ background: transparent; border: none; color: {c.dim}; padding: 2px 0;
        text-align: left; }}
    QPushButton[role="link"]:disabled {{ color: {c.line_strong}; }}
    QPushButton[role="link"]:hover, QPushButton[role="link"]:focus {{ color: {c.accent}; }}
    QPushButton[role="danger-link"] {{ background: transparent; border: none; color: {c.dim}; padding: 2px 0; }}
    QPushButton[role="danger-link"]:hover, QPushButton[role="danger-link"]:focus {{ color: {c.discard}; }}
    QPushButton[role="tab"] {{ background: transparent; border: none; color: {c.dim}; padding: 2px 6px 2px 0; }}
    QPushButton[role="tab"]:checked {{ color: {c.text}; font-weight: 600; }}
    QPushButton[role="tab"]:hover, QPushButton[role="tab"]:focus {{ color: {c.accent}; }}
    QPushButton[role="notice"] {{ background: {c.unsure_soft}; border: 1px solid {c.unsure}; border-radius: 6px;
        color: {c.text}; padding: 4px 8px; text-align: left; }}
    QPushButton[role="notice"]:hover, QPushButton[role="notice"]:focus {{ border-color: {c.text}; }}
    QPushButton[role="choice"] {{ background: {c.pane_raised}; border: 1px solid {c.line}; border-radius: 8px;
        text-align: left; }}
    QPushButton[role="choice"]:hover {{ background: {c.hover}; }}
    QPushButton[role="choice"]:focus {{ border-color: {c.dim}; }}
    QPushButton[role="choice"]:checked {{ background: {c.accent_soft}; border-color: {c.accent}; }}
    QPushButton[role="key-button"] {{ min-height: 28px; font-weight: 600; text-align: left; padding-left: 12px; }}
    QPushButton[role="row"] {{ background: transparent; border: none; border-radius: 6px; text-align: left;
        padding: 0 8px; min-height: 34px; max-height: 34px; }}
    QPushButton[role="row"]:hover, QPushButton[role="row"]:focus {{ background: {c.hover}; }}
    QPushButton[role="row"]:checked {{ background: {c.accent_soft}; }}
    QPushButton[role="row"]:checked:focus {{ border: 1px solid {c.accent}; }}
    QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 6px;
        padding: 4px; }}
    QToolButton:hover {{ background: {c.hover}; }}
    QToolButton:focus {{ border-color: {c.accent}; }}
    QToolButton:checked {{ background: {c.accent_soft}; border-color: {c.accent}; }}
    QToolButton:disabled {{ color: {c.line_strong}; }}
    QToolButton::menu-indicator {{ image: none; }}
    """


def _inputs(c: Colours) -> str:
    return f"""
    QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit, QKeySequenceEdit {{
        background: {c.background}; border: 1px solid {c.line}; border-radius: 5px; padding: 3px 7px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; min-height: 18px; }}
    QLineEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover, QComboBox:hover {{
        border-color: {c.line_strong}; }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus,
    QTextEdit:focus {{ border-color: {c.accent}; }}
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{
        color: {c.line_strong}; background: {c.pane}; }}
    QSpinBox QLineEdit, QDoubleSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0;
        min-height: 0; background: transparent; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
        width: 16px; border: none; background: transparent; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url({_mark("up", c)}); width: 8px; height: 8px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url({_mark("down", c)}); width: 8px;
        height: 8px; }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow {{ image: url({_mark("down", c)}); width: 9px; height: 9px; }}
    QComboBox QAbstractItemView {{ background: {c.pane_raised}; border: 1px solid {c.line_strong};
        selection-background-color: {c.accent_soft}; selection-color: {c.text}; outline: none;
        padding: 2px; }}
    QCheckBox, QRadioButton {{ spacing: 8px; background: transparent; }}
    QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {c.line_strong}; border-radius: 4px;
        background: {c.background}; }}
    QCheckBox::indicator:hover, QCheckBox:focus::indicator {{ border-color: {c.accent}; }}
    QCheckBox::indicator:checked {{ background: {c.accent}; border-color: {c.accent};
        image: url({_mark("tick", c)}); }}
    QCheckBox:disabled {{ color: {c.line_strong}; }}
    QRadioButton::indicator {{ width: 12px; height: 12px; border: 1px solid {c.line_strong};
        border-radius: 7px;
        background: {c.background}; }}
    QRadioButton::indicator:hover, QRadioButton:focus::indicator {{ border-color: {c.accent}; }}
    QRadioButton::indicator:checked {{ background: {c.accent}; border: 3px solid {c.background}; }}
    QSlider::groove:horizontal {{ height: 4px; background: {c.line}; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {c.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {c.text}; width: 12px; height: 12px; margin: -4px 0;
        border-radius: 6px; }}
    QSlider::handle:horizontal:focus {{ background: {c.accent}; }}
    QProgressBar {{ background: {c.line}; border: none; border-radius: 2px; min-height: 4px;
        max-height: 4px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 2px; }}
    QProgressBar[tone="keep"]::chunk {{ background: {c.keep}; }}
    QProgressBar[tone="discard"]::chunk {{ background: {c.discard}; }}
    QProgressBar[tone="unsure"]::chunk {{ background: {c.unsure}; }}
    """


def _lists(c: Colours) -> str:
    return f"""
    QAbstractItemView {{ background: {c.background}; border: none; outline: none;
        selection-background-color: {c.accent_soft}; selection-color: {c.text}; }}
    QTableView {{ background: {c.pane}; border: none; gridline-color: transparent; }}
    QTableView::item {{ padding: 0 7px; border-bottom: 1px solid {c.line}; }}
    QTableView::item:selected {{ background: {c.accent_soft}; color: {c.text}; }}
    QTableView::item:hover {{ background: {c.hover}; }}
    QHeaderView {{ background: {c.pane}; border: none; }}
    QHeaderView::section {{ background: {c.pane}; color: {c.dim}; border: none;
        border-bottom: 1px solid {c.line}; padding: 6px 10px; font-size: 11px; }}
    QListView[role="strip"] {{ background: {c.pane}; }}
    """


def _shell(c: Colours) -> str:
    return f"""
    QWidget#top_bar {{ background: {c.pane}; border-bottom: 1px solid {c.line}; }}
    QWidget#rail {{ background: {c.pane}; border-right: 1px solid {c.line}; }}
    QWidget#status_bar {{ background: {c.pane}; border-top: 1px solid {c.line}; }}
    QWidget[role="side-left"] {{ background: {c.pane}; border-right: 1px solid {c.line}; }}
    QWidget[role="side-right"] {{ background: {c.pane}; border-left: 1px solid {c.line}; }}
    QPushButton[role="rail"] {{ background: transparent; border: none; border-left: 2px solid transparent;
        border-radius: 0; padding: 0; min-height: 76px; max-height: 76px; }}
    QPushButton[role="rail"]:hover {{ background: {c.hover}; }}
    QPushButton[role="rail"]:focus {{ background: {c.hover}; }}
    QPushButton[role="rail"]:checked {{ background: {c.pane_raised}; border-left: 2px solid {c.accent}; }}
    QLabel[role="rail-name"] {{ color: {c.dim}; font-size: 12px; }}
    QLabel[role="rail-name-on"] {{ color: {c.text}; font-size: 12px; }}
    QLabel[role="rail-text"] {{ color: {c.dim}; font-size: 10px; }}
    QFrame#drop_area {{ background: {c.pane}; border: 1px dashed {c.line_strong}; border-radius: 12px; }}
    QFrame#drop_area[hot="true"] {{ background: {c.accent_soft}; border: 1px solid {c.accent}; }}
    QFrame#toast {{ background: {c.pane_raised}; border: 1px solid {c.line_strong}; border-radius: 8px; }}
    QFrame#toast[level="error"] {{ border-color: {c.discard}; }}
    QFrame#toast[level="warning"] {{ border-color: {c.unsure}; }}
    QFrame#toast[level="done"] {{ border-color: {c.keep}; }}
    QWidget#help_overlay {{ background: {c.background}; }}
    """

"""Line charts as inline SVG: colours from the page's style, and a description for who can't see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from curator.evaluation.report.page import anchor_of, text

_WIDTH: Final = 380
_HEIGHT: Final = 260
_LEFT: Final = 44
_RIGHT: Final = 12
_TOP: Final = 30
_BOTTOM: Final = 36
# Colours and dashes of `style.py`.
_STYLES: Final = 3
# A curve of more points looks the same at this size.
_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One curve. `style` 0 to 2 chooses colour and dash; `marked` draws its points; `steps` holds each height
    until the next point. Points that are not finite are left out. Without a name it has no legend."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: int = 0
    marked: bool = False
    steps: bool = False


def chart(
    title: str,
    description: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    chance: Sequence[tuple[float, float]] = (),
) -> str:
    """The SVG. `chance` are points of a dotted line to compare with. The title is unique in the document."""
    frame = _Frame(x_range, y_range)
    name = f"chart-{anchor_of(title)}"
    ids = name, f"{name}-says"
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{ids[0]} {ids[1]}">',
        f'<title id="{ids[0]}">{text(title)}</title><desc id="{ids[1]}">{text(description)}</desc>',
        _axes(frame, x_label),
    ]
    if chance:
        parts.append(f'<path class="chance" d="{frame.path(chance, steps=False)}"/>')
    x = float(_LEFT)
    for line in lines:
        points = _thinned(
            [(a, b) for a, b in zip(line.x, line.y, strict=True) if math.isfinite(a) and math.isfinite(b)]
        )
        style = line.style % _STYLES
        if points:
            parts.append(f'<path class="line c{style}" d="{frame.path(points, steps=line.steps)}"/>')
        if line.marked or len(points) == 1:
            parts.extend(
                f'<circle class="p{style}" cx="{frame.x(a):.1f}" cy="{frame.y(b):.1f}" r="3"/>'
                for a, b in points
            )
        if line.name:
            parts.append(f'<path class="line c{style}" d="M{x:.0f} 14h22"/>')
            parts.append(f'<text class="name" x="{x + 28:.0f}" y="18">{text(line.name)}</text>')
            # Some 6.2 units a letter at this size.
            x += 28 + 6.2 * len(line.name) + 18
    return "".join((*parts, "</svg>"))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie in the picture."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        low, high = self.y_range
        inside = min(max((value - low) / ((high - low) or 1), 0), 1)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * inside

    def path(self, points: Sequence[tuple[float, float]], *, steps: bool) -> str:
        found = []
        for index, (a, b) in enumerate(points):
            if steps and index:
                # Up or down first: the height belongs to the way that leads to the point.
                found.append(f"V{self.y(b):.1f}H{self.x(a):.1f}")
            else:
                found.append(f"{'L' if index else 'M'}{self.x(a):.1f} {self.y(b):.1f}")
        return "".join(found)


def _axes(frame: _Frame, x_label: str) -> str:
    bottom = _HEIGHT - _BOTTOM
    parts = []
    for value in ticks(*frame.y_range):
        y = frame.y(value)
        parts.append(f'<path class="axis" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>')
    for value in ticks(*frame.x_range):
        x = frame.x(value)
        parts.append(f'<path class="axis" d="M{x:.1f} {bottom}v4"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{_short(value)}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{text(x_label)}</text>')
    return "".join(parts)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, some `about` of them."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * at, 10) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def _short(value: float) -> str:
    return f"{value:.3g}"


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= _MOST_POINTS:
        return points
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return [points[round(step * at)] for at in range(_MOST_POINTS)]

"""Geometry of crops: margins, squares, and the same crop and masks on an image of another size. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from curator.records import Crop, Mask


def whole(width: int, height: int) -> Crop:
    """The crop that keeps an image of this size, in pixels, as it is."""
    return Crop(0, 0, width, height)


def with_margin(crop: Crop, percent: float, width: int, height: int) -> Crop:
    """The crop grown on each side by `percent` of its own width or height, as far as the image goes.

    A negative `percent` shrinks it, never below one pixel. `width` and `height` are the image's, in pixels.
    """
    dx, dy = round(crop.width * percent / 100), round(crop.height * percent / 100)
    wide, high = max(1, crop.width + 2 * dx), max(1, crop.height + 2 * dy)
    grown = Crop(crop.x + (crop.width - wide) // 2, crop.y + (crop.height - high) // 2, wide, high)
    # Growing must not let go of a pixel at a border, so it is cut, not moved.
    x0, y0 = max(0, grown.x), max(0, grown.y)
    x1, y1 = min(width, grown.x + grown.width), min(height, grown.y + grown.height)
    return Crop(x0, y0, max(1, x1 - x0), max(1, y1 - y0)).clipped(width, height)


def squared(crop: Crop, width: int, height: int) -> Crop:
    """The smallest square round the crop, moved where a border is in its way.

    Where the image is not wide or high enough for that, the largest square that it holds, as near as it goes.
    """
    crop = crop.clipped(width, height)
    side = min(max(crop.width, crop.height), width, height)
    x = min(max(crop.x + (crop.width - side) // 2, 0), width - side)
    y = min(max(crop.y + (crop.height - side) // 2, 0), height - side)
    return Crop(x, y, side, side)


def scaled_crop(crop: Crop, source: tuple[int, int], target: tuple[int, int]) -> Crop:
    """A crop of an image of size `source` (width, height) on one of size `target`, to the nearest pixel."""
    if source == target:
        return crop
    across, down = target[0] / source[0], target[1] / source[1]
    x0, x1 = round(crop.x * across), round((crop.x + crop.width) * across)
    y0, y1 = round(crop.y * down), round((crop.y + crop.height) * down)
    return Crop(x0, y0, max(1, x1 - x0), max(1, y1 - y0)).clipped(*target)


def scaled_masks(masks: Iterable[Mask], source: tuple[int, int], target: tuple[int, int]) -> tuple[Mask, ...]:
    """Masks of an image of size `source` (width, height) on one of size `target`, by the pixels' middles."""
    if source == target:
        return tuple(masks)
    across, down = target[0] / source[0], target[1] / source[1]
    return tuple(
        Mask(
            mask.kind,
            tuple(
                (
                    min(max(round((x + 0.5) * across - 0.5), 0), target[0] - 1),
                    min(max(round((y + 0.5) * down - 0.5), 0), target[1] - 1),
                )
                for x, y in mask.polygon
            ),
        )
        for mask in masks
    )

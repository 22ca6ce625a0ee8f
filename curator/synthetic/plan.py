"""Which images a demo dataset holds: names, labels, categories and copies, before anything is drawn.

Every share is the same in `yes` and in `no`, and file names, formats and qualities are drawn without regard
to the label: nothing but the lesion tells the classes apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from curator.synthetic.dice import Dice

Category: TypeAlias = Literal["clean", "background", "scalp", "brain", "non_brain"]

YES_SHARE: Final = 0.55
BACKGROUND_SHARE: Final = 0.40
BRAIN_SHARE: Final = 0.10
SCALP_SHARE: Final = 0.04
NON_BRAIN_SHARE: Final = 0.03
NON_BRAINS: Final = 6
BYTE_COPY_SHARE: Final = 0.04
RESIZED_COPY_SHARE: Final = 0.04


@dataclass(frozen=True)
class PlannedImage:
    """One distinct image. `key` names its random choices; `resized_of` is the `key` of what it is a copy of.

    `file` and `copies` are paths below `images/`; `copies` are byte for byte the same. `quality` is the JPEG
    quality, None for PNG. `turn` counts within the category.
    """

    key: int
    file: str
    label: str
    category: Category
    turn: int
    quality: int | None
    copy_group: int = -1
    copies: tuple[str, ...] = ()
    resized_of: int | None = None


@lru_cache(maxsize=8)
def make_plan(count: int, seed: int) -> tuple[PlannedImage, ...]:
    """The plan of a dataset of `count` files, sorted by file name. Raises ValueError if `count` is below 1."""
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    dice = Dice(seed, "plan", count)
    byte_copies, resized = round(BYTE_COPY_SHARE * count), round(RESIZED_COPY_SHARE * count)
    originals = count - byte_copies - resized
    kinds: list[tuple[Category, str]] = []
    sizes: dict[Category, int] = {
        "non_brain": min(NON_BRAINS, round(NON_BRAIN_SHARE * count)),
        "brain": round(BRAIN_SHARE * count),
        "scalp": round(SCALP_SHARE * count),
        "background": round(BACKGROUND_SHARE * count),
    }
    sizes["clean"] = originals - sum(sizes.values())
    for category, size in sizes.items():
        yes = round(YES_SHARE * size)
        kinds += [(category, "yes" if i < yes else "no") for i in range(size)]
    kinds = dice.shuffled(kinds)
    images: list[PlannedImage] = []
    turns: dict[Category, int] = {}
    for key, (category, label) in enumerate(kinds):
        turn = turns[category] = turns.get(category, -1) + 1
        images.append(PlannedImage(key, "", label, category, turn, _quality(dice)))
    sources = dice.shuffled([image for image in images if image.category != "non_brain"])
    for i, source in enumerate(sources[:resized]):
        images.append(replace(source, key=originals + i, resized_of=source.key, quality=dice.whole(68, 92)))
    doubled = {image.key for image in sources[resized : resized + byte_copies]}
    return _named(dice, images, doubled)


def _quality(dice: Dice) -> int | None:
    return None if dice.chance(0.1) else dice.whole(62, 94)


def _named(dice: Dice, images: Sequence[PlannedImage], doubled: set[int]) -> tuple[PlannedImage, ...]:
    """Numbers within the class in random order, so that copies are not neighbours."""
    names: dict[tuple[int, bool], str] = {}
    for label in ("yes", "no"):
        mine = [(i.key, False) for i in images if i.label == label]
        mine += [(i.key, True) for i in images if i.label == label and i.key in doubled]
        for number, which in enumerate(dice.shuffled(mine), start=1):
            names[which] = f"{label}/{label[0].upper()}{number:03d}"
    out = []
    for image in images:
        ending = ".png"
        if image.quality is not None:
            ending = dice.weighted({".jpg": 0.82, ".JPG": 0.12, ".jpeg": 0.06})
        files = sorted(names[image.key, c] + ending for c in (False, True) if (image.key, c) in names)
        out.append(replace(image, file=files[0], copies=tuple(files[1:])))
    out.sort(key=lambda image: image.file)
    groups: dict[int, int] = {}
    for image in out:
        groups.setdefault(image.key if image.resized_of is None else image.resized_of, len(groups))
    return tuple(
        replace(image, copy_group=groups[image.key if image.resized_of is None else image.resized_of])
        for image in out
    )

"""Trains the detector of marks: `python train_detector.py TILES --out detector.pt --log log.csv --minutes 8`.

TILES are folders of `tiles.py`, which may still be drawing: new parts are read as they come. AdamW, one cycle,
weights averaged exponentially; on a GPU the convolutions run in bfloat16.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from detector import Detector, planes_on_device
from loop import School, parser_of, train

_OUTSIDE = 0.15  # weight of what lies outside the skull
_HARDEST = 0.01  # share of the pixels without a mark that count again
_VIEW = 160  # pixels a side of what is learnt from at once
_RELIT, _GAIN, _LIFT = 0.5, (0.6, 1.25), (-15, 15)


def tiles_of(part: Path) -> dict[str, np.ndarray]:
    """The arrays of a part that `tiles.py` wrote."""
    with np.load(part) as file:
        return {name: file[name] for name in ("image", "truth")}


def random_views(
    tiles: dict[str, Tensor], seeds: torch.Generator, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Planes (n, 3, v, v) and truth (n, v, v) of parts of tiles, brightened, turned and flipped; each eighth of
    them is turned and flipped alike."""
    images, truths = [], []
    for image, truth in zip(tiles["image"].chunk(8), tiles["truth"].chunk(8), strict=True):
        last = image.shape[1] - _VIEW + 1
        y, x = (int(at) for at in rng.integers(last, size=2))
        window = np.s_[:, y : y + _VIEW, x : x + _VIEW]
        turn = int(rng.integers(4))
        image, truth = torch.rot90(image[window], turn, (1, 2)), torch.rot90(truth[window], turn, (1, 2))
        if rng.random() < 0.5:
            image, truth = image.flip(2), truth.flip(2)
        images.append(image)
        truths.append(truth)
    image, truth = torch.cat(images).float(), torch.cat(truths)
    count, device = len(image), image.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, 1, 1, generator=seeds, device=device) * (high - low) + low

    grey = (image[..., 0] * uniform(*_GAIN) + uniform(*_LIFT)).clamp(0, 255).round()
    grey = torch.where(uniform(0, 1) < _RELIT, grey, image[..., 0])
    return planes_on_device(torch.stack([grey, image[..., 1]], 3)), truth


def losses(logits: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss and its parts: cross-entropy with the hardest pixels again, Dice, and the tile's hottest spot."""
    label, deep = truth & 3, (truth & 4) > 0
    mark = (label == 1).float()
    weight = torch.where(deep | (label == 1), 1.0, _OUTSIDE) * (label != 2)
    each = functional.binary_cross_entropy_with_logits(logits, mark, reduction="none") * weight
    plain = each.mean() * 4
    inked = (each * mark).sum() / (mark * weight).sum().clamp_min(1)
    without = (each * (1 - mark)).flatten(1)
    hard = without.topk(int(_HARDEST * without.shape[1]), 1).values.mean()
    share = torch.sigmoid(logits) * weight
    truly = mark * weight
    own = (share * truly).sum((1, 2))
    dice = 1 - (2 * own + 4) / (share.sum((1, 2)) + truly.sum((1, 2)) + 4)
    # The hottest spot of a tile: of its marks it has to be hot, beside them cold.
    smooth = functional.avg_pool2d(logits[:, None], 2, 1)[:, 0]
    near = functional.max_pool2d(((label > 0) | ~deep).float()[:, None], 7, 1, 3)[:, 0, :-1, :-1] > 0
    on = functional.max_pool2d(mark[:, None], 2, 1)[:, 0] > 0
    cold = smooth.masked_fill(near, -20).flatten(1).amax(1)
    hot = smooth.masked_fill(~on, -20).flatten(1).amax(1)
    any_mark = on.flatten(1).any(1)
    top = functional.softplus(cold).mean() + (
        functional.softplus(-hot) * any_mark
    ).sum() / any_mark.sum().clamp_min(1)
    parts = {"plain": plain, "inked": inked, "hard": hard, "dice": dice.mean(), "top": top}
    return plain + 0.4 * inked + 0.4 * hard + dice.mean() + 0.3 * top, parts


def check(net: Detector, tiles: dict[str, np.ndarray], device: torch.device) -> str:
    """On the part held out: area under the curve of tiles with and without marks, and how many are found at a few
    false ones, by the hottest spot inside the skull."""
    tops, marked = [], []
    with torch.inference_mode():
        for at in range(0, len(tiles["image"]), 50):
            image, truth = (
                torch.from_numpy(tiles[name][at : at + 50]).to(device) for name in ("image", "truth")
            )
            share = net(planes_on_device(image))[:, 0].masked_fill((truth & 4) == 0, -20)
            tops.append(functional.avg_pool2d(share[:, None], 2, 1).flatten(1).amax(1).cpu())
            marked.append(((((truth & 3) == 1) & ((truth & 4) > 0)).flatten(1).sum(1) >= 4).cpu())
    top, mark = torch.cat(tops).numpy(), torch.cat(marked).numpy()
    clean, drawn = np.sort(top[~mark])[::-1], top[mark]
    found = [float((drawn > clean[int(lost * len(clean))]).mean()) for lost in (0.01, 0.03, 0.1)]
    auc = float((drawn[:, None] > clean[None]).mean())
    return f"held out: auc {auc:.3f}, found at 1, 3, 10 % false: " + ", ".join(f"{x:.3f}" for x in found)


def main() -> None:
    parser = parser_of(str(__doc__).splitlines()[0], "tiles", most=250000, batch=96, rate=4e-3)
    school = School(
        net=Detector(),
        examples="tiles",
        pattern="[0-9]*.npz",
        read=tiles_of,
        views=random_views,
        losses=lambda logits, truth: losses(logits[:, 0].float(), truth),
        state=lambda net: {name: value.cpu() for name, value in net.state_dict().items()},
        check=check,
        first=2000,
        clip=2.0,
        rise=0.05,
    )
    train(school, parser.parse_args())


if __name__ == "__main__":
    main()

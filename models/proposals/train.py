"""Trains the proposal network: `python train.py PAGES --out weights.pt --log log.csv --minutes 8`.

PAGES holds folders that `draw.py` filled, and may still be filling: they are read as they appear under a name that
does not start with a dot. `--start` goes on from weights. Each view of 256 to 480 pixels is either a whole image
or, more often, a part of it at 0.8 to 1.5 times the size at which the network is used. AdamW, one cycle, binary
cross-entropy and Dice, weights averaged exponentially; on a GPU the convolutions run in bfloat16.
"""

from __future__ import annotations

import numpy as np
import torch
from loop import Examples, School, parser_of, train
from network import HEAD, MARK, ProposalNet
from torch import Tensor, nn
from torch.nn import functional
from views import Batch, pages_of, random_views, whole_views

_WEIGHTS = (2.0, 1.0, 0.7, 0.5)  # of the four maps
_MORE = (1.0, 3.0, 3.0, 1.0)  # of cross-entropy, for maps with few pixels
_POSITIVE = (1.0, 1.5, 1.5, 1.0)
_VERDICT = 1.0
_HELD_OUT = 300
_NAMES = ("head", "mark", "border", "inside", "on_head")


def losses(maps: Tensor, verdict: Tensor, batch: Batch, on_head_weight: float = 1.0) -> tuple[Tensor, Tensor]:
    """The loss to go down and the Dice loss of each map and of marks on the head (5,)."""
    weights, more, positive = (
        torch.tensor(each, device=maps.device) for each in (_WEIGHTS, _MORE, _POSITIVE)
    )
    known = batch.valid * batch.heads[:, None, None, None]  # other images have no truth for the maps
    truth = batch.targets
    bce = functional.binary_cross_entropy_with_logits(
        maps, truth, reduction="none", pos_weight=positive.view(1, 4, 1, 1)
    )
    bce = (bce * known).sum((0, 2, 3)) / known.sum().clamp_min(1)
    shares = torch.sigmoid(maps) * known
    truth = truth * known
    dice = _dice(shares, truth, (0, 2, 3))
    each = _dice(shares[:, HEAD], truth[:, HEAD], (1, 2))
    upon = truth[:, HEAD] * known[:, 0]
    on_head = _dice(shares[:, MARK] * upon, truth[:, MARK] * upon, (0, 1, 2))
    seen = functional.binary_cross_entropy_with_logits(verdict, batch.heads, reduction="none")
    total = (
        (weights * (bce * more + dice)).sum()
        + (each * batch.heads).sum() / batch.heads.sum().clamp_min(1)
        + on_head_weight * on_head
        + _VERDICT * (seen * batch.whole).sum() / batch.whole.sum().clamp_min(1)
    )
    return total, torch.cat([dice.detach(), on_head.detach()[None]])


def _dice(shares: Tensor, truth: Tensor, axes: tuple[int, ...]) -> Tensor:
    both = (shares * truth).sum(axes)
    return 1 - (2 * both + 50) / (shares.sum(axes) + truth.sum(axes) + 50)


def _halved(net: nn.Module) -> dict[str, Tensor]:
    """The state in half precision: half the file, and the maps differ by less than 0.002."""
    return {k: (v.half() if v.dtype.is_floating_point else v).cpu() for k, v in net.state_dict().items()}


def evaluate(net: ProposalNet, pages: dict[str, np.ndarray], device: torch.device) -> dict[str, float]:
    """Dice of the four maps and of marks on the head, and accuracy of the verdict, on pages held out."""
    both, sums = torch.zeros(5, device=device), torch.zeros(5, device=device)
    right, count = 0, 0
    with torch.inference_mode():
        for at in range(0, min(_HELD_OUT, len(pages["heads"])), 20):
            part = {name: array[at : at + 20].view(np.uint8) for name, array in pages.items()}
            batch = whole_views({n: torch.from_numpy(a).to(device) for n, a in part.items()})
            maps, verdict = net(batch.inputs)
            known = batch.valid * batch.heads[:, None, None, None]
            seen, truth = (maps > 0).float() * known, batch.targets * known
            upon = truth[:, HEAD : HEAD + 1]
            seen = torch.cat([seen, seen[:, MARK : MARK + 1] * upon], 1)
            truth = torch.cat([truth, truth[:, MARK : MARK + 1] * upon], 1)
            both += (seen * truth).sum((0, 2, 3))
            sums += (seen + truth).sum((0, 2, 3))
            right += int(((verdict > 0).float() == batch.heads).sum())
            count += len(batch.heads)
    return {**dict(zip(_NAMES, (2 * both / sums).tolist(), strict=True)), "verdict": right / max(1, count)}


def main() -> None:
    parser = parser_of(str(__doc__).splitlines()[0], "pages", most=50000, batch=48, rate=2e-3)
    parser.add_argument("--on-head", type=float, default=2.0, help="weight of marks on the head")
    options = parser.parse_args()

    def views(pages: Examples, seeds: torch.Generator, rng: np.random.Generator) -> tuple[Tensor, Batch]:
        batch = random_views(pages, seeds, rng)
        return batch.inputs, batch

    def noted(given: tuple[Tensor, Tensor], batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        maps, verdict = given
        total, dice = losses(maps.float(), verdict.float(), batch, options.on_head)
        return total, dict(zip(_NAMES, dice, strict=True))

    def checked(net: ProposalNet, held: dict[str, np.ndarray], device: torch.device) -> dict[str, float]:
        return {name: round(value, 4) for name, value in evaluate(net, held, device).items()}

    school = School(
        net=ProposalNet(),
        examples="pages",
        pattern="[!.]*",
        read=lambda part: pages_of(str(part)),
        views=views,
        losses=noted,
        state=_halved,
        check=checked,
        first=600,
        clip=5.0,
        rise=0.06,
    )
    train(school, options)


if __name__ == "__main__":
    main()

"""A batch that runs out of memory is worked again in smaller parts, with the gradient of the whole."""

from __future__ import annotations

import pytest
import torch
from memory_fakes import RunsOut, small_network
from torch.nn import functional

from curator.errors import TrainingError
from curator.records import Warned
from curator.training.augment import augment
from curator.training.halving import Halving
from curator.training.network import Network

SIDE, BATCH = 16, 12
CPU = torch.device("cpu")


def network_of(*, keeps: bool = True, dropout: float = 0.0) -> Network:
    torch.manual_seed(1)
    network = small_network(dropout=dropout)
    network.keep_statistics = keeps
    network.open(3)
    network.train()
    return network


def images_of(count: int = BATCH) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.rand(count, 3, SIDE, SIDE, generator=generator), torch.arange(count) % 2


def worked(
    network: Network, halving: Halving, generator: torch.Generator, parts: list[int]
) -> tuple[list[torch.Tensor], list[Warned], list[torch.Tensor]]:
    """One batch as the loop works it: its gradient, the warnings, and the augmented images of the whole."""
    images, targets = images_of(sum(parts))
    warnings: list[Warned] = []
    halving.begin(generator)
    while True:
        network.zero_grad(set_to_none=True)
        seen: list[torch.Tensor] = []
        ran_out = False
        try:
            done = 0
            for part in parts:
                varied = augment(images[done : done + part], "brain-mri", generator)
                for piece, answers in zip(
                    varied.split(halving.pieces(part)),
                    targets[done : done + part].split(halving.pieces(part)),
                    strict=True,
                ):
                    seen.append(piece)
                    losses = functional.cross_entropy(network(piece), answers, reduction="none")
                    (losses.sum() / sum(parts)).backward()
                done += part
        except torch.OutOfMemoryError:
            ran_out = True
        if not ran_out:
            break
        said = halving.halve()
        if said is not None:
            warnings.append(said)
    return [p.grad.clone() for p in network.parameters() if p.grad is not None], warnings, seen


def in_batches(
    capacity: int, *, batches: int = 1, parts: list[int] | None = None, keeps: bool = True, late: bool = False
) -> tuple[list[torch.Tensor], list[Warned], torch.Tensor, Network, Halving, RunsOut]:
    network = network_of(keeps=keeps)
    first = RunsOut(network.features[0], capacity)  # type: ignore[index]
    first.late = late
    network.features[0] = first  # type: ignore[index,operator]
    generator = torch.Generator().manual_seed(9)
    halving = Halving(network, CPU)
    warnings: list[Warned] = []
    for _ in range(batches):
        gradient, more, seen = worked(network, halving, generator, parts or [BATCH])
        warnings += more
    return gradient, warnings, torch.cat(seen), network, halving, first


@pytest.mark.parametrize("capacity", [1, 2, 5, 6, 11])
@pytest.mark.parametrize("parts", [[12], [4, 4, 4], [5, 5, 2]], ids=str)
def test_the_gradient_is_that_of_the_unbroken_batch(capacity: int, parts: list[int]) -> None:
    """Also that of a second batch, for which the chance of augmentation must stand where it would have stood."""
    for batches in (1, 2):
        whole, none, plain, *_ = in_batches(BATCH, batches=batches, parts=parts)
        found, warnings, seen, _, halving, first = in_batches(capacity, batches=batches, parts=parts)
        assert none == []
        assert torch.equal(seen, plain), "other images than without the break"
        for one, other in zip(found, whole, strict=True):
            assert torch.allclose(one, other, rtol=1e-4, atol=1e-6)
        if capacity < max(parts):
            assert first.failed
            assert halving.most is not None
            assert halving.most <= capacity
            assert len(warnings) == 1


def test_it_runs_out_in_the_forward_and_in_the_backward_pass() -> None:
    *_, first = in_batches(3)
    assert first.failed == [12, 6]
    assert first.late is False


def test_it_says_so_once_a_run() -> None:
    _, warnings, *_ = in_batches(3, batches=3)
    (said,) = warnings
    assert said.message.startswith(
        "Memory ran out on cpu: from here on a batch is worked in parts of 6 images"
    )


def test_the_smaller_part_is_kept_for_later_batches() -> None:
    *_, halving, first = in_batches(6, batches=3)
    assert first.failed == [12]
    assert halving.most == 6
    assert halving.pieces(12) == [6, 6]
    assert halving.pieces(7) == [4, 3]
    assert halving.pieces(5) == [5]


def test_statistics_that_are_kept_stay_as_they_are() -> None:
    *_, network, _, _ = in_batches(3)
    before = network_of().state_dict()
    after = {name.replace("features.0.inner", "features.0"): v for name, v in network.state_dict().items()}
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_statistics_that_are_learnt_take_in_each_batch_once() -> None:
    """Broken off and worked again in pieces of 6: the counters say two updates, not three."""
    *_, network, _, first = in_batches(6, keeps=False, late=True)
    assert first.failed == [12]
    counts = {int(v) for name, v in network.state_dict().items() if name.endswith("num_batches_tracked")}
    assert counts == {2}


def test_statistics_that_are_learnt_never_come_from_one_image() -> None:
    network = network_of(keeps=False)
    halving = Halving(network, CPU)
    halving.begin(torch.Generator())
    for _ in range(2):
        halving.pieces(12)
        halving.halve()
    assert halving.pieces(12) == [3, 3, 3, 3]
    with pytest.raises(TrainingError, match="even with 3 images at a time"):
        halving.halve()


def test_one_image_that_does_not_fit_ends_it_with_a_sentence() -> None:
    with pytest.raises(TrainingError) as caught:
        in_batches(0)
    assert str(caught.value).startswith("Memory ran out on cpu even with one image at a time: close other")


def test_chance_goes_on_as_if_it_had_not_happened() -> None:
    """Dropout of the next batch draws what it would have drawn after one attempt with these pieces."""
    network = network_of(dropout=0.5)
    generator = torch.Generator().manual_seed(3)
    halving = Halving(network, CPU)
    torch.manual_seed(5)
    halving.begin(generator)
    first = torch.rand(4), torch.rand(4, generator=generator)
    halving.pieces(4)
    halving.halve()
    again = torch.rand(4), torch.rand(4, generator=generator)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])

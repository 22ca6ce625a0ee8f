"""The batch finder on devices that run out, with other processes, and on a real network, which it leaves alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from itertools import count

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from memory_fakes import MIB, FakeProbe, small_network
from torch.nn import functional

from curator.errors import TrainingError
from curator.records import Event, Progress
from curator.training.batch_size import LARGEST_ON_CPU, DeviceProbe, TensorBytes, find_batch_size
from curator.training.events import BatchSizeFound, BatchSizeTried
from curator.training.network import Network
from curator.training.trial import Trial, is_out_of_memory

MANY = 100_000


def found_by(probe: FakeProbe, train_images: int = MANY) -> BatchSizeFound:
    events = list(find_batch_size(probe, train_images))
    last = events[-1]
    assert isinstance(last, BatchSizeFound)
    return last


@given(st.integers(400, 80_000), st.integers(5, 400), st.integers(0, 150))
def test_it_takes_80_to_85_percent_of_what_is_free_and_verifies_with_two_steps(
    capacity: int, each: int, fixed: int
) -> None:
    probe = FakeProbe(capacity * MIB, fixed=fixed * MIB, each=each * MIB)
    if probe.needs(2) > 0.85 * probe.capacity:
        with pytest.raises(TrainingError):
            found_by(probe)
        return
    found = found_by(probe)
    size = found.batch_size
    assert found.needed == probe.needs(size) <= 0.85 * probe.capacity
    # As much as that share holds, to the image; or from 80 % on, enough.
    more = probe.needs(size + 1)
    assert more > 0.85 * probe.capacity or probe.needs(size) >= 0.8 * probe.capacity or size == 4096
    assert probe.tried[-1] == (size, 2)


def test_it_doubles_until_memory_runs_out_and_then_halves_what_is_between() -> None:
    probe = FakeProbe(1000 * MIB, fixed=0, each=10 * MIB)
    found = found_by(probe)
    assert [size for size, _ in probe.tried] == [2, 4, 8, 16, 32, 64, 128, 96, 80, 80]
    assert probe.failed == [128]
    assert found.batch_size == 80
    assert found.message == "Batch size 80, found: it takes 800 MB of the 1.0 GB that are free on cuda:0."


def test_events_tell_each_trial_and_how_far_it_is() -> None:
    events = list(find_batch_size(FakeProbe(1000 * MIB, fixed=0, each=10 * MIB), MANY))
    tried = [event for event in events if isinstance(event, BatchSizeTried)]
    assert [(one.images, one.fits) for one in tried[-4:]] == [
        (128, False),
        (96, False),
        (80, True),
        (80, True),
    ]
    assert next(one for one in tried if one.images == 128).needed is None
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[0] == Progress(0, progress[0].total, "Trying a batch of 2")
    assert all(one.done < one.total for one in progress)


@pytest.mark.parametrize(("images", "size"), [(800, 100), (177, 22), (16, 2), (18, 2), (5, 2)])
def test_never_more_than_an_eighth_of_the_training_images(images: int, size: int) -> None:
    found = found_by(FakeProbe(10**15), images)
    assert found.batch_size == size
    assert "an eighth of the training images" in found.message


def test_other_processes_that_take_memory_meanwhile_make_it_smaller() -> None:
    """They come once a size is settled: the two real steps at the end see it."""
    probe = FakeProbe(10_000 * MIB, fixed=0, each=10 * MIB, others=[0] * 14 + [6000 * MIB])
    found = found_by(probe)
    assert found.free == 4000 * MIB
    assert 0.8 * found.free <= found.needed <= 0.85 * found.free
    assert probe.tried[-1] == (found.batch_size, 2)
    assert probe.tried[-2][1] == 2
    assert probe.tried[-2][0] > found.batch_size


def test_others_that_take_nearly_all_at_the_last_moment_end_it_with_a_sentence() -> None:
    probe = FakeProbe(10_000 * MIB, fixed=0, each=10 * MIB, others=[0] * 14 + [9990 * MIB])
    with pytest.raises(TrainingError, match="Even a batch of 2 images"):
        found_by(probe)


@pytest.mark.parametrize("capacity", [150, 230])
def test_where_not_even_two_fit_it_says_what_to_do(capacity: int) -> None:
    """By running out, and by taking more than the share that may be taken."""
    with pytest.raises(TrainingError) as caught:
        found_by(FakeProbe(capacity * MIB))
    sentence = str(caught.value)
    assert sentence.startswith("Even a batch of 2 images ")
    assert f"only {capacity} MB are free on cuda:0" in sentence
    assert "close other programs" in sentence
    assert "smaller images" in sentence


def test_an_error_that_is_no_lack_of_memory_is_not_hidden() -> None:
    class Broken(FakeProbe):
        def measure(self, images: int, steps: int) -> int:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        found_by(Broken(10**12))


def test_the_main_memory_is_never_run_out_of_but_reckoned_from_two_small_batches() -> None:
    probe = FakeProbe(4000 * MIB, refuses=False)
    found = found_by(probe)
    assert probe.tried == [(2, 1), (4, 1)]
    # Half of what is free: 2000 MB, at 75 an image, with its part of the fixed 100.
    assert found.batch_size == 26
    assert probe.needs(26) <= found.needed <= 2000 * MIB


def test_on_a_cpu_heavy_weights_do_not_pass_for_light_images() -> None:
    """As long as weights make the height, twice the images take no more: larger batches tell."""
    probe = FakeProbe(4000 * MIB, fixed=0, refuses=False)
    probe.needs = lambda images: max(900, 60 * images) * MIB  # type: ignore[method-assign]
    found = found_by(probe)
    assert [size for size, _ in probe.tried] == [2, 4, 8, 16, 32]
    assert found.batch_size == 33


def test_on_a_cpu_more_than_it_gains_from_is_not_taken() -> None:
    assert found_by(FakeProbe(10**15, refuses=False)).batch_size == LARGEST_ON_CPU
    assert found_by(FakeProbe(10**15, refuses=False), 80).batch_size == 10
    assert found_by(FakeProbe(10**15, refuses=False), 9).batch_size == 2


def test_on_a_cpu_with_too_little_memory_it_says_so() -> None:
    assert found_by(FakeProbe(500 * MIB, refuses=False)).batch_size == 2
    with pytest.raises(TrainingError, match="only 300 MB are free on this machine"):
        found_by(FakeProbe(300 * MIB, refuses=False))


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (MemoryError(), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_told_from_other_errors(error: Exception, is_it: bool) -> None:
    assert is_out_of_memory(error) is is_it


# On a real network


SIDE = 16


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    made = small_network(dropout=0.3)
    made.open(3)
    return made


def trial_of(
    network: Network, losses: Callable[[Network, torch.Tensor], torch.Tensor] | None = None
) -> Trial:
    images = torch.rand(40, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(4))
    targets = torch.arange(40) % 2

    def loss_of(copy: Network, part: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(copy(images[part]), targets[part], reduction="none")

    return Trial(
        network,
        torch.device("cpu"),
        40,
        optimiser=lambda copy: torch.optim.AdamW(copy.parameters(), lr=0.1),
        losses=losses or loss_of,
        look=lambda copy, part: copy(images[part]),
        gradient_clip=1.0,
    )


def everything(network: Network, optimiser: torch.optim.Optimizer) -> dict[str, object]:
    """All that a run would go on with, as bytes and plain values."""
    state = optimiser.state_dict()["state"]
    return {
        "tensors": {name: value.numpy().tobytes() for name, value in network.state_dict().items()},
        "gradients": [p.grad.numpy().tobytes() for p in network.parameters() if p.grad is not None],
        "learning": [p.requires_grad for p in network.parameters()],
        "training": [module.training for module in network.modules()],
        "optimiser": {
            (key, name): torch.as_tensor(value).numpy().tobytes()
            for key, values in state.items()
            for name, value in values.items()
        },
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": np.random.get_state()[1].tobytes(),  # type: ignore[union-attr]
        "python": random.getstate(),
    }


def one_step(network: Network) -> torch.optim.Optimizer:
    """An optimiser with state, and gradients: as in the middle of a run."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    network.train()
    network(torch.rand(4, 3, SIDE, SIDE)).sum().backward()
    optimiser.step()
    return optimiser


def refusing(trial: Trial) -> DeviceProbe:
    """The CPU, taken for a device of which each look says that a little less is free."""
    probe = DeviceProbe(trial)
    probe.refuses = True
    free = count(probe.measure(7, 1), -64)
    probe.free = lambda: next(free)  # type: ignore[method-assign]
    return probe


@pytest.mark.parametrize("make", [DeviceProbe, refusing])
def test_it_leaves_network_optimiser_and_random_numbers_as_they_were_bit_for_bit(
    network: Network, make: Callable[[Trial], DeviceProbe]
) -> None:
    optimiser = one_step(network)
    before = everything(network, optimiser)
    found = list(find_batch_size(make(trial_of(network)), 400))[-1]
    assert isinstance(found, BatchSizeFound)
    assert everything(network, optimiser) == before


@pytest.mark.parametrize("events", range(1, 6))
def test_closed_anywhere_it_leaves_all_as_it_was(network: Network, events: int) -> None:
    optimiser = one_step(network)
    before = everything(network, optimiser)
    work: Generator[Event, None, BatchSizeFound] = find_batch_size(refusing(trial_of(network)), 400)
    for _ in range(events):
        next(work)
        assert everything(network, optimiser) == before
    work.close()
    assert everything(network, optimiser) == before


def test_an_error_in_the_middle_of_a_step_leaves_all_as_it_was(network: Network) -> None:
    def broken(copy: Network, part: torch.Tensor) -> torch.Tensor:
        copy(torch.rand(len(part), 3, SIDE, SIDE)).sum().backward()
        raise torch.OutOfMemoryError("CUDA out of memory.")

    optimiser = one_step(network)
    before = everything(network, optimiser)
    with pytest.raises(TrainingError, match="Even a batch of 2"):
        list(find_batch_size(DeviceProbe(trial_of(network, broken)), 400))
    assert everything(network, optimiser) == before


def test_what_a_batch_takes_grows_by_the_same_for_each_image(network: Network) -> None:
    probe = DeviceProbe(trial_of(network))
    first, second, third = (probe.measure(size, 1) for size in (16, 24, 32))
    assert first < second < third
    assert third - second == pytest.approx(second - first, rel=0.05)


def test_the_state_of_the_optimiser_counts(network: Network) -> None:
    """AdamW keeps two numbers a weight, and there is a gradient: three times the weights at the least."""
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    assert DeviceProbe(trial_of(network)).measure(2, 1) > 3 * weights


def test_bytes_of_tensors_are_counted_while_they_live() -> None:
    with TensorBytes() as counted:
        first = torch.zeros(1000, dtype=torch.float32)
        view = first[:10]
        del first, view
        second = torch.zeros(500, dtype=torch.float32)
        third = second + 1
        second.add_(third)
    assert counted.height == 4000


def test_tensors_that_were_there_before_do_not_count() -> None:
    layer = torch.nn.Linear(100, 100)
    with TensorBytes(layer) as counted:
        layer.weight.detach().add_(1)
        assert layer(torch.zeros(1, 100)).shape == (1, 100)
    assert counted.height < 2000

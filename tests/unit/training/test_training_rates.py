"""The range test of learning rates: reading its curve, and running it on a network that stays as it was."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from memory_fakes import small_network
from torch import nn

from curator.errors import TrainingError
from curator.training.events import Heartbeat, RateFound, RateTried
from curator.training.lr_finder import find_rate
from curator.training.network import Network
from curator.training.pace import Pace
from curator.training.rate_curve import diverged, smoothed, suggest, sweep
from curator.training.trial import Trial

RATES = sweep(1e-6, 10.0, 10)


def valley_shaped(rates: list[float], start: float, best: float, noise: float = 0.0) -> list[float]:
    """A loss that is flat up to `start`, falls in a line over the logarithm to `best`, and rises steeply."""
    rng = np.random.default_rng(2)
    losses = []
    for rate in rates:
        at = math.log10(rate)
        a, b = math.log10(start), math.log10(best)
        if at < a:
            loss = 0.7
        elif at < b:
            loss = 0.7 - 0.5 * (at - a) / (b - a)
        else:
            loss = 0.2 + 3 * (at - b) ** 2
        losses.append(loss + noise * float(rng.standard_normal()))
    return losses


def test_rates_rise_by_the_same_factor() -> None:
    assert len(RATES) == 71
    assert RATES[0] == 1e-6
    assert RATES[-1] == pytest.approx(10.0)
    assert np.ptp(np.diff(np.log10(RATES))) < 1e-12


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_suggestion_lies_inside_the_fall(noise: float) -> None:
    found = suggest(RATES, valley_shaped(RATES, 1e-4, 1e-1, noise))
    assert found.rate == found.valley
    assert found.rate is not None
    assert 3e-4 <= found.rate <= 3e-2
    assert found.steepest is not None
    assert 1e-4 <= found.steepest <= 1e-1


@given(st.floats(-5.0, -2.0), st.floats(1.0, 2.5))
def test_a_curve_that_lies_elsewhere_moves_the_suggestion_with_it(start: float, width: float) -> None:
    low, high = 10**start, 10 ** (start + width)
    found = suggest(RATES, valley_shaped(RATES, low, high))
    assert found.rate is not None
    assert low / 2 < found.rate < high


def test_a_rate_is_told_to_two_digits() -> None:
    found = suggest(RATES, valley_shaped(RATES, 1e-4, 1e-1))
    assert found.rate == float(f"{found.rate:.1e}")


@pytest.mark.parametrize(
    "losses",
    [
        [0.69] * 71,
        [0.69 + 0.001 * (step % 2) for step in range(71)],
        [0.3 + step * 0.02 for step in range(71)],
        [0.7, 0.6, 0.5],
        [math.nan] * 71,
        [],
    ],
    ids=["flat", "flat but for noise", "rising", "too short", "no numbers", "nothing"],
)
def test_where_the_loss_does_not_fall_nothing_is_suggested(losses: list[float]) -> None:
    assert suggest(RATES[: len(losses)], losses).rate is None


def test_smoothing_keeps_a_line_and_halves_a_spike() -> None:
    line = [1 - 0.01 * step for step in range(40)]
    assert smoothed(line)[10:30] == pytest.approx(line[10:30])
    spike = [0.0] * 20 + [1.0] + [0.0] * 20
    assert max(smoothed(spike)) == pytest.approx(0.2, abs=0.01)
    assert np.argmax(smoothed(spike)) == 20
    assert math.isnan(smoothed([1.0, math.nan, 1.0])[1])
    assert smoothed([1.0, math.inf, 1.0])[0] == pytest.approx(1.0)


def test_a_loss_that_runs_away_ends_the_test_and_one_bad_batch_does_not() -> None:
    assert diverged([0.7, math.nan])
    assert diverged([0.7] * 20 + [math.inf])
    assert not diverged([0.7] * 20)
    assert not diverged([0.7] * 20 + [4.0])
    assert diverged([0.7] * 20 + [4.0, 9.0, 30.0])
    assert not diverged([])


# On a network

SIDE = 16


def trial_of(network: Network, learnable: bool = True) -> Trial:
    """Two classes told by how bright an image is, or by nothing."""
    generator = torch.Generator().manual_seed(4)
    targets = torch.arange(48) % 2
    images = torch.rand(48, 3, SIDE, SIDE, generator=generator)
    if learnable:
        images = images * 0.3 + targets.view(-1, 1, 1, 1)

    def losses(copy: Network, part: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(copy(images[part]), targets[part], reduction="none")

    def optimiser(copy: Network) -> torch.optim.Optimizer:
        return torch.optim.AdamW(copy.parameter_groups(1e-3, 1e-4, 0.5))

    return Trial(
        network, torch.device("cpu"), 48, optimiser=optimiser, losses=losses, look=lambda copy, part: None
    )


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    made = small_network(dropout=0.2)
    made.keep_statistics = True
    made.open(0)
    return made


def pace_of(network: Network) -> Pace:
    return Pace(network, SIDE, torch.device("cpu"), training=True, fixed=True)


def test_it_draws_the_curve_and_suggests_a_rate_that_learns(network: Network) -> None:
    network.open(3)
    events = list(find_rate(trial_of(network), pace_of(network), phase="unfrozen", batch_size=16))
    tried = [event for event in events if isinstance(event, RateTried)]
    found = events[-1]
    assert isinstance(found, RateFound)
    assert found.points == tuple((one.rate, one.loss) for one in tried)
    assert [one.rate for one in tried] == RATES[: len(tried)]
    assert found.phase == "unfrozen"
    assert found.batch_size == 16
    assert found.suggestion is not None
    assert f"{found.suggestion:.1e}".replace("e-0", "e-") in found.message
    # Training at that rate lowers the loss; at the lowest of the test it does not.
    assert after_training(network, found.suggestion) < 0.8 * after_training(network, RATES[0])


def after_training(network: Network, rate: float) -> float:
    trial = trial_of(network)
    optimiser = trial.optimiser(trial.network)
    for group in optimiser.param_groups:
        group["lr"] = rate
    trial.network.train()
    everything = torch.arange(48)
    for _ in range(10):
        optimiser.zero_grad()
        trial.backward(everything, 48)
        trial.step(optimiser)
    return trial.backward(everything, 48)


def test_it_stops_where_the_loss_runs_away(network: Network) -> None:
    trial = trial_of(network)
    trial.optimiser = lambda copy: torch.optim.SGD(copy.head.parameters(), lr=1e-3)
    trial.losses = lambda copy, part: (copy(torch.ones(len(part), 3, SIDE, SIDE)) - 3).square().sum(1) * 1e4
    events = list(find_rate(trial, pace_of(network), phase="head", batch_size=16))
    found = events[-1]
    assert isinstance(found, RateFound)
    assert len(found.points) < len(RATES)


def test_groups_keep_their_proportions_and_the_highest_is_told(network: Network) -> None:
    network.open(2)
    trial = trial_of(network)
    made: list[torch.optim.Optimizer] = []
    inner = trial.optimiser
    trial.optimiser = lambda copy: made.append(inner(copy)) or made[-1]  # type: ignore[func-returns-value]
    for event in find_rate(trial, pace_of(network), phase="unfrozen", batch_size=8):
        if isinstance(event, RateTried):
            rates = [group["lr"] for group in made[0].param_groups]
            assert rates == pytest.approx([event.rate, event.rate * 0.1, event.rate * 0.05])
            if event.step == 3:
                break


def test_network_and_random_numbers_stay_as_they_were_wherever_it_ends(network: Network) -> None:
    network.open(3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random_before = torch.get_rng_state()
    work = find_rate(trial_of(network), pace_of(network), phase="unfrozen", batch_size=16)
    for _ in range(12):
        next(work)
        assert torch.equal(torch.get_rng_state(), random_before)
    work.close()
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), random_before)


def test_the_same_seed_gives_the_same_curve(network: Network) -> None:
    first, second = (
        list(find_rate(trial_of(network), pace_of(network), phase="head", batch_size=16, seed=3))[-1]
        for _ in range(2)
    )
    assert first == second


def test_a_step_on_a_slow_device_gives_the_window_its_turn(network: Network) -> None:
    pace = pace_of(network)
    pace._images = 4.0
    work = find_rate(trial_of(network), pace, phase="head", batch_size=16)
    seen = [next(work) for _ in range(6)]
    assert sum(isinstance(event, Heartbeat) for event in seen) == 3


def test_out_of_memory_is_a_sentence(network: Network) -> None:
    trial = trial_of(network)

    def full(copy: Network, part: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    trial.losses = full
    with pytest.raises(TrainingError, match="Memory ran out on cpu: close other programs"):
        list(find_rate(trial, pace_of(network), phase="head", batch_size=16))

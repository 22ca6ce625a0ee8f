"""A person's corrections move the confidence of what is like what was corrected, and of little else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.proposals.learned import LEAST, learned_confidences
from curator.records import Crop, Mask, MaskKind, Proposal

_CORNERS = ((0, 0), (5, 0), (5, 5))


def _proposal(sure: float, *kinds: MaskKind) -> Proposal:
    masks = tuple(Mask(kind, _CORNERS) for kind in kinds)
    return Proposal("keep", None, Crop(0, 0, 9, 9), masks, sure, "", "network/2")


def test_few_decisions_change_nothing() -> None:
    seen = [_proposal(0.9, "ruler")] * (LEAST - 1)
    assert learned_confidences(seen, [False] * len(seen), [_proposal(0.8)]).tolist() == [0.8]


def test_what_was_corrected_becomes_less_sure_and_the_rest_does_not() -> None:
    seen = [_proposal(0.9, "ruler")] * 10 + [_proposal(0.9)] * 30
    right = [False] * 10 + [True] * 30
    ruler, plain = learned_confidences(seen, right, [_proposal(0.9, "ruler"), _proposal(0.9)])
    assert ruler < 0.6
    assert plain >= 0.9


def test_being_right_all_along_makes_surer() -> None:
    seen = [_proposal(0.8)] * 60
    (sure,) = learned_confidences(seen, [True] * 60, [_proposal(0.8)])
    assert sure > 0.92


def test_confidence_that_was_too_high_is_brought_down_to_what_came_true() -> None:
    rng = np.random.default_rng(0)
    said = rng.uniform(0.7, 0.98, 400)
    true = said - 0.25
    seen = [_proposal(float(one)) for one in said]
    right = (rng.random(400) < true).tolist()
    others = [_proposal(float(one)) for one in said]
    learned = learned_confidences(seen, right, others)
    assert abs(float(learned.mean()) - float(true.mean())) < 0.05


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), max_size=60),
    st.lists(st.floats(0, 1), max_size=5),
)
def test_any_history_gives_probabilities_in_the_order_of_the_trees(
    history: list[tuple[float, bool, bool]], wanted: list[float]
) -> None:
    seen = [_proposal(sure, *(("text",) if marked else ())) for sure, marked, _ in history]
    others = [_proposal(sure) for sure in sorted(wanted)]
    learned = learned_confidences(seen, [right for _, _, right in history], others)
    assert learned.shape == (len(others),)
    assert ((learned >= 0) & (learned <= 1)).all()

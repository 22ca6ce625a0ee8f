"""The look at a random part of what was accepted, and its bound."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from curator.metrics import clopper_pearson_upper
from curator.project import Project, edits
from curator.records import Crop, ImageRecord
from curator.workflow import audit


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_the_bound_is_scipys(case: tuple[int, int], confidence: float) -> None:
    errors, n = case
    expected = 1.0 if errors == n else beta.ppf(confidence, errors + 1, n - errors)
    assert clopper_pearson_upper(errors, n, confidence) == pytest.approx(expected, abs=1e-9)


def test_of_nothing_the_bound_is_all() -> None:
    assert clopper_pearson_upper(0, 0) == 1.0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.in_memory(tmp_path)
    made.add_records([ImageRecord(f"{n:04}.png", "no", str(n), 50, 40, 9) for n in range(400)])
    made.apply(edits.accept_all(made.states()))
    return made


def test_a_twentieth_is_drawn_but_ten_at_least_and_the_same_each_time(project: Project) -> None:
    states = project.states()
    drawn = audit.draw(states, 7)
    assert len(drawn.sample) == 20
    assert drawn.sample == audit.draw(states, 7).sample
    assert drawn.sample != audit.draw(states, 8).sample
    assert len(audit.draw(states[:50], 7).sample) == 10
    assert len(audit.draw(states[:3], 7).sample) == 3
    with pytest.raises(ValueError, match="nothing"):
        audit.draw([], 7)


def test_what_is_no_longer_as_it_was_accepted_counts_as_wrong(project: Project) -> None:
    started = audit.draw(project.states(), 7)
    names = sorted(started.sample)
    for name in [*names[:5], "elsewhere.png"]:
        started = started.with_seen(name)
    found = audit.result(project, started)
    assert (found.looked_at, found.wrong) == (5, 0)
    assert found.upper == pytest.approx(1 - 0.05 ** (1 / 5))
    image_id = project.id_of(names[0])
    assert image_id is not None
    project.apply(edits.set_crop(project.state(image_id), Crop(1, 1, 9, 9)))
    found = audit.result(project, started)
    assert found.wrong == 1
    assert found.words() == (
        "Of 5 looked at, 1 was wrong: with 95 % confidence at most "
        f"{100 * beta.ppf(0.95, 2, 4):.0f} % of the 400 accepted ones are."
    )
    project.apply(edits.set_note(project.state(project.id_of(names[1]) or -1), "seen"))
    assert audit.result(project, started).wrong == 1
    project.undo()
    project.undo()
    assert audit.result(project, started).wrong == 0


def test_it_is_kept_with_the_project_until_it_is_ended(project: Project) -> None:
    assert audit.open_audit(project) is None
    started = audit.draw(project.states(), 7)
    audit.store(project, started)
    seen = started.with_seen(min(started.sample))
    audit.store(project, seen)
    assert audit.open_audit(project) == seen
    assert audit.ids(project, seen) == sorted(project.id_of(name) for name in seen.sample)
    audit.store(project, audit.Audit(seen.begun, seen.accepted, seen.sample, seen.seen, True))
    assert audit.open_audit(project) is None
    later = audit.draw(project.states(), 9)
    audit.store(project, audit.Audit(math.inf, later.accepted, later.sample))
    assert audit.open_audit(project) is not None

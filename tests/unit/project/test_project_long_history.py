"""Two hundred edits as the window makes them, undone entirely and redone entirely, with proposals in between."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from curator.project import Project, edits
from curator.records import (
    DISCARD_REASONS,
    FILLS,
    MASK_KINDS,
    Crop,
    Edit,
    ImageRecord,
    ImageState,
    Mask,
    Proposal,
)

EDITS = 200
IMAGES = 12


def records() -> list[ImageRecord]:
    return [
        ImageRecord(
            f"{'yes' if n % 2 else 'no'}/{n:02}.png",
            "yes" if n % 2 else "no",
            f"{n:064x}",
            100 + n % 2,
            80,
            n,
        )
        for n in range(IMAGES)
    ]


def content(project: Project) -> tuple[Any, ...]:
    """What the disk holds of the person, read by a connection of its own after all was saved."""
    assert project.flush()
    with contextlib.closing(sqlite3.connect(project.folder / "project.sqlite")) as database:
        return (
            database.execute("SELECT image_id, field, value FROM person ORDER BY 1, 2").fetchall(),
            database.execute("SELECT * FROM constraints ORDER BY 1, 2").fetchall(),
        )


def crop(dice: random.Random) -> Crop:
    x, y = dice.randrange(90), dice.randrange(70)
    return Crop(x, y, dice.randint(1, 100 - x), dice.randint(1, 80 - y))


def masks(dice: random.Random) -> tuple[Mask, ...]:
    def corner() -> tuple[int, int]:
        return dice.randrange(100), dice.randrange(80)

    return tuple(
        Mask(dice.choice(MASK_KINDS), tuple(corner() for _ in range(dice.randint(3, 6))))
        for _ in range(dice.randrange(4))
    )


def edit(project: Project, dice: random.Random) -> Edit:
    """One of all that a person can do in the window."""
    states = project.states()
    one, other = dice.sample(states, 2)
    some = dice.sample(states, dice.randint(1, IMAGES))
    return dice.choice(
        [
            lambda: edits.accept(one),
            lambda: edits.accept_all(some),
            lambda: edits.decide([one], dice.choice(["keep", "undecided"])),
            lambda: edits.decide(some, "discard", dice.choice(DISCARD_REASONS)),
            lambda: edits.set_crop(one, dice.choice([None, crop(dice)])),
            lambda: edits.set_crop(one, crop(dice), "Crop nudged", merges=True),
            lambda: edits.set_crop(states[0], crop(dice), "Crop nudged", merges=True),
            lambda: edits.set_masks(one, masks(dice)),
            lambda: edits.set_masks(states[0], masks(dice), "Text mask nudged", merges=True),
            lambda: edits.clear_masks(some),
            lambda: edits.add_margin(some, dice.choice([-5, 3, 20])),
            lambda: edits.square(some),
            lambda: edits.propagate(one, some, crop=dice.random() < 0.8, masks=True),
            lambda: edits.set_fill(some, dice.choice(FILLS)),
            lambda: edits.relabel(some, dice.choice(["yes", "no", "maybe"])),
            lambda: edits.set_note(one, dice.choice(["", "odd", "späť"])),
            lambda: edits.back_to_proposal(some),
            lambda: edits.mark_copies(one, other, dice.choice([True, False, None])),
            lambda: edits.mark_all_copies(some, dice.random() < 0.5),
            lambda: edits.keep_best(some, some[0].id),
        ]
    )()


class Machine:
    """Recomputes what it likes, whenever it likes, and remembers what it found last."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.proposals: dict[int, Proposal] = {}

    def now_and_then(self, project: Project) -> None:
        if self.dice.random() < 0.1:
            chosen = self.dice.sample(project.ids, self.dice.randint(1, IMAGES))
            decision = self.dice.choice(["keep", "discard"])
            dice = self.dice
            made = Proposal(
                decision, None, crop(dice), masks(dice), dice.random(), "why", f"test/{dice.randrange(9)}"
            )
            project.set_proposals(dict.fromkeys(chosen, made))
            self.proposals.update(dict.fromkeys(chosen, made))
        elif self.dice.random() < 0.05:
            project.set_copy_groups([frozenset(self.dice.sample(project.ids, 3))])


def shown(project: Project, copies: frozenset[int]) -> list[ImageState]:
    """What the window shows of each image once the machine has found these copies; leak units keep their
    names as long as they live, so those are left out.
    """
    project.set_copy_groups([copies])
    return [replace(state, group="") for state in project.states()]


def untouched(folder: Path, machine: Machine, copies: frozenset[int]) -> list[ImageState]:
    """What it shows where no person ever did anything and the machine says the same."""
    folder.mkdir()
    with Project.open(folder) as project:
        project.add_records(records())
        project.set_proposals(machine.proposals)
        return shown(project, copies)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_two_hundred_edits_undone_and_redone(seed: int) -> None:
    dice = random.Random(seed)
    machine = Machine(dice)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "dataset")
        root.mkdir()
        with Project.open(root) as project:
            project.add_records(records())
            first = content(project)
            for _ in range(EDITS):
                project.apply(edit(project, dice))
                machine.now_and_then(project)
            last = content(project)
            steps = len(project.history(1000))
            assert steps > EDITS // 2
            while project.undo() is not None:
                machine.now_and_then(project)
            assert content(project) == first
            copies = frozenset(dice.sample(project.ids, 3))
            assert shown(project, copies) == untouched(Path(folder, "other"), machine, copies)
        # The same after a restart, where the steps come from the disk.
        with Project.open(root) as project:
            assert len(project.history(1000)) == steps
            while project.redo() is not None:
                machine.now_and_then(project)
            assert content(project) == last
            project.jump(dice.randint(0, steps))
            project.jump(0)
            assert content(project) == first
            project.jump(steps)
            assert content(project) == last
            held = project.states()
        with Project.open(root) as project:
            assert project.states() == held

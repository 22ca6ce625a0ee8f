"""The shortcut audit finds what was planted, and that alone; it never learns from a group that it judges."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from audit_data import planted
from hypothesis import given
from hypothesis import strategies as st

from curator.evaluation import shortcut_audit_guess, shortcut_audit_rows
from curator.evaluation.shortcut_audit import (
    Audit,
    AuditReady,
    find_audit,
    read_audit,
    run_audit,
    write_audit,
)
from curator.evaluation.shortcut_audit_guess import FOLDS, Guess, folds_of, guess
from curator.evaluation.shortcut_audit_signs import Seen, find_head_area, of_file, of_masks
from curator.evaluation.shortcut_audit_words import part_words
from curator.imaging.decode import load
from curator.imaging.file_facts import file_facts
from curator.manifest.files import Manifest
from curator.records import Crop, Edits, Mask, Progress, Warned


@pytest.fixture(autouse=True)
def small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut_audit_guess, "_TREES", 10)


def audited(manifest: Manifest, **options: object) -> Audit:
    settings = {"repeats": 1, "side": 64, **options}
    *_, last = run_audit(manifest, **settings)  # type: ignore[arg-type]
    assert isinstance(last, AuditReady)
    return last.audit


def found(audit: Audit) -> set[tuple[str, str]]:
    return {(row.key, row.images) for row in audit.rows if row.verdict == "look"}


def test_nothing_planted_nothing_found(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path, "nothing"))
    assert found(audit) == set()
    assert audit.sentence.startswith("Nothing found: none of ")
    assert "does not prove" in audit.sentence
    masks = audit.row("masks", "cleaned")
    assert masks is not None
    assert masks.balanced_accuracy is None
    assert masks.words.startswith("No kept image has a mask")
    for row in audit.rows:
        if row.balanced_accuracy is not None:
            assert row.balanced_accuracy.low <= 0.5 or row.balanced_accuracy.value <= row.permuted_high
            assert row.words.startswith("Not clear" if row.unclear else "Nothing found")


def test_a_bright_border_is_found_in_raw_images_and_gone_with_the_crop(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path, "border"))
    ring, cleaned = audit.row("ring", "raw"), audit.row("ring", "cleaned")
    assert ring is not None
    assert ring.balanced_accuracy is not None
    assert ring.balanced_accuracy.value > 0.95
    assert {("ring", "raw"), ("outside", "raw")} <= found(audit)
    assert not {one for one in found(audit) if one[1] != "raw"}
    assert cleaned is not None
    assert cleaned.verdict == "fine"
    assert "always saying “no” is in 50 %" in ring.words
    assert "Of the 4 that a network sees after cleaning, none clearly does." in audit.sentence


def test_jpeg_quality_is_found_in_the_files_and_not_at_the_border(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path, "jpeg"))
    assert ("file", "file") in found(audit)
    assert found(audit) == {("file", "file")}
    assert audit.worst is not None
    assert audit.worst.what == "File facts alone"
    assert "File facts alone are right in 100 % of images" in audit.sentence


def test_where_masks_lie_is_found(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path, "masks"))
    assert ("masks", "cleaned") in found(audit)
    assert ("file", "file") not in found(audit)
    assert not {one for one in found(audit) if one[1] == "raw"}


def test_size_is_found_of_three_classes_and_chance_is_a_third(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path, "size", groups=16, classes=("a", "b", "c")))
    row = audit.row("size", "cleaned")
    assert row is not None
    assert row.balanced_accuracy is not None
    assert row.chance == pytest.approx(1 / 3)
    # c is told from the others for sure, a and b are not told apart.
    assert 0.45 < row.balanced_accuracy.value < 0.85
    assert row.verdict == "look"


def test_equal_seeds_give_equal_audits_and_it_is_read_as_written(tmp_path: Path) -> None:
    manifest = planted(tmp_path, "border", groups=20)
    first, second = audited(manifest, seed=3), audited(manifest, seed=3)
    assert first == second
    write_audit(manifest.folder, first)
    assert read_audit(manifest.folder) == first
    assert json.loads((manifest.folder / "audit.json").read_text())["sentence"] == first.sentence


def test_a_stale_audit_is_not_found_and_runs_on_one_manifest_share_theirs(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path / "data", "nothing", groups=20))
    for name in ("first", "second"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    second = tmp_path / "runs" / "second"
    assert find_audit(second, audit.manifest_sha256) is None
    write_audit(tmp_path / "runs" / "first", audit)
    assert find_audit(second, audit.manifest_sha256) == audit
    assert find_audit(second, "0" * 64) is None
    (tmp_path / "runs" / "first" / "audit.json").write_text("{")
    assert find_audit(second, audit.manifest_sha256) is None


def test_too_few_images_are_said_to_be_too_few(tmp_path: Path) -> None:
    audit = audited(planted(tmp_path, "border", groups=12))
    assert audit.rows == ()
    assert audit.sentence.startswith("Too few images to tell: 24 groups")
    assert audit.worst is None


def test_the_test_split_takes_part_unless_it_is_left_out(tmp_path: Path) -> None:
    manifest = planted(tmp_path, "nothing", groups=26)
    whole, without = audited(manifest), audited(manifest, test=False)
    assert whole.test_images > 0
    assert f"{whole.test_images} images of the test split among them" in part_words(whole)
    assert without.images == whole.images - whole.test_images
    assert "without the test split" in part_words(without)


def test_what_is_gone_or_changed_is_left_out_with_a_warning(tmp_path: Path) -> None:
    manifest = planted(tmp_path, "nothing", groups=24)
    (manifest.root / manifest.rows[0].file_name).unlink()
    (manifest.root / manifest.rows[1].file_name).write_bytes(b"other")
    events = list(run_audit(manifest, repeats=1, side=64))
    warned = [event for event in events if isinstance(event, Warned)]
    assert [one.extra["file_name"] for one in warned] == [row.file_name for row in manifest.rows[:2]]
    assert isinstance(events[-1], AuditReady)
    assert events[-1].audit.images == len(manifest.rows) - 2
    assert "2 more left out" in part_words(events[-1].audit)
    assert "drawn" not in part_words(events[-1].audit)


def test_large_sets_are_drawn_by_whole_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut_audit_rows, "MOST_IMAGES", 60)
    manifest = planted(tmp_path, "nothing", groups=26)
    audit = audited(manifest)
    assert audit.images <= 60 < audit.of_images == len(manifest.rows)
    assert "drawn by group" in part_words(audit)


def test_it_can_be_stopped_at_any_event_and_progress_never_goes_back(tmp_path: Path) -> None:
    manifest = planted(tmp_path, "nothing", groups=20)
    events = run_audit(manifest, repeats=1, side=64)
    assert isinstance(next(events), Progress)
    close = getattr(events, "close", None)
    assert close is not None
    close()
    done: dict[str, list[int]] = {}
    for event in run_audit(manifest, repeats=1, side=64):
        if isinstance(event, Progress):
            done.setdefault(event.what, []).append(event.done)
            assert event.done <= event.total
    assert len(done) == 2
    assert all(values == sorted(values) for values in done.values())


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=6, max_size=40), st.integers(0, 99))
def test_no_fold_divides_a_group(images: list[tuple[int, int]], seed: int) -> None:
    groups = [f"g{group}" for group, _ in images]
    true = np.array([label for _, label in images], np.int64)
    fold = folds_of(true, groups, seed)
    assert set(fold.tolist()) <= set(range(1, FOLDS + 1))
    for name in set(groups):
        assert len({fold[index] for index, group in enumerate(groups) if group == name}) == 1


def test_what_a_group_has_in_common_teaches_nothing_of_itself() -> None:
    """Signs that know the group but not the label: with folds over images they would give the label away."""
    rng = np.random.default_rng(0)
    names = [f"g{index // 4}" for index in range(160)]
    group = np.array([int(name[1:]) for name in names])
    true = rng.integers(0, 2, 40)[group]
    signs = rng.normal(size=(40, 6))[group]
    result = run(guess(signs, true, names, 2, 0, 1))
    right = (result.probabilities.argmax(axis=1) == true).mean()
    assert right < 0.65
    single = run(guess(signs, true, [str(index) for index in range(160)], 2, 0, 1))
    assert (single.probabilities.argmax(axis=1) == true).mean() > 0.9


def run(events: Generator[int, None, Guess]) -> Guess:
    results: list[Guess] = []

    def kept() -> Iterator[int]:
        results.append((yield from events))

    for _ in kept():
        pass
    return results[0]


def test_the_blanked_head_leaves_what_lies_beside_it_and_moves_with_the_crop() -> None:
    image = np.full((80, 100, 3), 50, np.uint8)
    image[20:60, 30:70] = 200
    head = np.zeros((80, 100), np.uint8)
    head[20:60, 30:70] = 1
    for crop in (None, Crop(20, 10, 60, 60)):
        seen = Seen(image, head, Edits(crop), 96, "letterbox")
        assert seen.outside()[:144].max() <= 50.5
        assert seen.square[seen.head > 0].min() > 100
        assert 0.1 < seen.outline().mean() < 0.5
    changed = image.copy()
    changed[25:55, 35:65] = 7
    same = Seen(changed, head, Edits(), 96, "letterbox").outside()
    assert np.array_equal(same, Seen(image, head, Edits(), 96, "letterbox").outside())


def test_the_ring_does_not_see_the_letterbox_nor_the_middle() -> None:
    image = np.full((50, 100, 3), 90, np.uint8)
    head = np.zeros((50, 100), np.uint8)
    before = Seen(image, head, Edits(), 64, "letterbox").ring()
    assert before[:32].min() == before[:32].max() == 90
    image[15:35, 15:85] = 250
    assert np.array_equal(Seen(image, head, Edits(), 64, "letterbox").ring(), before)


def test_without_a_head_the_ellipse_of_the_crop_is_blanked() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    area, seen = find_head_area(image, "general", Crop(10, 10, 40, 20))
    assert not seen
    assert area.sum() == pytest.approx(np.pi * 20 * 10, rel=0.05)
    assert area[20, 30] == 1
    assert area[:10].sum() == area[30:].sum() == 0


def test_signs_of_masks_and_files_have_one_length(tmp_path: Path) -> None:
    mask = Mask("text", ((1, 1), (9, 1), (9, 9)))
    lengths = {len(of_masks(Edits(None, masks), 40, 30)) for masks in ((), (mask,), (mask, mask))}
    assert len(lengths) == 1
    manifests = [planted(tmp_path / what, what, groups=1) for what in ("jpeg", "nothing")]
    facts = [
        file_facts((one.root / row.file_name).read_bytes(), row.file_name)
        for one in manifests
        for row in one.rows
    ]
    assert len({len(of_file(one)) for one in facts}) == 1
    assert len(facts[0].tables[0]) == 64
    assert facts[0].subsampling == (1, 1)
    assert facts[-1].tables == ()


def test_the_head_of_real_images_is_blanked_where_it_was_drawn_by_hand(real_data: Path) -> None:
    lines = [json.loads(line) for line in (real_data / "truth.jsonl").read_text("utf-8").splitlines()]
    known = [line for line in lines if line["head_box"] and line["discard"] is None][:6]
    for line in known:
        image = load(real_data / "images" / line["file"])
        area, seen = find_head_area(image, "brain-mri", None)
        assert seen
        assert area.shape == image.shape[:2]
        x0, y0, x1, y1 = line["head_box"]
        beside = area.copy()
        beside[y0:y1, x0:x1] = 0
        assert beside.sum() < 0.05 * area.sum(), line["file"]
        # An ellipse fills 0.79 of its box.
        assert area[y0:y1, x0:x1].mean() > 0.6, line["file"]

"""The same or nearly the same image under two labels: by manifest, by detail, by a network's features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from queue_rows import row, space

from curator.evaluation.flags import Flag, in_order
from curator.evaluation.near_labels import (
    NearCopiesFound,
    alike_across_labels,
    conflicting_copies,
    neighbour_flags,
)
from curator.imaging.decode import sha256
from curator.manifest.schema import ManifestRow
from curator.synthetic.anatomy import load_slice, slice_count


def test_copies_with_two_labels_are_named_on_each_side() -> None:
    rows = [
        row("no/a.png", "no", copy_group="c1", group="g1"),
        row("yes/b.png", "yes", copy_group="c1", group="g1"),
        row("yes/c.png", "yes", copy_group="c1", group="g1", decision="discard", discard_reason="duplicate"),
        row("no/d.png", "no", copy_group="c2", group="g2"),
        row("no/e.png", "no", copy_group="c2", group="g2"),
        row("no/f.png", "no"),
    ]
    flags = {flag.file_name: flag.reason for flag in conflicting_copies(rows)}
    assert flags == {
        "no/a.png": "Labelled no, but yes/b.png (yes) and yes/c.png (yes) are copies of one image with it.",
        "yes/b.png": "Labelled yes, but no/a.png (no) is a copy of one image with it.",
    }


def test_a_group_accuses_the_fewer() -> None:
    rows = [row(f"yes/{number}.png", "yes", group="patient") for number in range(3)]
    rows.append(row("no/x.png", "no", group="patient"))
    flags = conflicting_copies(rows)
    assert [flag.file_name for flag in flags] == ["no/x.png"]
    assert flags[0].reason == (
        "Labelled no, but 3 of the 4 images of its group (copies, or one patient) are labelled yes."
    )


def test_a_copy_under_another_label_that_nobody_knew_of_is_found(tmp_path: Path) -> None:
    rows = []
    for number, label in enumerate(["no", "no", "yes", "yes"]):
        part = load_slice("axial", slice_count("axial") // 3 + 14 * number)
        pixels = np.clip(np.where(part.head, 1.3 * part.t1, 2.0), 0, 255).astype(np.uint8)
        rows.append(_saved(tmp_path, Image.fromarray(pixels), f"{label}/{number}.png", label))
    first = Image.open(tmp_path / "no/0.png")
    larger = first.resize((first.width * 3 // 2, first.height * 3 // 2), Image.Resampling.BICUBIC)
    rows.append(_saved(tmp_path, larger, "yes/large.png", "yes"))
    rows.append(_saved(tmp_path, larger.rotate(1), "no/turned.png", "no"))
    rows.append(row("no/gone.png", "no"))
    found = list(alike_across_labels(rows, tmp_path))[-1]
    assert isinstance(found, NearCopiesFound)
    flags = in_order(list(found.flags))
    assert {flag.file_name for flag in flags} == {"no/0.png", "yes/large.png", "no/turned.png"}
    both = next(flag for flag in flags if flag.file_name == "yes/large.png")
    assert "looks like no/0.png, which is labelled no" in both.reason
    assert "looks like no/turned.png, which is labelled no" in both.reason
    known = [one.model_copy(update={"copy_group": "c"}) for one in rows]
    assert list(alike_across_labels(known, tmp_path))[-1] == NearCopiesFound(())


def _saved(root: Path, image: Image.Image, name: str, label: str) -> ManifestRow:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    image.save(path)
    return row(name, label, sha256=sha256(path.read_bytes()), width=image.width, height=image.height)


def test_an_image_among_those_of_another_label_is_flagged() -> None:
    rng = np.random.default_rng(2)
    middles = np.eye(16)[[0, 1]] * 3
    labels = ["no"] * 20 + ["yes"] * 20
    features = middles[[0] * 20 + [1] * 20] + rng.normal(0, 0.2, (40, 16))
    features[5] = middles[1] + rng.normal(0, 0.2, 16)
    rows = [row(f"{label}/{number}.png", label) for number, label in enumerate(labels)]
    flags = neighbour_flags(space(features, rows))
    assert [flag.file_name for flag in flags] == ["no/5.png"]
    assert 0 < flags[0].score < 1
    assert "3 are labelled otherwise" in flags[0].reason
    assert "the nearest labelled no is" in flags[0].reason
    assert neighbour_flags(space(features, rows, judged=[0, 25])) == []


def test_neighbours_of_its_own_group_do_not_count() -> None:
    features = np.ones((4, 3)) + 0.01 * np.arange(12).reshape(4, 3)
    rows = [row("no/0.png", "no", group="g"), *(row(f"yes/{n}.png", "yes", group="g") for n in range(3))]
    assert neighbour_flags(space(features, rows)) == []


def test_an_image_alone_in_its_class_says_so() -> None:
    features = np.ones((5, 3)) + 0.01 * np.arange(15).reshape(5, 3)
    rows = [row("no/0.png", "no"), *(row(f"yes/{n}.png", "yes") for n in range(4))]
    flags = neighbour_flags(space(features, rows))
    assert [flag.file_name for flag in flags] == ["no/0.png"]
    assert flags[0].reason.endswith("no image of its own label lies near.")


def test_one_flag_an_image_with_all_reasons_and_the_largest_score() -> None:
    flags = [Flag("b", 1.0, "B."), Flag("a", 1.0, "A."), Flag("b", 3.0, "First.")]
    assert in_order(flags) == (Flag("b", 3.0, "First. B."), Flag("a", 1.0, "A."))

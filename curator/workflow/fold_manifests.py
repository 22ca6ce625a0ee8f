"""The manifest of each fold: the fold is its test split, training and validation are drawn from the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from curator.dataset.folds import assign_folds
from curator.dataset.split import Shares, assign
from curator.errors import TrainingError
from curator.manifest.files import Manifest, write_manifest
from curator.manifest.schema import ManifestRow
from curator.records import Split

# Percent of the images outside the fold that validate: the least and the most, and where the manifest has none.
_VAL_RANGE: Final = (5, 50)
_VAL_DEFAULT: Final = 15


def takes_part(row: ManifestRow, include_test: bool) -> bool:
    """Whether an image is in a cross-validation: kept, and not of the locked test split if that is left out."""
    return row.decision == "keep" and (include_test or row.split != "test")


def folds_of(manifest: Manifest, folds: int, seed: int, *, include_test: bool) -> dict[str, int]:
    """The fold, from 1, of each group that takes part; a group counts as its most frequent label.

    Raises `TrainingError` where there are too few groups, or a fold would leave a class without a training
    image or nothing to validate on.
    """
    groups = _groups(manifest.rows, include_test)
    present = {label for label, _ in groups.values()}
    lacking = [name for name in manifest.info.classes if name not in present]
    if lacking:
        raise TrainingError(f"No kept image is of class {lacking[0]}: keep some, or remove the class.")
    if len(groups) < 2:
        raise TrainingError("Cross-validation needs at least two groups of kept images: keep more.")
    if not 2 <= folds <= len(groups):
        raise TrainingError(
            f"{folds} folds of {len(groups)} groups of kept images: choose a number from 2 to {len(groups)}."
        )
    fold_of = assign_folds(groups, folds, seed)
    for fold in range(1, folds + 1):
        _refuse_impossible(fold_splits(manifest, fold_of, fold, seed, include_test=include_test), fold)
    return fold_of


def fold_splits(
    manifest: Manifest, fold_of: dict[str, int], fold: int, seed: int, *, include_test: bool
) -> tuple[ManifestRow, ...]:
    """The manifest's rows as `fold` is tested: its groups are test, the others train or val.

    Validation is drawn from the other groups by label, as much of them as it is of the manifest's own
    training and validation images; never from the fold. Images that don't take part have no split.
    """
    groups = _groups(manifest.rows, include_test)
    rest = {name: facts for name, facts in groups.items() if fold_of[name] != fold}
    train, val, _ = manifest.info.shares
    share = round(100 * val / (train + val)) if val else _VAL_DEFAULT
    share = min(max(share, _VAL_RANGE[0]), _VAL_RANGE[1])
    # Another draw for each fold: else the same groups would validate in all of them.
    drawn = assign(rest, Shares(100 - share, share, 0), seed + fold, {})

    def split_of(row: ManifestRow) -> Split | None:
        if not takes_part(row, include_test):
            return None
        return "test" if fold_of[row.group] == fold else drawn[row.group]

    return tuple(row.model_copy(update={"split": split_of(row)}) for row in manifest.rows)


def write_fold(manifest: Manifest, rows: Sequence[ManifestRow], folder: Path, root: Path) -> Manifest:
    """Writes a fold's manifest into `folder`; its `manifest.json` says what that of the whole does."""
    info = manifest.info
    return write_manifest(
        folder,
        rows,
        root=root,
        profile=info.profile,
        classes=info.classes,
        seed=info.seed,
        shares=Shares(*info.shares),
        test_touched=info.test_touched,
    )


def _groups(rows: Sequence[ManifestRow], include_test: bool) -> dict[str, tuple[str, int]]:
    """Label and number of images of each group that takes part."""
    labels: dict[str, Counter[str]] = {}
    for row in rows:
        if takes_part(row, include_test):
            labels.setdefault(row.group, Counter())[row.label] += 1
    return {
        name: (min(counted, key=lambda text: (-counted[text], text)), counted.total())
        for name, counted in labels.items()
    }


def _refuse_impossible(rows: Sequence[ManifestRow], fold: int) -> None:
    trained = {row.label for row in rows if row.split == "train"}
    lacking = sorted({row.label for row in rows if row.split is not None} - trained)
    if lacking:
        raise TrainingError(
            f"Class {lacking[0]} has too few groups: without fold {fold} no training image of it is left. "
            "Keep images of at least two groups of each class, or remove the class."
        )
    if not any(row.split == "val" for row in rows):
        raise TrainingError(f"Without fold {fold} there are too few groups to validate on: keep more images.")

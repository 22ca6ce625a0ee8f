"""What differs between two manifests of one dataset: counted image by image and said in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from curator.manifest.schema import ManifestRow
from curator.records import SPLITS

Kind: TypeAlias = Literal[
    "relabelled", "discarded", "kept again", "re-cropped", "masked anew", "moved", "new", "gone", "other file"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Changed:
    """One difference of one image. `split` is the later one, or the earlier where the image is no longer kept;
    "" where it has none. `detail` says from what to what where that is short, else ""."""

    file_name: str
    kind: Kind
    split: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """All differences of images that are kept in the earlier manifest, the later one, or both."""

    found: tuple[Changed, ...]

    def __bool__(self) -> bool:
        return bool(self.found)

    def of(self, kind: Kind) -> tuple[Changed, ...]:
        """The differences of one kind, in order of the file names."""
        return tuple(one for one in self.found if one.kind == kind)

    def counts(self) -> dict[Kind, dict[str, int]]:
        """How many images by kind and split; only what occurs, kinds in the order of `KINDS`."""
        found: dict[Kind, dict[str, int]] = {}
        for kind in KINDS:
            by_split = Counter(one.split for one in self.of(kind))
            if by_split:
                found[kind] = {split: by_split[split] for split in (*SPLITS, "") if by_split[split]}
        return found

    def words(self) -> str:
        """As "2 relabelled (1 train, 1 test), 1 discarded (val)"; "nothing" where nothing differs."""
        parts = []
        for kind, by_split in self.counts().items():
            where = ", ".join(
                f"{number} {split or 'no split'}" if len(by_split) > 1 else split or "no split"
                for split, number in by_split.items()
            )
            parts.append(f"{sum(by_split.values())} {_WORDS.get(kind, kind)} ({where})")
        return ", ".join(parts) or "nothing"


_WORDS: Final[Mapping[Kind, str]] = {"moved": "moved to another split", "other file": "with another file"}


def changes(before: Iterable[ManifestRow], after: Iterable[ManifestRow]) -> Changes:
    """What differs from `before` to `after`, matched by file name; images that neither keeps are left out.

    Crop, masks, label and split are compared where both keep the image: what is dropped is one difference.
    """
    earlier = {row.file_name: row for row in before}
    later = {row.file_name: row for row in after}
    found: list[Changed] = []
    for name in sorted(earlier.keys() | later.keys()):
        old, new = earlier.get(name), later.get(name)
        was, now = _kept(old), _kept(new)
        if was is None and now is None:
            continue
        if was is not None and now is not None:
            found.extend(_of_both(was, now))
        elif was is not None:
            kind: Kind = "gone" if new is None else "discarded"
            detail = (new.discard_reason or new.decision).replace("_", " ") if new is not None else ""
            found.append(Changed(name, kind, was.split or "", detail))
        elif now is not None:
            found.append(Changed(name, "new" if old is None else "kept again", now.split or ""))
    return Changes(tuple(found))


def _kept(row: ManifestRow | None) -> ManifestRow | None:
    return row if row is not None and row.decision == "keep" else None


def _of_both(was: ManifestRow, now: ManifestRow) -> list[Changed]:
    differs: list[tuple[Kind, bool, str]] = [
        ("relabelled", was.label != now.label, f"{was.label} to {now.label}"),
        ("re-cropped", was.crop != now.crop, ""),
        ("masked anew", _masks(was) != _masks(now), ""),
        ("moved", was.split != now.split, f"{was.split or 'none'} to {now.split or 'none'}"),
        ("other file", was.sha256 != now.sha256, ""),
    ]
    return [Changed(now.file_name, kind, now.split or "", words) for kind, yes, words in differs if yes]


def _masks(row: ManifestRow) -> tuple[object, ...]:
    # How masks are filled says nothing where there is none.
    return (row.edits.masks, row.fill if row.masks else None)

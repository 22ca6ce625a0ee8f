"""How far two rounds of decisions on the same images agree, in figures and in words. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from curator.metrics import wilson
from curator.records import Crop

SAME_CROP: Final = 0.95
# Upper ends of the steps of Landis and Koch (Biometrics 1977), who call what is below 0 poor.
_LANDIS_KOCH: Final = (
    (0.20, "slight"),
    (0.40, "fair"),
    (0.60, "moderate"),
    (0.80, "substantial"),
    (1.00, "almost perfect"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """An image that was decided otherwise the second time, `image_id` being that of the main project.

    `words` says how. The crops are there where it is they that differ (of a whole image its full rectangle), and
    None where the decision does.
    """

    image_id: int
    file_name: str
    words: str
    first_crop: Crop | None = None
    second_crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two rounds of decisions agree.

    `sampled` images were drawn from `population` with `seed`; `reviewed` of them were decided a second time,
    `agreed` of these alike (keep or discard). `kappa` is None where chance alone agrees as well. `mean_iou`,
    of `crops` images that were kept both times (a whole image counts as its full rectangle), is None without
    any; `same_crops` of them reach an IoU of `SAME_CROP`. `changed` files are others than when they were drawn
    and count for nothing.
    """

    population: int
    seed: int
    sampled: int
    reviewed: int
    agreed: int
    kappa: float | None
    mean_iou: float | None
    crops: int
    same_crops: int
    changed: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def observed(self) -> float | None:
        """Share of images that were decided alike, None of nothing."""
        return self.agreed / self.reviewed if self.reviewed else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that share (Wilson, 1927)."""
        return wilson(self.agreed, self.reviewed)

    @property
    def kappa_words(self) -> str:
        """What the kappa is called, or why there is none."""
        if self.reviewed == 0:
            return "nothing was decided twice"
        if self.kappa is None:
            return "undefined, as every image got one and the same decision"
        return f"{landis_koch(self.kappa)} by Landis and Koch, 1977"

    def words(self) -> str:
        """Two to five sentences for a paper."""
        share = self.observed
        if share is None:
            return "No image has been decided a second time yet."
        low, high = self.interval
        said = [
            f"A random sample of {_images(self.sampled)} out of {self.population} that a person had decided "
            f"(seed {self.seed}) was decided again without sight of the first decisions; "
            "the machine's proposals were shown both times."
        ]
        said.append(
            f"Of {_images(self.reviewed)} decided twice, {self.agreed} "
            f"{'agrees' if self.agreed == 1 else 'agree'} ({100 * share:.0f} %, "
            f"95 % interval {100 * low:.0f} to {100 * high:.0f} %)."
        )
        if self.kappa is None:
            said.append(f"Cohen's kappa is {self.kappa_words}.")
        else:
            said.append(f"Cohen's kappa is {self.kappa:.2f} ({self.kappa_words}).")
        if self.mean_iou is not None:
            said.append(
                f"The crops of {_images(self.crops)} kept both times have a mean IoU of {self.mean_iou:.2f}; "
                f"{self.same_crops} ({100 * self.same_crops / self.crops:.0f} %) reach {SAME_CROP:.2f}."
            )
        if self.changed:
            said.append(
                f"{_images(self.changed).capitalize()} changed on the disk in between and are left out."
            )
        return " ".join(said)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a setting."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Agreement:
        """The reverse of `to_json`."""
        differences = tuple(
            Difference(
                **{
                    **item,
                    "first_crop": crop_from_json(item["first_crop"]),
                    "second_crop": crop_from_json(item["second_crop"]),
                }
            )
            for item in values["differences"]
        )
        return cls(**{**values, "differences": differences})


def crop_iou(first: Crop, second: Crop) -> float:
    """Intersection over union of two rectangles, 0..1."""
    width = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    height = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (first.width * first.height + second.width * second.height - shared)


def landis_koch(kappa: float) -> str:
    """What Landis and Koch (1977) call agreement of this strength."""
    if kappa < 0:
        return "poor"
    return next((words for end, words in _LANDIS_KOCH if kappa <= end), _LANDIS_KOCH[-1][1])


def crop_from_json(values: Mapping[str, int] | None) -> Crop | None:
    """The reverse of `dataclasses.asdict` for a crop or none."""
    return Crop(**values) if values else None


def _images(number: int) -> str:
    return "1 image" if number == 1 else f"{number} images"

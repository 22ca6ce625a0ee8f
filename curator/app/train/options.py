"""What the folded form of a training asks for: in groups, in order, with choices and bounds."""

from __future__ import annotations

from typing import Final

from curator.app.train.fields import Choice, Field
from curator.imaging.render import RESIZES
from curator.training.config import AUGMENTATIONS, BALANCES, CLEANINGS, OPTIMISERS, PRECISIONS, SCHEDULES

# Heading, then fields of TrainConfig with words, kind, tip.
GROUPS: Final[tuple[tuple[str, tuple[Field, ...]], ...]] = (
    (
        "Plan",
        (
            Field("epochs", "Epochs", "count", "Rounds over all training images"),
            Field("head_epochs", "of them head only", "count", "Rounds in which only the last layer learns"),
            Field(
                "open_groups",
                "Blocks opened then",
                "count",
                "Groups of layers, from the top, that learn after",
            ),
            Field(
                "open_every",
                "Next block after",
                "count",
                "So many epochs later the next block is opened; 0: all at once",
            ),
            Field(
                "feature_views",
                "Views for the head",
                "count",
                "Augmented views of each image, worked out once",
            ),
            Field(
                "batch_size",
                "Batch size",
                "batch",
                "Images worked on at once; auto finds what memory holds",
            ),
            Field(
                "early_stopping",
                "Stop after, epochs",
                "count",
                "Without a better validation loss; 0 never stops",
            ),
            Field("seed", "Seed", "count", "The same seed gives the same run, as far as the device allows"),
        ),
    ),
    (
        "Learning",
        (
            Field("optimiser", "Optimiser", "choice", "AdamW, or SGD with momentum"),
            Field("momentum", "Momentum", "fraction", "Of SGD; AdamW has its own"),
            Field("head_lr", "Learning rate, head", "rate", "Step size while only the head learns"),
            Field("lr", "Learning rate", "rate", "Step size once the upper blocks learn too"),
            Field(
                "schedule",
                "Schedule",
                "choice",
                "How learning rates fall: on a plateau, along a cosine, never",
            ),
            Field("weight_decay", "Weight decay", "rate", "Pull of the weights towards zero"),
            Field("dropout", "Dropout", "fraction", "Share of features left out at random"),
            Field(
                "label_smoothing",
                "Label smoothing",
                "fraction",
                "How far labels are believed less than wholly",
            ),
            Field("balance", "Balance classes by", "choice", "Rare classes count as much as common ones"),
        ),
    ),
    (
        "Images",
        (
            Field("augmentation", "Augmentation", "choice", "How training images are varied"),
            Field("image_size", "Image size", "size", "Side of the network's square in pixels"),
            Field("resize", "Resize", "choice", "How an image is fitted into the square"),
            Field(
                "cleaning", "Cleaned by", "choice", "Crop and masks, the crop alone, or nothing: whole images"
            ),
            Field(
                "skip_unreadable",
                "Missing or changed",
                "choice",
                "Images that are gone or have changed since they were curated: leave them out, or stop",
            ),
        ),
    ),
    (
        "Machine",
        (
            Field("weights", "Start from", "weights", "Weights the backbone starts from"),
            Field("device", "Device", "choice", "auto takes the best there is"),
            Field("precision", "Precision", "choice", "auto takes the fastest that a short trial shows"),
            Field("deterministic", "Deterministic", "flag", "Repeats exactly, slower"),
        ),
    ),
)
CHOICES: Final[dict[str, tuple[Choice, ...]]] = {
    "augmentation": AUGMENTATIONS,
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "cleaning": CLEANINGS,
    "balance": BALANCES,
    "precision": PRECISIONS,
    "resize": RESIZES,
    "skip_unreadable": (True, False),
    "device": ("auto", "cuda", "mps", "cpu"),
    "weights": ("imagenet", "none"),
}
# How a choice is written where its own name would not do.
WORDS: Final[dict[Choice, str]] = {
    "brain-mri": "brain MRI",
    "digits": "digits and text",
    "adamw": "AdamW",
    "sgd": "SGD",
    "class-weights": "weights",
    "masked": "crop, masks",
    "cropped": "crop",
    "raw": "nothing",
    True: "leave out",
    False: "stop",
}
# With another of these, or another backbone, a batch takes other memory.
MEMORY_TAKERS: Final = ("image_size", "open_groups", "optimiser", "precision", "weights", "device")
LIMITS: Final[dict[str, tuple[int, int]]] = {
    "epochs": (1, 10_000),
    "head_epochs": (0, 10_000),
    "open_groups": (0, 100),
    "open_every": (0, 1000),
    "feature_views": (0, 256),
    "batch_size": (0, 4096),
    "early_stopping": (0, 1000),
    "image_size": (32, 1024),
    "seed": (0, 2**31 - 1),
}

"""The errors that a person is meant to read: one clear sentence that names the file and the cure.

Everything below `CuratorError` is caught at the edge (command line, window) and shown without a traceback;
anything else is a defect and keeps its traceback.
"""

from __future__ import annotations


class CuratorError(Exception):
    """Base of all errors whose message is written for the user."""


class ImageError(CuratorError):
    """A file could not be read as an image."""


class ManifestError(CuratorError):
    """A manifest does not hold to `curator-manifest/1`; the message has the line number and the reason."""


class ProjectError(CuratorError):
    """A project's database or folder cannot be used."""


class TrainingError(CuratorError):
    """A run cannot start, go on or be read."""


class WeightsError(CuratorError):
    """Pretrained weights cannot be had or are not what they should be."""

"""The state of one dataset: layers, history, splits, all in one SQLite file beside it."""

from __future__ import annotations

from curator.project import edits
from curator.project.counts import UNSURE_BELOW, Counts, is_to_do, is_unsure, proposed_masks
from curator.project.journal import Step
from curator.project.project import Project

__all__ = ["UNSURE_BELOW", "Counts", "Project", "Step", "edits", "is_to_do", "is_unsure", "proposed_masks"]

"""Trains a run again, or cross-validates again, with the same plan on the manifest as it is now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from curator.app import messages
from curator.app.train.crossval_bar import Comparison
from curator.app.train.crossval_runner import Validations
from curator.app.train.trainer import Trainer
from curator.errors import CuratorError

if TYPE_CHECKING:
    from curator.workflow.again import MendedSince


class Again(QObject):
    """`done` carries the folders of the run before and of the one trained again, once that is finished."""

    done = Signal(object, object)

    def __init__(self, trainer: Trainer, validations: Validations, parent: QObject) -> None:
        super().__init__(parent)
        self._trainer, self._validations = trainer, validations
        self._before: Path | None = None
        self._after: Path | None = None
        trainer.began.connect(self._began)
        trainer.ended.connect(self._ended)

    def start(self, mended: MendedSince) -> bool:
        """Exports the project as it is now, splits as they are, and begins; says what changed. False where it
        can't begin, which is said as well."""
        if self._trainer.job is not None:
            messages.show("Wait for the training to end, or stop it: then train again.", "warning")
            return False
        before = mended.folder
        try:
            self._before = before
            self._begin(before, accept_proposals=mended.accept_proposals)
        except CuratorError as error:
            self._before = None
            messages.show(str(error), "error")
            return False
        messages.show(f"Training again with the plan of {before.name}. Changed: {mended.changes.words()}.")
        return True

    def _begin(self, before: Path, *, accept_proposals: bool) -> None:
        from curator.evaluation.cross_validated import RESULT, read_cross_validation
        from curator.training.runs import load_run

        if (before / RESULT).is_file():
            made = read_cross_validation(before)
            wanted = Comparison("crossval", made.folds, made.include_test)
            self._validations.start(wanted, made.config, accept_proposals=accept_proposals)
        else:
            self._trainer.start(load_run(before).config, accept_proposals=accept_proposals)

    @Slot(object)
    def _began(self, _config: object) -> None:
        self._after = self._trainer.run_dir

    @Slot(str)
    def _ended(self, outcome: str) -> None:
        before, self._before = self._before, None
        if before is not None and self._after is not None and outcome == "finished":
            self.done.emit(before, self._after)

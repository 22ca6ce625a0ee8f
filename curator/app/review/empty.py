"""What Review shows while there is nothing to review: why, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from curator.app.widgets import label, lay_out_empty


class EmptyReview(QWidget):
    """A sentence and, where it helps, a button."""

    train_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = label("", "title")
        self.text = label("", "dim", wrap=True)
        self.button = QPushButton("Go to Train")
        self.button.setProperty("role", "primary")
        self.button.setAccessibleName("Go to Train")
        self.button.clicked.connect(self.train_wanted)
        lay_out_empty(self, self.title, self.text, self.button)

    def say_no_run(self) -> None:
        """There is no run yet."""
        self._say(
            "Nothing to review yet",
            "Train a classifier; then every prediction on the test split can be looked at here, "
            "with what the network looked at.",
            button=True,
        )

    def say_loading(self, run: str, images: str) -> None:
        """Predictions are being read or made; `images` names what of, "the test split" say."""
        self._say("Predicting…", f"What {run} says of each of {images}.")

    def say_nothing_in(self, images: str) -> None:
        """There is no kept image in what was asked for."""
        self._say(
            f"No kept image in {images}",
            "Choose another split above, or export with a share for this one and train again.",
        )

    def say_error(self, message: str) -> None:
        """Reading failed."""
        self._say("This can't be shown", message, button=True)

    def _say(self, title: str, text: str, *, button: bool = False) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.button.setVisible(button)

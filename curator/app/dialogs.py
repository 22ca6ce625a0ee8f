"""The few questions of the window that must be answered before anything else can go on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def folder_of_images(parent: QWidget) -> Path | None:
    """Asks for a folder; None where the user thought better of it."""
    chosen = QFileDialog.getExistingDirectory(parent, "Open a folder of images")
    return Path(chosen) if chosen else None


def may_stop_training(parent: QWidget) -> bool:
    """Asks whether the training that runs may end with its checkpoint kept."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Curator")
    box.setText("Training is running. Stop it and keep its last checkpoint? You can go on with it later.")
    stop = box.addButton("Stop and keep", QMessageBox.ButtonRole.AcceptRole)
    go_on = box.addButton("Go on training", QMessageBox.ButtonRole.RejectRole)
    for button in (stop, go_on):
        button.setAccessibleName(button.text())
    box.setDefaultButton(stop)
    box.setEscapeButton(go_on)
    box.exec()
    return box.clickedButton() is stop

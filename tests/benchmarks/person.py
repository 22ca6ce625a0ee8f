"""What curating takes: keys and gestures an image, of a scripted person, with proposals and without.

    python tests/benchmarks/person.py [--demo N] [--real FOLDER] [--worst N]

The person (`tests/app/scripted_person.py`) works in the real window, offscreen, by key and mouse events, first as
good as matters, then to the pixel. `--real` names a folder with `images` and `truth.jsonl` (default: the
environment variable CURATOR_REAL_DATA); it is copied first. "One key" is the share of images that took just that,
"right" how many are, read back from the disk, what the truth asks for (kept to the pixel: they render as its edits
do; copies of a kept one are discarded), and "ms" what the program took for an image, the next one shown included.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))


def main() -> None:
    """Draws the demo, lets the person work, prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--demo", type=int, default=200, help="images of the demo, 0 for none")
    parser.add_argument("--real", type=Path, default=os.environ.get("CURATOR_REAL_DATA"))
    parser.add_argument("--worst", type=int, default=0, help="images to name that took most")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        for name in ("CACHE", "DATA", "CONFIG"):
            os.environ[f"CURATOR_{name}"] = str(home / name.lower())
        from curator.app.application import create

        create(["curator"])
        sources: list[tuple[str, Path]] = []
        if options.demo:
            from curator.synthetic import generate

            for _ in generate(home / "demo", count=options.demo):
                pass
            sources.append(("demo", home / "demo"))
        if options.real:
            sources.append(("real", Path(options.real)))
        sys.stdout.write(
            f"{'':44}{'images':>7}{'actions':>9}{'keys':>7}{'gestures':>9}{'median':>8}{'most':>6}"
            f"{'one key':>8}{'right':>10}{'ms':>6}\n"
        )
        for name, folder in sources:
            for exact in (False, True):
                for profile in ("brain-mri", "general"):
                    work = Path(tempfile.mkdtemp(dir=home)) / "images"
                    shutil.copytree(folder / "images", work)
                    _work(name, folder, work, exact=exact, profile=profile, worst=options.worst)


def _work(name: str, folder: Path, work: Path, *, exact: bool, profile: str, worst: int) -> None:
    from PySide6.QtCore import QEventLoop, QTimer
    from scripted_hands import kinds_of_work, summary
    from scripted_person import ScriptedPerson
    from scripted_truth import is_right, read_truth

    from curator.app.main_window import MainWindow
    from curator.imaging.decode import load
    from curator.imaging.render import render
    from curator.project import Project

    window = MainWindow()
    window.resize(1440, 900)
    window.show()
    window.settings.profile = profile  # type: ignore[assignment]

    def rest(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    window.open_folder(work)
    while not window.model.quiet or window.model.jobs.active():
        rest(30)
    page = window.curate
    page.hints.close_all()  # type: ignore[attr-defined]
    window.activateWindow()
    page.activate()

    def idle() -> None:
        rest(0)
        while page.canvas.shown_pixels() is None or page._soon.isActive():  # type: ignore[attr-defined]
            rest(2)

    truth = read_truth(folder / "truth.jsonl")
    person = ScriptedPerson(page, truth, exact=exact, idle=idle)  # type: ignore[arg-type]
    person.curate()
    window.model.close()
    window.close()
    with Project.open(work) as again:
        states = again.states()
    kept_groups = {truth[state.file_name].group for state in states if state.decision == "keep"}
    wrong: list[str] = []
    for state in states:
        image, wanted = load(work / state.file_name), truth[state.file_name]
        if state.decided_by != "person":
            good = False
        elif state.decision == "discard":
            copy = state.discard_reason == "duplicate" and wanted.group in kept_groups
            good = wanted.reason is not None or wanted.either or copy
        elif exact:
            good = np.array_equal(render(image, state.edits), render(image, wanted.edits))
        else:
            good = is_right(state, wanted, image)
        if not good or (state.decision == "keep" and wanted.reason is not None):
            wrong.append(f"{state.file_name} ({state.decision}, {state.discard_reason})")
    right = len(states) - len(wrong)
    found = summary(person.efforts)
    how = "to the pixel" if exact else "as good as matters"
    title = f"{name}, {how}, {'with' if profile == 'brain-mri' else 'no'} proposals"
    sys.stdout.write(
        f"{title:44}{found['images']:7.0f}{found['actions']:9.2f}{found['keys']:7.2f}{found['gestures']:9.2f}"
        f"{found['median']:8.0f}{found['most']:6.0f}{100 * found['one key']:6.1f} %{right:5}/{len(states):<4}"
        f"{found['milliseconds']:6.0f}\n"
    )
    common = ", ".join(f"{what} {times}" for what, times in kinds_of_work(person.efforts).most_common(9))
    sys.stdout.write(f"    {common}\n")
    for one in wrong:
        sys.stdout.write(f"    not as the truth says: {one}\n")
    for what, times in person.hands.problems.most_common():
        sys.stdout.write(f"    ! {times} x {what}\n")
    for effort in sorted(person.efforts, key=lambda one: -one.actions)[:worst]:
        sys.stdout.write(f"    {effort.actions:3} {effort.file}: {', '.join(effort.done)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

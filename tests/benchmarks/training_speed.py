"""How fast Curator trains, beside a plain loop in the style of torchvision's reference, in one run.

    python tests/benchmarks/training_speed.py [--images N] [--threads N] [--weights FILE] [--only WHAT]

Both train MobileNetV2 at 224 px in batches of 32 on the same drawn images (`curator.synthetic`, at their own
sizes), on the same number of torch threads. The plain loop is ImageFolder, a DataLoader with 2 workers,
torchvision's network and transforms, AdamW. Each measurement is a process of its own, the two taking turns.

full    all layers learn from the given weights: images/s of training, from the second epoch on
scratch all layers learn from nothing, BatchNorm's statistics too: the same
head    convolutions frozen: seconds, all of loading and building and the first epoch included, until the lowest
        validation loss that the plain loop has seen in `--head-epochs` epochs is reached
memory  the most that a process ever held resident (the workers of the plain loop apart, each below 0.5 GiB)

Without weights at hand (`curator models --fetch mobilenet_v2`, or `--weights`) the convolutions are random ones,
the same for both. Nothing is asserted: figures depend on the machine and on what else runs on it, so the load
average is printed beside them, and what was reached for each second of processor time, workers included.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SIDE, BATCH = 224, 32
HEAD_RATE, RATE = 1e-3, 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=256, help="a quarter of them validates")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--head-epochs", type=int, default=30)
    parser.add_argument("--only", choices=("full", "scratch", "head"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work is not None:
        print(json.dumps(work(*arguments.work, threads=arguments.threads)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = prepared(Path(folder), arguments.images, arguments.weights)
        print(
            f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {arguments.threads} threads, "
            f"load {os.getloadavg()[0]:.2f}; {data['train']} + {data['val']} images, {data['weights_words']}"
        )
        answer: dict[str, Any] = {"threads": arguments.threads, **data}
        for what in ("full", "scratch", "head"):
            if arguments.only in (None, what):
                answer[what] = compared(what, data, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(answer, indent=2) + "\n")


def prepared(folder: Path, count: int, weights: Path | None) -> dict[str, Any]:
    """Draws the images, splits them, writes manifest and ImageFolder trees, and finds or makes weights."""
    import torch
    import torchvision

    from curator.dataset.scan import Found, scan
    from curator.dataset.split import Shares
    from curator.manifest.files import write_manifest
    from curator.manifest.schema import ManifestRow
    from curator.synthetic.dataset import generate
    from curator.training.backbones import card_named
    from curator.training.weights import find_weights

    for _ in generate(folder / "drawn", count=count):
        pass
    root = folder / "drawn" / "images"
    rows = []
    for event in scan(root):
        if isinstance(event, Found) and event.record.error is None and event.record.sha256 is not None:
            record = event.record
            split = "val" if int(record.sha256[:4], 16) % 4 == 0 else "train"
            rows.append(
                ManifestRow(
                    file_name=record.file_name, sha256=record.sha256, width=record.width, height=record.height,
                    label=record.label, decision="keep", discard_reason=None, crop=None, masks=[],
                    fill="background", copy_group=None, group=record.sha256, split=split, decided_by="person",
                    confidence=None, note="",
                )
            )  # fmt: skip
            place = folder / "folders" / split / record.label
            place.mkdir(parents=True, exist_ok=True)
            (place / Path(record.file_name).name).hardlink_to(root / record.file_name)
    write_manifest(
        folder / "manifest",
        rows,
        root=root,
        profile="general",
        classes=["no", "yes"],
        seed=0,
        shares=Shares(),
    )
    found = find_weights(card_named("mobilenet_v2"), str(weights) if weights else "imagenet")
    path, words = found.path, "ImageNet weights"
    if path is None:
        path, words = folder / "random.pth", "random weights"
        torch.manual_seed(0)
        torch.save(torchvision.models.mobilenet_v2(weights=None).state_dict(), path)
    return {
        "folder": str(folder),
        "weights": str(path),
        "weights_words": words,
        "train": sum(row.split == "train" for row in rows),
        "val": sum(row.split == "val" for row in rows),
    }


def compared(what: str, data: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """Measures both, in turns, and prints a line for each."""
    found: dict[str, list[dict[str, Any]]] = {"plain": [], "curator": []}
    target = -1.0
    for _ in range(1 if what == "head" else arguments.rounds):
        for who in ("plain", "curator"):
            epochs = arguments.head_epochs if what == "head" else 3
            task = json.dumps({**data, "what": what, "epochs": epochs, "target": target})
            found[who].append(measured(who, what, task, arguments.threads))
            if what == "head" and who == "plain":
                target = min(loss for _, _, loss in found[who][0]["course"])
    figures: dict[str, Any] = {}
    for who, runs in found.items():
        memory = max(run["memory"] for run in runs) / 2**20
        if what == "head":
            seconds, cpu, epoch = reached(runs[0]["course"], target)
            figures[who], figures[f"{who}_cpu"] = seconds, cpu
            print(
                f"head     {who:<8} {seconds:7.1f} s ({cpu:.1f} s of a core) to a validation loss of {target:.4f} "
                f"(epoch {epoch}), "
                f"first epoch {runs[0]['course'][0][0]:.1f} s, {memory:.0f} MiB"
            )
        else:
            speed = max(run["speed"] for run in runs)
            figures[who] = speed
            figures[f"{who}_cpu"] = max(run["cpu"] for run in runs)
            each = ", ".join(f"{run['speed']:.1f}" for run in runs)
            print(f"{what:<8} {who:<8} {speed:7.1f} images/s (of {each}), {memory:.0f} MiB")
        figures[f"{who}_mib"] = memory
    ratio = figures["plain"] / figures["curator"] if what == "head" else figures["curator"] / figures["plain"]
    on_core = figures["curator_cpu"] / figures["plain_cpu"]
    on_core = 1 / on_core if what == "head" else on_core
    print(
        f"{what:<8} {'':<8} {ratio:7.2f} times as fast, {on_core:.2f} for a core; load {os.getloadavg()[0]:.2f}",
        flush=True,
    )
    return {**figures, "ratio": ratio, "runs": found}


def measured(who: str, what: str, task: str, threads: int) -> dict[str, Any]:
    """One measurement in a process of its own."""
    with tempfile.TemporaryDirectory() as own:
        done = subprocess.run(
            [sys.executable, __file__, "--threads", str(threads), "--work", who, what, task, own],
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "CURATOR_CACHE": f"{own}/cache"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def reached(course: list[tuple[float, float, float]], target: float) -> tuple[float, float, int]:
    """Seconds, seconds of a core, and epoch at which a validation loss was first no higher than the target."""
    for epoch, (seconds, cpu, loss) in enumerate(course, start=1):
        if loss <= target:
            return seconds, cpu, epoch
    return float("nan"), float("nan"), 0


def core_seconds() -> float:
    """Processor time of this process and of its workers that have ended."""
    mine, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def work(who: str, what: str, task: str, own: str, *, threads: int) -> dict[str, Any]:
    """In the process of a measurement: trains and returns its figures."""
    import torch

    torch.set_num_threads(threads)
    plan = json.loads(task)
    answer = (plain if who == "plain" else curator)(what, plan, Path(own))
    return {**answer, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def plain(what: str, plan: dict[str, Any], own: Path) -> dict[str, Any]:
    """The loop that a tutorial has."""
    import torch
    import torchvision
    from torch import nn
    from torchvision import transforms

    torch.manual_seed(0)
    began, first = time.monotonic(), core_seconds()
    normal = [transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    varied = [
        transforms.RandomHorizontalFlip(),
        transforms.RandomAffine(8, translate=(0.04, 0.04), scale=(0.92, 1.08)),
        transforms.ColorJitter(brightness=0.1, contrast=0.15),
    ]
    size = transforms.Resize((SIDE, SIDE))
    loaders = {}
    for split, transform in (("train", [size, *varied, *normal]), ("val", [size, *normal])):
        folder = torchvision.datasets.ImageFolder(
            f"{plan['folder']}/folders/{split}", transforms.Compose(transform)
        )
        loaders[split] = torch.utils.data.DataLoader(folder, BATCH, shuffle=split == "train", num_workers=2)
    model = torchvision.models.mobilenet_v2(weights=None)
    if what != "scratch":
        model.load_state_dict(torch.load(plan["weights"], weights_only=True))
    model.classifier[1] = nn.Linear(model.last_channel, 2)
    if what == "head":
        model.features.requires_grad_(False)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=HEAD_RATE if what == "head" else RATE, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss()
    course, speed, cpu = [], 0.0, 0.0
    for epoch in range(plan["epochs"]):
        model.train()
        if what == "head":  # as it should be, if not as tutorials have it
            model.features.eval()
        start, used, count = time.monotonic(), core_seconds(), 0
        for images, targets in loaders["train"]:
            loss = criterion(model(images), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            count += len(targets)
        if epoch:
            speed = max(speed, count / (time.monotonic() - start))
            cpu = max(cpu, count / (core_seconds() - used))
        if what == "head":
            model.eval()
            total = 0.0
            with torch.inference_mode():
                for images, targets in loaders["val"]:
                    total += float(nn.functional.cross_entropy(model(images), targets, reduction="sum"))
            loss = total / len(loaders["val"].dataset)
            course.append((time.monotonic() - began, core_seconds() - first, loss))
    return {"course": course, "speed": speed, "cpu": cpu}


def curator(what: str, plan: dict[str, Any], own: Path) -> dict[str, Any]:
    """Curator's loop, as the command line runs it."""
    from curator.manifest.files import read_manifest
    from curator.training.config import TrainConfig
    from curator.training.device import memory_kept
    from curator.training.events import BatchDone, EpochDone
    from curator.training.loop import fit

    began, first = time.monotonic(), core_seconds()
    config = TrainConfig(
        weights="none" if what == "scratch" else plan["weights"],
        image_size=SIDE,
        resize="stretch",
        epochs=plan["epochs"] * (10 if what == "head" else 1),
        head_epochs=10_000 if what == "head" else 0,
        open_groups=0 if what == "head" else 3,
        open_every=0,
        batch_size=BATCH,
        balance="none",
        schedule="constant",
        head_lr=HEAD_RATE,
        lr=RATE,
        device="cpu",
    )
    course, speed, cpu, used, trained = [], 0.0, 0.0, core_seconds(), 0.0
    events: Iterator[Any] = fit(read_manifest(Path(plan["folder"]) / "manifest"), config, own / "run")
    with memory_kept():
        for event in events:
            if isinstance(event, BatchDone) and event.stage == "training":
                trained = core_seconds()
            elif isinstance(event, EpochDone):
                row = event.metrics
                course.append((time.monotonic() - began, core_seconds() - first, row.val_loss))
                if row.epoch > 1:
                    speed = max(speed, row.images_per_second)
                    cpu = max(cpu, plan["train"] / (trained - used))
                if what == "head" and row.val_loss <= plan["target"]:
                    break
                used = core_seconds()
    return {"course": course, "speed": speed, "cpu": cpu}


if __name__ == "__main__":
    main()

"""Where to train, and how much memory that has. `torch` is imported only when a device is asked for."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Literal, TypeAlias

from curator.errors import TrainingError

Kind: TypeAlias = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True, slots=True)
class MemorySample:
    """Memory at one moment, in bytes.

    `allocated`, `reserved` and `total` are the accelerator's (all 0 on the CPU); `process` is what this
    process holds resident; `machine_free` and `machine_total` are the main memory's.
    """

    device: str
    kind: Kind
    allocated: int
    reserved: int
    total: int
    process: int
    machine_free: int
    machine_total: int


def pick(name: str = "auto") -> str:
    """The device to use, e.g. "cuda:0", "mps" or "cpu". Raises `TrainingError` for one that is not here."""
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return "cuda:0"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise TrainingError(f"{name!r} is no device: choose auto, cpu, cuda, cuda:1 or mps.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrainingError(f"{name!r} is not on this machine: choose auto or cpu.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise TrainingError("This machine has no mps device: choose auto or cpu.")
    if device.type not in ("cpu", "cuda", "mps"):
        raise TrainingError(f"Curator does not train on {name!r}: choose auto, cpu, cuda, cuda:1 or mps.")
    return name


def sample(device: str = "cpu") -> MemorySample:
    """The memory of a device and of the machine, now."""
    import psutil

    kind: Kind = "cuda" if device.startswith("cuda") else "mps" if device == "mps" else "cpu"
    allocated = reserved = total = 0
    if kind == "cuda":
        import torch

        allocated, reserved = torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)
        total = torch.cuda.get_device_properties(device).total_memory
    elif kind == "mps":
        import torch

        allocated, reserved = torch.mps.current_allocated_memory(), torch.mps.driver_allocated_memory()
        total = torch.mps.recommended_max_memory()
    machine = psutil.virtual_memory()
    process = psutil.Process().memory_info().rss
    return MemorySample(device, kind, allocated, reserved, total, process, machine.available, machine.total)


def keep_memory() -> bool:
    """Tells glibc to keep freed memory instead of giving it back after every batch; False where it can't.

    Training on the CPU ran 1.46 times, inference 2.2 times as fast with it. Meant for the command line: in a
    window it would fight the bounded caches.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    return bool(mallopt(mmap_threshold, 1 << 30)) and bool(mallopt(trim_threshold, (1 << 31) - 1))

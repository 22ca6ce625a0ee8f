"""Where to train, and how much memory that has. `torch` is imported only when a device is asked for."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from curator.errors import TrainingError

Kind: TypeAlias = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True, slots=True)
class MemorySample:
    """Memory at one moment, in bytes.

    `allocated`, `reserved` and `total` are the accelerator's (all 0 on the CPU), `peak` the most that was ever
    allocated since `forget_peak`, `others` what other processes hold there (None where that can't be told);
    `process` is what this process holds resident; `machine_free` and `machine_total` are the main memory's.
    """

    device: str
    kind: Kind
    allocated: int
    reserved: int
    total: int
    process: int
    machine_free: int
    machine_total: int
    peak: int = 0
    others: int | None = None


def pick(name: str = "auto", local: int | None = None) -> str:
    """The device to use, e.g. "cuda:0", "mps" or "cpu". Raises `TrainingError` for one that is not here.

    `local` is this process's number on its machine where several train together, each on a GPU of its own.
    """
    import torch

    if name in ("auto", "cuda") and local is not None and torch.cuda.is_available():
        return pick(f"cuda:{local}")
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


def spare_threads() -> int:
    """One thread fewer than the cores: as many as the cores collapse (28 to 2 to 6 images/s, measured on two)
    as soon as anything else runs, such as a window."""
    return max(1, (os.cpu_count() or 2) - 1)


@contextmanager
def settings(threads: int, deterministic: bool) -> Iterator[None]:
    """torch's threads (0 leaves them) for a while, and as they were afterwards; so with `deterministic` its
    algorithms. Without it they are left alone: they hold for all threads, and one may train by them."""
    import torch

    if deterministic:
        # cuBLAS asks for it, and reads it when CUDA is first used.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads_before = torch.get_num_threads()
    deterministic_before = torch.are_deterministic_algorithms_enabled()
    try:
        if threads:
            torch.set_num_threads(threads)
        if deterministic:
            torch.use_deterministic_algorithms(True, warn_only=True)
        yield
    finally:
        torch.set_num_threads(threads_before)
        if deterministic:
            torch.use_deterministic_algorithms(deterministic_before, warn_only=True)


def sample(device: str = "cpu") -> MemorySample:
    """The memory of a device and of the machine, now."""
    import psutil

    kind: Kind = "cuda" if device.startswith("cuda") else "mps" if device == "mps" else "cpu"
    allocated = reserved = total = peak = 0
    others = None
    if kind == "cuda":
        import torch

        allocated, reserved = torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)
        total = torch.cuda.get_device_properties(device).total_memory
        peak, others = torch.cuda.max_memory_allocated(device), _held_by_others(device, reserved)
    elif kind == "mps":
        import torch

        allocated, reserved = torch.mps.current_allocated_memory(), torch.mps.driver_allocated_memory()
        total = torch.mps.recommended_max_memory()
    machine = psutil.virtual_memory()
    process = psutil.Process().memory_info().rss
    return MemorySample(
        device, kind, allocated, reserved, total, process, machine.available, machine.total, peak, others
    )


def forget_peak(device: str) -> None:
    """From now on `MemorySample.peak` is the most allocated since this call; nothing on other devices."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)


def _held_by_others(device: str, reserved: int) -> int:
    """Bytes of a CUDA device that other processes hold.

    NVML counts them by process where `nvidia-ml-py` is installed and sees this process. Elsewhere, as in a
    container with process numbers of its own, it is what is in use less what this process has reserved, and so
    holds this process' CUDA context too (some hundred MB).
    """
    import torch

    handle = _nvml_handle(str(torch.cuda.get_device_properties(device).uuid))
    if handle is not None:
        import pynvml

        held = {one.pid: one.usedGpuMemory for one in pynvml.nvmlDeviceGetComputeRunningProcesses(handle)}
        if os.getpid() in held:
            return sum(size or 0 for pid, size in held.items() if pid != os.getpid())
    free, total = torch.cuda.mem_get_info(device)
    return max(0, total - free - reserved)


@lru_cache(maxsize=8)
def _nvml_handle(uuid: str) -> Any:
    """NVML's handle of the card with this UUID; None without `nvidia-ml-py` or a driver that answers."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
    except pynvml.NVMLError:
        return None


@contextmanager
def memory_kept(most: int | None = None) -> Iterator[bool]:
    """For a while glibc keeps freed memory instead of giving it back after every batch; False where it can't.

    Training on the CPU ran 1.46 times, inference 2.2 times as fast with it. `most` bounds in bytes what is kept
    free, for a window with caches that have bounds of their own; afterwards all is given back.
    """
    try:
        libc = ctypes.CDLL("libc.so.6") if sys.platform == "linux" else None
        mallopt = libc.mallopt if libc is not None else None
    except (OSError, AttributeError):
        mallopt = None
    if libc is None or mallopt is None:
        yield False
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    kept = most or (1 << 31) - 1
    done = bool(mallopt(mmap_threshold, min(kept, 1 << 30))) and bool(mallopt(trim_threshold, kept))
    try:
        yield done
    finally:
        for option in (mmap_threshold, trim_threshold):
            mallopt(option, 128 << 10)  # glibc's DEFAULT_MMAP_THRESHOLD and DEFAULT_TRIM_THRESHOLD
        libc.malloc_trim(0)

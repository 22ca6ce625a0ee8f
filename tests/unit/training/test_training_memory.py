"""What other programs hold of a card: by NVML where it sees this process, else by what is in use."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest
import torch

from curator.training import device

GIB = 1024**3


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card of 8 GiB of which 3 are free; this process has allocated 1, at most 2, and reserved 3."""
    for name, value in (
        ("memory_allocated", 1 * GIB),
        ("memory_reserved", 3 * GIB),
        ("max_memory_allocated", 2 * GIB),
        ("get_device_properties", SimpleNamespace(total_memory=8 * GIB, uuid="12")),
        ("mem_get_info", (3 * GIB, 8 * GIB)),
    ):
        monkeypatch.setattr(torch.cuda, name, lambda _device, value=value: value)
    device._nvml_handle.cache_clear()
    yield
    device._nvml_handle.cache_clear()


def nvml(processes: dict[int, int | None]) -> SimpleNamespace:
    return SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetComputeRunningProcesses=lambda handle: [
            SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in processes.items()
        ],
    )


def test_without_nvml_it_is_what_is_in_use_less_our_own(card: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    sample = device.sample("cuda:0")
    assert (sample.allocated, sample.reserved, sample.total) == (GIB, 3 * GIB, 8 * GIB)
    assert sample.peak == 2 * GIB
    assert sample.others == 2 * GIB


def test_nvml_tells_processes_apart(card: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml({os.getpid(): 4 * GIB, 1: GIB, 2: None}))
    assert device.sample("cuda:0").others == GIB


def test_nvml_that_does_not_see_this_process_is_not_believed(
    card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml({1: 4 * GIB}))
    assert device.sample("cuda:0").others == 2 * GIB


def test_a_cpu_has_no_peak_and_no_others() -> None:
    sample = device.sample("cpu")
    assert (sample.peak, sample.others) == (0, None)
    assert sample.process > 0

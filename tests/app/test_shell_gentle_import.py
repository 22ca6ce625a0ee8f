"""Imports of PyTorch from a job: the collector keeps away, the libraries are loaded beforehand."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from curator.app import jobs
from curator.app.gentle_import import gently


def test_the_collector_rests_meanwhile_and_comes_back_also_after_a_failure() -> None:
    assert gc.isenabled()
    with gently():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), gently():
        import no_such_module  # noqa: F401
    assert gc.isenabled()


def test_what_was_imported_is_not_looked_at_again() -> None:
    gc.unfreeze()
    with gently():
        pass
    assert gc.get_freeze_count() > 1000


def test_a_module_is_imported_once() -> None:
    assert jobs.load("curator.training.config") is sys.modules["curator.training.config"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Python's own way is taken")
def test_torch_works_when_its_libraries_were_loaded_beforehand() -> None:
    code = (
        "import sys; from curator.app.gentle_import import _load_libraries; _load_libraries(); "
        "maps = open('/proc/self/maps').read(); assert 'libtorch_cpu' in maps; "
        "assert 'torch' not in sys.modules; import torch; print(int(torch.ones(3).sum()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.stdout.strip() == "3", done.stderr[-2000:]

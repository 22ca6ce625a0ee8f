"""How many images a batch may have: raised before a run begins to what the device's memory holds.

On an accelerator, batches are tried out: doubled until memory runs out or too much of it is taken, then halved in
between. The main memory of a machine does not run out like that: the system swaps, or ends a process. There, two or
three small batches are worked, the bytes of all tensors that lived at the height of each are counted, and that
says how many images a share of the free memory holds.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Generator
from typing import Any, Final, Protocol

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from curator.errors import TrainingError
from curator.records import Event, Progress
from curator.training.events import BatchSizeFound, BatchSizeTried
from curator.training.trial import Trial, give_back_memory, is_out_of_memory

SMALLEST: Final = 2
# As large as the plan allows.
LARGEST: Final = 4096
# A CPU works a batch in parts of a few images anyway: more in a batch than this gains no speed, only fewer steps.
LARGEST_ON_CPU: Final = 64
# Of the memory that is free, a batch takes no more than `_MOST`; from `_ENOUGH` on nothing larger is looked for.
# The rest is for other processes, for fragments, and for what libraries allocate past torch.
_MOST: Final = 0.85
_ENOUGH: Final = 0.80
# Of the main memory: the page cache, the window and other programs live from the other half, and what kernels take
# for themselves (a process grew by 1.02 times the bytes counted with MobileNetV2, 1.4 times with VGG16).
_MOST_ON_CPU: Final = 0.5
# Twice the images must take so many times the bytes for these to tell what an image takes.
_GROWN: Final = 1.5
# More parts than this of the training images in a batch leave too few steps in an epoch to learn from.
_STEPS_AN_EPOCH: Final = 8
_GIB: Final = 1024.0**3


class Probe(Protocol):
    """A device, and the work whose memory is in question. `refuses` says whether it raises when memory is out."""

    name: str
    refuses: bool

    def free(self) -> int:
        """Bytes that could be taken now; first gives back what earlier trials left behind."""

    def measure(self, images: int, steps: int) -> int:
        """Works `steps` batches in the costliest phase; returns the bytes that this took at its height.

        Raises `torch.OutOfMemoryError` where they are not there.
        """


def find_batch_size(probe: Probe, train_images: int) -> Generator[Event, None, BatchSizeFound]:
    """Finds the batch size: `Progress` and `BatchSizeTried` for each trial; yields and returns `BatchSizeFound`.

    Never more than an eighth of the training images (but at least 2), and never more than 0.85 of the memory
    that is free. It can be closed between any two trials. Raises `TrainingError` where not even 2 images fit.
    """
    eighth = train_images // _STEPS_AN_EPOCH
    largest = LARGEST if probe.refuses else LARGEST_ON_CPU
    most = max(SMALLEST, min(eighth, largest))
    size, needed, free = yield from (_by_trying if probe.refuses else _by_growth)(probe, most)
    if size < most:
        why = f"it takes {_words(needed)} of the {_words(free)} that are free on {probe.name}."
    elif most < largest:
        why = "an eighth of the training images; memory would hold more."
    else:
        why = "more in a batch would gain nothing here."
    found = BatchSizeFound(size, needed, free, f"Batch size {size}, found: {why}")
    yield found
    return found


def _by_trying(probe: Probe, most: int) -> Generator[Event, None, tuple[int, int, int]]:
    """Doubling, then bisection, then two real steps; the size, and the bytes needed and free."""
    fits, too_large, size = 0, most + 1, min(SMALLEST, most)
    count = known = 0
    # Doublings up to `most`, as many halvings again, the steps at the end.
    expected = 2 * math.ceil(math.log2(max(most, 2))) + 1
    while fits < too_large - 1:
        yield Progress(min(count, expected - 1), expected, f"Trying a batch of {size}")
        free, needed = _try(probe, size, 1)
        yield BatchSizeTried(size, _within(needed, free), needed, free)
        count += 1
        if needed is not None and _within(needed, free):
            fits, known = size, needed
            if needed >= _ENOUGH * free:
                break
        else:
            too_large = size
        if too_large == SMALLEST:
            raise _nothing_fits(probe, needed, free)
        size = min(2 * fits, most) if too_large > most else (fits + too_large) // 2
    size = fits
    while True:
        yield Progress(expected - 1, expected, f"Two steps with a batch of {size}")
        free, needed = _try(probe, size, 2)
        fine = _within(needed, free)
        yield BatchSizeTried(size, fine, needed, free)
        if needed is not None and fine:
            return size, needed, free
        if size <= SMALLEST:
            raise _nothing_fits(probe, needed, free)
        # Another process took memory since, or the second step needs more than the first.
        known = needed or known
        smaller = min(int(size * _MOST * free / known), size * 7 // 8)
        known = known * smaller // size
        size = max(SMALLEST, smaller)


def _by_growth(probe: Probe, most: int) -> Generator[Event, None, tuple[int, int, int]]:
    """Small batches, doubled until images and not weights make the bytes; the size, and the bytes needed and free.

    Beyond that the bytes grow at most in proportion to the images, since what is fixed only adds to the small.
    """
    size, before, height = SMALLEST, 0, 0
    expected = max(2, math.ceil(math.log2(most)))
    for number in range(expected + 1):
        yield Progress(min(number, expected - 1), expected, f"Trying a batch of {size}")
        free, needed = _try(probe, size, 1)
        fine = _within(needed, free, _MOST_ON_CPU)
        yield BatchSizeTried(size, fine, needed, free)
        if needed is None or not fine:
            if size == SMALLEST:
                raise _nothing_fits(probe, needed, free)
            return max(SMALLEST, size // 2), before, free
        height = needed
        if size == most or (before and height >= _GROWN * before):
            break
        size, before = min(2 * size, most), height
    each = height / size
    size = max(size, min(most, int(_MOST_ON_CPU * free / each)))
    return size, round(each * size), free


def _try(probe: Probe, size: int, steps: int) -> tuple[int, int | None]:
    """The bytes that were free before, and that were needed; None where they were not there."""
    try:
        # Asked each time: other processes come and go.
        free = probe.free()
        return free, probe.measure(size, steps)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    return probe.free(), None


def _within(needed: int | None, free: int, share: float = _MOST) -> bool:
    return needed is not None and needed <= share * free


def _nothing_fits(probe: Probe, needed: int | None, free: int) -> TrainingError:
    takes = f"takes {_words(needed)}, and" if needed is not None else "does not fit:"
    return TrainingError(
        f"Even a batch of {SMALLEST} images {takes} only {_words(free)} are free on {probe.name}: close other "
        "programs that use it, or choose smaller images, fewer opened blocks or a smaller backbone."
    )


def _words(size: int) -> str:
    return f"{size / _GIB:.1f} GB" if size >= 0.95 * _GIB else f"{size / 1024**2:.0f} MB"


class DeviceProbe:
    """Works batches on the device itself: forward, backward, a step that allocates the optimiser's state, and a
    validation step, with all layers open that the trial's network has open."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._device = trial.device
        self.refuses = trial.device.type != "cpu"
        self.name = "this machine" if trial.device.type == "cpu" else str(trial.device)

    def free(self) -> int:
        """Bytes that torch could still take: of the accelerator, or of the machine."""
        give_back_memory(self._device)
        if self._device.type == "cuda":
            return int(torch.cuda.mem_get_info(self._device)[0])
        if self._device.type == "mps":
            return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
        import psutil

        return int(psutil.virtual_memory().available)

    def measure(self, images: int, steps: int) -> int:
        """Bytes beyond those taken before the first step; see `Probe`."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            before = torch.cuda.memory_reserved(self._device)
            self._work(images, steps)
            # Reserved, not allocated: what the cache holds in fragments is not free for anybody.
            return int(torch.cuda.max_memory_reserved(self._device) - before)
        if self._device.type == "mps":
            before = torch.mps.driver_allocated_memory()
            self._work(images, steps)
            # It keeps what it has taken, so this is the height.
            return int(torch.mps.driver_allocated_memory() - before)
        count = TensorBytes(self._trial.network)
        with count:
            self._work(images, steps)
        return count.height

    def _work(self, images: int, steps: int) -> None:
        trial = self._trial
        part = torch.arange(images) % trial.images
        optimiser = trial.optimiser(trial.network)
        try:
            trial.network.train()
            for _ in range(steps):
                optimiser.zero_grad(set_to_none=True)
                trial.backward(part, images)
                trial.step(optimiser)
            trial.network.eval()
            # Gradients and the optimiser's state stay, as they do while a run validates.
            with trial.random, torch.inference_mode():
                trial.look(trial.network, part)
        finally:
            for parameter in trial.network.parameters():
                parameter.grad = None


class TensorBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all tensors that are made inside `with` and live at the same time.

    Exact and repeatable, unlike the memory of the process, which the allocator gives back late or never. What a
    kernel takes for itself and gives back is not seen. `known` are modules whose tensors were there before.
    """

    def __init__(self, *known: torch.nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.height = 0
        self._now = 0
        self._storages: dict[int, weakref.ref[torch.UntypedStorage]] = {}
        self._before = {
            tensor.untyped_storage().data_ptr()
            for module in known
            for tensor in (*module.parameters(), *module.buffers())
        }

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Every operation of torch comes through here."""
        made = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, torch.Tensor):
                self._add(leaf.untyped_storage())
        return made

    def _add(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._storages or storage.data_ptr() in self._before:
            return
        size = storage.nbytes()

        def gone(_: object) -> None:
            self._now -= size
            del self._storages[key]

        self._storages[key] = weakref.ref(storage, gone)
        self._now += size
        self.height = max(self.height, self._now)

"""Drawn examples on the device that trains, read as the processes that draw them write them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

Arrays = Mapping[str, np.ndarray]
_PAUSE = 0.5  # seconds between two looks at the folders


class Pool:
    """Up to `most` examples as uint8 on a device; a thread reads new parts of `folders` until there are so many.

    `read` gives a part's arrays, all of one length. The first part of the first folder is not learnt from but kept
    as `held`. Parts are what matches `pattern`; they have to appear whole (written beside and renamed).
    """

    def __init__(
        self,
        folders: list[Path],
        pattern: str,
        read: Callable[[Path], Arrays],
        most: int,
        device: torch.device,
    ) -> None:
        self.folders, self.pattern, self.read = folders, pattern, read
        self.most, self.device, self.count = most, device, 0
        self.held: Arrays = {}
        self.arrays: dict[str, Tensor] = {}
        self._known = set[Path]()
        threading.Thread(target=self._follow, daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Returns when so many examples can be learnt from."""
        while self.count < count:
            time.sleep(_PAUSE)

    def sample(self, size: int, seeds: torch.Generator) -> dict[str, Tensor]:
        """So many examples at random, each array (size, ...)."""
        at = torch.randint(self.count, (size,), generator=seeds, device=self.device)
        return {name: array[at] for name, array in self.arrays.items()}

    def _follow(self) -> None:
        while self.count < self.most:
            for folder in self.folders:
                for part in sorted(folder.glob(self.pattern)):
                    if part not in self._known and self.count < self.most:
                        self._known.add(part)
                        self._take(self.read(part))
            time.sleep(_PAUSE)

    def _take(self, arrays: Arrays) -> None:
        if not self.held:
            self.held = arrays
            return
        count = min(len(next(iter(arrays.values()))), self.most - self.count)
        for name, array in arrays.items():
            if name not in self.arrays:
                self.arrays[name] = torch.empty(
                    (self.most, *array.shape[1:]), dtype=torch.uint8, device=self.device
                )
            new = torch.from_numpy(np.ascontiguousarray(array[:count]).view(np.uint8))
            self.arrays[name][self.count : self.count + count] = new.to(self.device)
        self.count += count

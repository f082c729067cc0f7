"""Features of pictures, computed once for each picture and kept by its content.

The same reference frames are judged against many estimates, and the same picture is in many pairs; its features are
found again by BLAKE2b of its bytes and its shape. What was used last is kept, call by call, up to a number of bytes.

Contents: `ByContent`.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ..signal.files import digest

if TYPE_CHECKING:
    from torch import Tensor

Key = tuple[tuple[int, ...], str]  # shape and digest
LIMIT = 256 << 20  # bytes of features
BATCH = 1 << 20  # pixels computed at a time: 64 pictures of 128 x 128


class ByContent:
    """A function of pictures that remembers.

    Args:
        compute: `[n, H, W, 3] uint8 -> [n, …]` tensor; each row depends on its own picture only.
        limit: bytes of features to keep.
        pixels: at most so many are given to `compute` at once, but always one picture.
    """

    def __init__(self, compute: Callable[[np.ndarray], "Tensor"], limit: int = LIMIT, pixels: int = BATCH):
        self.compute, self.limit, self.pixels = compute, limit, pixels
        self.bytes = 0
        self._rows: dict[Key, tuple[Tensor, int]] = {}  # a picture's features, and the number of their batch
        self._batches: OrderedDict[int, tuple[list[Key], int]] = OrderedDict()  # pictures and bytes, oldest first
        self._number = 0
        self._lock = Lock()

    def __call__(self, images: np.ndarray) -> "Tensor":
        """Features of `[n, H, W, 3]` uint8 pictures, `[n, …]`, in order; to be read, not written to."""
        import torch

        keys = [(image.shape, digest(image)) for image in images]
        known = self._recall(keys)
        new = {key: i for i, key in enumerate(keys) if key not in known}
        if new:
            fresh = self._computed(images[list(new.values())])
            self._keep(list(new), fresh)
            if len(new) == len(keys):
                return fresh
            known |= zip(new, fresh, strict=True)
        return torch.stack([known[key] for key in keys])

    def at_once(self, height: int, width: int) -> int:
        """How many pictures of this size go into one call of `compute`."""
        return max(1, self.pixels // (height * width))

    def forget(self) -> None:
        """Drop everything."""
        with self._lock:
            self._rows.clear()
            self._batches.clear()
            self.bytes = 0

    def _recall(self, keys: "list[Key]") -> "dict[Key, Tensor]":
        with self._lock:
            found = {key: self._rows[key] for key in set(keys) if key in self._rows}
            for _, batch in found.values():
                self._batches.move_to_end(batch)
        return {key: row for key, (row, _) in found.items()}

    def _computed(self, images: np.ndarray) -> "Tensor":
        import torch

        size = self.at_once(*images.shape[1:3])
        with torch.inference_mode(), _exact():
            return torch.cat([self.compute(images[i : i + size]) for i in range(0, len(images), size)])

    def _keep(self, keys: "list[Key]", fresh: "Tensor") -> None:
        """Keep a batch as it is: its rows are views, so that it goes as a whole too."""
        with self._lock:
            self._number += 1
            self._batches[self._number] = (keys, fresh.nbytes)
            self._rows |= {key: (row, self._number) for key, row in zip(keys, fresh, strict=True)}
            self.bytes += fresh.nbytes
            while self.bytes > self.limit:
                number, (old, size) = self._batches.popitem(last=False)
                self.bytes -= size
                for key in old:
                    if self._rows.get(key, (None, None))[1] == number:  # another thread may have computed it as well
                        del self._rows[key]


def _exact():
    """On a GPU, convolutions in full float32 and the same way each time; without one, nothing."""
    import torch

    if not torch.cuda.is_available():
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)

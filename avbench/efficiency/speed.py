"""Time and memory of one call.

Conventions: one thread and full float32, as when scoring; milliseconds; the caller's settings come back afterwards.

Contents: `latencies`, `peak_memory`, `one_thread`.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .arithmetic import exact_arithmetic

if TYPE_CHECKING:
    from torch import Tensor, nn

WARM_UP = 3
FEWEST, MOST = 20, 200  # calls of each network that are timed
BUDGET = 10.0  # s after which no further round is timed, once the fewest are


def latencies(deployed: Sequence[tuple["nn.Module", Sequence["Tensor"]]]) -> list[dict[str, float]]:
    """Median and 95th percentile of the time of one call, in ms, of several networks called in turn.

    Args:
        deployed: networks in evaluation mode, and their inputs on the same device.
    """
    import torch

    times: list[list[float]] = [[] for _ in deployed]
    with one_thread(), exact_arithmetic(), torch.inference_mode():
        for network, example in deployed:
            for _ in range(WARM_UP):
                network(*example)
        begun, rounds = time.perf_counter(), 0
        while rounds < FEWEST or (rounds < MOST and time.perf_counter() - begun < BUDGET):
            for taken, (network, example) in zip(times, deployed, strict=True):
                taken.append(_call(network, example))
            rounds += 1
    return [{"median": float(np.median(t)), "p95": float(np.percentile(t, 95))} for t in times]


def _call(network: "nn.Module", example: Sequence["Tensor"]) -> float:
    """Time of one call until the device is done, in ms."""
    import torch

    wait = torch.cuda.synchronize if example[0].is_cuda else lambda: None
    wait()
    before = time.perf_counter()
    network(*example)
    wait()
    return 1000 * (time.perf_counter() - before)


def peak_memory(network: "nn.Module", example: Sequence["Tensor"]) -> int:
    """The most bytes of tensors alive at once during one call: weights, inputs and activations.

    On the CPU scratch memory inside one operator is not seen; on a GPU it is.
    """
    import torch

    if example[0].is_cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        with torch.inference_mode():
            network(*example)
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated()
    tally = _live_tensors()
    for tensor in (*network.parameters(), *network.buffers(), *example):
        tally.add(tensor)
    with torch.no_grad(), tally:
        network(*example)
    return tally.peak


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """A single thread for torch's operators; the former count comes back."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _live_tensors():
    """A dispatch mode that keeps, after every operator, the bytes of the storages that are still alive."""
    from torch import Tensor
    from torch.multiprocessing.reductions import StorageWeakRef
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class LiveTensors(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.alive, self.peak = {}, 0

        def add(self, tensor: Tensor) -> None:
            storage = tensor.untyped_storage()
            reference = StorageWeakRef(storage)
            self.alive[reference.cdata] = (reference, storage.nbytes())

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            output = func(*args, **(kwargs or {}))
            for leaf in tree_leaves(output):
                if isinstance(leaf, Tensor):
                    self.add(leaf)
            self.alive = {key: pair for key, pair in self.alive.items() if not pair[0].expired()}
            self.peak = max(self.peak, sum(size for _, size in self.alive.values()))
            return output

    return LiveTensors()

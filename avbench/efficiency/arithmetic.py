"""The arithmetic of scoring and of timing: full float32.

Contents: `exact_arithmetic`.
"""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Full float32: TF32 and autocast off, whatever the process had chosen; restored afterwards."""
    import torch

    with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
        if not torch.cuda.is_available():
            yield
            return
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
                yield
        finally:
            torch.set_float32_matmul_precision(before)

"""How the inner loops of metrics are compiled, and numba begun without what they do not use.

Contents: `compiled`.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("scipy.linalg", "cffi")


@contextmanager
def _without_the_unused() -> Iterator[None]:
    """Hide from numba, while it begins, what it imports wherever it is installed and no loop of ours needs.

    That is SciPy's linear algebra, in which it looks for a BLAS, and cffi with a parser of C: more than half of what it
    costs to begin, in every worker. No loop multiplies matrices or calls C; without BLAS numba's `np.inner`, `np.outer`
    and `np.kron` take plain loops, no more. Where one of them is loaded already there is nothing to save, and beside
    other threads, which may want it, nothing is hidden.
    """
    hidden = [name for name in UNUSED if name not in sys.modules] if threading.active_count() == 1 else []
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _without_the_unused():
    import numba
    import numba.core.typing.cffi_utils
    import numba.np.arraymath  # these two look; numba itself imports them at the first call


def compiled(function):
    """Compile with a cache on disk, or without one where nothing can be written."""
    options = {"nogil": True, "fastmath": {"contract", "reassoc", "nsz"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        return numba.njit(**options)(function)

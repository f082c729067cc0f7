"""How the inner loops of metrics are compiled, and numba begun without what they do not use.

Contents: `compiled`.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _no_search_for_blas() -> Iterator[None]:
    """Hide SciPy's linear algebra from numba while it begins.

    Numba looks there for a BLAS and imports all of it: half of what it costs to begin, in every worker. No loop of ours
    multiplies matrices; without BLAS numba's `np.inner`, `np.outer` and `np.kron` take plain loops, no more. Where it
    is loaded already there is nothing to save, and beside other threads, which may want it, nothing is hidden.
    """
    name = "scipy.linalg"
    if name in sys.modules or threading.active_count() > 1:
        yield
        return
    sys.modules[name] = None
    try:
        yield
    finally:
        del sys.modules[name]


with _no_search_for_blas():
    import numba
    import numba.np.arraymath  # the module that looks; numba itself imports it at the first call


def compiled(function):
    """Compile with a cache on disk, or without one where nothing can be written."""
    options = {"nogil": True, "fastmath": {"contract", "reassoc", "nsz"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        return numba.njit(**options)(function)

"""Seeds and draws that never change with a release of NumPy.

A seed is a hash of names, never a number that somebody chose. Draws use the raw 64-bit output of the Philox counter
generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), whose stream NumPy guarantees, and own
arithmetic on top of it: the distribution functions of `numpy.random.Generator` may change between releases.

Contents: `seed_of`, `Draw`.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def seed_of(*names: object) -> int:
    """The seed that belongs to a path of names.

    Args:
        *names: strings or integers, e.g. `("avbench-synth", 1, "speaker", 17)`.

    Returns:
        A 64-bit unsigned integer; equal names give equal seeds on every machine.

    Example:
        >>> seed_of("a", 1) == seed_of("a", 1) != seed_of("a", "1x")
        True
    """
    text = "\x1f".join(f"{type(n).__name__[0]}:{n}" for n in names)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class Draw:
    """A stream of draws, seeded by names.

    Args:
        *names: as for `seed_of`.

    Example:
        >>> Draw("x").integer(10) == Draw("x").integer(10)
        True
    """

    def __init__(self, *names: object):
        self._bits = np.random.Philox(key=seed_of(*names))

    def raw(self, n: int) -> np.ndarray:
        """`[n]` uint64, the generator's own output."""
        return self._bits.random_raw(n)

    def uniforms(self, n: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """`[n]` float64, uniform on [low, high), with 53 random bits each."""
        return low + (high - low) * ((self.raw(n) >> np.uint64(11)) * 2.0**-53)

    def normals(self, n: int, mean: float = 0.0, sd: float = 1.0) -> np.ndarray:
        """`[n]` float64, normal, by Box and Muller's transform of pairs of uniforms."""
        pairs = (n + 1) // 2
        u = self.uniforms(2 * pairs)
        radius = np.sqrt(-2.0 * np.log1p(-u[:pairs]))
        angle = 2.0 * np.pi * u[pairs:]
        return mean + sd * np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:n]

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """One number, uniform on [low, high)."""
        return float(self.uniforms(1, low, high)[0])

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """One normal number (one half of a pair; the other half is not kept)."""
        return float(self.normals(1, mean, sd)[0])

    def exponential(self, mean: float = 1.0) -> float:
        """One exponential number with the given mean."""
        return float(-mean * np.log1p(-self.uniform()))

    def integer(self, low: int, high: int | None = None) -> int:
        """One integer in [0, low) or [low, high).

        The bias of the multiply-shift rule is below high / 2**64 and of no account here.
        """
        low, high = (0, low) if high is None else (low, high)
        if high <= low:
            raise ValueError(f"an integer cannot be drawn from the empty range [{low}, {high})")
        return low + ((int(self.raw(1)[0]) * (high - low)) >> 64)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def choice(self, items: Sequence[T]) -> T:
        """One item."""
        return items[self.integer(len(items))]

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        """`k` different items, in drawn order (a partial Fisher-Yates shuffle)."""
        pool = list(items)
        if k > len(pool):
            raise ValueError(f"{k} different items cannot be drawn from {len(pool)}")
        for i in range(k):
            j = self.integer(i, len(pool))
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]

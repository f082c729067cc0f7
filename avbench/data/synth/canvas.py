"""The sheet on which a face's texture is painted once per speaker: coverage, soft shapes, seeded noise.

Computed in float64 and rounded to eighths of a grey level at the end, so that last bits of exp and cos, which differ
between machines, are rounded away.

Conventions: `[S, S]` planes over the square of `EXTENT` head units around the origin; see `face` for the units.

Contents: `SIZE`, `EXTENT`, `Canvas`.
"""

import numpy as np

from ...seeds import Draw

SIZE = 320
EXTENT = 1.25


class Canvas:
    """A transparent square to paint on.

    Args:
        seed: of the noise.
    """

    def __init__(self, seed: int):
        line = (np.arange(SIZE) + 0.5) / SIZE * 2 * EXTENT - EXTENT
        self.x, self.y = line[None, :], line[:, None]
        self.pixel = 2 * EXTENT / SIZE * 1.2
        self.picture = np.zeros((3, SIZE, SIZE))
        self.coverage = np.zeros((SIZE, SIZE))
        self._draw = Draw("avbench-synth", "canvas", seed)

    def paint(self, opacity: np.ndarray, colour: np.ndarray, shade: np.ndarray | float = 1.0):
        """Paint a colour (`[3]`, times `shade`) over what is there."""
        seen = opacity > 2e-4  # less changes nothing after rounding; most strokes are small
        rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        if not len(rows):
            return
        at = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        opacity = opacity[at]
        shade = np.broadcast_to(shade, seen.shape)[at]
        for plane, value in zip(self.picture, colour, strict=True):
            plane[at] += opacity * (value * shade - plane[at])
        self.coverage[at] += opacity * (1.0 - self.coverage[at])

    def darken(self, amount: np.ndarray):
        """Take a share of the light away."""
        self.picture *= 1.0 - amount

    def shape(self, distance: np.ndarray, softness: float = 0.0) -> np.ndarray:
        """Opacity of a shape given its signed distance: soft over a pixel, or over `softness`."""
        return np.clip(0.5 - distance / (softness or self.pixel), 0.0, 1.0)

    def spot(self, x: float, y: float, wide: float, high: float) -> np.ndarray:
        """A Gaussian spot: 1 in its middle, exp(-1) at `wide` and `high` from it."""
        return np.exp(-(((self.x - x) / wide) ** 2)) * np.exp(-(((self.y - y) / high) ** 2))

    def noise(self, cells: int) -> np.ndarray:
        """`[S, S]` normal noise, smooth between `cells` × `cells` draws."""
        grid = self._draw.normals(cells * cells).reshape(cells, cells)
        at = np.linspace(0, cells - 1.001, SIZE)
        low = at.astype(int)
        share = (at - low) ** 2 * (3 - 2 * (at - low))
        rows = grid[low] * (1 - share[:, None]) + grid[low + 1] * share[:, None]
        return rows[:, low] * (1 - share) + rows[:, low + 1] * share

    def stripes(self, place: np.ndarray, count: int) -> np.ndarray:
        """Normal noise that depends on `place` (0 to 1) only: strands that run along its contours."""
        line = self._draw.normals(count + 2)
        at = np.clip(place, 0.0, 1.0) * count
        low = at.astype(int)
        share = at - low
        return line[low] * (1 - share) + line[low + 1] * share

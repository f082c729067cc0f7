"""Noises of weather and water: wind, rain, water.

Source: own recipes; a bubble rings at one pitch that rises a little as it nears the surface (van den Doel 2005,
"Physically based models for liquid sounds").

Conventions: those of `noise_parts`.

Contents: `WEATHER`.
"""

import numpy as np

from ...seeds import Draw
from .noise_parts import (
    RATE,
    Family,
    Span,
    blend,
    high,
    low,
    peak,
    phase_of,
    poisson,
    ring,
    scatter,
    shaped,
    unit,
    wander,
)


def wind(draw: Draw, n: int, gusts: float, corner: float, whistle: float, pitch: float, leaves: float) -> np.ndarray:
    """Wind at the microphone and in a gap, `gusts` a second, with leaves."""
    gust = 0.15 + wander(draw, n, gusts) ** 2 + 0.25 * wander(draw, n, 4 * gusts) ** 2
    roar = shaped(draw, n, lambda f: low(f, corner, 1.3) * high(f, 30)) * gust
    howl = cycle_noise(draw, n, pitch * (0.8 + 0.4 * gust / gust.max())) * gust**1.5
    rustle = shaped(draw, n, lambda f: peak(f, 3500, 0.8)) * gust**2 * wander(draw, n, 12, 0.3, 1.7)
    return blend((1, roar), (whistle, howl), (leaves, rustle))


def cycle_noise(draw: Draw, n: int, hz: np.ndarray) -> np.ndarray:
    """A whistle: a tone whose frequency is a curve and whose level and pitch flicker."""
    turns = phase_of(hz * (1 + 0.01 * wander(draw, n, 25, -1, 1)))
    return np.sin(2 * np.pi * turns) * wander(draw, n, 30, 0.2, 1.0)


def rain(draw: Draw, n: int, drops: float, pitch: float, ringing: float, hiss: float, corner: float) -> np.ndarray:
    """Rain on a surface that answers around `pitch` Hz for `ringing` seconds, over the hiss of distant rain."""
    grains = []
    for _ in range(40):
        modes = pitch * 2 ** draw.normals(3, 0.0, 0.6)
        grains.append(ring(draw, np.minimum(modes, 7400), ringing * draw.uniforms(3, 0.3, 1.0)))
    swell = wander(draw, n, 0.3, 0.5, 1.2)
    starts = poisson(draw, n, drops)
    patter = scatter(draw, n, starts, grains, 6.0, swell[starts])
    far = shaped(draw, n, lambda f: low(f, corner, 1.2) * high(f, 500)) * swell * wander(draw, n, 9, 0.8, 1.2)
    drips = poisson(draw, n, 2.5)
    drops_near = scatter(draw, n, drips, [1 * g for g in grains[:8]], 4.0)
    return blend((1, patter), (hiss, far), (0.5, drops_near))


def water(draw: Draw, n: int, bubbles: float, pitch: float, flow: float, corner: float, surf: float) -> np.ndarray:
    """A tap, a brook or the sea: bubbles over a flow, which comes and goes where there is surf."""
    grains = []
    for _ in range(48):
        hz, decay = min(pitch * 2 ** draw.normal(0, 0.7), 6500), draw.uniform(0.008, 0.05)
        t = np.arange(int(RATE * 5 * decay)) / RATE
        turns = hz * t * (1 + draw.uniform(0, 2.5) * t)
        grains.append(np.sin(2 * np.pi * turns) * np.exp(-t / decay) * np.minimum(t / 0.002, 1) / np.sqrt(hz))
    swell = (1 - surf) + surf * wander(draw, n, 0.35, 0.02, 1.0) ** 2
    starts = poisson(draw, n, bubbles)
    gurgle = scatter(draw, n, starts, grains, 5.0, swell[starts])
    rush = shaped(draw, n, lambda f: low(f, corner, 1.1) * high(f, 150)) * swell * wander(draw, n, 5, 0.8, 1.2)
    return blend((1, gurgle), (flow, rush)) + 0.02 * unit(shaped(draw, n, lambda f: low(f, 400)))


WEATHER = (
    Family(
        "wind",
        wind,
        {
            "gusts": Span(0.25, 1.2, log=True),
            "corner": Span(70, 450, log=True),
            "whistle": Span(0.0, 0.5),
            "pitch": Span(280, 1300, log=True),
            "leaves": Span(0.0, 0.6),
        },
    ),
    Family(
        "rain",
        rain,
        {
            "drops": Span(40, 350, log=True),
            "pitch": Span(900, 5000, log=True),
            "ringing": Span(0.003, 0.018, log=True),
            "hiss": Span(0.2, 1.0),
            "corner": Span(2500, 7000, log=True),
        },
    ),
    Family(
        "water",
        water,
        {
            "bubbles": Span(15, 160, log=True),
            "pitch": Span(350, 1800, log=True),
            "flow": Span(0.2, 1.3),
            "corner": Span(600, 3500, log=True),
            "surf": Span(0.0, 0.95),
        },
    ),
)

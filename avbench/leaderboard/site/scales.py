"""Round numbers for axes, and numbers as figures write them.

Contents: `ticks_of`, `number_text`, `at`, `power_text`.
"""

import math


def ticks_of(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that cover a range: steps of 1, 2 or 5 times a power of ten.

    Example:
        >>> ticks_of(41.2, 86.4)
        [40.0, 50.0, 60.0, 70.0, 80.0, 90.0]
    """
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def number_text(value: float) -> str:
    """A tick without needless digits."""
    return f"{value:.6g}"


def at(value: float) -> str:
    """A place in a drawing, to a tenth of its unit."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def power_text(power: int) -> str:
    """A power of ten for people: `1k`, `10M`."""
    for least, mark in ((9, "G"), (6, "M"), (3, "k")):
        if power >= least:
            return f"{10 ** (power - least)}{mark}"
    return number_text(10.0**power)

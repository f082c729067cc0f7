"""Sounds made on the spot."""

import numpy as np

from avbench.seeds import Draw


def wave(name, seconds=0.8, rate=16000):
    count = round(seconds * rate)
    envelope = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(count) / rate)
    return (0.1 * envelope * Draw("wave", name).normals(count)).astype(np.float32)

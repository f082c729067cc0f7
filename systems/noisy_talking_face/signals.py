"""What goes into the generator and comes out of it, as numbers: speech at 8 kHz, drawn noise, pictures.

Speech comes at 16 kHz and is brought to 8 kHz here, by a symmetric filter of 63 taps, so that training, answering and
streaming hear the same; scipy is all that it takes.

Contents: `LATE`, `halve`, `drawn_noise`, `to_pictures`, `to_bytes`.
"""

from functools import cache

import numpy as np

from avbench.seeds import Draw

LATE = 31  # samples at 16 kHz on either side that one at 8 kHz depends on
CUT = 3700.0  # Hz, where the filter has lost half of the amplitude
SECOND = 25  # frames whose noise is drawn together


@cache
def _taps() -> np.ndarray:
    from scipy.signal import firwin

    return firwin(2 * LATE + 1, CUT, fs=16000, window=("kaiser", 6.0))


def halve(samples: np.ndarray) -> np.ndarray:
    """16 kHz to 8 kHz: `[…, T]` to `[…, T / 2]` float32, T even; sample n lies where 2 n lay, silence lies around."""
    from scipy.signal import upfirdn

    filtered = upfirdn(_taps(), np.asarray(samples, np.float64), down=1, axis=-1)
    return filtered[..., LATE : LATE + samples.shape[-1] : 2].astype(np.float32)


def drawn_noise(seed: int, first: int, count: int, size: int) -> np.ndarray:
    """`[count, size]` float32, standard normal, of frames `first` and following; each frame's hangs on its number."""
    if count == 0:
        return np.zeros((0, size), np.float32)
    blocks = range(first // SECOND, (first + count - 1) // SECOND + 1)
    drawn = [Draw("talking face's noise", seed, block).normals(SECOND * size).reshape(SECOND, size) for block in blocks]
    begin = first - blocks[0] * SECOND
    return np.concatenate(drawn)[begin : begin + count].astype(np.float32)


def to_pictures(frames):
    """`[…, S, S, 3]` uint8 to `[…, 3, S, S]` float, -1 to 1; a tensor."""
    return frames.movedim(-1, -3).float() / 127.5 - 1


def to_bytes(pictures) -> np.ndarray:
    """`[…, 3, S, S]` to `[…, S, S, 3]` uint8, rounded and kept in range."""
    levels = ((pictures.float() + 1) * 127.5).round().clamp(0, 255)
    return np.ascontiguousarray(levels.movedim(-3, -1).cpu().numpy().astype(np.uint8))

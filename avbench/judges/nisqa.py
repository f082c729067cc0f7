"""NISQA: speech quality, or the naturalness of synthetic speech, from the sound alone.

Source: Mittag, Naderi, Chehadi and Möller 2021, "NISQA: a deep CNN-self-attention model for multidimensional speech
quality prediction with crowdsourced datasets" (`nisqa.tar`, five outputs of which the first is the MOS); Mittag and
Möller 2020, "Deep learning based assessment of synthetic speech naturalness" (`nisqa_tts.tar`). Both files are those
of their authors and carry the arguments of their network, from which it is built here.

Conventions: the sound is judged at its own rate and level. Resampling it moves the score by hundredths, making it
20 dB softer by a whole point: that is part of the judgement. A log mel spectrum is cut into windows of 15 frames
(150 ms), each becomes a vector by a small CNN, the vectors a sequence, the sequence one number on a scale of 1 to 5.
The network may end a little outside of the scale. Only windows that exist are computed; their authors fill up with
zeros to a fixed number, which changes nothing.

Contents: `Nisqa`, `load_nisqa`, `log_mel`, `cut`, `ROWS`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadFile, EstimateFault
from ..types import Audio
from .assets import Asset
from .judge import Judge
from .mel import magnitudes, mel_filters
from .weights import read_torch

if TYPE_CHECKING:
    import torch

SHORTEST = 1.0
"""Seconds. Less is a number of no meaning: the training material lasts 6 to 12 s."""

DIMENSIONS = ("mos", "noisiness", "discontinuity", "coloration", "loudness")


class Nisqa:
    """A loaded NISQA file.

    Args:
        network: maps windows `[N, 1, mels, frames]` to outputs `[1]` or `[5]`; see `nisqa_network`.
        arguments: the file's own, of which those with `ms_` shape the mel spectrum.
        device: where the network lies.
    """

    def __init__(self, network: "torch.nn.Module", arguments: Mapping[str, Any], device: str):
        self._network = network
        self._arguments = arguments
        self._device = device

    def score(self, audio: Audio) -> float:
        """Mean opinion score of one recording.

        Args:
            audio: finite and not silent, at least `SHORTEST` s, at its own rate and level.

        Raises:
            EstimateFault: shorter than `SHORTEST`, or of a rate beyond what the transform can hold (204 kHz).
        """
        return self.dimensions(audio)["mos"]

    def dimensions(self, audio: Audio) -> dict[str, float]:
        """The MOS, and for the file of five outputs noisiness, discontinuity, coloration and loudness beside it.

        Higher is better for all. Same argument and errors as `score`.
        """
        import torch

        if audio.seconds < SHORTEST:
            raise EstimateFault(f"the estimate lasts {audio.seconds:.3f} s, and NISQA needs {SHORTEST:g} s")
        windows = torch.from_numpy(cut(log_mel(audio, self._arguments), self._arguments)).to(self._device)
        with torch.inference_mode():
            found = self._network(windows).cpu().tolist()
        return dict(zip(DIMENSIONS, found, strict=False))


def log_mel(audio: Audio, arguments: Mapping[str, Any]) -> np.ndarray:
    """Mel spectrum of magnitudes in dB.

    Returns:
        `[T, mels]` float32: not below −80 dB, nor more than 80 dB below the greatest value.

    Raises:
        EstimateFault: the rate is so high that a window is longer than the transform.
    """
    size = arguments["ms_n_fft"]
    window, hop = (int(audio.rate * arguments[name]) for name in ("ms_win_length", "ms_hop_length"))
    if window > size:
        raise EstimateFault(f"the estimate has {audio.rate} Hz, and NISQA knows rates up to {size * 50} Hz")
    filters = mel_filters(audio.rate, size, arguments["ms_n_mels"], float(arguments["ms_fmax"]))
    mel = magnitudes(audio.samples, window, hop, size) @ filters
    decibels = 20.0 * np.log10(np.maximum(mel, np.float32(1e-4)))
    return np.maximum(decibels, decibels.max() - 80.0)


def cut(mel: np.ndarray, arguments: Mapping[str, Any]) -> np.ndarray:
    """Overlapping windows.

    Args:
        mel: `[T, mels]`.
        arguments: `ms_seg_length` frames each, `ms_seg_hop_length` frames apart.

    Returns:
        `[N, 1, mels, frames]` float32, contiguous.
    """
    length, hop = arguments["ms_seg_length"], arguments["ms_seg_hop_length"]
    windows = np.lib.stride_tricks.sliding_window_view(mel, length, axis=0)[::hop]
    return np.ascontiguousarray(windows[:, None])


def load_nisqa(files: Mapping[str, Path], device: str) -> Nisqa:
    """Read an official file: `nisqa.tar`, `nisqa_mos_only.tar` or `nisqa_tts.tar`.

    Args:
        files: the one file; tensors and plain values are read of it, nothing else is unpickled.
        device: `"cpu"` or `"cuda"`.

    Raises:
        BadFile: not such a file, or it describes a network that none of the official ones has.
    """
    from .nisqa_network import build_network

    (path,) = files.values()
    content = read_torch(path)
    try:
        arguments = content["args"]
        network = build_network(arguments)
        network.take(content["model_state_dict"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadFile(f"{path} is not an official NISQA file: {str(error).splitlines()[0]}") from error
    return Nisqa(network.to(device), arguments, device)


def _row(name: str, title: str, source: str, file: str, sha256: str, size: int) -> Judge:
    commit = "fe84f0f252abec382b24367d5b22498a7ce34dbb"
    asset = Asset(
        name=f"nisqa/{file}",
        sha256=sha256,
        bytes=size,
        licence="CC-BY-NC-SA-4.0",
        url=f"https://github.com/gabrielmittag/NISQA/raw/{commit}/weights/{file}",
        note="the folder weights of github.com/gabrielmittag/NISQA",
    )
    return Judge(name, title, source, "CC-BY-NC-SA-4.0", (asset,), None, load_nisqa)


ROWS = (
    _row(
        "nisqa",
        "NISQA v2.0: quality of transmitted speech",
        "Mittag et al. 2021; the authors' nisqa.tar",
        "nisqa.tar",
        "7ec4cf937514dd3f8860b21e66fabd8ca87a168572675ef8d979c4c4ad2e805c",
        1_051_663,
    ),
    _row(
        "nisqa-tts",
        "NISQA-TTS: naturalness of synthetic speech",
        "Mittag and Möller 2020; the authors' nisqa_tts.tar",
        "nisqa_tts.tar",
        "c556a954cd9536360b4fe6f524ad432816509cd22f436f345b281a7851360656",
        1_237_159,
    ),
)

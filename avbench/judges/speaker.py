"""Resemblyzer: who speaks, as a vector.

Source: Wan, Wang, Papir and Lopez Moreno 2018, "Generalized end-to-end loss for speaker verification", as trained by
the authors of the package `resemblyzer`, which ships the weights.

Conventions: the package prepares the sound (to 16 kHz, level raised to −30 dBFS where it is lower, pauses cut by a
detector of voice); the rest is computed here, equal to the package within 1e-6: mel spectrum, parts of 1.6 s at 1.3 a
second, LSTM, mean over the parts. The package embeds one recording after another; here the parts of all of them go
through the LSTM together. No component of a vector is negative, so two vectors are never far apart: recordings of
LibriSpeech that have nothing in common have a median cosine of 0.51.

Contents: `SpeakerEncoder`, `load_encoder`, `ROWS`.
"""

import pickle
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BadFile, EstimateFault, MissingResource
from ..extras import need
from ..types import Audio
from .assets import Asset
from .judge import Judge
from .mel import magnitudes, mel_filters

if TYPE_CHECKING:
    import torch

RATE = 16_000
WINDOW, HOP, MELS = 400, 160, 40  # 25 ms, 10 ms
PARTS_A_SECOND, LEAST_COVER = 1.3, 0.75  # the package's defaults
BATCH = 256  # parts in one call of the LSTM: bounds the memory that many recordings take


class SpeakerEncoder:
    """The loaded encoder.

    Args:
        package: `resemblyzer`.
        network: its `VoiceEncoder`.
    """

    def __init__(self, package: ModuleType, network: "torch.nn.Module"):
        self._package = package
        self._network = network

    def embed(self, audios: Sequence[Audio]) -> np.ndarray:
        """One vector for each recording.

        Args:
            audios: finite, of any rates and lengths.

        Returns:
            `[n, 256]` float32 of unit length, without negative components.

        Raises:
            EstimateFault: one holds no voice: silence or noise that is trimmed to nothing, or under 30 ms.
        """
        import torch

        groups = [self._parts(self.trim(audio)) for audio in audios]
        if not groups:
            return np.zeros((0, self._network.linear.out_features), np.float32)
        parts = torch.from_numpy(np.concatenate(groups))
        with torch.inference_mode():
            found = [self._network(batch.to(self._network.device)).cpu().numpy() for batch in parts.split(BATCH)]
        ends = np.cumsum([len(group) for group in groups])[:-1]
        means = np.stack([vectors.mean(axis=0) for vectors in np.split(np.concatenate(found), ends)])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def trim(self, audio: Audio) -> np.ndarray:
        """What the package leaves of a recording.

        Returns:
            `[T]` float32 at 16 kHz, not empty.

        Raises:
            EstimateFault: nothing is left.
        """
        voice = np.zeros(0, np.float32)
        if audio.seconds >= 0.03 and audio.samples.any():
            voice = self._package.preprocess_wav(audio.samples, source_sr=audio.rate)
        if len(voice) == 0:
            raise EstimateFault("no voice was found: nothing but silence or noise is left after trimming")
        return voice.astype(np.float32, copy=False)

    def _parts(self, voice: np.ndarray) -> np.ndarray:
        """Mel spectra of the parts of a trimmed recording, `[n, 160, 40]` float32."""
        samples, frames = self._network.compute_partial_slices(len(voice), PARTS_A_SECOND, LEAST_COVER)
        voice = np.pad(voice, (0, max(0, samples[-1].stop - len(voice))))
        power = np.square(magnitudes(voice, WINDOW, HOP, WINDOW, mirrored=False))
        mel = power @ mel_filters(RATE, WINDOW, MELS, RATE / 2.0)
        return np.stack([mel[part] for part in frames])


def load_encoder(files: Mapping[str, Path], device: str) -> SpeakerEncoder:
    """Open the encoder.

    Args:
        files: the one file of weights.
        device: `"cpu"` or `"cuda"`.

    Raises:
        MissingResource: the package is not installed, or something that it needs.
        BadFile: not weights of this encoder.
    """
    (path,) = files.values()
    with warnings.catch_warnings():  # what the package and its detector of voice import is deprecated
        warnings.filterwarnings("ignore", "Please import `binary_dilation`", DeprecationWarning)
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")
        warnings.filterwarnings("ignore", "Deprecated call to `pkg_resources", DeprecationWarning)
        try:
            package = need("resemblyzer", extra="voice", purpose="the judge resemblyzer")
        except ModuleNotFoundError as error:
            raise MissingResource(
                f"The package resemblyzer cannot be used without {error.name}: pip install 'avbench[voice]'."
            ) from error
    try:
        return SpeakerEncoder(package, package.VoiceEncoder(device, verbose=False, weights_fpath=path).eval())
    except (KeyError, TypeError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise BadFile(
            f"{path} does not hold the weights of Resemblyzer: {(str(error) or 'empty').splitlines()[0]}"
        ) from error


ROWS = (
    Judge(
        name="resemblyzer",
        title="Resemblyzer: speaker embedding",
        source="Wan et al. 2018; weights of the package resemblyzer",
        licence="Apache-2.0",
        assets=(
            Asset(
                name="resemblyzer/pretrained.pt",
                sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
                bytes=17_090_379,
                licence="Apache-2.0",
                note="the package resemblyzer: pip install 'avbench[voice]'",
                package="resemblyzer:pretrained.pt",
            ),
        ),
        extra="voice",
        load=load_encoder,
    ),
)

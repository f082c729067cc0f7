"""DNSMOS P.835: the quality of speech, of the background and overall, from the sound alone.

Source: Reddy, Gopal and Cutler 2022, "DNSMOS P.835: a non-intrusive perceptual objective speech quality metric to
evaluate noise suppressors", and the script and the ONNX file that the authors published beside it (the one that does
not punish other talkers). The polynomials are those of the script.

Conventions: 16 kHz; windows of 9.01 s, one a second; a shorter recording is doubled until it is long enough; the scores
of the windows are averaged after the polynomials. The script finds the end of a window in floating point, which makes
those that begin at 7 to 23 s (and some later ones) one sample too short, and leaves them out: so do we, to be equal.

Contents: `Dnsmos`, `cut`, `load_dnsmos`, `ROWS`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BadFile
from ..extras import need
from ..types import Audio
from .assets import Asset
from .judge import Judge

if TYPE_CHECKING:
    import onnxruntime

RATE = 16_000
SECONDS = 9.01
SAMPLES = 144_160

POLYNOMIALS = {  # c2·x² + c1·x + c0
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovr": (-0.06766283, 1.11546468, 0.04602535),
}


class Dnsmos:
    """The loaded model.

    Args:
        session: maps `[1, SAMPLES]` float32 to `[1, 3]`: raw SIG, BAK and OVR.
    """

    def __init__(self, session: "onnxruntime.InferenceSession"):
        self._session = session
        self._input = session.get_inputs()[0].name

    def score(self, audio: Audio) -> dict[str, float]:
        """Mean opinion scores of one recording.

        Args:
            audio: finite and not silent, 16 kHz, of any length but nought.

        Returns:
            `{"sig": …, "bak": …, "ovr": …}`, about 1 to 5, higher is better.

        Raises:
            ValueError: another rate, or no samples.
        """
        if audio.rate != RATE or len(audio.samples) == 0:
            raise ValueError(
                f"DNSMOS takes sound of {RATE} Hz, and not {len(audio.samples)} samples of {audio.rate} Hz"
            )
        raw = [self._session.run(None, {self._input: window[None]})[0][0] for window in cut(audio.samples)]
        columns = np.array(raw, np.float64).T
        return {
            name: float(np.polyval(polynomial, column).mean())
            for (name, polynomial), column in zip(POLYNOMIALS.items(), columns, strict=True)
        }


def cut(samples: np.ndarray) -> list[np.ndarray]:
    """The windows that the published script looks at, at least one, of `SAMPLES` each."""
    while len(samples) < SAMPLES:
        samples = np.concatenate((samples, samples))
    count = int(len(samples) // RATE - SECONDS) + 1
    windows = [samples[i * RATE : int((i + SECONDS) * RATE)] for i in range(count)]
    return [window for window in windows if len(window) == SAMPLES]


def load_dnsmos(files: Mapping[str, Path], device: str) -> Dnsmos:
    """Open the model, on one thread, so that a score does not depend on how many there are.

    Args:
        files: the one file.
        device: `"cpu"`; with `"cuda"` an onnxruntime built for CUDA uses it, and the usual one computes on the CPU.

    Raises:
        MissingResource: onnxruntime is not installed.
        BadFile: not an ONNX file, or one of another input.
    """
    onnxruntime = need("onnxruntime", extra="voice", purpose="the judge dnsmos")
    (path,) = files.values()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    if device.startswith("cuda") and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers = ["CUDAExecutionProvider", *providers]
    try:
        session = onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as error:  # onnxruntime's own exceptions have no common base
        raise BadFile(f"{path} is not an ONNX model that can be opened: {str(error).splitlines()[0]}") from error
    if [put.shape[1:] for put in (*session.get_inputs(), *session.get_outputs())] != [[SAMPLES], [3]]:
        raise BadFile(f"{path} is not the DNSMOS P.835 model: it should take {SAMPLES} samples and give three numbers.")
    return Dnsmos(session)


ROWS = (
    Judge(
        name="dnsmos",
        title="DNSMOS P.835: quality of speech, background and both",
        source="Reddy et al. 2022; the authors' sig_bak_ovr.onnx",
        licence="CC-BY-4.0",
        assets=(
            Asset(
                name="dnsmos/sig_bak_ovr.onnx",
                sha256="269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
                bytes=1_157_965,
                licence="CC-BY-4.0",
                url="https://github.com/microsoft/DNS-Challenge/raw/591184a9fcb2cbdec02520fed81a32bbbf9d73ff/DNSMOS/DNSMOS/sig_bak_ovr.onnx",
                note="the folder DNSMOS/DNSMOS of github.com/microsoft/DNS-Challenge",
            ),
        ),
        extra="voice",
        load=load_dnsmos,
    ),
)

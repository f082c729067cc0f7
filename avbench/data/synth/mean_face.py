"""The mean face, to which landmarks are aligned before they are compared.

It is the mean of the exact landmarks of all speakers of the embedded corpus, at rest: head straight, eyes open, mouth
shut. Each face is centred and scaled to an inter-ocular distance of 1 before the mean is taken, and so is the mean.
`avbench/signal/mean_face.tsv` holds it, to five decimals; this command writes that file again:

    python -m avbench.data.synth.mean_face

Contents: `make_mean_face`, `write_mean_face`.
"""

from dataclasses import fields
from pathlib import Path

import numpy as np

from ...signal.files import atomic_write
from ...signal.landmarks import COUNT, inter_ocular
from .face import make_identity
from .landmarks import landmarks
from .motion import Motion
from .speakers import make_speaker
from .spec import CorpusSpec, speaker_ids

PATH = Path(__file__).parents[2] / "signal" / "mean_face.tsv"
_PARAMETERS = 6  # of articulation; all 0 is a face at rest


def make_mean_face(spec: CorpusSpec | None = None) -> np.ndarray:
    """`[68, 2]` float64: centroid at the origin, outer eye corners at a distance of 1."""
    spec = spec or CorpusSpec()
    still, shut = _still(), np.zeros((1, _PARAMETERS), np.float32)
    faces = [landmarks(make_identity(spec, make_speaker(spec, name)), shut, still)[0] for name in speaker_ids()]
    return _normalised(_normalised(np.stack(faces).astype(np.float64)).mean(axis=0))


def write_mean_face(path: Path = PATH) -> None:
    """Write the table: number of the point, x, y."""
    lines = ["point\tx\ty", *(f"{k}\t{x:.5f}\t{y:.5f}" for k, (x, y) in enumerate(make_mean_face()))]
    assert len(lines) == COUNT + 1
    with atomic_write(path) as file:
        file.write(("\n".join(lines) + "\n").encode())


def _still() -> Motion:
    """One frame of a head that does not move."""
    moves = {f.name: np.zeros(1, np.float32) for f in fields(Motion)}
    moves |= {"scale": np.ones(1, np.float32), "gaze": np.zeros((1, 2), np.float32)}
    return Motion(**moves | {"gain": 1.0, "slope": (0.0, 0.0), "noise": 0.0, "background": (128.0, 128.0, 128.0)})


def _normalised(faces: np.ndarray) -> np.ndarray:
    faces = faces - faces.mean(axis=-2, keepdims=True)
    return faces / inter_ocular(faces)[..., None, None]


if __name__ == "__main__":
    write_mean_face()

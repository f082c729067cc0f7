"""Pictures and landmarks: bytes that repeat, points that lie where the drawing is."""

import hashlib
import platform
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from avbench.data.synth.articulation import _TABLE, VISEMES, track
from avbench.data.synth.face import make_identity
from avbench.data.synth.landmarks import mouth_landmarks
from avbench.data.synth.motion import FACE_VIEW, mouth_view, to_face, to_picture
from avbench.data.synth.render import landmarks, make_motion, render_face, render_mouth
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec, speaker_ids
from avbench.data.synth.voice import Phoneme

SPEC = CorpusSpec()
STILL = CorpusSpec(pose=0.0, camera=0.0)
GOLDEN = {"mouth": "8a742f3dd2e0dc72", "face": "e12f16929d9424ff", "landmarks": "38d6c9160e33b733"}

PROGRAM = """
from test_face_render import digests
print(digests())
"""


def face_of(name, spec=SPEC):
    return make_identity(spec, make_speaker(spec, name))


def clip_of(name, spec=SPEC, frames=20):
    """Identity, articulation and motion of a short clip that needs no speech engine."""
    identity = face_of(name, spec)
    symbols = "m aI b r V D 3".split()
    phonemes = [Phoneme(s, 0.08 + 0.1 * k, False) for k, s in enumerate(symbols)]
    articulation = track(phonemes, 0.78, frames, spec=spec, clip=f"{name}-000", gain=identity.gain)
    return identity, articulation, make_motion(frames, spec=spec, clip=f"{name}-000")


def viseme(*names):
    return np.array([_TABLE[name][:6] for name in names], np.float32)


def digests():
    clip = clip_of("s017")
    arrays = {"mouth": render_mouth(*clip), "face": render_face(*clip), "landmarks": np.round(landmarks(*clip), 2)}
    return {k: hashlib.blake2b(a.tobytes(), digest_size=8).hexdigest() for k, a in arrays.items()}


def test_another_process_draws_the_same_bytes(request):
    command = [sys.executable, "-c", PROGRAM]
    said = subprocess.run(command, cwd=request.path.parent, capture_output=True, text=True, check=True, timeout=120)
    assert eval(said.stdout) == digests()


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="golden on Linux x86-64")
def test_golden():
    assert digests() == GOLDEN


def test_shapes_and_types():
    clip = clip_of("s003", frames=9)
    mouth, face, points = render_mouth(*clip), render_face(*clip), landmarks(*clip)
    assert (mouth.shape, mouth.dtype) == ((9, 88, 88), np.uint8)
    assert (face.shape, face.dtype) == ((9, 128, 128, 3), np.uint8)
    assert (points.shape, points.dtype) == ((9, 68, 2), np.float32)
    with pytest.raises(ValueError, match="do not go with"):
        render_mouth(clip[0], clip[1][:5], clip[2])


def test_frames_do_not_depend_on_their_neighbours():
    identity, articulation, motion = clip_of("s005", frames=12)
    whole = render_mouth(identity, articulation, motion)
    for at in (0, 7, 11):
        arrays = {k: v[at : at + 1] for k, v in vars(motion).items() if isinstance(v, np.ndarray)}
        alone = render_mouth(identity, articulation[at : at + 1], replace(motion, **arrays))
        np.testing.assert_array_equal(alone[0], whole[at])


def test_light_and_noise_depend_on_the_clip():
    identity, articulation, motion = clip_of("s005", frames=4)
    other = make_motion(4, spec=SPEC, clip="s005-001")
    assert motion.background != other.background and motion.gain != other.gain
    assert (render_mouth(identity, articulation, motion) != render_mouth(identity, articulation, other)).mean() > 0.8
    still = [make_motion(4, spec=STILL, clip=f"s005-00{k}") for k in (0, 1)]
    assert {m.gain for m in still} == {1.0} and {m.noise for m in still} == {0.0}
    assert all(np.ptp(getattr(m, part)) == 0 for m in still for part in ("roll", "yaw", "shift_x", "scale"))


@pytest.mark.parametrize("name", ["s000", "s001", "s011", "s042"])
def test_lips_close_and_open_in_the_picture(name):
    identity = face_of(name)
    names = ("pbm", "aa", "sil", "uu", "ii")
    motion = make_motion(len(names), spec=STILL, clip="x")
    points = mouth_landmarks(identity, viseme(*names), motion)
    gap = dict(zip(names, points[:, 18, 1] - points[:, 14, 1], strict=True))  # 66 below 62
    assert gap["pbm"] < 0.2 and gap["sil"] < 0.2
    assert gap["aa"] > 12
    width = dict(zip(names, points[:, 6, 0] - points[:, 0, 0], strict=True))  # 54 right of 48
    assert width["uu"] < 0.75 * width["sil"] < width["sil"] < 0.95 * width["ii"]
    # The hole of an open mouth is dark, pressed lips show none.
    crops = render_mouth(identity, viseme(*names), motion).astype(float)
    x, y = np.round(points[1, [14, 18]].mean(0)).astype(int)
    assert crops[1, y, x] < 0.6 * crops[0, 70, 44]


@pytest.mark.parametrize("name", ["s000", "s017", "s033", "s202"])
@pytest.mark.parametrize("view", ["face", "mouth"])
def test_lip_landmarks_lie_on_the_drawn_lips(name, view):
    identity, articulation, motion = clip_of(name, CorpusSpec(camera=0.0), frames=12)
    draw, points = (
        (render_face, landmarks(identity, articulation, motion)[:, 48:])
        if view == "face"
        else (render_mouth, mouth_landmarks(identity, articulation, motion))
    )
    black, white = (replace(identity, upper_lip=(c,) * 3, lower_lip=(c,) * 3) for c in (8.0, 250.0))
    change = draw(white, articulation, motion).astype(int) - draw(black, articulation, motion)
    lips = (change.max(-1) if view == "face" else change) > 25
    for mask, outer in zip(lips, points[:, :12], strict=True):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = (columns[0], columns[-1], rows[0], rows[-1])
        expected = (outer[:, 0].min(), outer[:, 0].max(), outer[:, 1].min(), outer[:, 1].max())
        assert np.abs(np.subtract(box, expected)).max() < (1.6 if view == "face" else 2.6)


def test_eye_landmarks_hold_the_irises():
    identity, articulation, motion = clip_of("s033", CorpusSpec(camera=0.0), frames=12)
    motion = replace(motion, blink=np.zeros(12, np.float32))
    painted = replace(identity, iris=(8.0, 250.0, 8.0))
    change = np.abs(
        render_face(identity, articulation, motion).astype(int) - render_face(painted, articulation, motion)
    )
    points = landmarks(identity, articulation, motion)
    for mask, eyes in zip(change.max(-1) > 15, points[:, 36:48], strict=True):
        rows, columns = np.nonzero(mask)
        for eye, part in ((eyes[:6], columns < 64), (eyes[6:], columns >= 64)):
            assert eye[:, 0].min() < columns[part].mean() < eye[:, 0].max()
            assert eye[:, 1].min() < rows[part].mean() < eye[:, 1].max()


def test_jaw_landmarks_follow_the_outline():
    identity = replace(face_of("s011"), beard="none", hair_style="bald", skin=(240.0, 20.0, 240.0))
    motion = replace(make_motion(2, spec=STILL, clip="x"), background=(8.0, 8.0, 8.0))
    chin = landmarks(identity, viseme("sil", "aa"), motion)[:, 8]
    picture = render_face(identity, viseme("sil", "aa"), motion).astype(int)
    assert chin[1, 1] - chin[0, 1] > 3
    for (x, y), frame in zip(chin, picture, strict=True):
        column = frame[:, round(float(x)), 0]
        step = np.argmin(np.diff(column[int(y) - 6 : int(y) + 7])) + int(y) - 6  # the neck lies in the chin's shadow
        assert abs(step + 0.5 - y) < 2


def test_landmarks_stay_inside_the_picture():
    for name in speaker_ids()[::8]:
        points = landmarks(*clip_of(name))
        assert points.min() > 0 and points.max() < 127


def test_the_pose_and_its_inverse_agree():
    motion = make_motion(30, spec=CorpusSpec(pose=1.5), clip="x")
    for view in (FACE_VIEW, mouth_view(face_of("s000"))):
        line = np.linspace(-0.8, 0.8, 9, dtype=np.float32) * np.float32(view.half)
        x, y = np.meshgrid(line, line)
        u, v = to_face(x, y, motion, slice(0, 30), view)
        back = to_picture(np.stack([u, v], -1).reshape(30, -1, 2), motion, view)
        there = (np.stack([x, y], -1).reshape(-1, 2) / view.half + 1) * view.size / 2 - 0.5
        assert np.abs(back - there).max() < 0.02


@pytest.mark.parametrize("name", ["s000", "s001", "s009", "s033"])
def test_tongue_and_teeth_tell_consonants_apart(name):
    names = ("th", "l", "td", "kg", "sz", "fv")
    crops = render_mouth(face_of(name), viseme(*names), make_motion(6, spec=STILL, clip="x")).astype(float)
    for i in range(6):
        for j in range(i):
            difference = np.sort(np.abs(crops[i] - crops[j]).ravel())[-80:]
            assert difference.mean() > 8, (names[i], names[j])


def test_a_beard_is_quieter_than_the_lips():
    identity = replace(face_of("s003"), beard="full")
    crops = render_mouth(identity, viseme("pbm", "aa"), make_motion(2, spec=STILL, clip="x")).astype(float)
    beard = crops[0, 66:78, 30:58]
    assert np.abs(beard - beard.mean()).mean() < 8
    assert np.abs(crops[1] - crops[0])[36:64, 24:64].mean() > 20


def test_all_visemes_differ():
    crops = render_mouth(face_of("s033"), viseme(*VISEMES), make_motion(23, spec=STILL, clip="x")).astype(float)
    distance = np.abs(crops[:, None] - crops[None]).mean((2, 3)) + 100 * np.eye(23)
    assert distance.min() > 0.15  # h and schwa, which hardly claim a shape


@pytest.mark.slow
def test_speed():
    identity, articulation, motion = clip_of("s000", frames=200)
    render_mouth(identity, articulation, motion)
    start = time.process_time()
    render_mouth(identity, articulation, motion)
    assert 200 / (time.process_time() - start) > 450

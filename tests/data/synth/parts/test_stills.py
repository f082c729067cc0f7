"""Still faces without voices, and couples of faces and voices: who they are, and that pictures fit their people."""

import platform
import sys

import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.synth.parts import find_part, stills
from avbench.data.synth.parts.stills import expression, show_still
from avbench.data.synth.parts.voices import speakers_of
from avbench.data.synth.render import landmarks
from avbench.data.synth.spec import CorpusSpec, gender_of, speaker_ids, speaker_of, split_of
from avbench.data.synth.voice import Voice
from avbench.errors import MissingResource, UnknownName
from avbench.signal.files import digest

SPEC = CorpusSpec()
FACES, COUPLES = find_part("faces"), find_part("couples")
GOLDEN = "95239a78569a257929d84468a38b30d1"


def people_of(part, split, size="base"):
    return {speaker_of(c) for c in part.clip_ids(size, split)}


@pytest.mark.parametrize("part", [FACES, COUPLES], ids=lambda p: p.name)
def test_a_thousand_people_half_of_them_women(part):
    everyone = []
    for split, count in (("train", 800), ("validation", 100), ("test", 100)):
        names = people_of(part, split)
        assert len(names) == count and {split_of(s) for s in names} == {split}
        assert sum(gender_of(s) == "f" for s in names) == count // 2
        assert len(part.clip_ids("base", split)) == count * (8 if part is FACES else 10)
        everyone += names
    assert len(set(everyone)) == 1000
    assert people_of(part, "train", "tiny") < people_of(part, "train", "small") < people_of(part, "train")
    with pytest.raises(UnknownName):
        part.clip_ids("base", "elsewhere")


def test_nobody_with_a_voice_is_among_the_faces():
    faces = set().union(*(people_of(FACES, split) for split in ("train", "validation", "test")))
    heard = {*speaker_ids(), *(s for split in ("train", "test") for s in speakers_of("base", split))}
    heard |= set().union(*(people_of(COUPLES, split) for split in ("train", "validation", "test")))
    assert not faces & heard
    assert set(speaker_ids("test")) <= people_of(COUPLES, "test")


def test_sizes_share_whole_shards_only():
    for part in (FACES, COUPLES):
        small, base = dict(part.shards("small", "train")), dict(part.shards("base", "train"))
        assert set(small) <= set(base) and all(small[name] == base[name] for name in small)
        tiny = dict(part.shards("tiny", "train"))
        assert not set(tiny) & set(base)


def test_pictures_of_one_person_are_of_one_person():
    names = sorted(people_of(FACES, "test"))[:6]
    codes = {}
    for name in names:
        pictures = np.stack([show_still(SPEC, f"{name}-f{k}")[0] for k in range(4)])
        assert pictures.shape == (4, 128, 128, 3) and pictures.dtype == np.uint8
        assert min(np.abs(a - b.astype(float)).mean() for a in pictures[:2] for b in pictures[2:]) > 1.0
        codes[name] = np.stack([landmarks(*expression(SPEC, f"{name}-f{k}"))[0] for k in range(4)])
    # The width of the jaw over the distance of the eyes is a person's own, whatever the pose.
    shape = {n: np.array([(p[15, 0] - p[1, 0]) / np.hypot(*(p[45] - p[36])) for p in c]) for n, c in codes.items()}
    within = np.mean([s.std() for s in shape.values()])
    assert np.std([s.mean() for s in shape.values()]) > within


def test_expressions_differ_and_eyes_are_open():
    acts = [expression(SPEC, f"{name}-f{k}") for name in sorted(people_of(FACES, "test"))[:40] for k in (0, 5)]
    mouths = np.concatenate([a.track for a in acts])
    assert (mouths[:, 1] > 0.4).mean() > 0.2  # smiles
    assert (mouths[:, 0] < 0.05).mean() > 0.2 and (mouths[:, 0] > 0.25).mean() > 0.1
    assert max(a.motion.blink.max() for a in acts) <= 0.25


def test_golden_and_repeated():
    one = show_still(SPEC, "s1200-f3")
    show_still(SPEC, "s1201-f0")
    assert np.array_equal(one, show_still(SPEC, "s1200-f3"))
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        assert digest(one.tobytes()) == GOLDEN


def test_faces_as_a_data_set(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(stills, "AT_ONCE", 1)
    data = open_dataset("avbench-synth/faces/tiny", "test")
    clip = data.clip(data.ids[2])
    assert clip.seconds == 0 and clip.traits["person"] == speaker_of(clip.id) and clip.traits["gender"] in "fm"
    assert np.array_equal(data.still(clip).frames, show_still(SPEC, clip.id))
    assert data.landmarks(clip).shape == (1, 68, 2) and data.face(clip).frames.shape == (1, 128, 128, 3)
    with pytest.raises(MissingResource, match="still picture"):
        data.mouth(clip)
    assert len(data.audio(clip).samples) == 0


def test_couples_have_a_voice_and_a_picture():
    with Voice() as voice:
        said = COUPLES.say(SPEC, "s017-u3", voice)
    assert said.frames == 1 and len(said.samples) > 32_000 and len(said.words) > 2
    assert np.array_equal(COUPLES.show(SPEC, said), show_still(SPEC, "s017-u3"))

"""The embedded corpus as a data set and as training arrays."""

import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.synth import cache
from avbench.data.synth.cache import Shard
from avbench.data.synth.corpus import SynthDataset, TrainingArrays
from avbench.data.verify import verify
from avbench.errors import UnknownName
from avbench.signal.audio import RATE


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Four clips of two shards of the training split, in a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVBENCH_CACHE", str(tmp_path_factory.mktemp("corpus")))
        data = SynthDataset("avbench-synth/tiny", "train", "tiny")
        a, b = sorted({i[:4] for i in data.ids})[:2]
        data.ids = (f"{a}-000", f"{b}-000", f"{a}-001", f"{b}-001")
        data.shards = tuple(Shard(data.spec, "train", s, (f"{s}-000", f"{s}-001")) for s in (a, b))
        data._place = {c: (shard, row) for shard in data.shards for row, c in enumerate(shard.ids)}
        data.prepare(mouth=True, workers=1)
        yield data


def test_a_clip_says_who_and_what(small):
    assert [c.id for c in small.clips] == list(small.ids) == [c.id for c in sorted(small.made, key=lambda c: c.id[4:])]
    clip = small.clip(small.ids[0])
    assert clip.speaker == clip.id[:4] and clip.text and len(clip.words) >= 4
    assert set(clip.traits) == {"gender", "accent", "age", "split"} and clip.traits["split"] == "train"
    assert clip.traits["gender"] in ("f", "m") and 18 <= clip.traits["age"] <= 75
    assert small.phonemes(clip)[0].start >= 0.09
    with pytest.raises(UnknownName):
        small.clip("s999-000")


def test_sound_pictures_and_points_have_one_length(small):
    for clip in small.clips:
        audio, video, points = small.audio(clip), small.mouth(clip), small.landmarks(clip)
        frames = round(clip.seconds * 25)
        assert audio.rate == RATE and len(audio.samples) == 640 * frames and audio.seconds == clip.seconds
        assert video.frames.shape == (frames, 88, 88, 1) and video.fps == 25
        assert points.shape == (frames, 68, 2) and points.dtype == np.float32
        assert 0 < points.min() and points.max() < 127


def test_training_arrays_are_views_of_the_same_clips(small):
    arrays = TrainingArrays(small, mouth=True)
    assert len(arrays) == 4 and arrays.ids == small.ids
    assert arrays.seconds == pytest.approx(sum(c.seconds for c in small.clips))
    for i, clip in enumerate(small.clips):
        assert arrays.speaker(i) == clip.speaker
        assert arrays.frames(i) == arrays.frame_offsets[i + 1] - arrays.frame_offsets[i] == round(clip.seconds * 25)
        assert arrays.offsets[i + 1] - arrays.offsets[i] == 640 * arrays.frames(i)
        assert arrays.audio(i).dtype == np.int16 and not arrays.audio(i).flags.owndata
        assert np.array_equal(arrays.audio(i) / np.float32(32768), small.audio(clip).samples)
        assert np.array_equal(arrays.mouth(i), small.mouth(clip).frames[..., 0]) and not arrays.mouth(i).flags.writeable
    with pytest.raises(ValueError, match="without mouths"):
        TrainingArrays(small, mouth=False).mouth(0)


def test_verify_finds_what_is_damaged_and_what_would_be_made_otherwise(small):
    assert [c.passed for c in verify(small, clips=2)] == [True, True, True]
    shard = small.shards[0]
    sound = cache.open_sound(shard)
    other = np.array(sound.audio)
    other[20000] += 1
    # A shard that is whole, but of another engine.
    meta = (shard.folder / "mouth.npy").read_bytes(), (shard.folder / "mouth.json").read_bytes()
    said = [FakeSaid(m, other[sound.offsets[k] : sound.offsets[k + 1]]) for k, m in enumerate(sound.meta)]
    cache.write_sound(shard, said)
    (shard.folder / "mouth.npy").write_bytes(meta[0])
    (shard.folder / "mouth.json").write_bytes(meta[1])
    fresh = SynthDataset(small.name, "train", "tiny")
    fresh.ids, fresh.shards, fresh._place = small.ids, small.shards, small._place
    checks = verify(fresh, clips=1)
    assert [c.passed for c in checks] == [True, False] and "another sound" in checks[1].text
    (shard.folder / "mouth.npy").write_bytes(meta[0][:-1])
    whole, *_ = verify(fresh, clips=0)
    assert not whole.passed and "1 of 2 kept shards are whole" in whole.text


class FakeSaid:
    """What `write_sound` needs, from a record and samples."""

    def __init__(self, meta, samples):
        self.id, self.text, self.end, self.frames = meta["id"], meta["text"], meta["end"], meta["frames"]
        self.samples, self.words, self.phonemes, self.more = samples, (), (), {}


def test_the_control_has_the_same_voices_and_other_faces():
    base, control = (open_dataset(n, "validation").spec for n in ("avbench-synth", "avbench-synth-rho0"))
    from avbench.data.synth.face import make_identity
    from avbench.data.synth.speakers import make_speaker

    one, other = make_speaker(base, "s001"), make_speaker(control, "s001")
    assert one == other
    a, b = make_identity(base, one), make_identity(control, other)
    assert a.face_width != b.face_width and a.skin == b.skin

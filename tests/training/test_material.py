"""Training on what the user has: clips are read as they come, unusable ones passed over, speakers held out."""

import numpy as np
import pytest
import soundfile

from avbench.errors import BadFile, MissingResource
from avbench.seeds import Draw
from avbench.training import material
from avbench.training.batches import MixtureRecipe, Mixtures, NoiseTracks
from avbench.training.material import NoiseFiles, Recordings, open_noises, open_speech
from avbench.types import Audio, Clip, Video


class Shelf:
    """Clips of 40 speakers; the mouth of every fifth cannot be found, and every clip ends within a picture."""

    name, fingerprint = "shelf", "0" * 32
    samples = 35 * 640 + 100

    def __init__(self, speakers=40):
        self.ids = tuple(f"s{k:02d}-{n}" for k in range(speakers) for n in range(2))
        self.pictured = frozenset(i for i in self.ids if not i.endswith("39-1"))
        self.asked = []

    def clip(self, clip_id):
        return Clip(clip_id, self.samples / 16000, clip_id.partition("-")[0])

    def audio(self, clip):
        return Audio(np.full(self.samples, 0.01 * (1 + self.ids.index(clip.id)), np.float32), 16000)

    def mouth(self, clip):
        if self.ids.index(clip.id) % 5 == 0:
            raise BadFile("no face")
        return Video(np.full((36, 88, 88, 1), self.ids.index(clip.id), np.uint8), 25.0)

    def prepare(self, clip_ids=None, mouth=False, workers=None, progress=None, say=None):
        self.asked.append((len(list(clip_ids)), mouth))


NOISE = NoiseTracks([Draw("noise", k).normals(40000).astype(np.float32) for k in range(3)], 16000)
RECIPE = MixtureRecipe(seconds=1.0, batch=6)


def test_a_clip_is_as_long_as_its_pictures_and_silent_behind_its_sound():
    found = Recordings(Shelf(2), Shelf(2).ids, "f")
    assert len(found) == 4 and found.frames(0) == 36 and found.seconds == pytest.approx(4 * 36 * 0.04)
    audio = found.audio(1)
    assert audio.dtype == np.int16 and len(audio) == 36 * 640
    assert (audio[: Shelf.samples] == round(0.02 * 32768)).all() and not audio[Shelf.samples :].any()
    assert found.mouth(1).shape == (36, 88, 88) and found.visemes(1) is None


def test_clips_without_a_mouth_are_passed_over_by_who_looks():
    found = Recordings(Shelf(), Shelf().ids, "f")
    seen = Mixtures(found, NOISE, RECIPE, seed=0, video=True, augment=False)
    grey = np.concatenate([np.unique(seen.batch(step)["mouth"].numpy()) for step in range(5)])
    assert len(grey) > 10 and (grey % 5 != 0).all() and "viseme" not in seen.batch(0)
    same = Mixtures(found, NOISE, RECIPE, seed=0, video=True, augment=False).batch(3)
    assert all((seen.batch(3)[name] == value).all() for name, value in same.items())


def test_who_listens_gets_the_mixtures_of_who_looks_but_for_clips_without_a_mouth():
    found = Recordings(Shelf(), Shelf().ids, "f")
    seen, heard = (Mixtures(found, NOISE, RECIPE, seed=0, video=video) for video in (True, False))
    same = total = 0
    for step in range(20):
        one, other = seen.batch(step), heard.batch(step)
        alike = [bool((a == b).all()) for a, b in zip(one["noisy"], other["noisy"], strict=True)]
        assert (one["snr"] == other["snr"]).all()  # drawn behind the clip
        same, total = same + sum(alike), total + len(alike)
    assert 0.7 * total < same < 0.9 * total  # a fifth of the clips has no mouth


def test_damaged_noises_are_passed_over(tmp_path):
    class Set:
        fingerprint = "f"
        items = tuple(type("Item", (), {"id": str(k)})() for k in range(4))

        def load(self, item):
            if item != "2":
                raise BadFile("damaged")
            return np.ones(20000, np.float32)

    assert (NoiseFiles(Set(), 16000).cut(0, Draw("cut"), 16000) == 1).all()


def test_a_corpus_of_which_nothing_can_be_used_ends_the_training():
    shelf = Shelf()
    found = Recordings(shelf, [i for n, i in enumerate(shelf.ids) if n % 5 == 0], "f")
    with pytest.raises(BadFile, match="no face"):
        Mixtures(found, NOISE, RECIPE, seed=0, video=True).batch(0)


def test_speakers_are_held_out_where_there_is_no_validation_split(monkeypatch):
    shelf = Shelf(400)

    def opened(name, split):
        if split == "validation":
            raise MissingResource("there is none")
        return shelf

    monkeypatch.setattr(material, "open_dataset", opened)
    train, check = (open_speech("lrs3", split, video=True) for split in ("train", "validation"))
    people = [{i.partition("-")[0] for i in found.ids} for found in (train, check)]
    assert len(people[0]) + len(people[1]) == 400 and not people[0] & people[1] and 1 <= len(people[1]) <= 12
    assert "s39-1" not in train.ids + check.ids  # it has no picture
    assert shelf.asked == [(len(train), True), (len(check), True)] and train.fingerprint != check.fingerprint
    assert open_speech("lrs3", "train", video=False).ids == train.ids


def test_many_noises_are_read_as_they_come_and_cut_as_those_in_memory(tmp_path, monkeypatch):
    from avbench.data.noise import open_noise

    for k in range(4):
        wave = 0.1 * Draw("file", k).normals(24000 - 4000 * k).astype(np.float32)
        (tmp_path / f"f{k}").mkdir()
        soundfile.write(tmp_path / f"f{k}" / f"n{k}.wav", wave, 16000, subtype="FLOAT")
    noise = open_noise(f"folder:{tmp_path}")
    files = NoiseFiles(noise, 20000)
    kept = NoiseTracks([noise.load(item.id) for item in noise.items], 20000)
    assert len(files) == len(kept) == 4
    for k in range(4):
        one, other = (each.cut(k, Draw("cut", k), 16000) for each in (files, kept))
        assert np.sqrt(np.mean(one**2)) == pytest.approx(1, abs=1e-5) and np.allclose(one, other, atol=3e-3)
    monkeypatch.setitem(material.MATERIAL, "mine", ("shelf", f"folder:{tmp_path}"))
    assert isinstance(open_noises("mine", 16000), NoiseTracks)
    monkeypatch.setattr(material, "IN_MEMORY", 1)
    assert isinstance(open_noises("mine", 16000), NoiseFiles)


def test_sentences_of_recordings_have_words_and_an_end(monkeypatch):
    from avbench.baselines.vcafe.batches import LONGEST, Sentences

    said = {"s00-0": "", "s01-0": None, "s02-0": "!"}
    long = {"s03-0": LONGEST + 0.1}

    class Told(Shelf):
        def clip(self, clip_id):
            seconds = long.get(clip_id, self.samples / 16000)
            return Clip(clip_id, seconds, clip_id.partition("-")[0], said.get(clip_id, "GO {ON}"))

    monkeypatch.setattr(material, "_held", lambda name, split: (Told(), Told().ids))
    from avbench.baselines.vcafe.batches import open_sentences

    lines = []
    found = open_sentences("lrs3", "train", True, lines.append)
    assert not set(found.ids) & {*said, *long} and len(found) == 75
    assert lines[0] == "lrs3, train: 75 of 79 clips can be used" and found.text(3) == "GO {ON}"
    heard = Sentences(found, NOISE, 6, seed=0, video=True, augment=False)
    for step in range(4):
        batch = heard.batch(step)
        levels = batch["mouth"][:, 0, 0, 0].tolist()
        assert batch["mouth"].shape == (6, 36, 88, 88) and all(level % 5 for level in levels)  # no mouth: another clip
        assert levels == [Told().ids.index(found.ids[clip]) for clip in batch["clip"].tolist()]
        assert (batch["said"] == heard.batch(step)["said"]).all()


def test_the_embedded_corpus_is_what_all_other_recipes_mean():
    assert material.described("base") == "avbench-synth/base" and material.described("lrs3") == "lrs3"

"""The reader of words from lips: what it is shown, what it refuses, a tiny training whose weights the metric uses."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from avbench.systems.judges import SYNTH_LIPS, accuracy, lips
from avbench.systems.judges.lip_batches import LipSpoil, open_words, spoil_lips
from avbench.systems.judges.lips import LipNet, SynthLips, batch_at, looks_alike, normalised
from avbench.systems.judges.recipe import LIPS

from avbench import judges
from avbench.data.dataset import open_dataset
from avbench.data.synth.parts.words import homophenes_of, vocabulary
from avbench.errors import EstimateFault, MissingResource, ReferenceFault
from avbench.metrics.lips import known_word, lip_sync_accuracy
from avbench.seeds import Draw
from avbench.training.weights import load_weights
from avbench.types import Video

BRIEF = replace(
    LIPS, corpus="tiny", steps=2, warmup=1, batch=4, log_every=1, validate_every=2, save_every=1, speakers=2,
    check_speakers=1, precision="32-true",
)  # fmt: skip
PLAIN = LipSpoil(
    mirror=0, turn=0, shift=0, zoom=0, blur=0, contrast=0, shade=0, noise=0, erase=0, late=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def weights(tmp_path_factory, cache):
    """Weights after two steps."""
    return SYNTH_LIPS.train(BRIEF, out=tmp_path_factory.mktemp("lips"))


@pytest.fixture(scope="module")
def judge(weights):
    return SYNTH_LIPS.load({SYNTH_LIPS.assets[0].name: weights}, "cpu")


@pytest.fixture
def known(monkeypatch):
    """`synth-lips` by name, also where the installed package does not know it yet; nothing chosen outlives the test."""
    monkeypatch.setattr(judges, "JUDGES", {**judges.JUDGES, "synth-lips": SYNTH_LIPS})
    monkeypatch.setattr(judges, "_chosen", {})
    monkeypatch.setattr(judges, "_opened", {})


def pictures(*shape, seed=0):
    return np.round(Draw("pictures", seed).uniforms(int(np.prod(shape)), 0, 255)).astype(np.uint8).reshape(shape)


def smooth(count=2, frames=29):
    """Clips whose every picture differs: a bright ellipse that opens and closes."""
    y, x = np.mgrid[:88, :88]
    height = 6 + 10 * np.abs(np.sin(np.arange(frames) / 3))
    inside = ((x - 43.5) / 24) ** 2 + ((y - 43.5) / height[:, None, None]) ** 2
    one = (190 - 120 / (1 + inside**2)).astype(np.uint8)
    return np.stack([one] * count)


# --- net and judge ------------------------------------------------------------------------------------------------


def test_the_net_stays_small():
    state = LipNet(LIPS).state_dict().values()
    stored = sum(t.numel() * (1 if t.ndim > 1 else 4) + (4 * max(t.shape[:2]) if t.ndim > 1 else 0) for t in state)
    assert stored < 0.7e6


def test_neither_light_nor_contrast_counts(judge):
    frames = smooth(1)[0]
    darker = (frames // 2 + 20).astype(np.uint8)
    one, other = (normalised(torch.from_numpy(f)[None]) for f in (frames, darker))
    assert one.mean().abs() < 1e-4 and one.std() == pytest.approx(1, abs=1e-3)
    assert (one - other).abs().max() < 0.05
    assert torch.isfinite(normalised(torch.full((1, 29, 88, 88), 7, dtype=torch.uint8))).all()


def test_the_reader_answers_with_one_of_the_500(judge):
    video = Video(pictures(29, 88, 88, 1), 25.0)
    scores = judge.scores(video)
    assert scores.shape == (500,) and scores.dtype == np.float32 and np.isfinite(scores).all()
    assert judge.read(video) == judge.words[int(np.argmax(scores))] and judge.words == vocabulary()
    np.testing.assert_array_equal(judge.scores(video), scores)


def test_margins_and_colours_of_grey_change_nothing(judge):
    mouth = pictures(29, 96, 96, 1)
    middle = judge.scores(Video(mouth[:, 4:-4, 4:-4], 25.0))
    np.testing.assert_allclose(judge.scores(Video(mouth, 25.0)), middle, atol=1e-5)
    np.testing.assert_allclose(judge.scores(Video(mouth.repeat(3, axis=3), 25.0)), middle, atol=1e-5)
    assert np.abs(judge.scores(Video(mouth[:, :88, :88], 25.0)) - middle).max() > 1e-4


def test_clips_may_be_longer_and_not_too_short_or_too_fast(judge):
    for frames in (9, 28, 60):
        assert judge.scores(Video(pictures(frames, 88, 88, 1), 25.0)).shape == (500,)
    for frames, rate in ((8, 25.0), (29, 30.0), (0, 25.0)):
        with pytest.raises(EstimateFault, match=f"{frames} frames at {rate:g} a second"):
            judge.scores(Video(pictures(frames, 88, 88, 1), rate))


def test_a_clip_is_read_by_itself():
    torch.manual_seed(0)
    net = LipNet(LIPS).eval()
    clips = torch.from_numpy(smooth(3))
    clips[1] = torch.from_numpy(pictures(29, 88, 88))
    with torch.inference_mode():
        np.testing.assert_allclose(net(clips)[0][0], net(clips[:1])[0][0], atol=1e-4)
        assert (net(clips)[0][0] - net(clips)[0][1]).abs().max() > 1e-3


def test_the_time_of_a_picture_counts():
    """The word is in the middle: the same pictures in another order are another word."""
    torch.manual_seed(0)
    net = LipNet(LIPS).eval()
    clip = torch.from_numpy(smooth(1))
    with torch.inference_mode():
        assert (net(clip)[0] - net(clip.roll(6, 1))[0]).abs().max() > 1e-3


class _Points:
    """In the place of `synth-landmarks`: known points."""

    def __init__(self, points, found):
        self._answer = points, found

    def points(self, frames):
        return self._answer


def test_the_mouth_of_a_face_is_found(judge, monkeypatch, cache):
    dataset = open_dataset("avbench-synth/words/tiny", "validation")
    clip = dataset.clip(dataset.ids[0])
    face, points = dataset.face(clip), dataset.landmarks(clip).astype(np.float64)
    found = np.ones(29, bool)
    found[3] = False
    monkeypatch.setattr(lips, "open_judge", lambda name: _Points(points, found))
    seen = lips._mouths(face.frames)
    drawn = dataset.mouth(clip).frames[..., 0]
    assert seen.shape == (29, 88, 88) and seen.dtype == np.uint8
    # Enlarged from a coarser picture and steadied otherwise, it is still the same mouth in the same place.
    alike = np.corrcoef(seen.reshape(-1).astype(float), drawn.reshape(-1).astype(float))[0, 1]
    away = np.corrcoef(np.roll(seen, 12, 1).reshape(-1).astype(float), drawn.reshape(-1).astype(float))[0, 1]
    assert alike > 0.85 and alike > away + 0.05
    assert judge.read(face) in vocabulary()
    monkeypatch.setattr(lips, "open_judge", lambda name: _Points(points, np.zeros(29, bool)))
    with pytest.raises(EstimateFault, match="shows a face"):
        judge.read(face)


# --- material -----------------------------------------------------------------------------------------------------


def test_nothing_to_spoil_leaves_clips_as_they_are():
    clips = smooth()
    left = spoil_lips(clips, PLAIN, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(left, clips, atol=0.02)


def test_spoilt_clips_are_repeatable_and_differ():
    clips = smooth(4)
    once, again = (spoil_lips(clips, LipSpoil(), torch.Generator().manual_seed(1)) for _ in range(2))
    other = spoil_lips(clips, LipSpoil(), torch.Generator().manual_seed(2))
    assert torch.equal(once, again) and not torch.equal(once, other) and not torch.equal(once[0], once[1])
    assert once.shape == (4, 29, 88, 88) and once.min() >= 0 and once.max() <= 255


@pytest.mark.parametrize("what", ["mirror", "late", "erase", "noise", "shift", "contrast", "shade", "blur"])
def test_each_way_of_spoiling_does_what_it_says(what):
    clips = smooth(8)
    clips[:, :, :, 60:] //= 2  # something to tell left from right by
    whole = {"mirror": 1, "late": 1, "erase": 1, "noise": 6, "shift": 4.5, "contrast": 0.3, "shade": 0.3, "blur": 1}
    spoilt = spoil_lips(clips, replace(PLAIN, **{what: whole[what]}), torch.Generator().manual_seed(3)).numpy()
    given = clips.astype(np.float32)
    changed = np.abs(spoilt - given).max((1, 2, 3)) > 1
    assert changed.sum() >= 3 and (changed.all() or what not in ("mirror", "shift"))
    if what == "mirror":
        np.testing.assert_allclose(spoilt, given[..., ::-1], atol=0.02)
    if what == "late":
        assert all(min(np.abs(s - np.roll(g, k, 0))[1:-1].max() for k in (-1, 0, 1)) < 0.1
                   for s, g in zip(spoilt, given, strict=True))  # fmt: skip
    if what == "erase":
        assert (np.abs(spoilt - given).max(1) > 0.1).mean((1, 2)).max() <= (24 / 88) ** 2
    if what == "noise":
        moved = spoilt - given
        assert 0 < moved.std() < 6 and np.abs(moved[:, 0] - moved[:, 1]).max() > 1
    if what == "blur":
        assert np.abs(np.diff(spoilt, axis=3)).max() < np.abs(np.diff(given, axis=3)).max() + 1e-3


def test_batches_hold_what_the_corpus_says(cache):
    clips = open_words("tiny", "train", 2)
    assert len(clips) == 10 and sorted(np.bincount(clips.words)) == [2] * 5
    batch, again = (batch_at(clips, (0, 3), 6) for _ in range(2))
    assert batch["mouth"].shape == (6, 29, 88, 88) and batch["viseme"].shape == (6, 29)
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    halves = [batch_at(clips, (0, 3), 6, rank, 2)["word"] for rank in (0, 1)]
    assert torch.equal(torch.stack(halves, 1).flatten(), batch["word"])
    dataset = open_dataset("avbench-synth/words/tiny", "train")
    clip = dataset.clip(dataset.ids[7])
    assert vocabulary()[clips.words[7]] == clip.text
    np.testing.assert_array_equal(clips.mouth(7), dataset.pictures(clip))
    assert clips.fingerprint != open_words("tiny", "train", 1).fingerprint


# --- training and use ---------------------------------------------------------------------------------------------


def test_a_tiny_training_tells_what_it_stored(weights):
    facts = json.loads((weights.parent / "training.json").read_text())
    assert facts["judge"] == "synth-lips" and facts["steps"] == facts["planned_steps"] == 2
    assert set(facts["stored"]) == {"right", "right_alike", "right_spoilt"}
    assert all(0 <= value <= 1 for value in facts["stored"].values())
    assert "10 clips of 5 words" in facts["data"]


def test_a_training_goes_on_as_if_it_had_not_been_stopped(weights, tmp_path):
    SYNTH_LIPS.train(BRIEF, out=tmp_path, hours=1e-9)
    assert json.loads((tmp_path / "training.json").read_text())["steps"] == 1
    (state, _), (whole, _) = (
        load_weights(path) for path in (SYNTH_LIPS.train(BRIEF, out=tmp_path, resume=True), weights)
    )
    assert all(torch.equal(state[name], whole[name]) for name in whole)


def test_words_that_look_alike_are_one_to_the_eye():
    number = {word: k for k, word in enumerate(vocabulary())}
    pair = next(homophenes_of(word) for word in vocabulary() if len(homophenes_of(word)) > 1)
    assert looks_alike(number[pair[0]], number[pair[1]]) and looks_alike(number["winter"], number["winter"])
    assert not looks_alike(number["winter"], number["table"])


def test_the_metric_asks_it_in_the_place_of_mstcn(weights, known, monkeypatch, tmp_path):
    place = tmp_path / SYNTH_LIPS.assets[0].name
    place.parent.mkdir()
    place.write_bytes(weights.read_bytes())
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    judges.use_judge("mstcn", "synth-lips")
    video = Video(smooth(1)[0][..., None], 25.0)
    word = judges.open_judge("synth-lips").read(video)
    assert lip_sync_accuracy(video, word) == {"lsa": 1.0}
    assert lip_sync_accuracy(video, next(w for w in vocabulary() if w != word)) == {"lsa": 0.0}
    assert judges.judge_identity("mstcn").startswith("synth-lips@")
    with pytest.raises(ReferenceFault, match="knows 500 words"):
        known_word("xylophone")


def test_weights_that_are_not_there_can_be_trained(monkeypatch, tmp_path):
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    elsewhere = replace(SYNTH_LIPS, assets=tuple(replace(a, package=None) for a in SYNTH_LIPS.assets))
    with pytest.raises(MissingResource, match="avbench train --system synth-lips"):
        elsewhere.files()


def test_its_accuracy_is_printed(weights, known, monkeypatch, capsys, tmp_path, cache):
    monkeypatch.setattr(accuracy, "WORDS", 5)
    monkeypatch.setattr(accuracy, "CUT", 2)
    judges.use_judge("synth-lips", weights)
    assert accuracy.main(["synth-lips", "--json", str(tmp_path / "found.json")]) == 0
    assert capsys.readouterr().out.startswith("synth-lips@")
    (row,) = json.loads((tmp_path / "found.json").read_text())["judges"]
    assert row["n"] == 5 and row["chance"] == 0.002 and row["chance"] < row["chance_alike"] < 0.01
    assert 0 <= row["top1"] <= row["top1_alike"] <= 1 and 0 <= row["top1_cut"] <= 1


def test_a_reader_that_is_always_right_is_said_to_be(monkeypatch, cache):
    class Knows(SynthLips):
        def __init__(self):
            self.words = vocabulary()

        def read(self, video):
            return homophenes_of(truth.pop(0))[0]

    dataset = open_dataset("avbench-synth/words", "test")
    monkeypatch.setattr(accuracy, "WORDS", 2)
    monkeypatch.setattr(accuracy, "CUT", 1)
    truth = [dataset.clip(i).text for i in dataset.ids[:2]] + ["table"]
    values = accuracy.of_lips(Knows())
    assert values["top1_alike"] == 1.0 and values["top1"] == 0.5 and values["top1_cut"] == 0.0

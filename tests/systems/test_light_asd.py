"""Light-ASD: the published names and sizes, its answers, and what it says of people who do and do not speak."""

from pathlib import Path

import numpy as np
import pytest
import torch
from avbench.baselines import light_asd
from avbench.baselines.light_asd.net import LightAsd

from avbench.efficiency.cost import macs, parameters
from avbench.errors import BadFile, MissingResource, UnknownName, UsageError
from avbench.metrics.detection import average_precision
from avbench.signal.film import Film, grey
from avbench.types import Audio, Inputs, System, Video

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights" / "light-asd" / "pretrain_AVA_CVPR.model"
# The lower half of the face of GRID's first speaker, who sits still: middle and half a side, of 360 × 288 pixels.
ACROSS, DOWN, HALF = 153, 210, 49


@pytest.fixture(scope="module")
def detector():
    if not WEIGHTS.is_file():
        pytest.skip("Light-ASD's weights are not here: put them in ../shared/weights/light-asd to run this test")
    return light_asd.FAMILY.create("", weights=WEIGHTS)


def noise_track(frames=25, shape=(112, 112, 1)):
    maker = np.random.RandomState(0)
    face = Video(maker.randint(0, 256, (frames, *shape)).astype(np.uint8), 25.0)
    return Inputs("a", Audio((0.1 * maker.randn(frames * 640)).astype(np.float32), 16000), None, 0, face=face)


def test_the_net_has_the_published_size():
    assert parameters(LightAsd()) == 1_021_636
    state = LightAsd().state_dict()
    assert sum(t.numel() for t in state.values()) == 1_026_146  # with statistics: what the published file holds
    assert state["model.visualEncoder.block2.t_5.weight"].shape == (64, 64, 5, 1, 1)
    assert state["model.audioEncoder.block1.m_5.weight"].shape == (32, 1, 5, 1)


def test_without_weights_one_sentence_says_where_they_are(monkeypatch, tmp_path):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    with pytest.raises(MissingResource, match=r"^light-asd has no weights here: get pretrain_AVA_CVPR.model from"):
        light_asd.FAMILY.create("")
    with pytest.raises(MissingResource, match="no file"):
        light_asd.FAMILY.create("", weights=tmp_path / "nowhere.model")
    with pytest.raises(UnknownName, match="recipe of light-asd"):
        light_asd.FAMILY.create("", recipe="synth")


def test_another_file_is_refused(tmp_path):
    torch.save({"a": torch.zeros(2)}, tmp_path / "other.model")
    with pytest.raises(BadFile, match="does not fit Light-ASD"):
        light_asd.FAMILY.create("", weights=tmp_path / "other.model").load("cpu")
    (tmp_path / "text.model").write_text("no weights")
    with pytest.raises(BadFile):
        light_asd.FAMILY.create("", weights=tmp_path / "text.model").load("cpu")


def test_untrained_it_can_be_counted():
    system = light_asd.FAMILY.create("", untrained=True)
    assert isinstance(system, System) and system.card.output == "scores" and not system.card.finished
    one, two = (macs(system.network(), system.example(seconds)) for seconds in (1.0, 2.0))
    assert 1e9 < one < 1e10 and two == pytest.approx(2 * one, rel=0.01)


def test_faces_of_other_sizes_and_bad_inputs():
    system = light_asd.FAMILY.create("", untrained=True)
    for shape in ((112, 112, 1), (224, 224, 3), (80, 100, 3)):
        scores = system.predict([noise_track(5, shape)])[0].scores
        assert scores.shape == (5,) and scores.dtype == np.float32 and np.isfinite(scores).all()
    whole, middle = np.zeros((5, 224, 224, 1), np.uint8), noise_track(5).face.frames
    whole[:, 56:-56, 56:-56] = middle
    track = noise_track(5)
    wide = Inputs("a", track.audio, None, 0, face=Video(whole, 25.0))
    np.testing.assert_array_equal(system.predict([wide])[0].scores, system.predict([track])[0].scores)
    with pytest.raises(UsageError, match="needs sound"):
        system.predict([Inputs("a", None, None, 0, face=track.face)])
    with pytest.raises(UsageError, match="needs a face track"):
        system.predict([Inputs("a", track.audio, None, 0)])


def test_the_weights_are_found_where_judges_find_theirs(detector, monkeypatch):
    monkeypatch.setenv("AVBENCH_ASSETS", str(WEIGHTS.parents[1]))
    found = light_asd.FAMILY.create("")
    assert found.digest == detector.digest and found.card.finished and not found.card.synthetic


@pytest.mark.parametrize("name", ["bbaf2n", "lray5s"])
def test_it_knows_when_a_real_person_speaks(detector, shared_data, name):
    """Against GRID's alignment; with the sound a second late, or none, the same lips are no speaker's."""
    film = shared_data / "av" / "grid_s1" / f"{name}.mpg"
    view = slice(DOWN - HALF, DOWN + HALF), slice(ACROSS - HALF, ACROSS + HALF)
    face = Video(np.stack([p.reshape(288, 360)[view] for p in Film(film, 25.0).pictures(grey)])[..., None], 25.0)
    sound = sound_of(film)
    rows = [line.split() for line in film.with_suffix(".align").read_text().splitlines()]
    words = [(int(a) / 25_000, int(b) / 25_000) for a, b, word in rows if word != "sil"]
    middle = (np.arange(len(face.frames)) + 0.5) / 25
    spoken = (middle > words[0][0]) & (middle < words[-1][1])

    def scores(samples):
        return detector.predict([Inputs("a", Audio(samples, 16000), None, 0, face=face)])[0].scores

    own, late = scores(sound), scores(np.roll(sound, 16000))
    assert np.isfinite(own).all()
    assert average_precision([{"scores": own, "labels": spoken}]) > 0.98
    assert own[spoken].mean() > 1 and own[~spoken].mean() < -1
    assert late[spoken].mean() < 0 and scores(np.zeros_like(sound))[spoken].mean() < 0


def sound_of(film):
    """`[T]` at 16 kHz."""
    import av

    with av.open(str(film)) as container:
        resampler = av.AudioResampler("flt", "mono", 16000)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)

"""What the corpus lets a linear probe find out, and what it must not: lips, loudness, and whose face a voice is.

Probes are principal components and least squares, trained on training speakers and asked about speakers that they never
saw. "Chance" is what a probe without eyes gets: 1 / classes where classes are equally frequent, else the share of the
most frequent one. A bound of three standard deviations is that of as many independent guesses.
"""

from dataclasses import replace

import numpy as np
import pytest

from avbench.data.synth import articulation, sentences
from avbench.data.synth.corpus import visemes_of
from avbench.data.synth.face import make_identity
from avbench.data.synth.render import landmarks, make_motion
from avbench.data.synth.sentences import say, show_mouth
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec, clip_ids, speaker_ids, speaker_of
from avbench.data.synth.voice import Voice
from avbench.seeds import Draw

SPEC = CorpusSpec()
VISEMES = articulation.VISEMES
SILENCE = VISEMES.index("sil")


@pytest.fixture(scope="module")
def voice():
    with Voice() as engine:
        yield engine


def deviation(chance, n):
    return np.sqrt(chance * (1 - chance) / n)


def small(mouth):
    """`[F, 288]`: the middle of the crops at a quarter of their resolution."""
    return mouth.reshape(-1, 22, 4, 22, 4).mean((2, 4))[:, 3:19, 2:20].reshape(len(mouth), -1)


def components(features, count):
    """A function to the first components of some features, each of unit variance."""
    mean = features.mean(0)
    power, axes = np.linalg.eigh(np.cov((features - mean).T))
    axes = axes[:, ::-1][:, :count] / np.sqrt(power[::-1][:count])
    return lambda x: (x - mean) @ axes


def least_squares(x, y, ridge=0.05):
    """Weights from centred `x`; the ridge is a share of the variance that whitened features have."""
    return np.linalg.solve(x.T @ x + ridge * len(x) * np.eye(x.shape[1]), x.T @ (y - y.mean(0)))


# --- homophenes ---------------------------------------------------------------------------------------------------

WORDS = ("bat", "pat", "mat", "boat", "beat")


@pytest.fixture(scope="module")
def words(voice):
    """Pictures `[speakers, words, D]` and log-mel `[speakers, words, D]` of single words; 96 training speakers first.

    Each begins where its own signal says, so that neither borrows the other's clock.
    """
    speakers = [speaker_of(i) for i in clip_ids("small", "train")[:96]]
    speakers += speaker_ids("test") + speaker_ids("validation")
    seen, heard = [], []
    with pytest.MonkeyPatch.context() as patch:
        for speaker in speakers:
            for k, word in enumerate(WORDS):
                patch.setattr(sentences, "sentence", lambda *_, word=word: word + ".")
                clip = say(SPEC, f"{speaker}-{900 + k}", voice)
                assert clip.end < 1.05  # the pictures below hold the whole word
                seen.append(lips_of(small(show_mouth(SPEC, clip.id, clip.phonemes, clip.end, 32))))
                heard.append(sound_of(clip.samples))
    return (np.reshape(x, (len(speakers), len(WORDS), -1)) for x in (seen, heard))


def lips_of(mouth):
    """Twelve frames around the opening of the lips, relative to the mouth at rest."""
    rest = mouth[-4:].mean(0)
    away = np.sqrt(np.mean((mouth - rest) ** 2, axis=1))
    start = max(int(np.argmax(away > 0.5 * away.max())) - 4, 0)
    frames = np.minimum(np.arange(start, start + 12), len(mouth) - 1)
    return (mouth[frames] - rest) / rest.std()


def sound_of(samples):
    """0.4 s of log-mel from the onset."""
    frames = np.lib.stride_tricks.sliding_window_view(samples / 32768, 400)[::160] * np.hanning(400)
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    mel = 2595 * np.log10(1 + np.linspace(0, 8000, 257) / 700)
    edges = np.linspace(*(2595 * np.log10(1 + np.array([60, 7600]) / 700)), 42)
    distance = np.abs(mel - edges[1:-1, None]) / (edges[1] - edges[0])
    bands = np.log(power @ np.clip(1 - distance, 0, None).T + 1e-8)
    loud = bands.max(1)
    start = max(int(np.argmax(loud > loud.max() - 10)) - 3, 0)
    part = bands[np.minimum(np.arange(start, start + 40), len(bands) - 1)]
    return part - part.mean()


def told_apart(features, which, training=96):
    """Share of the unseen speakers' words that are recognised among `which`."""
    features = features[:, [WORDS.index(w) for w in which]]
    train = features[:training].reshape(-1, features.shape[-1])
    target = np.tile(np.eye(len(which)), (training, 1))
    # Fewer words than dimensions: the components come from the words' inner products.
    mean = train.mean(0)
    _, scale, axes = np.linalg.svd(train - mean, full_matrices=False)
    axes = axes[:40].T / scale[:40]
    weights = least_squares((train - mean) @ axes * np.sqrt(len(train)), target)
    score = (features[training:] - mean) @ axes @ weights
    return np.mean(score.argmax(-1) == np.arange(len(which)))


@pytest.mark.slow
def test_homophenes_are_told_apart_by_ear_and_not_by_eye(words):
    """80 unseen speakers say bat, pat and mat; boat and beat show that the eyes are open."""
    seen, heard = words
    homophenes, others = ("bat", "pat", "mat"), ("bat", "boat", "beat")
    assert told_apart(heard, homophenes) > 0.95
    assert told_apart(seen, others) > 0.85
    assert told_apart(seen, ("bat", "pat")) == pytest.approx(1 / 2, abs=3 * deviation(1 / 2, 160))
    assert told_apart(seen, homophenes) == pytest.approx(1 / 3, abs=3 * deviation(1 / 3, 240))


# --- lips and loudness --------------------------------------------------------------------------------------------


def film(ids, voice):
    """Clips, and the pictures of each relative to its mean picture."""
    clips = [say(SPEC, i, voice) for i in ids]
    mouths = [small(show_mouth(SPEC, c.id, c.phonemes, c.end, c.frames)) for c in clips]
    return clips, [(m - m.mean(0)) / m.std() for m in mouths]


def with_neighbours(x, reach=2):
    """Each frame with the `reach` before and after it."""
    at = np.arange(len(x))[:, None] + np.arange(-reach, reach + 1)
    return x[np.clip(at, 0, len(x) - 1)].reshape(len(x), -1)


@pytest.mark.slow
def test_lips_show_visemes(voice):
    """Plain accuracy over frames of speech, without silence (a closed mouth is too easy), against the commonest viseme.

    The same probe on another clip's pictures must know nothing.
    """
    clips, pictures = film(clip_ids("small", "train")[:160], voice)
    project = components(np.concatenate(pictures), 60)
    x = np.concatenate([with_neighbours(project(p)) for p in pictures])
    y = np.concatenate([visemes_of(c.phonemes, c.end, c.frames) for c in clips])
    x, y = x[y != SILENCE], y[y != SILENCE]
    kinds, y = np.unique(y, return_inverse=True)
    means = np.array([x[y == k].mean(0) for k in range(len(kinds))])
    within = np.cov((x - means[y]).T) + 0.05 * np.eye(x.shape[1])
    weights = np.linalg.solve(within, means.T)
    bias = np.log(np.bincount(y) / len(y)) - 0.5 * np.sum(means.T * weights, axis=0)

    clips, pictures = film(clip_ids("small", "test")[:40], voice)
    read = [kinds[np.argmax(with_neighbours(project(p)) @ weights + bias, axis=1)] for p in pictures]
    truth = [visemes_of(c.phonemes, c.end, c.frames) for c in clips]
    speech = np.concatenate(truth)
    speech = speech[speech != SILENCE]
    chance = np.bincount(speech).max() / len(speech)

    def accuracy(said):
        hits = [(a == b[: len(a)])[b[: len(a)] != SILENCE] for a, b in zip(said, truth, strict=True)]
        return np.concatenate(hits).mean()

    others = [b[: len(a)] for a, b in zip(read, [*read[1:], read[0]], strict=True)]
    assert 0.10 < chance < 0.18
    assert accuracy(read) > 2 * chance
    assert accuracy(others) < 1.1 * chance
    recalls = [np.mean(np.concatenate(read)[np.concatenate(truth) == k] == k) for k in np.unique(speech)]
    assert np.mean(recalls) > 4 / len(kinds)


def energy_of(clip):
    """Level of each frame in dB, and which are speech: those within 40 dB of the loudest."""
    level = 10 * np.log10(np.square(clip.samples / 32768).reshape(-1, 640).mean(1) + 1e-9)
    return level, level > level.max() - 40


def test_lips_show_loudness_and_other_lips_do_not(voice):
    clips, pictures = film(clip_ids("small", "train")[:32], voice)
    project = components(np.concatenate(pictures), 40)
    loud = [energy_of(c) for c in clips]
    x = np.concatenate([project(p)[on] for p, (_, on) in zip(pictures, loud, strict=True)])
    weights = least_squares(x, np.concatenate([level[on] - level[on].mean() for level, on in loud]))

    clips, pictures = film(clip_ids("small", "test")[:24], voice)
    guesses = [project(p) @ weights for p in pictures]

    def follows(clip, guess):
        level, on = energy_of(clip)
        n = min(len(level), len(guess))
        return np.corrcoef(guess[:n][on[:n]], level[:n][on[:n]])[0, 1]

    own = np.array([follows(c, g) for c, g in zip(clips, guesses, strict=True)])
    wrong = np.array([follows(c, g) for k, c in enumerate(clips) for g in guesses[:k] + guesses[k + 1 :]])
    assert own.mean() > 0.33 and (own > 0).all()
    # Pairs of 24 clips: the mean of each clip's 23 wrong pictures is one independent number.
    each = wrong.reshape(24, 23).mean(1)
    assert abs(each.mean()) < 3 * each.std(ddof=1) / np.sqrt(24)
    assert own.mean() > np.percentile(wrong, 99)


def test_an_opened_jaw_is_as_much_louder_as_the_spec_says(voice):
    """The same clips with and without the gain: the difference follows the jaw with `jaw_db` decibels per unit."""
    deaf = replace(SPEC, jaw_db=0.0)
    slopes = []
    for clip_id in clip_ids("small", "test")[:6]:
        with_jaw, without = say(SPEC, clip_id, voice), say(deaf, clip_id, voice)
        gain = make_identity(SPEC, make_speaker(SPEC, speaker_of(clip_id))).gain
        on_time = replace(SPEC, lag_jitter=0)
        said = with_jaw.phonemes, with_jaw.end, with_jaw.frames
        jaw = articulation.track(*said, spec=on_time, clip=clip_id, gain=gain)[:, articulation.PARAMETERS.index("jaw")]
        (level, on), (plain, _) = energy_of(with_jaw), energy_of(without)
        slope, _ = np.polyfit(jaw[on], (level - plain)[on], 1)
        assert np.corrcoef(jaw[on], (level - plain)[on])[0, 1] > 0.9
        slopes.append(slope)
    assert np.mean(slopes) == pytest.approx(SPEC.jaw_db, rel=0.1)


# --- faces and voices ---------------------------------------------------------------------------------------------


def matching(rho, training=320, pairs=400):
    """Share of same-gender pairs in which a face is closer to its own voice than to the other's.

    Faces are the 68 landmarks of a still picture, half a pixel uncertain; voices are F0 and tract length, standardised.
    Nobody is in two pairs, so the pairs are independent.
    """
    spec = CorpusSpec(rho=rho)
    speakers = [make_speaker(spec, f"s{i:03d}") for i in range(training + 2 * pairs)]
    voices = np.array([(s.latent_f0, s.latent_tract) for s in speakers])
    rest = np.zeros((1, len(articulation.PARAMETERS)), np.float32)
    faces = np.array([
        landmarks(make_identity(spec, s), rest, make_motion(1, spec=spec, clip=f"{s.id}-000")).ravel() for s in speakers
    ])  # fmt: skip
    faces += 0.5 * Draw("probe", "landmarks").normals(faces.size).reshape(faces.shape)
    hits = []
    for gender in "fm":
        of = np.array([s.gender == gender for s in speakers])
        x, y = faces[of], voices[of]
        n = training // 2
        x = (x - x[:n].mean(0)) / x[:n].std(0)
        guess = x[n:] @ least_squares(x[:n], y[:n], 0.1)
        first, second = y[n::2], y[n + 1 :: 2]
        hits.append(np.sum((first - second) * guess[::2], axis=1) > 0)
    return np.mean(np.concatenate(hits))


def test_a_face_tells_its_voice_as_far_as_rho_says():
    free = deviation(1 / 2, 400)
    uncoupled, coupled = matching(0.0), matching(0.5)
    assert uncoupled == pytest.approx(1 / 2, abs=3 * free)
    assert coupled > 1 / 2 + 5 * free

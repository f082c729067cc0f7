"""The embedded noises: how many, how different, and of what nature, by features that are computed here."""

import re
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import avbench.data.synth as synth
from avbench.data.noise import NoiseSet, open_noise
from avbench.data.synth.noise_bank import kinds
from avbench.data.synth.noise_families import FAMILIES, UNSEEN, parameters
from avbench.data.synth.noise_parts import recorded
from avbench.data.synth.spec import speaker_ids
from avbench.errors import UnknownName, UsageError
from avbench.seeds import Draw
from avbench.signal.audio import RATE
from avbench.signal.files import digest

HEARD = [f"{family}-t{index:02d}" for family in FAMILIES for index in (0, 4)]
UNSEEN_HEARD = ["motorcycle-u00", "motorcycle-u05", "factory-u01", "babble-u02", "cafeteria-u03", "speech-shaped-u04"]


@lru_cache
def bank(name):
    return open_noise(name)


def spectrum(x):
    power = np.abs(np.fft.rfft(x)) ** 2
    return np.fft.rfftfreq(len(x), 1 / RATE), power / power.sum()


def roll_off(x, share=0.95):
    f, power = spectrum(x)
    return f[np.searchsorted(np.cumsum(power), share)]


def envelope(x, samples=160):
    return np.sqrt(np.mean(x[: len(x) // samples * samples].reshape(-1, samples) ** 2, axis=1))


def features(x):
    """dB in 22 bands of the spectrum and 8 of the envelope's."""
    x = np.asarray(x, np.float64)
    f, power = spectrum(x)
    edges = np.searchsorted(f, np.geomspace(50, 8000, 23)[:-1])
    bands = np.add.reduceat(power, edges)
    e = envelope(x)
    swing = np.abs(np.fft.rfft((e / e.mean() - 1) * np.hanning(len(e)))) ** 2 * 2.67 / len(e) ** 2
    edges = np.searchsorted(np.fft.rfftfreq(len(e), 0.01), [0.25, 0.5, 1, 2, 4, 8, 16, 32])
    return 10 * np.log10(np.concatenate([bands + 1e-6, np.add.reduceat(swing, edges) + 1e-5]))


def distance(a, b):
    """Root mean square difference in dB."""
    return np.sqrt(np.mean((a - b) ** 2, axis=-1))


@pytest.fixture(scope="module")
def trained():
    return {item.id: features(bank("synth-noise/train").load(item.id)) for item in bank("synth-noise/train").items}


def test_sets_hold_what_the_design_says():
    train, test, unseen = (bank(n).items for n in ("synth-noise/train", "synth-noise", "synth-noise/unseen"))
    assert len({item.kind for item in train}) == len(train) == 138
    assert {item.family for item in train} == {item.family for item in test} == set(FAMILIES)
    assert Counter(item.family for item in test) == dict.fromkeys(FAMILIES, 8)
    assert {item.family for item in unseen} == {"babble", "cafeteria", "motorcycle", "speech-shaped", "factory"}
    assert not {item.family for item in unseen} & {item.family for item in train}
    assert all(12 <= item.seconds <= 20 for item in train)
    assert isinstance(bank("synth-noise"), NoiseSet)
    ids = [item.id for item in (*train, *test, *unseen)]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-z0-9._-]+", i) for i in ids)
    assert len({bank(n).fingerprint for n in ("synth-noise/train", "synth-noise", "synth-noise/unseen")}) == 3


def test_voices_are_few_and_of_the_right_speakers():
    train, test, unseen = (bank(n).items for n in ("synth-noise/train", "synth-noise", "synth-noise/unseen"))
    voiced = [item for item in train if item.talkers]
    assert {item.family for item in voiced} == {"voices"} and len(voiced) / len(train) < 0.1
    assert {t for item in train for t in item.talkers} <= set(speaker_ids("train"))
    assert {t for item in (*test, *unseen) for t in item.talkers} <= set(speaker_ids("test"))
    assert all(item.talkers for item in unseen if item.family in ("babble", "cafeteria", "speech-shaped"))


def test_no_two_kinds_share_a_parameter_and_splits_differ():
    for family in (*FAMILIES.values(), *UNSEEN.values()):
        drawn = [p for split in ("train", "test") for p in parameters(family, 9, "x", split)]
        for name, span in family.spans.items():
            if not isinstance(span, tuple):
                values = [p[name] for p in drawn]
                assert len(set(values)) == 18 and span.low <= min(values) and max(values) < span.high
        numeric = next(name for name, span in family.spans.items() if not isinstance(span, tuple))
        share = sorted(p[numeric] for p in drawn[:9])
        cells = [
            sum(family.spans[numeric].at(i / 9) <= v < family.spans[numeric].at((i + 1) / 9) for v in share)
            for i in range(9)
        ]
        assert cells == [1] * 9  # a Latin hypercube: one in every ninth of the range


def test_every_training_kind_differs_from_every_other(trained):
    names, f = list(trained), np.array(list(trained.values()))
    apart = distance(f[:, None], f[None]) + 99 * np.eye(len(f))
    closest = np.unravel_index(apart.argmin(), apart.shape)
    assert apart.min() > 1.7, [names[i] for i in closest]
    # … and that is more than chance: one kind of the steadiest families, made twice, is nearer to itself.
    for name in ("car-05", "fan-03"):
        item, chosen = kinds("train")[name]
        twice = [
            features(
                recorded(Draw("mic"), FAMILIES[item.family].make(Draw(name, i), round(RATE * item.seconds), **chosen))
            )
            for i in range(2)
        ]
        assert distance(*twice) < 1.5


def test_test_noises_are_near_their_family(trained):
    train = {item.id: item.family for item in bank("synth-noise/train").items}
    names, f = list(trained), np.array(list(trained.values()))
    hits, rank = 0, []
    for item_id in HEARD:
        apart = distance(features(bank("synth-noise").load(item_id)), f)
        own = min(d for d, name in zip(apart, names, strict=True) if train[name] == item_id.rsplit("-", 1)[0])
        nearer = {train[name] for d, name in zip(apart, names, strict=True) if d < own}
        hits += not nearer
        rank.append(len(nearer))
        assert apart.min() > 1.0  # none of them is a training kind again
    assert hits >= 0.7 * len(HEARD) and np.mean(rank) < 1.0


@pytest.mark.parametrize("item_id", [*HEARD, *UNSEEN_HEARD])
def test_noises_are_clean_signals(item_id):
    x = bank("synth-noise/unseen" if "-u" in item_id else "synth-noise").load(item_id).astype(np.float64)
    assert len(x) == 12 * RATE and np.isfinite(x).all()
    assert np.sqrt(np.mean(x**2)) == pytest.approx(1.0, abs=1e-6)
    assert abs(x.mean()) < 1e-3
    top = np.abs(x).max()
    assert np.sum(np.abs(x) > 0.999 * top) <= 3  # a clipped signal would rest at its peak
    assert 2.0 < top < 10 ** (35 / 20)
    e = envelope(x)
    assert 0.05 < e.std() / e.mean() < 3.0
    assert all(np.sqrt(np.mean(quarter**2)) > 0.02 for quarter in np.array_split(x, 4))


def test_motorcycles_are_bright():
    unseen = bank("synth-noise/unseen")
    for item in unseen.items:
        if item.family == "motorcycle":
            assert roll_off(unseen.load(item.id).astype(np.float64)) >= 2000, item.id


def test_speech_shaped_noise_has_the_spectrum_of_its_talkers():
    unseen = bank("synth-noise/unseen")
    item = next(i for i in unseen.items if i.id == "speech-shaped-u04")
    folder = unseen._path(item.id).parent
    f = np.fft.rfftfreq(512, 1 / RATE)

    def mean_spectrum(x):
        frames = x[: len(x) // 512 * 512].astype(np.float64).reshape(-1, 512) / np.sqrt(
            np.mean(x.astype(np.float64) ** 2)
        )
        return np.mean(np.abs(np.fft.rfft(frames * np.hanning(512))) ** 2, axis=0)

    noise = 10 * np.log10(mean_spectrum(unseen.load(item.id)))
    talkers = 10 * np.log10(np.mean([mean_spectrum(np.load(folder / f"talker-{t}.npy")) for t in item.talkers], axis=0))
    inside = (f > 100) & (f < 6000)
    assert np.corrcoef(noise[inside], talkers[inside])[0, 1] > 0.95
    assert envelope(unseen.load(item.id).astype(np.float64), 800).std() < 0.15


def test_bytes_are_the_same_in_another_process_and_after_damage(tmp_path, monkeypatch):
    wanted = ["rain-t02", "engine-t01"]
    here = {i: digest(bank("synth-noise").load(i)) for i in wanted}
    code = (
        "from avbench.data.noise import open_noise; from avbench.signal.files import digest;"
        "n = open_noise('synth-noise');"
        f"print(*[digest(n.load(i)) for i in {wanted[::-1]!r}])"
    )
    env = {"AVBENCH_CACHE": str(tmp_path), "PATH": "/usr/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [here[i] for i in wanted[::-1]]
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    path = open_noise("synth-noise")._path("rain-t02")
    path.write_bytes(path.read_bytes()[:1000])
    assert digest(open_noise("synth-noise").load("rain-t02")) == here["rain-t02"]


def test_only_draw_is_used():
    for path in sorted(Path(synth.__file__).parent.glob("noise_*.py")):
        text = path.read_text()
        assert "np.random" not in text and "default_rng" not in text and "import random" not in text, path.name


def test_unknown_names_are_refused_with_a_hint():
    with pytest.raises(UnknownName, match="synth-noise/train"):
        open_noise("synth-noise/trian")
    with pytest.raises(UsageError, match="folder:path"):
        open_noise("folder:")
    with pytest.raises(UnknownName, match="rain-t03"):
        bank("synth-noise").load("rain-t33")
    with pytest.raises(UnknownName):
        bank("synth-noise").load("rain-03")  # a noise of another split


def test_prepare_tells_how_far_it_is():
    seen = []
    bank("synth-noise").prepare(["rain-t00", "rain-t04"], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    with pytest.raises(UnknownName):
        bank("synth-noise").prepare(["nothing"])

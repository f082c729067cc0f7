"""The failure table: what goes in that breaks the usual packages, and which status and sentence come out here.

One row for each kind of input under which a package crashed, hung, or gave a number that looks like a score (measured
for pystoi, pesq, torchmetrics, Resemblyzer and NISQA). What fits elsewhere has its test there: batches that lose a clip
and crashes of PESQ in test_worker_pool.py and test_pesq.py; lists of unequal length, empty references and white space
in test_words.py; one class and NaN among scores in test_detection.py; reflected, constant and NaN points in
test_landmark_distance.py; noise without a voice in test_spksim.py; a declared rate that is wrong, which nobody can see
of one recording, in test_nisqa.py and test_speaker.py (the stated rate is believed, and counts).
"""

import re

import numpy as np
import pytest

from avbench.errors import EstimateFault, MissingResource
from avbench.judges import get_judge
from avbench.metrics import METRICS, guard, measure_all
from avbench.metrics.golden import golden_pair, golden_pictures
from avbench.types import Video

RATE = 16_000
STOI, PESQ, SDR = ("stoi", "estoi"), ("pesq-wb", "pesq-nb"), ("si-sdr", "si-sdr-zm")
SOUND, ALONE, VOICE = (*STOI, *PESQ, *SDR), ("nisqa", "nisqa-tts", "dnsmos"), ("spksim",)
BOTH = (*SOUND, *VOICE)  # those that look at a reference
ALL = (*BOTH, *ALONE)


def spoilt(samples, value):
    samples = samples.copy()
    samples[100:103] = value
    return samples


def short(seconds):
    part = slice(7_000, 7_000 + round(seconds * RATE))  # inside a syllable
    return lambda e, c: (e[part], c[part])


def pauses(e, c):
    """66 bursts in 40 s: more utterances than the tables of PESQ hold."""
    noise = np.random.Generator(np.random.Philox(2)).standard_normal((2, 40 * RATE)).astype(np.float32)
    on = (np.arange(40 * RATE) % (40 * RATE // 66)) < 20 * RATE // 66
    return 0.1 * on * noise[0] + 0.01 * noise[1], 0.1 * on * noise[0]


# input: (change of (estimate, reference), {status: [(metrics, words of the sentence)]}); the others are scored.
TABLE = {
    "empty": (lambda e, c: (e[:0], c), {"failed": [(ALL, "the estimate is empty")]}),
    "empty reference": (lambda e, c: (e, c[:0]), {"void": [(BOTH, "the reference is empty")]}),
    "silent reference": (lambda e, c: (e, c * 0), {"void": [(BOTH, "the reference is silent: 0.00 s")]}),
    "silent estimate": (lambda e, c: (e * 0, c), {"failed": [(ALL, "the estimate is silent: 0.00 s")]}),
    "both silent": (
        lambda e, c: (e * 0, c * 0),
        {"void": [(BOTH, "the reference is silent")], "failed": [(ALONE, "the estimate is silent")]},
    ),
    "NaN in the estimate": (lambda e, c: (spoilt(e, np.nan), c), {"failed": [(ALL, "estimate holds 3 samples")]}),
    "NaN in the reference": (lambda e, c: (e, spoilt(c, np.nan)), {"void": [(BOTH, "reference holds 3 samples")]}),
    "Inf in the estimate": (lambda e, c: (spoilt(e, np.inf), c), {"failed": [(ALL, "NaN or infinite")]}),
    "other lengths": (
        lambda e, c: (e[:-160], c),
        {"failed": [(SOUND, "the estimate has 57440 samples and the reference 57600")]},
    ),
    "stereo (2, N)": (lambda e, c: (np.stack([e, e]), c), {"failed": [(ALL, r"must be mono.*not \[2, 57600\]")]}),
    "stereo (N, 2)": (lambda e, c: (np.stack([e, e], 1), c), {"failed": [(ALL, r"must be mono.*\[57600, 2\]")]}),
    "int16": (lambda e, c: ((e * 32767).astype(np.int16), c), {"failed": [(ALL, "floating point.*not int16")]}),
    "0.2 s": (
        short(0.2),
        {
            "void": [(STOI, "the reference lasts 0.200 s, and 0.4 s"), (PESQ, "0.200 s, and 0.3 s")],
            "failed": [(VOICE, "the estimate lasts 0.200 s, and 0.5 s"), (ALONE, "0.200 s, and 1 s are needed")],
        },
    ),
    "0.3 s": (
        short(0.3),
        {
            "void": [(STOI, "the reference lasts 0.300 s, and 0.4 s")],
            "failed": [(VOICE, "the estimate lasts 0.300 s, and 0.5 s"), (ALONE, "0.300 s, and 1 s are needed")],
        },
    ),
    "estimate at a millionth": (lambda e, c: (e * 1e-6, c), {"failed": [(ALL, "the estimate is silent")]}),
    "one sample": (
        lambda e, c: (e[9000:9001], c[9000:9001]),
        {"void": [(BOTH, "the reference lasts 0.000 s, and 0.1 s")], "failed": [(ALONE, "the estimate is silent")]},
    ),
    "66 pauses in 40 s": (pauses, {"void": [(PESQ, "may hold 66 utterances, and PESQ has room for 50")]}),
    "constant of 0.3 added": (lambda e, c: (e + 0.3, c), {}),
    "clipped": (lambda e, c: (np.clip(20 * e, -1, 1), c), {}),
    "negated": (lambda e, c: (-e, c), {}),
    "late by 100 ms": (lambda e, c: (np.roll(e, 1600), c), {}),
}


HEARD = ("silent reference", "clipped")


@pytest.fixture
def here(request, monkeypatch):
    """Metrics that can be scored, too: those whose judge is at hand."""
    folder = request.config.rootpath.parent / "shared" / "weights"
    if folder.is_dir():
        monkeypatch.setenv("AVBENCH_ASSETS", str(folder))

    def ready(name):
        try:
            if METRICS[name].judge:
                get_judge(METRICS[name].judge).files()
        except MissingResource:
            return False
        return True

    return {name for name in ALL if ready(name)}


def scored(names, estimate, reference):
    """As `avbench measure` does it: what cannot be carried is no estimate, and the reason says why."""
    try:
        estimate, missing = guard.carry(estimate, RATE), ""
    except EstimateFault as fault:
        estimate, missing = None, fault.reason
    return measure_all(names, estimate, guard.carry(reference, RATE), missing=missing)


@pytest.mark.parametrize("row", TABLE)
def test_row(row, here):
    change, faults = TABLE[row]
    estimate, reference = change(*(signal.samples for signal in golden_pair()))
    expected = {n: (status, words) for status, cases in faults.items() for names, words in cases for n in names}
    judged = here if row in HEARD else ()  # two rows are enough to see that judges, which take seconds, still answer
    asked = [name for name in ALL if name in SOUND or name in expected or name in judged]
    for name, score in scored(asked, estimate, reference).items():
        status, words = expected.get(name, ("ok", ""))
        assert score.status == status, (name, score)
        if status == "ok":
            assert np.isfinite(score.value) and score.value >= METRICS[name].floor and score.reason == ""
            continue
        assert re.search(words, score.reason), (name, score.reason)
        assert score.raw is None and score.value == (METRICS[name].floor if status == "failed" else None)


def test_what_is_scored_moves_as_it_should():
    """A constant and a delay cost SI-SDR what they cost; a wrong sign costs nothing; no level does."""
    estimate, reference = (signal.samples for signal in golden_pair(snr_db=20.0))
    plain = {name: score.value for name, score in scored(SOUND, estimate, reference).items()}

    def of(row):
        return {name: score.value for name, score in scored(SOUND, *TABLE[row][0](estimate, reference)).items()}

    constant, clipped, negated = of("constant of 0.3 added"), of("clipped"), of("negated")
    assert constant["si-sdr"] < -5 < 15 < plain["si-sdr"]
    assert constant["si-sdr-zm"] == pytest.approx(plain["si-sdr-zm"], abs=1e-3)
    assert all(clipped[name] < plain[name] for name in SOUND)
    assert negated == pytest.approx(plain, abs=1e-9)
    late = of("late by 100 ms")
    assert all(late[name] < plain[name] for name in (*STOI, *SDR))
    quiet = {name: score.value for name, score in scored(SOUND, estimate * 1e-3, reference * 1e-3).items()}
    assert quiet["si-sdr"] == pytest.approx(plain["si-sdr"], abs=1e-4)  # torchmetrics lost 0.3 dB of 20 here


def test_a_rate_that_is_stated_wrongly_is_not_averaged_away():
    """8 kHz against 16 kHz fails; packages that take no rate, or believe one, gave 0.964 for 0.990 without a word."""
    estimate, reference = golden_pair()
    wrong = type(estimate)(estimate.samples, 8_000)
    for name, score in measure_all(SOUND, wrong, reference).items():
        assert score.status == "failed" and "8000 Hz and the reference 16000 Hz" in score.reason, name


LIKENESS, LPIPS = ("ssim", "ssim-skimage7"), ("lpips", "lpips-squeeze")

# input: (change of the frames of either side, {metrics: (status, words)}); the others are scored.
PICTURES = {
    "as they are": (lambda f: f, {}),
    "one channel": (lambda f: f[..., :1], {LPIPS: ("void", "is grey, and LPIPS is defined on colour")}),
    "16 × 16": (lambda f: f[:, :16, :16], {LPIPS: ("void", "has 16 × 16 pixels, and lpips-.* needs")}),
    "6 × 6": (
        lambda f: f[:, :6, :6],
        {LIKENESS: ("void", "of 6 × 6, and the window of SSIM needs"), LPIPS: ("void", "has 6 × 6 pixels")},
    ),
    "no frames": (lambda f: f[:0], {("psnr", *LIKENESS, *LPIPS): ("void", "the reference is empty")}),
}


@pytest.mark.parametrize("row", PICTURES)
def test_pictures(row, here):
    """lpips takes grey pictures and any range without a word; scikit-image and lpips break down on small ones."""
    change, faults = PICTURES[row]
    expected = {name: case for names, case in faults.items() for name in names}
    pair = [Video(change(side.frames), side.fps) for side in golden_pictures("frames")]
    for name, score in measure_all(("psnr", *LIKENESS, *LPIPS), *pair).items():
        if score.status == "not-applicable":  # no weights here
            continue
        status, words = expected.get(name, ("ok", ""))
        assert score.status == status and re.search(words, score.reason), (name, score)
        assert score.value is None if status == "void" else np.isfinite(score.value)


@pytest.mark.parametrize(
    "frames", [np.full((1, 32, 32, 3), 0.5), np.full((1, 32, 32, 3), np.nan), np.zeros((32, 32, 3))]
)
def test_pictures_of_another_type_are_not_carried(frames):
    """0 to 1, −1 to 1 and 0 to 255 cannot be told apart by looking; a NaN has no place in 8 bits."""
    with pytest.raises(ValueError, match="uint8"):
        Video(frames, 25.0)


def test_the_range_is_255_whatever_the_pictures_hold():
    """torchmetrics takes the range of the batch unless told, and gave 0.83 for 0.73."""
    from skimage.metrics import structural_similarity

    e, r = (Video(side.frames // 2, side.fps) for side in golden_pictures("frames"))
    own, told = (
        np.mean([structural_similarity(r.frames[i], e.frames[i], channel_axis=2, data_range=d) for i in range(4)])
        for d in (float(np.ptp(r.frames)), 255.0)
    )
    assert measure_all(["ssim-skimage7"], e, r)["ssim-skimage7"].value == pytest.approx(told, abs=1e-9)
    assert abs(own - told) > 0.01

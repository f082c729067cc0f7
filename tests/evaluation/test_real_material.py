"""Real recordings, videos and photographs through every metric whose judge is here, by `measure`.

The ranges are what is known of the material and of the metrics, with the reason beside each; they are wide enough for
any right implementation and too narrow for one that takes another rate, channel, alignment or order of arguments.
"""

import csv
import os
import shutil

import numpy as np
import pytest
import soundfile

from avbench.errors import MissingResource, UnknownName, UsageError
from avbench.evaluation.measure import measure
from avbench.judges import judge_identity
from avbench.metrics import METRICS, measure_all
from avbench.signal.audio import read_channels
from avbench.signal.video import read_video
from avbench.types import Audio

pytestmark = pytest.mark.slow

SOUND = ("stoi", "estoi", "si-sdr", "si-sdr-zm", "pesq-wb", "pesq-nb")
HEARD = ("nisqa", "nisqa-tts", "dnsmos")
SEEN = ("psnr", "ssim", "ssim-skimage7", "lpips", "lpips-squeeze")
FACES = ("nlmd", "nlmd-mouth")
WRITTEN = ("wer", "cer", "top1")
FRAMEWISE = ("map", "map-interpolated")
UNFILED = ("cpr", "cpr-auto", "mos")  # votes, triplets and ratings are no files
SPOKEN = {"b": "bin", "l": "lay", "p": "place", "s": "set"}


@pytest.fixture(autouse=True, scope="module")
def assets(shared_data):
    """Where the weights are."""
    folder = shared_data.parent / "weights"
    if not folder.is_dir():
        pytest.skip("real weights are not here: put them in ../shared/weights to run this test")
    before = os.environ.get("AVBENCH_ASSETS")
    os.environ["AVBENCH_ASSETS"] = str(folder)
    yield folder
    if before is None:
        del os.environ["AVBENCH_ASSETS"]
    else:
        os.environ["AVBENCH_ASSETS"] = before


def folder(path, files):
    """A folder of these files by name, linked, or written where they are samples and a rate."""
    path.mkdir(parents=True)
    for name, source in files.items():
        if isinstance(source, tuple):
            soundfile.write(path / f"{name}.wav", *source, subtype="FLOAT")
        elif isinstance(source, str):
            (path / f"{name}.txt").write_text(source)
        elif isinstance(source, np.ndarray):
            np.save(path / f"{name}.npy", source)
        else:
            (path / f"{name}{source.suffix}").symlink_to(source)
    return path


def judged(estimate, reference, metrics):
    """Pooled values by metric; every single score must be ok, and finite."""
    found = measure(estimate, reference, list(metrics), workers=2)
    bad = [(row["name"], row["metric"], row["status"], row["reason"]) for row in found.scores if row["status"] != "ok"]
    assert not bad and found.complete
    values = {row["metric"]: row["value"] for row in found.pooled}
    print({name: round(value, 4) for name, value in values.items()}, f"n={found.pooled[0]['n']}")
    for row in found.pooled:
        metric = METRICS[row["metric"]]
        assert np.isfinite(row["value"])
        assert row["judge"] == (metric.judge and judge_identity(metric.judge))
    return values


def one_channel(path):
    """The first channel of a GRID clip, which is the same as the second, and its rate."""
    channels = read_channels(path)
    assert np.abs(channels[0].samples - channels[-1].samples).max() < 0.02
    return channels[0].samples, channels[0].rate


@pytest.fixture(scope="module")
def grid(shared_data):
    """Eight clips of GRID by name."""
    return {path.stem: path for path in sorted((shared_data / "av/grid_s1").glob("*.mpg"))[:8]}


def test_every_metric_whose_judge_is_here_is_walked():
    walked = {*SOUND, *HEARD, *SEEN, *FACES, *WRITTEN, *FRAMEWISE, "spksim", "lpips-diversity", "frechet-synth"}
    for name in METRICS.keys() - walked - {*UNFILED}:
        with pytest.raises((MissingResource, UnknownName)):
            judge_identity(METRICS[name].judge or name)
    assert walked <= METRICS.keys()


def test_noizeus(shared_data, tmp_path):
    """8 kHz speech in babble. The name's SNR is of active speech: over the whole file it is 0.3 to 0.7 dB lower."""
    noizeus, values = shared_data / "speech/noizeus", {}
    for snr in (0, 10):
        pairs = {path.stem.split("_")[0]: path for path in sorted(noizeus.glob(f"noisy/babble_{snr}dB/*.wav"))[:8]}
        clean = {name: noizeus / "clean" / f"{name}.wav" for name in pairs}
        values[snr] = judged(
            folder(tmp_path / f"e{snr}", pairs), folder(tmp_path / f"r{snr}", clean), [*SOUND, *HEARD, "spksim"]
        )
        # The speech is in no way like the noise, so that the ratio is the SNR itself.
        assert (
            snr - 1.2 < values[snr]["si-sdr"] < snr + 0.2
            and abs(values[snr]["si-sdr"] - values[snr]["si-sdr-zm"]) < 0.2
        )
    assert 0.55 < values[0]["stoi"] < 0.80 < values[10]["stoi"] < 0.97  # half and nearly all words are understood
    # Raw values of 1.5 to 2 and of 2.2 to 2.7, as babble at these SNRs has them, by the mapping of P.862.1.
    assert 1.3 < values[0]["pesq-nb"] < 1.7 < values[10]["pesq-nb"] < 2.4
    for name in (*SOUND, "dnsmos", "spksim"):
        assert values[0][name] < values[10][name], name
    for name in HEARD:  # telephone speech in babble is no good quality
        assert 1 <= values[0][name] < 3.2, name


def test_librispeech_against_itself_is_perfect(shared_data, tmp_path):
    files = {path.stem: path for path in sorted((shared_data / "speech/librispeech_test-other").rglob("*.flac"))[::12]}
    values = judged(folder(tmp_path / "e", files), folder(tmp_path / "r", files), [*SOUND, *HEARD, "spksim"])
    assert values["stoi"] == pytest.approx(1, abs=1e-6) and values["estoi"] == pytest.approx(1, abs=1e-6)
    assert values["si-sdr"] == values["si-sdr-zm"] == 100  # the cap
    assert values["pesq-wb"] == pytest.approx(4.644, abs=1e-3) and values["pesq-nb"] == pytest.approx(4.549, abs=1e-3)
    assert values["spksim"] == pytest.approx(1, abs=1e-4)
    for name in HEARD:  # read aloud in a quiet room, compressed once
        assert 2.3 < values[name] < 5, name


def test_librispeech_voices(shared_data, tmp_path):
    """Another utterance of the same speaker is nearer than one of another speaker."""
    speakers = {}
    for path in sorted((shared_data / "speech/librispeech_test-other").rglob("*.flac")):
        speakers.setdefault(path.stem.split("-")[0], []).append(path)
    names = [name for name, paths in speakers.items() if len(paths) > 1]
    one = folder(tmp_path / "one", {name: speakers[name][0] for name in names})
    same = folder(tmp_path / "same", {name: speakers[name][1] for name in names})
    turned = dict(zip(names, [*names[1:], names[0]], strict=True))
    other = folder(tmp_path / "other", {name: speakers[turned[name]][1] for name in names})
    mine, theirs = (judged(one, side, ["spksim"])["spksim"] for side in (same, other))
    assert 0.75 < mine <= 1 and 0.4 < theirs < 0.75  # nothing in common is 0.51 in the median


def test_words(shared_data, tmp_path):
    """Transcripts with one word in five left out: that many errors, and the rate is over all words."""
    with (shared_data / "speech/transcripts.tsv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)]
    said = {row["path"].replace("/", "_"): row["transcript"] for row in rows if len(row["transcript"].split()) >= 5}
    kept = {name: " ".join(w for i, w in enumerate(text.split()) if i % 5 != 4) for name, text in said.items()}
    values = judged(folder(tmp_path / "e", kept), folder(tmp_path / "r", said), WRITTEN)
    count = {name: len(text.split()) for name, text in said.items()}
    assert values["wer"] == pytest.approx(sum(n // 5 for n in count.values()) / sum(count.values()), abs=0.01)
    assert 0.1 < values["cer"] < 0.25 and values["top1"] == 0
    assert judged(tmp_path / "r", tmp_path / "r", WRITTEN) == {"wer": 0, "cer": 0, "top1": 1}


def test_grid_sound(grid, shared_data, tmp_path):
    """44.1 kHz speech with a quarter of its own noise floor lifted: stereo is refused, one channel is judged."""
    with pytest.raises(UsageError, match="2 channels"):
        measure(next(iter(grid.values())), metrics="dnsmos")
    clean = {name: one_channel(path) for name, path in grid.items()}
    noise, rate = soundfile.read(
        next((shared_data / "noise/noisereduce").glob("*.wav")), dtype="float32", always_2d=True
    )
    assert rate == 44100
    noisy = {}
    for name, (samples, rate) in clean.items():
        piece = noise[: len(samples), 0] * np.sqrt(np.mean(samples**2) / np.mean(noise[: len(samples), 0] ** 2))
        noisy[name] = samples + piece.astype(np.float32), rate
    mine, true = folder(tmp_path / "e", noisy), folder(tmp_path / "r", clean)
    values = judged(mine, true, [*SOUND, *HEARD, "spksim"])
    best = judged(true, true, [*SOUND, *HEARD, "spksim"])
    assert abs(values["si-sdr"]) < 0.5  # mixed at 0 dB, of things that have nothing in common
    assert 0.45 < values["stoi"] < 0.95 and 1 < values["pesq-wb"] < 2.2
    for name in (*SOUND, *HEARD, "spksim"):
        assert values[name] < best[name], name
    assert best["nisqa"] > 2.5  # a quiet studio, MPEG layer II


def test_grid_pictures(grid, tmp_path):
    """The same talker in two sentences: one room, one chair, another mouth."""
    one, other = list(grid.values())[:2]
    a, b = folder(tmp_path / "a", {"clip": one}), folder(tmp_path / "b", {"clip": other})
    same, apart = judged(a, a, [*SEEN, *FACES]), judged(a, b, [*SEEN, *FACES])
    assert same["psnr"] == 120 and same["ssim"] == same["ssim-skimage7"] == pytest.approx(1)
    assert all(same[name] == pytest.approx(0, abs=1e-6) for name in ("lpips", "lpips-squeeze", *FACES))
    assert 15 < apart["psnr"] < 35 and 0.5 < apart["ssim"] < 0.99 and 0.02 < apart["lpips"] < 0.4
    # Two sentences of one face: lips and jaw are apart by a few hundredths of the distance of the eyes.
    assert 0.01 < apart["nlmd"] < 0.08 and 0.01 < apart["nlmd-mouth"] < 0.08


def test_grid_speaking(grid, tmp_path):
    """Loudness tells when somebody speaks in a quiet room: frames of words against frames of silence."""
    scores, labels = {}, {}
    for name, path in grid.items():
        samples, rate = one_channel(path)
        words = [line.split() for line in path.with_suffix(".align").read_text().splitlines()]
        spoken = [(int(a) / 25000, int(b) / 25000) for a, b, word in words if word not in ("sil", "sp")]
        middles = (np.arange(int(len(samples) / rate * 25)) + 0.5) / 25
        labels[name] = np.array([float(any(a <= t < b for a, b in spoken)) for t in middles])
        step = rate // 25
        scores[name] = np.array(
            [np.log(1e-9 + np.mean(samples[i * step : (i + 1) * step] ** 2)) for i in range(len(middles))]
        )
        scores[name] -= scores[name].max()
    values = judged(folder(tmp_path / "e", scores), folder(tmp_path / "r", labels), FRAMEWISE)
    share = np.mean(np.concatenate(list(labels.values())))
    assert share + 0.1 < values["map"] <= values["map-interpolated"] < 1  # guessing gets the share of the positives


def test_grid_sentences(grid, tmp_path):
    """What the alignments say is what the six letters of the name stand for."""
    files = {name: path.with_suffix(".align") for name, path in grid.items()}
    words = {n: [line.split()[2] for line in p.read_text().splitlines()] for n, p in files.items()}
    said = {name: " ".join(w for w in found if w not in ("sil", "sp")) for name, found in words.items()}
    coded = {name: f"{SPOKEN[name[0]]} {' '.join(said[name].split()[1:])}" for name in grid}
    assert judged(folder(tmp_path / "e", coded), folder(tmp_path / "r", said), WRITTEN) == {
        "wer": 0,
        "cer": 0,
        "top1": 1,
    }


def test_photographs(shared_data, tmp_path):
    """CelebA-HQ faces, saved once more as small JPEGs: no byte is as before, and everybody is still to be known."""
    from PIL import Image

    (tmp_path / "e").mkdir()
    (tmp_path / "r").mkdir()
    for path in sorted((shared_data / "faces/celeba_hq").rglob("*.jpg"))[::10]:
        picture = Image.open(path).convert("RGB").resize((256, 256), Image.Resampling.BICUBIC)
        picture.save(tmp_path / "r" / f"{path.stem}.png")
        picture.save(tmp_path / "e" / f"{path.stem}.jpg", quality=20)
    values = judged(tmp_path / "e", tmp_path / "r", [*SEEN, *FACES])
    assert 26 < values["psnr"] < 36 and 0.75 < values["ssim"] < 0.97  # what JPEG at quality 20 is known for
    assert 0.03 < values["lpips"] < 0.3 and 0.03 < values["lpips-squeeze"] < 0.3
    assert 0 < values["nlmd"] < 0.1 and 0 < values["nlmd-mouth"] < 0.1  # the points hardly move
    found = judged(tmp_path / "r", None, ["lpips-diversity"])["lpips-diversity"]
    assert 0.4 < found < 0.8  # StarGAN v2 has 0.45 among faces of one source; these have nothing in common
    made, same = (judged(tmp_path / side, tmp_path / "r", ["frechet-synth"])["frechet-synth"] for side in "er")
    assert same == pytest.approx(0, abs=1e-6) and made > 0.01  # a judge of drawn faces: a number, and no more


def test_judges_of_the_embedded_corpus_answer(grid, tmp_path):
    """They know nothing of people: there is a score for each, and which judge gave it."""
    clips = {name: one_channel(path) for name, path in list(grid.items())[:3]}
    lines = {name: grid[name].with_suffix(".align").read_text().splitlines() for name in clips}
    said = {name: " ".join(w for line in lines[name] if (w := line.split()[2]) not in ("sil", "sp")) for name in clips}
    found = measure(
        folder(tmp_path / "e", clips), folder(tmp_path / "r", said), "asr-wer", judge=["espnet=synth-asr"], workers=1
    )
    assert found.complete and found.pooled[0]["judge"] == judge_identity("synth-asr")
    assert 0.5 < found.value("asr-wer") < 3  # it knows 40 of 48 words of these, and no person's voice
    film, *voices = read_video(grid["bbaf2n"]), *(Audio(*clips[name]) for name in list(clips)[:2])
    score = measure_all(["cpr-auto"], film, tuple(voices))["cpr-auto"]
    assert score.status == "ok" and score.value in (0, 0.5, 1)


def test_published_distances(shared_data, tmp_path):
    """The two distances that the authors of LPIPS print for their example: 0.722 and 0.138."""
    examples = shared_data / "images/lpips_examples"
    for name, expected in (("ex_p0", 0.722), ("ex_p1", 0.138)):
        found = measure(examples / f"{name}.png", examples / "ex_ref.png", "lpips")
        assert found.value("lpips") == pytest.approx(expected, abs=6e-4)


def test_a_judge_that_is_not_here_is_said_to_be_and_costs_nobody(grid, shared_data, tmp_path):
    clip = folder(tmp_path / "clips", {"clip": next(iter(grid.values()))})
    text = folder(tmp_path / "texts", {"clip": "bin"})
    found = measure(clip, text, "lsa")
    assert [row["status"] for row in found.scores] == ["not-applicable"] and "mstcn" in found.scores[0]["reason"]
    assert not found.complete and found.value("lsa") is None and found.pooled[0]["judge"] == "mstcn"
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for path in sorted((shared_data / "faces/celeba_hq").rglob("*.jpg"))[:2]:
        shutil.copy(path, pictures / path.name)
    for name in ("fid", "fid-starganv2"):
        (row,) = measure(pictures, pictures, name).scores
        assert row["status"] == "not-applicable" and "inception" in row["reason"]

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from avbench.data.synth import articulation
from avbench.data.synth import voice as voice_module
from avbench.data.synth.grammar import sentence
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import ACCENTS, CorpusSpec, clip_ids, speaker_ids, speaker_of
from avbench.data.synth.voice import RATE, Voice
from avbench.errors import AvbenchError, MissingResource, UsageError

SPEC = CorpusSpec()
GOLDEN = {"s000-000": "53f3aaf50d232e67", "s001-001": "e9ab4d1356f54a94", "s014-002": "7a8b97ae06bf9281"}


def digest(said):
    return hashlib.blake2b(
        said.samples.tobytes() + repr((said.words, said.phonemes)).encode(), digest_size=8
    ).hexdigest()


def say(voice, clip, **options):
    return voice.speak(make_speaker(SPEC, speaker_of(clip)), sentence(SPEC, clip), seed=int(clip[-3:]), **options)


def mean_f0(x, low=60, high=400):
    """Median F0 of the voiced frames, by autocorrelation of 80 ms frames, corrected for the window."""
    window = np.hanning(int(0.08 * RATE))
    size = 2 * len(window)
    frames = np.lib.stride_tricks.sliding_window_view(x, len(window))[::320] * window
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, size)) ** 2)[:, : len(window)]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2)[: len(window)]
    energy = correlation[:, 0]
    frames = (correlation / np.maximum(energy, 1e-9)[:, None] / (own / own[0]))[
        energy > 0.02 * np.percentile(energy, 95)
    ]
    found = []
    for frame in frames[:, RATE // high : RATE // low]:
        peaks = (frame[1:-1] >= frame[:-2]) & (frame[1:-1] >= frame[2:]) & (frame[1:-1] > 0.88 * frame.max())
        if frame.max() > 0.6 and peaks.any():
            found.append(RATE / (np.flatnonzero(peaks)[0] + 1 + RATE // high))
    return float(np.median(found))


@pytest.fixture(scope="module")
def voice():
    with Voice() as voice:
        yield voice


@pytest.fixture(scope="module")
def spoken(voice):
    """300 sentences, 40 speakers of training among them, plain."""
    clips = (*clip_ids("base", "test")[:200], *clip_ids("base", "train")[:100])
    return {clip: say(voice, clip) for clip in clips}


def test_every_word_has_one_event(spoken):
    assert len(spoken) == 300
    for clip, said in spoken.items():
        assert [w.text for w in said.words] == sentence(SPEC, clip).translate(str.maketrans("", "", ",.?")).split()
        seconds = len(said.samples) / RATE
        starts = [w.start for w in said.words]
        assert starts == sorted(set(starts))
        assert all(0 <= w.start < w.end <= seconds + 1e-9 for w in said.words)
        assert all(a.end <= b.start for a, b in zip(said.words[:-1], said.words[1:], strict=True))


def test_phonemes_are_in_order_and_have_visemes(spoken):
    for said in spoken.values():
        starts = [p.start for p in said.phonemes]
        assert starts == sorted(starts)
        assert starts[-1] <= len(said.samples) / RATE
        assert said.phonemes[-1].symbol == "_"
        assert any(p.stressed for p in said.phonemes)
    for symbol in {p.symbol for said in spoken.values() for p in said.phonemes}:
        assert articulation.viseme_of(symbol)


def test_sentences_are_two_to_six_seconds_and_never_clip(spoken):
    seconds = np.array([len(said.samples) / RATE for said in spoken.values()])
    assert 3.0 < seconds.mean() < 3.5
    assert np.percentile(seconds, 1) > 1.9
    assert seconds.max() < 6.0
    for said in spoken.values():
        assert said.samples.dtype == np.float32
        assert 0.1 < np.abs(said.samples).max() < 0.95


def test_commas_make_pauses(voice):
    speaker = make_speaker(SPEC, "s000")
    flat = voice.speak(speaker, "the farmer sang and the baker danced.", seed=0)
    paused = voice.speak(speaker, "the farmer sang, and the baker danced.", seed=0)
    assert len(paused.samples) > len(flat.samples) + 0.1 * RATE
    inner = [p for p in paused.phonemes[:-1] if p.symbol == "_"]
    assert len(inner) == 1
    assert paused.words[2].end == inner[0].start


def test_rate_and_pitch(voice):
    plain, fast, high = (say(voice, "s001-000", **o) for o in ({}, {"rate": 1.2}, {"pitch": 1.2}))
    assert 0.75 < len(fast.samples) / len(plain.samples) < 0.92
    assert 1.12 < mean_f0(high.samples) / mean_f0(plain.samples) < 1.28


def test_the_seed_is_the_breath(voice):
    breathy = next(s for s in speaker_ids() if make_speaker(SPEC, s).breath)
    speaker = make_speaker(SPEC, breathy)
    one, same, two = (voice.speak(speaker, "a quiet river.", seed=seed) for seed in (1, 1, 2))
    assert digest(one) == digest(same) != digest(two)
    assert one.words == two.words


def test_bytes_do_not_depend_on_order_or_process(voice, spoken):
    clips = list(spoken)[:24]
    for order in (clips[::-1], clips[::2] + clips[1::2]):
        with Voice() as other:
            assert {c: digest(say(other, c)) for c in order} == {c: digest(spoken[c]) for c in clips}
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import test_voice as t\n"
        "with t.Voice() as v: print(json.dumps({c: t.digest(t.say(v, c)) for c in sys.argv[2:]}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), *clips[5:9]], capture_output=True, check=True
    )
    assert json.loads(done.stdout) == {c: digest(spoken[c]) for c in clips[5:9]}


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the engine's samples are promised per platform: golden hashes are those of Linux x86-64",
)
def test_golden_hashes(voice):
    assert {clip: digest(say(voice, clip)) for clip in GOLDEN} == GOLDEN


def test_every_accent_loads_and_sounds_different(voice):
    speaker = make_speaker(SPEC, "s000")
    said = {a: voice.speak(type(speaker)(**vars(speaker) | {"accent": a}), "the old car.", seed=0) for a in ACCENTS}
    assert len({digest(u) for u in said.values()}) == 8


def test_gender_shows_in_f0(voice, spoken):
    right, wanted, heard = 0, [], []
    clips = clip_ids("base", "test")[:40]
    for clip in clips:
        speaker = make_speaker(SPEC, speaker_of(clip))
        wanted.append(np.log(speaker.f0_hz))
        heard.append(np.log(mean_f0(spoken[clip].samples)))
        right += (heard[-1] > np.log(150)) == (speaker.gender == "f")
    assert right >= 38
    assert np.corrcoef(wanted, heard)[0, 1] > 0.95
    assert abs(np.mean(heard) - np.mean(wanted)) < 0.05


def test_wrong_wishes_have_sentences(voice):
    speaker = make_speaker(SPEC, "s000")
    with pytest.raises(UsageError, match="no word"):
        voice.speak(speaker, ", .", seed=0)
    with pytest.raises(UsageError, match="words per minute"):
        voice.speak(speaker, "cat", rate=9.0, seed=0)
    with pytest.raises(UsageError, match="shifted"):
        voice.speak(speaker, "cat", pitch=0.0, seed=0)
    with pytest.raises(AvbenchError, match="has no voice"):
        voice.speak(type(speaker)(**vars(speaker) | {"accent": "en-gb"}), "cat", seed=0)
    with pytest.raises(AvbenchError, match="2 words for 1"):
        voice.speak(speaker, "[[k'at b'at]]", seed=0)


def test_a_killed_worker_is_replaced_in_the_middle_of_an_utterance(voice):
    wanted = digest(say(voice, "s003-000"))
    os.kill(voice._process.pid, signal.SIGSTOP)
    killer = subprocess.Popen(
        [sys.executable, "-c", f"import os, time; time.sleep(0.3); os.kill({voice._process.pid}, 9)"]
    )
    assert digest(say(voice, "s003-000")) == wanted
    assert killer.wait() == 0


def fake_worker(folder, body):
    script = folder / "worker.py"
    greeting = json.dumps({"engine": "1.52.0", "loader": voice_module.ENGINE, "rate": 22050})
    script.write_text(f"import sys, time, os, json\ngreeting = {greeting!r}\n{body}\n")
    return script


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("print(greeting, flush=True); time.sleep(60)", "did not answer within 0.5 s, twice"),
        ("time.sleep(60)", "did not answer within 0.5 s, twice"),
        ("print(greeting, flush=True); sys.stdin.readline(); print('{\"bytes\": 9}', flush=True)", "died, twice"),
        ("print('nonsense')", "died, twice"),
        ("print('{\"loader\": null}', flush=True)", "no espeakng-loader is installed: pip install espeakng-loader=="),
        ('print(\'{"loader": "0.1"}\', flush=True)', "0.1 is installed: pip install"),
        ('print(\'{"broken": "GLIBC_2.29 not found"}\', flush=True)', "GLIBC_2.29 not found.*glibc 2.29 or newer"),
    ],
)
def test_a_useless_worker_ends_in_one_sentence(tmp_path, body, sentence):
    began = time.monotonic()
    with (
        Voice(timeout=0.5, worker=fake_worker(tmp_path, body)) as voice,
        pytest.raises(MissingResource, match=sentence) as caught,
    ):
        say(voice, "s000-000")
    assert "\n" not in str(caught.value)
    assert voice._process is None
    assert time.monotonic() - began < 10


def test_a_missing_package_is_said_by_the_real_worker(tmp_path):
    # -S hides site-packages, and with it the engine.
    real = Path(voice_module.__file__).with_name("espeak_worker.py")
    done = subprocess.run([sys.executable, "-S", "-P", real, tmp_path / "data"], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"loader": None}


def test_close_leaves_nothing_behind():
    voice = Voice()
    say(voice, "s000-000")
    process, folder = voice._process, voice._folder
    assert sorted(p.name for p in folder.iterdir()) == [
        "en_dict", "intonations", "lang", "phondata", "phonindex", "phontab", "voices",
    ]  # fmt: skip
    assert [p.name for p in (folder / "voices" / "!v").iterdir()] == ["cur"]
    installed = Path(find_spec("espeakng_loader").origin).parent / "espeak-ng-data" / "voices" / "!v"
    assert not (installed / "cur").exists()
    voice.close()
    voice.close()
    assert process.returncode == 0
    assert not folder.exists()
    say(voice, "s000-000")  # a closed voice starts again
    voice.close()


def parse(line):
    pid, folder = line.split(maxsplit=1)
    return int(pid), Path(folder.strip())


@pytest.mark.skipif(os.name == "nt", reason="process groups and their signals are POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_client_leaves_no_worker(sent):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_voice as t\n"
        "with t.Voice() as v:\n"
        "    t.say(v, 's000-000'); print(v._process.pid, v._folder, flush=True)\n"
        "    while True: t.say(v, 's000-000')"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with client:
        _, folder = parse(client.stdout.readline())
        assert folder.is_dir()
        if sent == signal.SIGINT:
            os.killpg(client.pid, sent)  # as the keyboard does: the worker gets it too
        else:
            client.kill()
        _, errors = client.communicate(timeout=30)
    assert client.returncode != 0
    assert "ResourceWarning" not in errors
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


FORK = """
import os
from test_voice import digest, say
from avbench.data.synth.voice import Voice

voice = Voice()
wanted, parent = digest(say(voice, "s005-000")), voice._process.pid
child = os.fork()
if child == 0:
    good = digest(say(voice, "s005-000")) == wanted and voice._process.pid != parent
    voice.close()
    os._exit(0 if good else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert digest(say(voice, "s005-000")) == wanted
assert voice._process.pid == parent
voice.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_gets_a_worker_of_its_own():
    """In a program of its own: this one has threads by now, and a fork of a threaded process may hang."""
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", FORK], env=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_speakers_can_be_verified(voice):
    """Equal error rate of Resemblyzer (Wan et al. 2018) below 10 % on the 40 test speakers, also within a gender."""
    resemblyzer = pytest.importorskip("resemblyzer", reason="pip install 'avbench[voice]' to verify speakers")
    torch = pytest.importorskip("torch")
    encoder = resemblyzer.VoiceEncoder("cpu", verbose=False)
    clips = clip_ids("base", "test")[:200]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the network is small: threads wait for each other more than they work
    marks = np.array([encoder.embed_utterance(say(voice, clip).samples) for clip in clips])
    torch.set_num_threads(threads)
    who = np.array([speaker_of(clip) for clip in clips])
    gender = np.array([make_speaker(SPEC, s).gender for s in who])
    pairs = np.triu_indices(len(clips), 1)
    score, same = (marks @ marks.T)[pairs], (who[:, None] == who)[pairs]
    alike = (gender[:, None] == gender)[pairs]
    assert equal_error_rate(score, same) < 0.10
    assert equal_error_rate(score[alike], same[alike]) < 0.10


def equal_error_rate(score, same):
    order = np.argsort(score)
    missed = np.cumsum(same[order]) / same.sum()
    accepted = 1 - np.cumsum(~same[order]) / (~same).sum()
    best = np.argmin(np.abs(missed - accepted))
    return (missed[best] + accepted[best]) / 2

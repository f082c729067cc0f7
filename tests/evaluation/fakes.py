"""A data set, a protocol and systems that cost nothing: what the runner needs, and no more."""

from dataclasses import dataclass, field

import numpy as np

from avbench.errors import ReferenceFault
from avbench.evaluation.exam import Exam
from avbench.metrics import get_metric
from avbench.protocols import Plan
from avbench.seeds import Draw, seed_of
from avbench.tasks import get_task
from avbench.types import Audio, Card, Clip, Inputs, Prediction, Target, Trial

RATE = 16000
SECONDS = 0.6


def speech(name, seconds=SECONDS):
    """Noise with an envelope that comes and goes: enough for STOI and SI-SDR to have an opinion."""
    count = round(seconds * RATE)
    envelope = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(count) / RATE)
    return Audio((0.1 * envelope * Draw("speech", name).normals(count)).astype(np.float32), RATE)


@dataclass(frozen=True)
class FakeRow:
    id: str
    clip: str


@dataclass(frozen=True)
class FakePlan:
    rows: tuple
    sha256: str = "f" * 64
    content: bytes = b'{"plan": "fake"}\n'
    header: dict = field(default_factory=lambda: {"plan": "fake", "protocol": "fake@1"})
    first = Plan.first


class FakeData:
    name, split, synthetic, licence, fingerprint, notes = "fake", "test", True, "CC0-1.0", "fp", ()

    def __init__(self, clips=12, speakers=True, silent=()):
        self.clips = tuple(Clip(f"c{i:02d}", SECONDS, f"s{i:02d}" if speakers else None) for i in range(clips))
        self.silent = silent

    def clip(self, clip_id):
        return next(c for c in self.clips if c.id == clip_id)

    def audio(self, clip):
        audio = speech(clip.id)
        return Audio(np.zeros_like(audio.samples), RATE) if clip.id in self.silent else audio

    def prepare(self, clip_ids=None, mouth=False, workers=None, progress=None, say=None):
        pass


class FakeProtocol:
    clusters, noisy, mouths = "speakers", True, True

    def __init__(self, broken=(), skipped=()):
        self.broken, self.skipped = broken, skipped  # clips; pairs of clip and SNR that are not asked

    def asks(self, plan, row, condition):
        return (row.clip, condition["snr"]) not in self.skipped

    def things(self, plan, row):
        return ()

    def target(self, clean):
        return Target(audio=clean)

    def trial_id(self, row, condition):
        return f"{row.id}.snr{condition['snr']:g}"

    def render(self, plan, row, condition, dataset, noise, video=False):
        clean = dataset.audio(dataset.clip(row.clip))
        if row.clip in self.broken:
            raise ReferenceFault("the clip is broken")
        noisy = clean.samples.copy()
        if condition["snr"] != "clean":
            gain = 0.06 * 10 ** (-condition["snr"] / 20)
            noisy = noisy + (gain * Draw("noise", row.id).normals(len(noisy))).astype(np.float32)
        trial = self.trial_id(row, condition)
        clip = dataset.clip(row.clip)
        return Trial(
            trial,
            Inputs(trial, Audio(noisy, RATE), None, seed_of("trial", trial)),
            self.target(clean),
            {"snr": condition["snr"]},
            clip.id,
            clip.speaker or clip.id,
            {"power_snr_db": float(condition["snr"]), "nothing": float("inf")},
        )


def fake_exam(
    clips=12, snr=(-5.0, 5.0), metrics=("stoi", "si-sdr"), limit=None, broken=(), task="avse", protocol=None, **data
):
    dataset = FakeData(clips, **data)
    rows = tuple(FakeRow(f"fake-{i:04d}", clip.id) for i, clip in enumerate(dataset.clips))
    return Exam(
        task=get_task(task),
        dataset=dataset,
        noise=None,
        protocol=protocol or FakeProtocol(broken),
        plan=FakePlan(rows),
        axes={"snr": tuple(snr)},
        metrics=tuple(get_metric(name) for name in metrics),
        limit=limit,
        official=False,
    )


class Gain:
    """A system that turns the input down; what tests override is `one`."""

    digest = "gain@1"
    inputs, output = frozenset({"audio"}), "audio"
    finished = True

    def __init__(self):
        self.calls = []

    @property
    def card(self):
        training = "" if self.finished else "10 of 1000 steps."
        return Card("gain", "half as loud", "", self.inputs, self.output, RATE, True, 0.0, training=training,
                    finished=self.finished)  # fmt: skip

    def load(self, device):
        self.device = device

    def predict(self, inputs):
        self.calls.append([one.id for one in inputs])
        return [self.one(one) for one in inputs]

    def one(self, given):
        return Prediction(audio=Audio((0.5 * given.audio.samples).astype(np.float32), given.audio.rate))


def named(kind, **attributes):
    """A `Gain` with some behaviour changed."""
    return type(kind, (Gain,), {"digest": kind, **attributes})()


def answering(make):
    """A `one` that answers with `make(samples)`."""
    return lambda self, given: Prediction(audio=make(given.audio.samples))


class InProcess:
    """An engine without processes, for tests that are not about them."""

    def __init__(self):
        self.jobs = []

    def run(self, jobs):
        from avbench.evaluation.engines import judge

        for job in jobs:
            self.jobs.append(job.trial)
            yield job, judge(job)


def sit_exam(exam, system, folder, engine=None, fresh=False):
    """Let a system, an examinee, or an anchor by its name sit an exam."""
    from avbench.evaluation.evaluate import head_of
    from avbench.evaluation.examinee import Examinee, anchor, candidate
    from avbench.evaluation.sitting import sit

    if isinstance(system, str):
        examinee = anchor(system, exam.task.answer)
    else:
        examinee = system if isinstance(system, Examinee) else candidate(type(system).__name__.lower(), system)
    return sit(exam, examinee, head_of(exam, examinee), folder, engine or InProcess(), "cpu", fresh)


def contents(folder):
    """Every file that two equal runs must share, with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("provenance.json", ".lock")
    }

"""How fast trials are rendered and plans are drawn.

    python tests/benchmarks/bench_render.py [--clips N] [--rounds N]

Rendering: trials of `avse` on the embedded corpus (plan 3-bn, five SNRs), mixed and thrown away, on one thread of one
process; real time is the length of the clips. Drawing: a plan of the size of the noisy talking face's test, 1,000 clips
with five noises each, for 41 SNRs (205,000 trials), over a data set and a set of noises that are made for the purpose,
with the most memory that this process ever had.
"""

import argparse
import os
import resource
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from avbench.data.dataset import open_dataset
from avbench.data.noise import NoiseItem, open_noise
from avbench.protocols import draw_plan, get_policy, get_protocol, load_plan
from avbench.seeds import Draw
from avbench.types import Clip, Video

CONDITIONS = (
    ("noise alone", {}),
    ("room of 0.6 s", {"reverberation": "room-0.6s"}),
    ("telephone band", {"band": "telephone"}),
    ("clipping", {"clipping": "12db"}),
)
PICTURES = ("none", "blur-2", "occlusion-2", "low-light-2", "frame-loss-2", "low-resolution-2")


class FakeClips:
    """1,000 clips of 200 speakers whose lengths are known and whose sound is never asked for."""

    name, split, synthetic, licence, fingerprint, notes = "fake", "test", True, "CC0-1.0", "fake-1", ()

    def __init__(self, count=1000):
        self.ids = tuple(f"c{number:04d}" for number in range(count))

    def clip(self, clip_id):
        return Clip(clip_id, 2.0 + int(clip_id[1:]) % 7 / 4, f"s{int(clip_id[1:]) % 200:03d}")


class FakeNoise:
    """Eight noises of 12 s of each family of the talking face's test."""

    name, fingerprint = "fake-noise", "fake-noise-1"

    def __init__(self):
        families = get_policy("noisy-talking-face").families
        self.items = tuple(NoiseItem(f"{f}-{i}", f, f"{f}-{i}", "unseen", 12.0) for f in families for i in range(8))
        self._sounds = {i.id: Draw("bench", i.id).normals(192000).astype(np.float32) for i in self.items}

    def load(self, item_id):
        return self._sounds[item_id]


def render(clips, rounds):
    """Print the speed of each condition; the median over rounds."""
    plan, dataset, noise = load_plan("3-bn"), open_dataset("avbench-synth"), open_noise("synth-noise")
    protocol, rows = get_protocol("additive-noise"), plan.rows[:clips]
    noise.prepare({use.item for row in rows for use in row.noises})
    for row in rows:
        dataset.audio(dataset.clip(row.clip))
    seconds = sum(row.samples for row in rows) / 16000 * len(plan.snr)
    print(f"{len(rows)} clips at {len(plan.snr)} SNRs, {seconds / len(rows) / len(plan.snr):.2f} s on average")
    for title, more in CONDITIONS:
        speeds = []
        for _ in range(rounds):
            start = time.process_time()
            for row in rows:
                for snr in plan.snr:
                    protocol.render(plan, row, {"snr": snr, **more}, dataset, noise, video=False)
            speeds.append(seconds / (time.process_time() - start))
        print(f"{title:16} {statistics.median(speeds):7.0f} x real time  ({min(speeds):.0f} to {max(speeds):.0f})")


def degrade_pictures():
    """Print the speed of each fault of the picture."""
    from avbench.signal.degrade import degrade

    frames = (Draw("bench", "frames").uniforms(75 * 88 * 88) * 255).astype(np.uint8).reshape(75, 88, 88, 1)
    video = Video(frames, 25.0)
    for name in PICTURES[1:]:
        start = time.process_time()
        for _ in range(10):
            degrade(video.frames, name, Draw("bench", name))
        print(f"{name:16} {10 * video.seconds / (time.process_time() - start):7.0f} x real time (88 x 88, grey)")


def draw():
    """Print time and memory of drawing 205,000 trials."""
    policy = get_policy("noisy-talking-face")
    dataset, noise = FakeClips(), FakeNoise()
    start = time.perf_counter()
    plan = draw_plan("talking", dataset, noise, rule=policy.tests["each-noise"], snr=policy.snr, task="talking-face@1")
    trials = len(plan.rows) * len(get_protocol("each-noise").hearings(plan))
    took = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"a plan of {trials:,} trials: drawn in {took:.1f} s, {len(plan.content) / 1e6:.2f} MB of text; {memory:.0f} MB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    draw()  # first: its memory must not be that of the rest
    render(given.clips, given.rounds)
    degrade_pictures()

"""The laws that every metric of the table obeys. A newcomer is tested by standing in the table."""

import inspect
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import EstimateFault, MissingResource
from avbench.judges import get_judge
from avbench.metrics import METRICS, PersistentPool, Score, measure_all
from avbench.metrics.golden import expected_scores, golden_material, golden_pictures, replay
from avbench.metrics.kinds import KINDS
from avbench.types import Audio, Video

EVERY = pytest.mark.parametrize("name", METRICS)
RATE = 16_000


def sound(samples, rate=RATE):
    return Audio(np.asarray(samples, np.float32), rate)


def pictures(frames):
    return Video(np.ascontiguousarray(frames, np.uint8), 25.0)


# What each kind must refuse: estimates that fail, references that are void.
_CLEAN = golden_material("sound")[1].samples
_FRAMES = golden_pictures("frames")[1].frames
_FACES = golden_material("faces")[1]
_MUTE = [
    *(sound(x) for x in ([], _CLEAN * 0, _CLEAN * np.nan, _CLEAN + np.inf, _CLEAN * 0 + 0.3)),
    "text",
    None,
]
REFUSED = {
    "sound": ([*_MUTE, sound(_CLEAN[:-1]), sound(_CLEAN, 8000), sound(np.pad(_CLEAN, (0, 9)))], _MUTE),
    "speech": (_MUTE, []),
    "voice": (_MUTE, [*_MUTE, (), (sound(_CLEAN), sound([]))]),
    "spoken": (_MUTE, ["", " .,! ", None, 7]),
    "text": ([None, 7, ["the"]], ["", " .,! ", None, 7]),
    "frames": (
        [None, "x", pictures(_FRAMES[:-1]), pictures(_FRAMES[:, 1:]), pictures(_FRAMES[..., :1]), pictures(_FRAMES[:0]),
         Video(_FRAMES, 30.0)],
        [None, "x", pictures(_FRAMES[:0])],
    ),
    "faces": (
        [None, "x", _FACES[:-1], _FACES[:, :67], _FACES * np.nan, _FACES[:0], _FACES.astype(int)],
        [None, "x", _FACES[:, :67], _FACES * np.nan, _FACES[:0]],
    ),
    "lips": ([None, "x", pictures(_FRAMES[:0])], ["", None, 3]),
    "pictures": ([None, "x", pictures(_FRAMES[:0])], [None, "x", pictures(_FRAMES[:0])]),
    "variants": ([None, (), (pictures(_FRAMES[:1]),), (pictures(_FRAMES[:1]), pictures(_FRAMES[:1, 1:]))], []),
    "detection": (
        [None, np.zeros(0), np.zeros(199), np.full(200, np.nan), np.zeros((200, 1)), "x"],
        [None, np.zeros(0), np.full(200, 2), np.full(200, np.nan), "x"],
    ),
    "votes": ([None, -1, 10, 0.5, True], [None, 0, -1, 0.5]),
    "opinions": ([None, 8, 46, 0.5, True], [None, 0, -1, 0.5]),
    "match": (
        [None, "x", pictures(_FRAMES[:0]), sound(_CLEAN * 0)],
        [None, (sound(_CLEAN),), (sound(_CLEAN), sound(_CLEAN * 0))],
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def assets(monkeypatch, request):
    """Judges find the real weights where they are; what needs an absent one is skipped with its own sentence."""
    folder = request.config.rootpath.parent / "shared" / "weights"
    if folder.is_dir():
        monkeypatch.setenv("AVBENCH_ASSETS", str(folder))


def at_hand(name):
    """The metric, or a skip where its judge is absent."""
    metric = METRICS[name]
    if metric.judge:
        try:
            get_judge(metric.judge).files()
        except MissingResource as lack:
            pytest.skip(str(lack))
    return metric


@EVERY
def test_metadata_is_complete(name):
    metric = METRICS[name]
    assert name == name.lower() and " " not in name and metric.identity == f"{name}@{metric.version}"
    for text in (metric.title, metric.source, metric.implementation):
        assert len(text) > 3 and "\n" not in text
    assert metric.kind is KINDS[metric.kind.name]
    assert isinstance(metric.higher_is_better, bool) and metric.low < metric.high
    assert metric.parallel in {"thread", "process"} and 0 <= metric.digits <= 4
    assert not metric.percent or metric.unit == ""
    assert all(isinstance(rate, int) and rate > 0 for rate in metric.rates)
    if metric.whole:
        assert metric.failed is None
    else:
        assert math.isfinite(metric.floor)
        assert metric.cap is None or metric.floor < metric.cap < metric.high
    if metric.judge:
        assert get_judge(metric.judge).name == metric.judge


@EVERY
def test_arguments_are_estimate_then_reference(name):
    names = [n.lstrip("_") for n in inspect.signature(METRICS[name].formula).parameters]
    assert names[:2] == ["estimate", "reference"]


@EVERY
def test_broken_estimates_fail_and_cannot_help(name):
    """Each ends in `failed` with a sentence, and pools to no more than an honest answer."""
    metric = METRICS[name]
    honest, reference = golden_material(metric.kind.name)
    for broken in REFUSED[metric.kind.name][0]:
        score = measure_all([name], broken, reference)[name]
        if score.status == "not-applicable":  # whatever the estimate is
            pytest.skip(score.reason)
        assert score.status == "failed", (score, broken)
        assert len(score.reason) > 10 and "\n" not in score.reason and score.raw is None
        if metric.whole:
            assert score.parts == {}
    if metric.whole:
        return
    failed = measure_all([name], None, reference)[name].parts
    good = at_hand(name).measure(honest, reference)
    mixed, full = metric.pool([good, failed]), metric.pool([good, good])
    assert mixed <= full if metric.higher_is_better else mixed >= full


@EVERY
def test_broken_references_are_void_whatever_the_estimate(name):
    metric = METRICS[name]
    honest, _ = golden_material(metric.kind.name)
    for broken in REFUSED[metric.kind.name][1]:
        for estimate in (honest, None):
            score = measure_all([name], estimate, broken)[name]
            assert (score.status, score.value, score.parts) == ("void", None, {}), (score, broken)
            assert len(score.reason) > 10 and "\n" not in score.reason


@EVERY
def test_a_perfect_answer_is_the_best_there_is(name):
    metric = at_hand(name)
    estimate, reference = golden_material(metric.kind.name)
    if metric.kind.perfect is None:
        pytest.skip(f"{metric.kind.name} has no perfect answer")
    perfect = metric.kind.perfect(reference)
    best = metric.pool([metric.measure(perfect, reference)])
    worse = metric.pool([metric.measure(estimate, reference)])
    assert best >= worse if metric.higher_is_better else best <= worse
    top = metric.cap if metric.cap is not None else metric.high
    ends = (top, metric.low) if metric.higher_is_better else (metric.low, top)
    if not name.startswith(("pesq", "spksim")):  # a mapping of its own; several references that are not one
        assert best == pytest.approx(ends[0], abs=1e-6 * (1 + abs(ends[0])))


@EVERY
def test_values_are_repeatable_and_of_the_stated_range(name):
    metric = at_hand(name)
    material = golden_material(metric.kind.name)
    one, again = (metric.pool([metric.measure(*material)]) for _ in range(2))
    assert one == again and metric.low <= one <= metric.high


@EVERY
def test_one_pass_equals_one_by_one(name):
    metric = at_hand(name)
    material = golden_material(metric.kind.name)
    companions = [n for n, m in METRICS.items() if m.kind is metric.kind and m.formula is metric.formula]
    together = measure_all(companions, *material)[name]
    alone = metric.measure(*material)
    assert together.status == "ok"
    for part, value in alone.items():
        assert np.array_equal(together.parts[part], value), part


def second_trial(kind):
    """Another trial of a kind than its golden one."""
    estimate, reference = golden_material(kind.name)
    if kind.perfect is not None:
        return kind.perfect(reference), reference
    if kind.name in ("speech", "spoken"):
        return golden_material("sound")[1], reference
    if kind.name == "variants":
        frames = golden_pictures("others", 10)[0].frames
        return tuple(pictures(frames[i : i + 1]) for i in range(10)), None
    if kind.name == "match":
        return estimate, reference[::-1]
    return golden_pictures("another clip", len(estimate.frames), estimate.frames.shape[1])[1], reference


@EVERY
def test_order_and_company_do_not_count(name, monkeypatch):
    """What was judged before changes no bit of a score, and the order of trials not the pooled value."""
    metric = at_hand(name)
    trial = second_trial(metric.kind)
    first, after = metric.measure(*golden_material(metric.kind.name)), metric.measure(*trial)
    monkeypatch.setattr("avbench.judges._opened", {})  # judges that have seen nothing
    alone = metric.measure(*trial)
    assert after.keys() == alone.keys()
    assert all(np.array_equal(after[part], alone[part]) for part in alone)
    assert metric.pool([first, after]) == pytest.approx(metric.pool([after, first]), rel=1e-9, abs=1e-12)


@EVERY
def test_what_is_not_finite_is_no_score(name):
    """A formula that breaks down costs the system the floor, and nothing that is not finite gets into a record."""
    metric = at_hand(name)
    found = metric._guarded(*golden_material(metric.kind.name))
    for part in found if isinstance(found, dict) else ("value",):
        for bad in (math.nan, math.inf, -math.inf):
            broken = {**found, part: np.full(np.shape(found[part]), bad)[()]} if isinstance(found, dict) else bad
            try:
                score = Score.of(metric, broken)
            except EstimateFault as fault:
                assert name in fault.reason
                continue
            assert all(np.isfinite(each).all() for each in score.parts.values()), (part, bad)
            assert part != "value" or (not math.isnan(bad) and score.value in (metric.floor, metric.cap))


def test_workers_do_not_change_a_bit():
    """Metrics without a judge, in other processes."""
    names = [name for name, metric in METRICS.items() if not metric.judge]
    jobs = [([name], *golden_material(METRICS[name].kind.name)) for name in names]
    with PersistentPool(2) as pool:
        outcomes = list(pool.run(measure_all, jobs))
    for outcome in outcomes:
        name = names[outcome.index]
        assert outcome.fault is None, outcome.fault
        there, here = outcome.value[name], measure_all(*jobs[outcome.index])[name]
        assert (there.status, there.value, there.raw, there.flags) == (here.status, here.value, here.raw, here.flags)
        for part, value in here.parts.items():
            assert np.array_equal(there.parts[part], value), (name, part)


@pytest.mark.slow  # every worker loads the judges
def test_workers_do_not_change_what_judges_say():
    names = [name for name, metric in METRICS.items() if metric.judge]
    jobs = [
        ([name], *make(METRICS[name].kind))
        for name in names
        for make in (lambda k: golden_material(k.name), second_trial)
    ]
    found = []
    for workers, order in ((1, jobs), (2, jobs[::-1])):
        with PersistentPool(workers) as pool:
            found.append([outcome.value for outcome in pool.map(measure_all, order)])
    for (names, *_), one, other in zip(jobs, found[0], found[1][::-1], strict=True):
        for name in names:
            assert (one[name].status, one[name].reason) == (other[name].status, other[name].reason)
            for part, value in one[name].parts.items():
                assert np.array_equal(value, other[name].parts[part]), (name, part)


def test_constants_do_not_raise_metrics_of_sound():
    """Adding DC does not help. STOI and PESQ do what their packages do, which do not remove it and gain up to 1e-4."""
    noisy, clean = golden_material("sound")
    names = [name for name, metric in METRICS.items() if metric.kind.name == "sound" and name != "si-sdr-zm"]
    plain = measure_all(names, noisy, clean)
    for offset in (0.01, -0.1, 0.3):
        moved = measure_all(names, sound(noisy.samples + np.float32(offset)), clean)
        for name in names:
            slack = 1e-9 if name == "si-sdr" else 2e-4
            assert moved[name].value <= plain[name].value + slack, (name, offset)


def test_no_present_metric_disagrees_with_its_original():
    found = replay()
    assert [r.reason for r in found if r.status == "differs"] == []
    assert {r.metric for r in found if r.status == "agrees"} >= {n for n, m in METRICS.items() if not m.judge}


def test_the_originals_were_asked_wherever_there_is_one():
    frozen = expected_scores()
    assert set(frozen) <= set(METRICS)
    for name, expected in frozen.items():
        assert expected["by"] and expected["tolerance"] >= 0, name
        assert METRICS[name].judge is None or expected["judge"] or METRICS[name].kind.name == "faces", name
    assert {name for name, metric in METRICS.items() if not metric.judge} <= set(frozen)


def test_the_example_of_contributing_obeys(monkeypatch):
    """Who follows CONTRIBUTING is held to the laws by standing in the table."""
    text = (Path(__file__).resolve().parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    module = {}
    exec(compile(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], "CONTRIBUTING.md", "exec"), module)
    table = {**METRICS, **{row.name: row for row in module["ROWS"]}}
    (name,) = table.keys() - METRICS.keys()
    laws = [law for title, law in globals().items() if title.startswith("test_") and "name" in signature(law)]
    assert len(laws) >= 9
    for room in ("avbench.metrics", __name__):
        monkeypatch.setattr(sys.modules[room], "METRICS", table)
    for law in laws:
        law(name, **({"monkeypatch": monkeypatch} if "monkeypatch" in signature(law) else {}))


def signature(law):
    return inspect.signature(law).parameters


def test_import_is_light():
    heavy = "{'numba', 'pesq', 'torch', 'scipy', 'soxr', 'soundfile', 'av', 'sklearn', 'rapidfuzz', 'onnxruntime'}"
    code = f"import sys, avbench.metrics, avbench.judges; sys.exit(', '.join({heavy} & set(sys.modules)) or None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

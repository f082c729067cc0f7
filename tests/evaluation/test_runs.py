"""Runs read back: found, compared, shown."""

import io
import json
import math

import pytest
from fakes import Gain, InProcess, answering, fake_exam, named, sit_exam
from rich.console import Console

from avbench.errors import BadFile, IncompleteRun, UsageError
from avbench.evaluation.compare import compare, shares
from avbench.evaluation.record import hand_out
from avbench.evaluation.runs import Run, by_exam, document, open_run, open_runs
from avbench.evaluation.show import show
from avbench.evaluation.table import comparison, table
from avbench.types import Audio

SNR = (-15.0, -10.0, -5.0, 0.0, 5.0)


class Better(Gain):
    """Takes a quarter of the noise away: it knows the answer, as no real system does."""

    digest = "better"

    def one(self, given):
        from fakes import speech

        from avbench.types import Prediction

        clean = speech(f"c{int(given.id[5:9]):02d}").samples
        return Prediction(audio=Audio((0.75 * given.audio.samples + 0.25 * clean).astype("float32"), 16000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One exam, five rows, as `run --out` would leave them."""
    home = tmp_path_factory.mktemp("runs")
    exam = fake_exam(snr=SNR)
    crash = named("crash", finished=False, one=lambda self, g: 1 / 0 if g.id == "fake-0003.snr5" else Gain.one(self, g))
    for name, system in {"gain": Gain(), "better": Better(), "crash": crash}.items():
        sit_exam(exam, system, home / name)
    for anchor in ("noisy", "oracle", "silence"):
        sit_exam(exam, anchor, home / anchor)
    return home


def test_a_run_is_found_by_folder_by_name_and_with_its_anchors(folder, tmp_path, monkeypatch):
    assert open_run(folder / "gain").system == "gain"
    assert [run.system for run in open_runs(folder / "gain")] == ["gain", "noisy", "oracle", "silence"]
    assert [run.system for run in open_runs(folder / "noisy")] == ["noisy"]
    everyone = [run.system for run in open_runs(folder)]
    assert everyone == ["better", "crash", "gain", "noisy", "oracle", "silence"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "avse").symlink_to(folder)
    assert open_run("gai").system == "gain"
    with pytest.raises(UsageError, match="There is no run gain-x"):
        open_run("gain-x")
    (tmp_path / "runs" / "avse").unlink()
    sit_exam(fake_exam(clips=1), Gain(), tmp_path / "runs/avse/gain-1")
    sit_exam(fake_exam(clips=1, snr=(0.0,)), Gain(), tmp_path / "runs/avse/gain-2")
    with pytest.raises(UsageError, match="say which"):
        open_run("gain")
    with pytest.raises(UsageError, match="say which"):
        open_run(tmp_path / "runs/avse")
    assert len(by_exam(open_runs("runs/avse"))) == 2
    with pytest.raises(UsageError, match="2 exams"):
        show("runs/avse", json="-")


def test_a_run_of_a_later_format_is_refused(tmp_path):
    run = sit_exam(fake_exam(clips=1), Gain(), tmp_path / "run")
    head = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**head, "format": 99}))
    with pytest.raises(BadFile, match="format 99"):
        open_run(run.folder).head  # noqa: B018


def test_document_is_the_json_that_scripts_rely_on(folder, tmp_path):
    runs = open_runs(folder)
    hand_out(document(runs), tmp_path / "values.json")
    found = json.loads((tmp_path / "values.json").read_text(), parse_constant=pytest.fail)
    head = {"task": "avse", "dataset": "fake", "synthetic": True, "plan_sha256": "f" * 64, "official": False}
    assert head.items() <= found.items()
    assert len(found["rows"]) == 6 * 2 * 6
    row = found["rows"][0]
    assert {"system", "condition", "metric", "value", "unit", "judge", "ci95", "n", "failed", "total"} <= set(row)
    assert [r["condition"] for r in found["rows"] if r["system"] == "gain" and r["metric"] == "stoi"] == [
        *({"snr": snr} for snr in (-15, -10, -5, 0, 5)), {},
    ]  # fmt: skip
    assert isinstance(row["condition"]["snr"], int)
    for row in found["rows"]:
        assert math.isfinite(row["value"]) and (row["ci95"] is None or all(map(math.isfinite, row["ci95"])))
        assert row["metric"] != "stoi" or 0 <= row["value"] <= 1


def test_what_may_not_be_ranked_says_why(folder):
    found = {run.system: run.unranked for run in open_runs(folder)}
    assert found == {
        "gain": "unofficial", "better": "unofficial", "crash": "training unfinished",
        "noisy": "anchor", "oracle": "anchor", "silence": "anchor",
    }  # fmt: skip


def shown(runs, width):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: PTH123
    with console.file:
        console.print(table(runs, width))
    return console.export_text()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_table_fits_and_says_what_it_must(folder, width):
    text = shown(open_runs(folder), width)
    assert max(map(len, text.split("\n"))) <= width
    assert "avse@1 on fake (synthetic)" in text and "ffffffff" in text and "unofficial" in text
    assert "stoi@1" in text and "si-sdr@1" in text and "95 % interval over speakers" in text
    assert "59+1/60" in text and "0+60/60" in text and "60/60" in text and "…" not in text
    assert "crash unranked: training unfinished" in text and "10 of 1000 steps." in text
    assert "1 failed: the system raised ZeroDivisionError" in " ".join(text.split())
    for snr in ("-15 dB", "-10 dB", "-5 dB", "0 dB", "5 dB"):
        assert snr in text


def test_a_line_per_system_and_metric_and_a_column_per_snr(folder):
    lines = shown(open_runs(folder), 140).split("\n")
    row = Run(folder / "better").row("stoi", {"snr": -15})
    line = next(line for line in lines if "better" in line)
    assert line.split()[:3] == ["stoi", "%", "better"]
    assert line.split()[3] == f"{100 * row['value']:.1f}" and line.count("±") == 5
    assert sum("better" in line for line in lines) == 2


def test_an_unfinished_run_is_shown_as_far_as_it_goes(tmp_path):
    class Stop(InProcess):
        def run(self, jobs):
            for count, pair in enumerate(super().run(jobs)):
                if count == 7:
                    raise KeyboardInterrupt
                yield pair

    with pytest.raises(KeyboardInterrupt):
        sit_exam(fake_exam(snr=SNR), Gain(), tmp_path / "run", Stop())
    text = shown(open_runs(tmp_path / "run"), 80)
    assert "7/60" in text and "unranked: run incomplete" in text and "no intervals: fewer than ten speakers" in text


def test_an_exam_with_a_second_axis_has_a_line_for_each_value(folder):
    run = Run(folder / "gain")
    axes = {"snr": [0, 5], "modality": ["av", "audio"]}
    run.__dict__["head"] = {**run.head, "identity": {**run.identity, "axes": axes}}
    run.__dict__["rows"] = [
        {**run.row("stoi", {"snr": 5}), "condition": c, "metric": m}
        for m in ("stoi", "si-sdr")
        for c in (
            {"modality": "av"}, {"modality": "audio"},
            *({"snr": s, "modality": v} for s in (0, 5) for v in ("av", "audio")),
        )
    ]  # fmt: skip
    text = shown([run], 100)
    assert "gain av" in text and "gain audio" in text


def test_compare_pairs_trials_and_finds_what_is_better(folder, tmp_path):
    found = compare(folder / "better", folder / "gain", json=tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text()) == found
    assert len(found["rows"]) == 12 and found["a"] == "better" and found["clusters"] == "speakers"
    for row in found["rows"]:
        assert {"condition", "metric", "a", "b", "difference", "ci95", "p_value", "n"} <= set(row)
        assert row["difference"] == pytest.approx(row["a"] - row["b"]) and row["n"] in (12, 60)
        if row["metric"] == "si-sdr":
            assert row["ci95"][0] > 1 and row["p_value"] < 0.01
    back = compare(folder / "gain", folder / "better")["rows"][0]
    assert back["difference"] == -found["rows"][0]["difference"]
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: PTH123
    with console.file:
        console.print(comparison(found))
    text = console.export_text()
    assert "better against gain" in text and "synthetic" in text and "…" not in text


def test_compare_refuses_what_cannot_be_compared(folder, tmp_path):
    sit_exam(fake_exam(clips=3), Gain(), tmp_path / "few")
    other = fake_exam(clips=3)
    object.__setattr__(other.plan, "sha256", "e" * 64)
    sit_exam(other, Gain(), tmp_path / "other")
    with pytest.raises(UsageError, match="their plan differs"):
        compare(tmp_path / "few", tmp_path / "other")
    sit_exam(fake_exam(snr=(20.0,)), Gain(), tmp_path / "loud")
    with pytest.raises(UsageError, match="no condition in common"):
        compare(folder / "gain", tmp_path / "loud")
    (tmp_path / "few" / "summary.json").unlink()
    with pytest.raises(IncompleteRun, match="not finished"):
        compare(folder / "gain", tmp_path / "few")


def test_compare_takes_the_common_snrs_only(folder, tmp_path):
    sit_exam(fake_exam(snr=(-5.0, 20.0)), Better(), tmp_path / "some")
    found = compare(tmp_path / "some", folder / "gain")["rows"]
    assert [row["condition"] for row in found if row["metric"] == "stoi"] == [{"snr": -5}, {}]
    assert {row["n"] for row in found} == {12}


def test_shares_of_a_gain(folder):
    rows = shares(folder / "better", folder / "noisy", folder / "oracle", ["stoi"])
    assert [row["condition"] for row in rows][-1] == {} and len(rows) == 6
    assert all(0 < row["share"] < 0.5 and row["ci95"][0] < row["share"] < row["ci95"][1] for row in rows)
    assert all(row["share"] is None for row in shares(folder / "better", folder / "gain", folder / "noisy", ["stoi"]))


def test_muting_the_hard_trials_never_helps(folder, tmp_path):
    """Whatever a system leaves unanswered, its pooled score only falls."""
    mute = named("mute", one=lambda self, g: answering(lambda x: Audio(x * 0, 16000))(self, g)
                 if "snr-15" in g.id else Gain.one(self, g))  # fmt: skip
    run = sit_exam(fake_exam(snr=SNR), mute, tmp_path / "mute")
    for metric in ("stoi", "si-sdr"):
        assert run.row(metric, {})["value"] < Run(folder / "gain").row(metric, {})["value"]
        assert run.row(metric, {})["total"] == 60 and run.complete


def test_with_three_axes_a_line_counts_its_own_trials(folder):
    run = Run(folder / "gain")
    axes = {"snr": [0, 5], "modality": ["av", "audio"], "offset": [0, 2]}
    run.__dict__["head"] = {**run.head, "identity": {**run.identity, "axes": axes, "metrics": ["stoi@1"]}}
    run.__dict__["rows"] = [
        {**run.row("stoi", {"snr": 5}), "condition": {"snr": s, "modality": m, "offset": o}, "n": 12 - o, "failed": o}
        for s in (0, 5) for m in ("av", "audio") for o in (0, 2)
    ]  # fmt: skip
    text = shown([run], 100)
    assert text.count("24/24") == 2 and text.count("20+4/24") == 2


def test_the_header_says_which_part_is_synthetic(folder):
    run = Run(folder / "gain")
    assert run.kind == "synthetic" and run.head["made"] == {"speech": True}
    for made, kind in (
        ({"speech": False, "noise": True}, "real speech, synthetic noise"),
        ({"speech": True, "noise": False}, "synthetic speech, real noise"),
        ({"speech": True, "noise": True}, "synthetic"),
        ({"speech": False, "noise": False}, "real recordings"),
    ):
        run.__dict__["head"] = {**run.head, "made": made, "synthetic": any(made.values())}
        assert run.kind == kind and f"({kind})" in shown([run], 100)
        assert document([run])["synthetic"] == any(made.values()) and document([run])["kind"] == kind


def test_compare_refuses_trials_of_other_sound(tmp_path):
    for name in ("a", "b"):
        sit_exam(fake_exam(clips=2), Gain(), tmp_path / name)
    path = tmp_path / "b" / "scores" / "fake-0001.snr5.json"
    trial = json.loads(path.read_text())
    path.write_text(json.dumps({**trial, "facts": {**trial["facts"], "pcm": "other"}}))
    with pytest.raises(
        UsageError, match=r"1 of 4 trials were rendered to other sound, the first of them fake-0001\.snr5"
    ):
        compare(tmp_path / "a", tmp_path / "b")


def test_a_trial_that_is_void_for_one_is_left_out_of_both(tmp_path):
    for name in ("a", "b"):
        sit_exam(fake_exam(clips=2), Gain(), tmp_path / name)
    for path in sorted((tmp_path / "a" / "scores").glob("fake-0001*.json")):
        trial = json.loads(path.read_text())
        void = {"status": "void", "value": None, "parts": {}, "reason": "the picture cannot be used"}
        path.write_text(json.dumps({**trial, "facts": {}, "scores": dict.fromkeys(trial["scores"], void)}))
    rows = compare(tmp_path / "a", tmp_path / "b")["rows"]
    assert rows and all(row["n"] == (2 if row["condition"] == {} else 1) for row in rows)
    # The record of the whole run was written before; it is pooled anew of the trials.
    (tmp_path / "a" / "summary.json").unlink()
    runs = [Run(tmp_path / name) for name in "ab"]
    held = [(r["system"], r["n"], r["void"], r["value"]) for r in document(runs)["rows"] if r["condition"] == {}]
    assert held[0][1:] == held[len(held) // 2][1:] and held[0][1:3] == (2, 2)
    assert runs[1].rows[0]["void"] == 0  # by itself it stays as it is
    assert shown(runs, 100).count("2 void: the picture cannot be used") == 2 and "4/4" not in shown(runs, 100)


def test_clips_are_made_together_before_anybody_asks_who_speaks(tmp_path, monkeypatch):
    import avbench
    from avbench.evaluation import evaluate

    exam, asked = fake_exam(clips=2), []
    find = exam.dataset.clip
    exam.dataset.prepare = lambda *a, **k: asked.append("prepare")
    exam.dataset.clip = lambda clip_id: asked.append("clip") or find(clip_id)
    monkeypatch.setattr(evaluate, "set_exam", lambda *a: exam)
    words = {"system": "fakes:Gain", "anchors": "none", "device": "cpu", "workers": 1, "out": tmp_path}
    assert avbench.run(**words)[0].complete and asked[0] == "prepare"
    asked.clear()
    assert avbench.run(**words)[0].cached and asked == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("task", "asd@1", "is for the task asd@1, not for avse@1"),
        ("protocol", "additive-noise@9", "no protocol called 'additive-noise@9'"),
        ("protocol", None, "no protocol called 'None'"),
    ],
)
def test_a_foreign_plan_is_refused(tmp_path, field, value, words):
    from avbench.evaluation.exam import set_exam
    from avbench.protocols import Plan, load_plan
    from avbench.tasks import get_task

    plan = load_plan("tiny")
    (tmp_path / "p.jsonl").write_bytes(Plan.of({**plan.header, field: value}, plan.rows).content)
    with pytest.raises(UsageError, match=words):
        set_exam(get_task("avse"), {"snr": (0.0,)}, (), protocol=str(tmp_path / "p.jsonl"))


def test_compare_refuses_trials_of_other_pictures_that_both_have_seen(tmp_path):
    for name in ("a", "b"):
        sit_exam(fake_exam(clips=2), Gain(), tmp_path / name)

    def show(name, **facts):
        path = tmp_path / name / "scores" / "fake-0001.snr5.json"
        trial = json.loads(path.read_text())
        path.write_text(json.dumps({**trial, "facts": {**trial["facts"], **facts}}))

    show("a", frames="mine")
    assert compare(tmp_path / "a", tmp_path / "b")["rows"]  # the other one only listens
    show("b", frames="other")
    with pytest.raises(UsageError, match=r"1 of 4 trials were rendered to other pictures, .* fake-0001\.snr5"):
        compare(tmp_path / "a", tmp_path / "b")


def test_a_share_without_a_corpus_value_is_null(folder, monkeypatch):
    from avbench.errors import ReferenceFault
    from avbench.evaluation import compare as module

    def refuse(*parts):
        raise ReferenceFault("no positive frame")

    monkeypatch.setattr(module, "corpus_share", refuse)
    rows = shares(folder / "better", folder / "noisy", folder / "oracle", ["stoi"])
    assert len(rows) == 6 and all(row["share"] is row["ci95"] is None and row["n"] for row in rows)


def test_a_comparison_of_long_names_fits_80_columns_and_cuts_nothing():
    row = {"condition": {"snr": -15}, "metric": "si-sdr", "a": -9.28, "b": -9.63, "difference": 0.34,
           "ci95": [-10.25, 10.44], "p_value": 0.0001, "n": 2000, "reason": ""}  # fmt: skip
    names = {"a": "gcrn/matched", "b": "noisy-talking-face/no-frame", "task": "avse", "kind": "synthetic"}
    found = {**names, "clusters": "speakers", "rows": [row], "left_out": [], "notes": []}
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(comparison(found))
    text = console.export_text()
    for word in ("si-sdr dB", "-15 dB", "matched", "-10.25 +10.44", "0.0001", "2000"):
        assert word in text, text
    assert "…" not in text

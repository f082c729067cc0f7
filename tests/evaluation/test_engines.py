import pytest
from fakes import RATE, Gain, contents, fake_exam, sit_exam, speech

from avbench.errors import UsageError
from avbench.evaluation.engines import Job, LocalEngine, judge
from avbench.signal.audio import write_wav
from avbench.types import Target

METRICS = ("stoi", "estoi", "si-sdr")


@pytest.fixture(scope="module")
def engine():
    """Two workers for the whole file: starting them is what costs."""
    with LocalEngine(2) as engine:
        yield engine


def jobs(folder, count):
    for i in range(count):
        path = folder / f"{i}.wav"
        write_wav(path, speech(f"other{i}"))
        yield Job(f"t{i}", path, "", Target(speech(f"clip{i}")), METRICS)


def test_workers_and_order_do_not_change_a_score(tmp_path, engine):
    alone = {job.trial: judge(job).scores for job in jobs(tmp_path, 6)}
    for order in (1, -1):
        assert {job.trial: v.scores for job, v in engine.run(list(jobs(tmp_path, 6))[::order])} == alone


def test_a_whole_run_is_equal_with_no_one_and_two_workers(tmp_path, engine):
    none = contents(sit_exam(fake_exam(clips=3), Gain(), tmp_path / "0").folder)
    with LocalEngine(1) as one:
        assert contents(sit_exam(fake_exam(clips=3), Gain(), tmp_path / "1", one).folder) == none
    assert contents(sit_exam(fake_exam(clips=3), Gain(), tmp_path / "2", engine).folder) == none


def test_jobs_are_made_while_others_are_judged(tmp_path, engine):
    """The maker never waits for a verdict: all jobs of this list are made before the first one is collected."""
    made = []

    def slowly():
        for job in jobs(tmp_path, 4):
            made.append(job.trial)
            yield job

    running = engine.run(slowly())
    next(running)
    assert made == ["t0", "t1", "t2", "t3"]
    assert len(list(running)) == 3


def test_a_job_that_the_machine_fails_at_is_an_error_and_the_rest_goes_on(tmp_path, engine):
    from dataclasses import replace

    listed = list(jobs(tmp_path, 3))
    listed[1] = replace(listed[1], answer=tmp_path / "gone.wav")
    found = {job.trial: verdict.scores["stoi"] for job, verdict in engine.run(listed)}
    assert found["t1"]["status"] == "error" and "gone.wav" in found["t1"]["reason"]
    assert found["t0"]["status"] == found["t2"]["status"] == "ok"


def test_breaking_off_leaves_an_engine_that_works(tmp_path, engine):
    def broken():
        yield next(jobs(tmp_path, 1))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(engine.run(broken()))
    assert len(list(engine.run(jobs(tmp_path, 2)))) == 2


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_is_refused(workers):
    with pytest.raises(UsageError, match="at least 1"):
        LocalEngine(workers)


def test_an_answer_is_judged_as_saved_without_repair(tmp_path):
    import numpy as np

    from avbench.types import Audio

    for name, samples, words in (
        ("nan", np.full(9600, np.nan, np.float32), "NaN"),
        ("none", np.zeros(0, np.float32), "empty"),
    ):
        write_wav(tmp_path / f"{name}.wav", Audio(samples, RATE))
        score = judge(Job(name, tmp_path / f"{name}.wav", "", Target(speech("x")), METRICS)).scores["estoi"]
        assert score["status"] == "failed" and words in score["reason"] and score["value"] == 0.0


def test_a_metric_that_dies_costs_one_score_and_not_all(tmp_path, engine, monkeypatch):
    import hosted

    from avbench.evaluation import engines

    alone = {job.trial: judge(job).scores for job in jobs(tmp_path, 2)}
    monkeypatch.setattr(engines, "judge", hosted.dies)
    found = {job.trial: verdict.scores for job, verdict in engine.run(list(jobs(tmp_path, 2)))}
    assert found["t0"] == alone["t0"] and list(found["t1"]) == list(METRICS)
    assert found["t1"]["estoi"]["status"] == "error" and "SIGSEGV" in found["t1"]["estoi"]["reason"]
    assert {name: found["t1"][name] for name in ("stoi", "si-sdr")} == {
        name: alone["t1"][name] for name in ("stoi", "si-sdr")
    }


def test_a_pair_and_an_answer_may_take_as_long():
    from avbench.evaluation import scoring

    with LocalEngine(1) as engine:
        assert engine._pool.timeout == scoring.TIMEOUT

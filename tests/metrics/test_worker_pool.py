"""The pool outlives its workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pool_jobs
import pytest

from avbench.errors import EstimateFault, MachineFault, MissingResource
from avbench.metrics import METRICS, PersistentPool, measure_all, pool
from avbench.metrics.golden import golden_pair


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def two():
    with PersistentPool(2, timeout=60.0) as workers:
        yield workers


def test_results_come_back_in_order(two):
    outcomes = two.map(pool_jobs.double, [(i,) for i in range(20)])
    assert [(o.index, o.value, o.fault, o.attempts) for o in outcomes] == [(i, 2 * i, None, 1) for i in range(20)]
    assert two.map(pool_jobs.double, []) == []
    assert [o.value for o in two.map(pool_jobs.double, ((i,) for i in range(3)))] == [0, 2, 4]


def test_workers_are_kept_and_have_one_thread(two):
    first = {o.value for o in two.map(pool_jobs.worker, [(i,) for i in range(8)])}
    again = {o.value for o in two.map(pool_jobs.worker, [(i,) for i in range(8)])}
    assert first | again == first and {threads for _, threads in first} == {("1", "PASSIVE")}
    assert os.getpid() not in {pid for pid, _ in first}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_job_that_kills_its_worker_is_reported_and_the_rest_finish(two, how):
    outcomes = two.map(pool_jobs.die_if, [(i, 3, how) for i in range(8)])
    assert [o.value for o in outcomes] == [0, 1, 2, None, 4, 5, 6, 7]
    fault = outcomes[3].fault
    assert isinstance(fault, MachineFault) and outcomes[3].attempts == 2
    assert how.name in fault.reason and "about to go" in fault.reason


def test_a_job_that_leaves_quietly_is_reported(two):
    outcomes = two.map(pool_jobs.leave_if, [(i, 0) for i in range(3)])
    assert [o.value for o in outcomes] == [None, 1, 2] and "exit code 3" in outcomes[0].fault.reason


def test_a_job_is_tried_again(two, tmp_path):
    outcomes = two.map(pool_jobs.die_once, [(i, str(tmp_path / "marker")) for i in range(4)])
    assert [(o.value, o.attempts) for o in outcomes] == [(0, 1), (1, 2), (2, 1), (3, 1)]


@pytest.mark.parametrize("hang", [pool_jobs.hang_if, pool_jobs.stop_if])
def test_a_job_that_hangs_is_ended(hang):
    start = time.monotonic()
    with PersistentPool(2, timeout=1.0) as workers:
        outcomes = workers.map(hang, [(i, 1) for i in range(5)])
    assert [o.value for o in outcomes] == [0, None, 2, 3, 4]
    assert isinstance(outcomes[1].fault, MachineFault) and "longer than 1 s" in outcomes[1].fault.reason
    assert time.monotonic() - start < 30


def test_exceptions_become_faults(two):
    outcomes = two.map(pool_jobs.fail_if, [(i, 1) for i in range(3)])
    assert isinstance(outcomes[1].fault, EstimateFault) and outcomes[1].fault.reason == "a bad one"
    outcomes = two.map(pool_jobs.fail_if, [(i, 2) for i in range(3)])
    assert isinstance(outcomes[2].fault, MachineFault) and outcomes[2].fault.reason == "ValueError: not this"
    assert two.map(pool_jobs.unpicklable, [(0,)])[0].fault is not None
    outcomes = two.map(pool_jobs.unloadable, [(0,), (1,)])
    assert outcomes[0].value == 0 and "cannot be read" in outcomes[1].fault.reason
    assert "cannot be made again" in two.map(pool_jobs.identity, [(pool_jobs.Unloadable(),)])[0].fault.reason


def test_large_jobs_and_results(two):
    big = np.arange(3_000_000, dtype=np.float32)
    outcomes = two.map(pool_jobs.identity, [(big,)] * 4)
    assert all(np.array_equal(o.value, big) for o in outcomes)


def test_leaving_early_ends_the_work(two):
    running = two.run(pool_jobs.hang_if, [(i, 1) for i in range(3)])
    assert next(running).value in (0, 2)
    running.close()
    assert [o.value for o in two.map(pool_jobs.double, [(4,)])] == [8]


def test_workers_do_not_change_a_score():
    pairs = [golden_pair(f"pair {i}", snr) for i, snr in enumerate((-10.0, 0.0, 10.0, 25.0))]
    jobs = [(tuple(METRICS), *pair) for pair in pairs]
    scores = []
    for count, order in ((1, jobs), (2, jobs[::-1])):
        with PersistentPool(count) as workers:
            outcomes = workers.map(measure_all, order)
        assert all(o.fault is None for o in outcomes)
        scores.append([o.value for o in outcomes])
    assert scores[0] == scores[1][::-1]
    assert scores[0] == [measure_all(*job) for job in jobs]


def test_no_worker_can_be_started(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with PersistentPool(1) as workers, pytest.raises(MissingResource, match="exit code 1"):
        workers.map(pool_jobs.double, [(1,)])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with PersistentPool(1) as workers, pytest.raises(MissingResource, match="could not be started"):
        workers.map(pool_jobs.double, [(1,)])
    silent = tmp_path / "silent"  # runs, and never says that it is ready
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(silent))
    monkeypatch.setattr(pool, "START_SECONDS", 0.5)
    with PersistentPool(1) as workers, pytest.raises(MissingResource, match=r"within 0\.5 s"):
        workers.map(pool_jobs.double, [(1,)])


def test_workers_must_be_at_least_one():
    with pytest.raises(ValueError, match="at least one"):
        PersistentPool(0)


SCRIPT = """
import os, sys
sys.path.insert(0, {folder!r})
import pool_jobs
from avbench.metrics import PersistentPool
workers = PersistentPool(2, timeout=4.0)
print(*[o.value[0] for o in workers.map(pool_jobs.worker, [(i,) for i in range(4)])], flush=True)
workers.map(pool_jobs.hang_if, [(0, 0), (1, 1)])
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_caller(how):
    """A script without a guard for its main module; Ctrl-C, and a kill while both workers are idle or busy."""
    script = SCRIPT.format(folder=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as caller:
        pids = {int(pid) for pid in caller.stdout.readline().split()}
        assert pids
        time.sleep(0.3)
        caller.send_signal(how)
        _, error = caller.communicate(timeout=30)
    assert caller.returncode != 0
    assert "KeyboardInterrupt" in error or how is signal.SIGKILL
    patience = time.monotonic() + (1.0 if how is signal.SIGINT else 20.0)
    while any(alive(pid) for pid in pids) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def test_a_slow_consumer_does_not_cost_a_job_its_result():
    """What ran out of time while nobody was listening is told from what was done in time."""
    with PersistentPool(2, timeout=0.5) as workers:
        outcomes = []
        for outcome in workers.run(pool_jobs.hang_if, [(i, 2) for i in range(4)]):
            outcomes.append(outcome)
            time.sleep(3.0 if len(outcomes) == 1 else 0.0)
    faults = {o.index: o.fault and o.fault.reason for o in outcomes}
    assert faults == {0: None, 1: None, 2: "the job took longer than 0.5 s", 3: None}

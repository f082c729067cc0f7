"""A system in a process of its own: whose fault its end is, how long it may take, and how it is started again."""

import sys
import time

import numpy as np
import pytest
from fakes import speech
from hosted import BAD

from avbench.errors import EstimateFault, MachineFault, MissingResource
from avbench.evaluation.host import Host, Spec
from avbench.types import Audio, Inputs


def batch(*names):
    return [Inputs(name, speech(name), None, 0) for name in names]


@pytest.fixture
def hosted():
    """Opens a host by the name of its system, and closes it."""
    opened = []

    def open_host(name, timeout=20.0):
        host = Host(Spec(f"hosted:{name}", "avse"), timeout)
        opened.append(host)
        host.load("cpu")
        return host

    yield open_host
    for host in opened:
        host.close()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGBUS", "SIGHUP"])
def test_what_ends_it_from_outside_is_a_fault_of_the_machine(hosted, monkeypatch, name):
    monkeypatch.setenv("HOSTED_SIGNAL", name)
    (found,) = hosted("Signalled").answer(batch(BAD))
    assert isinstance(found, MachineFault) and name in found.reason


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT"])
def test_a_crash_is_its_own_fault(hosted, monkeypatch, name):
    monkeypatch.setenv("HOSTED_SIGNAL", name)
    fine, bad = hosted("Signalled").answer(batch("fine", BAD))
    assert isinstance(fine, Audio) and isinstance(bad, EstimateFault) and name in bad.reason


def test_a_word_that_it_prints_does_not_excuse_it(hosted):
    (found,) = hosted("Liar").answer(batch(BAD))
    assert isinstance(found, EstimateFault) and "exit code 1" in found.reason


def test_what_cannot_be_sent_is_taken_for_the_sound_it_is(hosted):
    given = batch("fine", BAD)
    for answer, one in zip(hosted("Unsendable").answer(given), given, strict=True):
        assert np.array_equal(answer.samples, one.audio.samples) and answer.rate == 16000


@pytest.mark.parametrize(("name", "words"), [("Hollow", "no audio that can be used"), ("Voider", "the clip is hard")])
def test_neither_the_machine_nor_the_reference_can_be_blamed(hosted, name, words):
    fine, bad = hosted(name).answer(batch("fine", BAD))
    assert isinstance(fine, Audio) and isinstance(bad, EstimateFault) and words in bad.reason


def test_a_limit_that_nothing_can_keep_is_refused(monkeypatch):
    from fakes import Gain

    from avbench.errors import UsageError
    from avbench.evaluation.examinee import open_examinee
    from avbench.tasks import get_task

    monkeypatch.setattr(sys.modules["__main__"], "Mine", Gain, raising=False)
    assert open_examinee("__main__:Mine", get_task("avse")).timeout is None
    with pytest.raises(UsageError, match="Nothing can end __main__:Mine"):
        open_examinee("__main__:Mine", get_task("avse"), timeout=5.0)


@pytest.mark.parametrize("count", [1, 5])
def test_a_row_takes_twice_the_limit_at_most(hosted, count):
    host = hosted("Endless", timeout=1.5)
    began, before = time.monotonic(), host.reloading
    found = host.answer(batch(*"abcde"[:count]))
    spent = time.monotonic() - began - (host.reloading - before)
    assert len(found) == count and all(isinstance(one, EstimateFault) for one in found)
    assert f"took longer than {1.5 if count == 1 else 0.3} s" in found[0].reason
    assert 1.5 <= spent < 2 * 1.5 + 1.0  # ending a process takes a moment


def test_a_failed_reload_costs_a_row_and_only_several_in_a_row_the_run(hosted, monkeypatch, tmp_path):
    loads = tmp_path / "loads"
    loads.write_text("x\n")
    monkeypatch.setenv("HOSTED_LOADS", str(loads))
    host = hosted("Fickle")
    for names in ((BAD, "fine"), ("fine", "too")):
        found = host.answer(batch(*names))
        assert [type(one) for one in found] == [MachineFault] * 2
        assert "could not be started again" in found[0].reason and "no server" in found[0].reason
    loads.write_text("x\n")  # it is there again, and what was in vain is forgotten
    assert all(isinstance(one, Audio) for one in host.answer(batch("fine", "too")))
    assert host.reloading > 0.3
    for _ in range(2):
        host.answer(batch(BAD))
    with pytest.raises(MissingResource, match="no server"):
        host.answer(batch("fine"))

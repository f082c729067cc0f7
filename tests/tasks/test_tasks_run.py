"""Every task from its plan to a table, with a system that knows nothing and the anchors."""

import json
from pathlib import Path

import pytest

from avbench.cli import main


@pytest.fixture(autouse=True)
def _answerers(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def ran(tmp_path, capsys, *arguments):
    """Values by system, metric and condition."""
    assert main(["run", *arguments, "--workers", "1", "--out", str(tmp_path), "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    return {(r["system"].partition(":")[2] or r["system"], r["metric"], str(r["condition"])): r for r in found["rows"]}


def test_recognition(tmp_path, capsys):
    rows = ran(tmp_path, capsys, "--system", "answerers:Says", "--task", "avsr", "--limit", "1", "--snr", "-5,0")
    values = {system: rows[system, "wer", "{}"]["value"] for system in ("Says", "oracle", "silence")}
    assert values["oracle"] == 0 < values["Says"] and values["silence"] == 1
    assert rows["Says", "wer", "{'snr': -5}"]["total"] == 1


@pytest.mark.parametrize("modality", ["av", "audio", "video", "wrong-face"])
def test_words(modality, tmp_path, capsys):
    chosen = ("--system", "answerers:Says", "--task", "word-recognition", "--limit", "1")
    rows = ran(tmp_path, capsys, *chosen, "--set", f"modality={modality}")
    assert rows["oracle", "top1", "{}"]["value"] == 1 and rows["Says", "top1", "{}"]["value"] == 0


def test_detection(tmp_path, capsys):
    rows = ran(tmp_path, capsys, "--system", "answerers:Moves", "--task", "asd", "--limit", "1", "--snr", "0,clean")
    assert rows["oracle", "map", "{}"]["value"] == 1 > rows["Moves", "map", "{}"]["value"]
    assert rows["Moves", "map", "{'snr': 'clean'}"]["total"] == 2  # two faces
    assert 0 < rows["constant", "map", "{}"]["value"] < 1


def test_talking_face(tmp_path, capsys):
    chosen = ("--system", "answerers:Stands", "--task", "talking-face", "--limit", "1", "--snr", "0")
    rows = ran(tmp_path, capsys, *chosen, "--set", "noise=babble,factory", "--metrics", "psnr,ssim,nlmd")
    for metric in ("psnr", "ssim", "nlmd"):
        assert rows["Stands", metric, "{}"]["value"] == rows["still-face", metric, "{}"]["value"]
    assert rows["true-video", "psnr", "{}"]["value"] == 120 > rows["Stands", "psnr", "{}"]["value"]
    assert rows["true-video", "nlmd", "{}"]["value"] == 0 < rows["Stands", "nlmd", "{}"]["value"]
    assert rows["Stands", "psnr", "{'noise': 'babble'}"]["total"] == 1


def test_a_noise_that_the_plan_lacks_is_one_sentence(tmp_path, capsys):
    chosen = ["run", "--system", "answerers:Stands", "--task", "talking-face", "--set", "noise=bable"]
    assert main([*chosen, "--out", str(tmp_path)]) == 2
    assert "Did you mean babble" in capsys.readouterr().err


def test_an_answer_of_another_kind_than_the_task_wants_is_refused(tmp_path, capsys):
    assert main(["run", "--system", "answerers:Says", "--task", "asd", "--out", str(tmp_path)]) == 2
    assert "answers with text, and the task asd wants scores" in capsys.readouterr().err


def test_other_things_than_the_plan_was_published_with_are_seen():
    """A sound is compared for everybody, a film for who looks at it or is judged by it."""
    from dataclasses import replace

    from avbench.evaluation.exam import set_exam
    from avbench.metrics import get_metric
    from avbench.protocols import hash_thing
    from avbench.tasks import get_task

    exam = set_exam(get_task("word-recognition"), {}, [get_metric("top1")])
    assert exam.official and exam.size == 1000
    row = exam.rows[0]
    things = exam.protocol.things(exam.plan, row)
    assert [thing.kind for thing in things] == ["sound", "mouth"]
    made = {str(thing): hash_thing(exam.dataset, thing) for thing in things}
    for kind, seen_by_all in (("sound", True), ("mouth", False)):
        other = {name: ["0" * 16, ""] if name.startswith(kind) else found for name, found in made.items()}
        for known, video, same in ((made, False, True), (made, True, True), (other, True, False)):
            told = replace(exam, published={"rows": {}, "things": known})
            assert told.is_as_published(row, exam.trials(row, video), video) == same
        told = replace(exam, published={"rows": {}, "things": other})
        assert told.is_as_published(row, exam.trials(row, False), False) == (not seen_by_all)


def test_labels_are_compared_for_everybody():
    from dataclasses import replace

    from avbench.evaluation.exam import set_exam
    from avbench.metrics import get_metric
    from avbench.tasks import get_task

    exam = set_exam(get_task("asd"), {}, [get_metric("map")])
    assert exam.official and exam.clusters == "conversations"
    row, known = exam.rows[0], exam.published["things"]
    trials = exam.trials(row, False)
    # The sound is left out of account: on another machine it may be equivalent and not equal.
    exam = replace(exam, protocol=type("Quiet", (type(exam.protocol),), {"noisy": False})())
    for kind, same in (("labels", False), ("track", True)):
        other = {name: ["0" * 16, ""] if name.startswith(kind) else found for name, found in known.items()}
        told = replace(exam, published={**exam.published, "things": other})
        assert told.is_as_published(row, trials, False) == same

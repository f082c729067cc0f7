"""Votes become values: all numbers here were worked out by hand or stand in the sources named."""

import json
import shutil

import heard
import numpy as np
import pytest
from heard import cast

from avbench.cli import main
from avbench.errors import BadFile, UsageError
from avbench.evaluation.kept import keep
from avbench.evaluation.runs import Run
from avbench.evaluation.votes import votes_of
from avbench.listening import build_test, open_test, tally
from avbench.listening.agreement import alpha
from avbench.listening.ballot import Ballot, new_code, rater_of
from avbench.listening.blind import key_path, open_key
from avbench.listening.enter import enter
from avbench.listening.intervals import Votes, ratio_interval
from avbench.listening.opinion import PREFERENCE
from avbench.listening.order import order_for
from avbench.metrics import Score, get_metric
from avbench.seeds import Draw

AWAY = {"left": "right", "right": "left"}


def test_a_vote_counts_once_and_the_first_one_stays(tmp_path):
    test = build_test([heard.speech_run(tmp_path / "run", "alpha")], "mos", tmp_path / "test", trials=2)
    ballot, trial = Ballot(test), next(iter(test.trials))
    ballot.enrol("r")
    ballot.enrol("r")
    assert ballot.knows("r") and not ballot.knows("s")
    assert [ballot.vote("r", trial, answer) for answer in ("4", "4", "1")] == [True, False, False]
    assert Ballot(test).votes() == [("r", trial, "4")] and ballot.answered("r") == {trial}


def test_every_rater_has_an_order_and_checks_are_spread(tmp_path):
    test = build_test([heard.speech_run(tmp_path / "run", "alpha")], "mos", tmp_path / "test", trials=24)
    orders = [order_for(test, f"r{i}") for i in range(20)]
    assert len({tuple(order) for order in orders}) == 20
    assert orders[0] == order_for(test, "r0")
    for order in orders:
        assert sorted(order) == sorted(test.trials)
        places = [order.index(check) for check in test.checks]
        assert sorted(place // 5 for place in places) == [0, 1, 2, 3, 4, 5]  # one in each stretch of 4 + 1
    assert len({order[0] for order in orders}) > 10


def row(found, system, **condition):
    return next(r for r in found.rows if r["system"] == system and r["condition"] == condition)


# Krippendorff 2011, section E and appendix: four observers, twelve units, answers missing.
EXAMPLE = (
    "1 2 3 3 2 1 4 1 2 - - -",
    "1 2 3 3 2 2 4 1 2 5 - 3",
    "- 3 3 3 2 3 4 2 2 5 1 -",
    "1 2 3 3 2 4 4 1 2 5 1 -",
)


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_that_of_its_author(level, value):
    units = [[a for a in unit if a != "-"] for unit in zip(*map(str.split, EXAMPLE), strict=True)]
    assert alpha(units, "12345", level) == pytest.approx(value, abs=5e-4)


def test_alpha_at_its_ends():
    assert alpha([["left", "left"], ["right", "right"]], ["left", "right"], "nominal") == 1.0
    # Observed disagreement 1, expected 2 * 2 * 2 / (4 * 3) = 2 / 3.
    assert alpha([["left", "right"], ["left", "right"]], ["left", "right"], "nominal") == pytest.approx(1 - 1.5)
    assert alpha([["left", "left"]], ["left", "right"], "nominal") is None
    assert alpha([["left"], ["right"]], ["left", "right"], "nominal") is None


def faces_said(rater, item):
    """Alpha: right on 9 triplets of 12. Beta: half of the raters right. Real pairs: all right."""
    right = item["right"]
    if item["run"] is None:
        return right
    if item["run"] == 0:
        return right if int(item["trial"][9:13]) < 9 else AWAY[right]
    return right if rater % 2 else AWAY[right]


def test_cpr_is_right_votes_by_all_votes(faces):
    cast(faces, faces_said)
    found = tally(faces.folder)
    a, b, real = row(found, "alpha"), row(found, "beta"), row(found, "real pairs")
    assert a["value"] == 9 / 12 and a["votes"] == 144 and (a["n"], a["failed"], a["total"]) == (12, 0, 12)
    # 11 triplets shown to 12 raters, half of them right; the failed one has twelve wrong votes.
    assert b["value"] == pytest.approx(66 / 144) and b["votes"] == 132
    assert (b["n"], b["failed"], b["total"], b["complete"]) == (11, 1, 12, True)
    assert real["value"] == 1.0 and real["ci95"] == [1.0, 1.0]
    assert a["over"] == "over 12 raters and 12 speakers" and a["ci95"][0] < 0.75 < a["ci95"][1]
    assert a["alpha"] == 1.0  # all raters say the same
    assert found.raters == {"counted": 12, "failed_checks": 0, "early": 0, "votes": 420, "left_out": 0}
    assert found.checks == {"answered": 72, "failed": 0}
    assert found.metric == "cpr" and a["judge"] == f"raters@{faces.digest[:8]}"


def test_who_fails_the_checks_or_leaves_early_is_left_out(faces):
    def say(rater, item):
        return AWAY[item["right"]] if rater < 3 else item["right"]

    cast(faces, say, attentive=lambda rater: rater >= 3)
    ballot = Ballot(faces)
    early = rater_of(new_code())
    ballot.enrol(early)
    order = [name for name in order_for(faces, early) if name not in faces.checks]
    for name in order[:5]:
        ballot.vote(early, name, "left")
    found = tally(faces.folder)
    assert row(found, "alpha")["value"] == 1.0 and row(found, "alpha")["votes"] == 9 * 12
    assert found.raters == {"counted": 9, "failed_checks": 3, "early": 1, "votes": 9 * 35, "left_out": 3 * 35 + 5}
    assert found.checks == {"answered": 72, "failed": 18}
    assert row(found, "alpha")["over"] == "over 12 speakers"  # nine raters say nothing about the next


def test_one_check_may_go_wrong(faces):
    key = open_key(faces)
    slip = sorted(key["checks"])[0]
    ballot, rater = Ballot(faces), rater_of(new_code())
    ballot.enrol(rater)
    for name in faces.trials:
        if name in key["checks"]:
            ballot.vote(rater, name, AWAY[key["checks"][name]] if name == slip else key["checks"][name])
        else:
            ballot.vote(rater, name, key["trials"][name]["right"])
    assert tally(faces.folder).raters["counted"] == 1


@pytest.fixture
def speech(tmp_path):
    lost = ("p-0001.snr5",)
    runs = [
        heard.speech_run(tmp_path / "alpha", "alpha"),
        heard.speech_run(tmp_path / "noisy", "noisy", 3.0, missing=lost, anchor=True),
    ]
    return runs, tmp_path


def test_mos_is_the_mean_of_all_ratings_at_each_condition(speech):
    runs, folder = speech
    test = build_test(runs, "mos", folder / "test", trials=24)

    def say(rater, item):
        if item["run"] == 0:
            return "4" if item["condition"]["snr"] == 5 else ("2" if rater % 2 else "3")
        return "1" if rater == 0 else "2"

    cast(test, say, raters=10)
    found = tally(test.folder)
    assert row(found, "alpha", snr=5)["value"] == 4.0
    assert row(found, "alpha", snr=-5)["value"] == 2.5
    assert row(found, "alpha")["value"] == pytest.approx(3.25)
    # Noisy at 5 dB: 11 clips of nine twos and a one, and a lost one with ten ones.
    assert row(found, "noisy", snr=5)["value"] == pytest.approx((11 * 19 + 10) / 120)
    assert row(found, "noisy", snr=5)["failed"] == 1 and row(found, "noisy", snr=-5)["failed"] == 0
    assert row(found, "alpha")["unit"] == "MOS" and found.agreement["level"] == "ordinal"
    enter(found)
    (votes,) = votes_of(Run(folder / "noisy"))
    assert votes["trials"]["p-0001.snr5"] == {"status": "failed", "value": 1.0, "reason": "the system crashed",
                                              "more": {"sum": 10, "votes": 10}}  # fmt: skip
    assert votes["trials"]["p-0000.snr5"]["more"] == {"sum": 19, "votes": 10}


def test_a_preference_counts_ties_half_and_prefers_what_is_there(speech):
    runs, folder = speech
    test = build_test(runs, "ab", folder / "test", trials=24)

    def say(rater, item):
        if rater < 2:
            return "same"
        return item["right"] if rater < 8 else AWAY[item["right"]]

    cast(test, say, raters=10)
    found = tally(test.folder)
    (whole,) = [r for r in found.rows if r["condition"] == {}]
    assert whole["system"] == "alpha" and whole["against"] == "noisy"
    assert whole["value"] == pytest.approx((23 * 7 + 10) / 240)  # 6 + 2 / 2 of ten votes; all ten where noisy has none
    assert enter(found) == []


def test_votes_enter_a_run_without_changing_it(faces, tmp_path):
    before = {p: p.read_bytes() for p in (tmp_path / "alpha").rglob("*") if p.is_file()}
    ballot = cast(faces, faces_said)
    paths = enter(tally(faces.folder))
    assert paths == [tmp_path / name / "votes" / f"cpr-{faces.digest[:8]}.json" for name in ("alpha", "beta")]
    assert {p: p.read_bytes() for p in before} == before
    run = Run(tmp_path / "alpha")
    assert run.ended and run.record.check(run.identity) is None
    (votes,) = votes_of(run)
    assert votes["rows"][0]["value"] == 0.75 and votes["anchors"][0]["value"] == 1.0
    assert votes["trials"]["face-cpr-0000.voice.r0"]["more"] == {"right": 12, "votes": 12}
    assert votes["trials"]["face-cpr-0011.voice.r0"]["more"] == {"right": 0, "votes": 12}
    once = paths[0].read_bytes()
    enter(tally(faces.folder))
    assert paths[0].read_bytes() == once and len(list(paths[0].parent.iterdir())) == 1
    # One more rater: the same file, with more votes.
    cast(faces, faces_said, raters=1)
    enter(tally(faces.folder))
    (votes,) = votes_of(run)
    assert votes["trials"]["face-cpr-0000.voice.r0"]["more"]["votes"] == 13 and len(ballot.votes()) == 13 * 41


def test_votes_are_on_the_answers_that_were_heard(faces, tmp_path):
    cast(faces, faces_said, raters=3)
    found = tally(faces.folder)
    enter(found)
    shutil.move(tmp_path / "alpha", tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"no longer at .*alpha: say where it is with --run"):
        enter(found)
    assert len(enter(found, [tmp_path / "elsewhere"])) == 2
    heard.triplet_run(tmp_path / "alpha", "someone else")
    with pytest.raises(UsageError, match="another run than the one that was heard"):
        enter(found)
    answer = tmp_path / "elsewhere" / "predictions" / "face-cpr-0000.voice.r0.mkv"
    answer.write_bytes(answer.read_bytes() + b"?")
    with pytest.raises(UsageError, match="not the one that was heard"):
        enter(found, [tmp_path / "elsewhere"])
    assert votes_of(Run(tmp_path / "elsewhere")) == []


def test_votes_do_not_enter_a_kept_run(faces, tmp_path):
    cast(faces, faces_said, raters=3)
    path = keep(tmp_path / "alpha", tmp_path / "kept.json")
    with pytest.raises(UsageError, match=r"kept run of alpha has scores and no media: name the run's own folder"):
        enter(tally(faces.folder), [path])
    assert not (tmp_path / "beta" / "votes").exists()


def test_what_cannot_be_counted_is_said(faces, tmp_path):
    with pytest.raises(UsageError, match="no test in"):
        tally(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="Nobody has voted"):
        tally(faces.folder)
    cast(faces, lambda rater, item: None, raters=2)
    with pytest.raises(UsageError, match="No rater counts yet"):
        tally(faces.folder)
    path = key_path(faces.folder)
    path.rename(tmp_path / "away.json")
    with pytest.raises(UsageError, match="say where it is with --key"):
        tally(faces.folder)
    cast_key = json.loads((tmp_path / "away.json").read_text())
    path.write_text(json.dumps(cast_key | {"test": "another"}))
    with pytest.raises(UsageError, match="is not the key of"):
        tally(faces.folder)


def test_a_test_that_was_changed_after_the_first_vote_is_found_out(faces):
    cast(faces, faces_said, raters=1)
    path = faces.folder / "test.json"
    path.write_text(path.read_text().replace('"failed_share": 0.2', '"failed_share": 1.0'))
    with pytest.raises(UsageError, match="one of the two was changed"):
        tally(faces.folder)
    with pytest.raises(UsageError, match="was changed"):
        Ballot(open_test(faces.folder))
    media = next((faces.folder / "media").iterdir())
    media.write_bytes(b"other")
    with pytest.raises(BadFile, match="is not the file that the test was built with"):
        open_test(faces.folder)


def test_an_interval_is_over_raters_and_items_and_says_so():
    draw = Draw("test of intervals")
    raters = [f"r{r}" for r in range(20) for _ in range(30)]
    items = [f"i{i}" for _ in range(20) for i in range(30)]
    lenient = np.repeat(draw.normals(20), 30)
    even = Votes(raters, items, list(draw.normals(600)))
    swayed = Votes(raters, items, list(lenient + 0.01 * draw.normals(600)))
    (low, high), over = ratio_interval(even, "speakers")
    assert over == "over 20 raters and 30 speakers" and low < np.mean(even.points) < high
    # Raters differ and items do not: the interval is that of a mean of 20 raters, and far wider than of 600 votes.
    (low, high), _ = ratio_interval(swayed, "speakers")
    assert high - low == pytest.approx(2 * 1.96 * lenient[::30].std() / np.sqrt(20), rel=0.15)
    assert ratio_interval(swayed, "speakers") == ratio_interval(swayed, "speakers")
    few = Votes(["a", "b"], ["x", "y"], [0.0, 1.0])
    assert ratio_interval(few, "clips") == (None, "no interval of 2 clips, fewer than 10")


@pytest.mark.parametrize(("metric", "good", "bad"), [(get_metric("mos"), 21, 26), (PREFERENCE, 2.5, 6)])
def test_declared_metrics_have_a_status_for_broken_votes(metric, good, bad):
    assert metric.measure(good, 5)["value"] == good / 5
    for estimate in (bad, None, -1, float("nan"), True):
        fault = metric.kind.find_fault(estimate, 5)
        assert fault is not None and Score.without(metric, fault, 5).value == metric.floor
    for reference in (0, None, -1, 0.5):
        with pytest.raises(Exception, match="vote") as error:
            metric.measure(1, reference)
        assert error.value.status == "void"
    parts = [metric.measure(good, 5), metric.parts_of_failure(5)]
    assert metric.pool(parts) == pytest.approx((good + 5 * metric.floor) / 10)
    assert metric.name == metric.identity.removesuffix("@1") and metric.low == metric.floor


def test_the_command_line_tells_and_writes(faces, capsys, tmp_path):
    cast(faces, faces_said)
    assert main(["listen", "tally", str(faces.folder), "--json", str(tmp_path / "out.json")]) == 0
    out = capsys.readouterr().out
    assert "75.0" in out and "real pairs" in out and "11+1/12" in out and "Checks of attention: 0 of 72 failed" in out
    assert max(map(len, out.split("Written")[0].split("\n"))) <= 80
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["metric"] == "cpr" and "key" not in document
    assert (tmp_path / "alpha" / "votes").is_dir()
    assert main(["listen", "tally", str(tmp_path)]) == 2
    assert "There is no test in" in capsys.readouterr().err


def test_the_command_line_builds(tmp_path, capsys):
    run = heard.speech_run(tmp_path / "run", "alpha")
    words = ["listen", "build", str(run), "--kind", "mos", "--out", str(tmp_path / "test"), "--trials", "3"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "9 pages, 6 of them checks" in out and "No anchor" in out and "test.key.json" in out
    assert main(words) == 2 and "is taken" in capsys.readouterr().err

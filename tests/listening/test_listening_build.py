"""What a blind test holds, and what it does not."""

import io
import json

import heard
import numpy as np
import pytest
import soundfile
from PIL import Image

from avbench.errors import UnknownName, UsageError
from avbench.evaluation.record import read_json
from avbench.listening import build_test, checks, open_test
from avbench.listening.blind import key_path, open_key
from avbench.listening.media import LEVEL_DB, PEAK, levelled
from avbench.signal.audio import active_level, power_db
from avbench.types import Audio


def page(test, name):
    """Media of a page by what they stand for, as bytes."""
    return {each["for"]: (test.folder / "media" / each["file"]).read_bytes() for each in test.trials[name]["shown"]}


def colour(picture):
    return tuple(np.asarray(Image.open(io.BytesIO(picture)))[0, 0])


def test_a_triplet_has_two_answers_on_the_sides_of_the_plan_and_the_voice_of_the_first(faces):
    key = open_key(faces)
    shown = [(name, item) for name, item in key["trials"].items() if item["run"] == 0]
    assert len(shown) == 12
    for name, item in shown:
        i = int(item["trial"][9:13])
        assert item["right"] == ("left", "right")[i % 2]
        files = page(faces, name)
        wrong = {"left": "right", "right": "left"}[item["right"]]
        assert colour(files[item["right"]]) == tuple(heard.face(i).frames[0, 0, 0])
        assert colour(files[wrong]) == tuple(heard.face((i + 1) % 12).frames[0, 0, 0])
        samples, rate = soundfile.read(io.BytesIO(files[None]))
        assert rate == heard.RATE
        assert np.corrcoef(samples, heard.tone(i).samples)[0, 1] > 0.999
        assert item["cluster"] == f"s{i:02d}" and len(item["files"]) == 2


def test_real_pairs_stand_in_a_cpr_test_once(faces):
    key = open_key(faces)
    real = [(name, item) for name, item in key["trials"].items() if item["run"] is None]
    assert len(real) == 12 and len(faces.trials) == 3 * 12 - 1 + checks.COUNT
    for name, item in real:
        i = int(item["trial"][9:13])
        assert colour(page(faces, name)[item["right"]]) == tuple(heard.face(i).frames[0, 0, 0])


def test_a_converted_voice_is_heard_with_two_real_faces(tmp_path, people):
    run = heard.triplet_run(tmp_path / "run", "alpha", "voice")
    test = build_test([run], "cpr", tmp_path / "test", trials=12, dataset=people)
    for name, item in open_key(test)["trials"].items():
        i, files = int(item["trial"][10:14]), page(test, name)
        wrong = {"left": "right", "right": "left"}[item["right"]]
        assert colour(files[item["right"]]) == tuple(heard.face(i).frames[0, 0, 0])
        assert colour(files[wrong]) == tuple(heard.face((i + 1) % 12).frames[0, 0, 0])
        samples, _ = soundfile.read(io.BytesIO(files[None]))
        length = len(heard.tone(i, 0.3 if item["run"] == 0 else 0.25).samples)  # made, or the person's own
        assert len(samples) == length
        assert list(item["files"]) == ([item["trial"] + ".wav"] if item["run"] == 0 else [])


def test_nothing_that_raters_get_names_a_system_or_a_trial(faces, tmp_path):
    for path in faces.folder.rglob("*"):
        assert not any(word in path.name for word in ("alpha", "beta", "cpr-"))
        if path.is_file():
            content = path.read_bytes()
            assert not any(word in content for word in (b"alpha", b"beta", b"face-cpr", b"right answer", b"s0"))
    names = [trial["id"] for trial in faces.data["trials"]]
    assert names == sorted(names)  # no order but that of the names
    assert key_path(faces.folder) == tmp_path / "test.key.json" and (tmp_path / "test.key.json").is_file()
    assert open_test(faces.folder).digest == faces.digest == open_key(faces)["test"]


def test_the_same_command_gives_the_same_test_and_another_seed_another(tmp_path, people):
    runs = [heard.triplet_run(tmp_path / "run", "alpha")]
    one, two = (build_test(runs, "cpr", tmp_path / n, trials=3, dataset=people) for n in ("one", "two"))
    other = build_test(runs, "cpr", tmp_path / "three", trials=3, dataset=people, seed="again")
    assert one.digest == two.digest != other.digest
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
    assert not set(one.trials) & set(other.trials)


def test_checks_of_attention_are_declared_and_right(tmp_path):
    run = heard.speech_run(tmp_path / "run", "alpha")
    test = build_test([run], "mos", tmp_path / "test", trials=4)
    key = open_key(test)
    assert len(test.checks) == checks.COUNT and test.rule == checks.RULE
    assert any("attention" in paragraph for paragraph in test.data["consent"])
    for name in test.checks:
        assert "Check of attention" in test.trials[name]["ask"]
        samples, _ = soundfile.read(io.BytesIO(page(test, name)[None]))
        loud = np.abs(samples[: len(samples) // 160 * 160]).reshape(-1, 160).max(axis=1) > 0.01  # 10 ms each
        assert str(int((np.diff(loud.astype(int)) == 1).sum())) == key["checks"][name]
    assert checks.passes(6, 1, test.rule) and checks.passes(2, 0, test.rule) and checks.passes(5, 1, test.rule)
    assert (
        not checks.passes(6, 2, test.rule) and not checks.passes(4, 1, test.rule) and not checks.passes(1, 0, test.rule)
    )


def test_squares_can_be_counted():
    for count in range(1, 7):
        white = checks.squares(count).frames[0, :, :, 0] == checks.WHITE
        rows = white.any(axis=1)
        found = 0
        for top in np.flatnonzero(np.diff(np.r_[0, rows.astype(int)]) == 1):
            found += int((np.diff(np.r_[0, white[top].astype(int)]) == 1).sum())
        assert found == count


def test_ratings_are_spread_over_conditions_and_clips_and_equal_for_all_runs(tmp_path):
    runs = [heard.speech_run(tmp_path / name, name, gain) for name, gain in (("alpha", 1), ("beta", 3))]
    test = build_test(runs, "mos", tmp_path / "test", trials=10)
    trials = open_key(test)["trials"].values()
    of = [sorted(item["trial"] for item in trials if item["run"] == number) for number in (0, 1)]
    assert of[0] == of[1] and len(of[0]) == 10
    assert sorted(item["condition"]["snr"] for item in trials) == [-5] * 10 + [5] * 10
    assert len({item["cluster"] for item in trials}) == 10


def test_a_preference_has_both_answers_on_drawn_sides(tmp_path):
    runs = [heard.speech_run(tmp_path / name, name, gain) for name, gain in (("alpha", 1), ("beta", 3))]
    test = build_test(runs, "ab", tmp_path / "test", trials=24)
    sides = []
    for name, item in open_key(test)["trials"].items():
        i, files = int(item["trial"][2:6]), page(test, name)
        mine, _ = soundfile.read(io.BytesIO(files[item["right"]]))
        assert np.corrcoef(mine, heard.tone(i + 1).samples)[0, 1] > 0.999
        other, _ = soundfile.read(io.BytesIO(files[{"left": "right", "right": "left"}[item["right"]]]))
        assert np.corrcoef(other, heard.tone(i + 3).samples)[0, 1] > 0.999
        sides.append(item["right"])
    assert 4 < sides.count("left") < 20


def test_a_film_is_heard_with_the_speech_of_its_clip(tmp_path, people):
    import av

    run = heard.speech_run(tmp_path / "run", "alpha", answer="video", clips=3)
    test = build_test([run], "mos", tmp_path / "test", trials=2, dataset=people)
    for name, item in open_key(test)["trials"].items():
        (file,) = test.trials[name]["shown"]
        assert file["type"] == "video"
        with av.open(str(test.folder / "media" / file["file"])) as film:
            assert len(list(film.decode(video=0))) == 5
            film.seek(0)
            sound = np.concatenate([frame.to_ndarray().ravel() for frame in film.decode(audio=0)])
        i, spectrum = int(item["trial"][2:6]), np.abs(np.fft.rfft(sound))
        assert abs(spectrum.argmax() * 48000 / len(sound) - (200 + 40 * i)) <= 5


def test_a_trial_that_a_system_failed_is_in_the_key_and_not_shown(faces):
    key = open_key(faces)
    (failed,) = key["failed"]
    assert failed["trial"] == "face-cpr-0003.voice.r0" and failed["failed"] == {"1": "the system crashed"}
    assert sum(item["run"] == 1 for item in key["trials"].values()) == 11


def test_speech_is_played_at_one_level_unless_it_would_clip():
    for gain in (0.01, 3.0):
        made = levelled(Audio((gain * heard.tone(3).samples).astype(np.float32), heard.RATE))
        assert active_level(made) == pytest.approx(LEVEL_DB, abs=0.01)
    peaky = np.zeros(16000, np.float32)
    peaky[::1600] = 0.9
    assert np.abs(levelled(Audio(peaky, 16000)).samples).max() == pytest.approx(PEAK, abs=1e-4)
    silent = levelled(Audio(np.zeros(100, np.float32), 16000))
    assert power_db(silent.samples) < -150


def test_own_question_and_consent(tmp_path):
    run = heard.speech_run(tmp_path / "run", "alpha")
    (tmp_path / "consent.txt").write_text("First {of} all.\n\nSecond\nline.\n")
    test = build_test([run], "mos", tmp_path / "test", 3, question="How natural?", consent=tmp_path / "consent.txt")
    assert test.data["consent"] == ["First {of} all.", "Second line."]
    asked = {trial["ask"] for name, trial in test.trials.items() if name not in test.checks}
    assert asked == {"How natural?"}


def refused(match, runs, kind, out, kinds=UsageError, **given):
    with pytest.raises(kinds, match=match) as error:
        build_test(runs, kind, out, **given)
    assert "\n" not in str(error.value) and not (out / "test.json").exists()


def test_what_cannot_be_built_is_said(tmp_path, people):
    out, run = tmp_path / "test", heard.speech_run(tmp_path / "run", "alpha")
    refused("name the folder of at least one", [], "mos", out)
    refused("no kind of test called 'abc'.*ab", [run], "abc", out, UnknownName)
    refused("no run", [tmp_path / "nowhere"], "mos", out)
    refused("named twice", [run, run], "mos", out)
    refused("between two runs, and 1 were", [run], "ab", out)
    refused("have 24 trials in common, and 30 are asked for.*--trials 24", [run], "mos", out)
    other = heard.speech_run(tmp_path / "other", "beta", plan=b"another\n")
    refused("different plans: the plan differs", [run, other], "mos", out)
    text = heard.make_run(tmp_path / "text", "gamma", [("t", {}, "c", "s", "words")], "text", b"x", {}, "avsr@1")
    refused("answered with text", [text], "mos", out, trials=1)
    (heard.speech_run(tmp_path / "half", "delta") / "summary.json").unlink()
    refused("is not finished", [tmp_path / "half"], "mos", out)
    faces = heard.triplet_run(tmp_path / "faces", "alpha", rows=5)
    refused("holds 5 of the 30 triplets.*--trials 5", [faces], "cpr", out, dataset=people)
    people.fingerprint = "other"
    refused("is not the data set", [faces], "cpr", out, dataset=people, trials=5)
    refused("inside the folder", [run], "mos", out, trials=3, key=out / "key.json")
    build_test([run], "mos", out, trials=3)
    with pytest.raises(UsageError, match="is taken, and may hold votes"):
        build_test([run], "mos", out, trials=3)


def test_a_plan_without_triplets_has_no_cpr(tmp_path, people):
    plan = heard.triplet_plan("face").replace(b'"kind": "preference"', b'"kind": "translation"')
    run = heard.make_run(tmp_path / "run", "alpha", [("t", {}, "c", "s", heard.face(1))], "video", plan, {}, "x@1")
    refused("draws no triplets", [run], "cpr", tmp_path / "test", dataset=people)


def test_a_kept_run_and_errors_of_the_machine_are_refused(tmp_path):
    run = heard.speech_run(tmp_path / "run", "alpha")
    score = run / "scores" / "p-0000.snr5.json"
    document = read_json(score)
    document["scores"]["stoi"] |= {"status": "error", "reason": "memory"}
    score.write_text(json.dumps(document))
    (run / "predictions" / "p-0000.snr5.wav").unlink()
    refused("holds errors of the machine", [run], "mos", tmp_path / "test", trials=3)

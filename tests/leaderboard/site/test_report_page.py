"""The page of a run, without a browser: what it says, what it escapes, what it makes and what it refuses."""

import hashlib
import json
import re

import numpy as np
import pytest
from made_runs import made_exam, made_run

from avbench.cli import main
from avbench.errors import UsageError
from avbench.evaluation.kept import keep
from avbench.evaluation.record import read_json
from avbench.leaderboard.site import report
from avbench.leaderboard.site.chosen import choose, failures_of
from avbench.leaderboard.site.media import Shelf, spectrogram
from avbench.leaderboard.site.pages import json_for_page, slug
from avbench.signal.audio import write_wav
from avbench.types import Audio

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
RATE = 16000


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    """Two systems and three anchors of 12 clips; the first one has answers."""
    folder = tmp_path_factory.mktemp("exam")
    runs = made_exam(folder, clips=12)
    time = np.arange(RATE) / RATE
    for system, pitch in (("gcrn", 500.0), ("noisy", 1000.0), ("oracle", 2000.0)):
        for trial in runs[0].trials:
            loud = 1.5 if system == "gcrn" else 0.5
            tone = (loud * np.sin(2 * np.pi * pitch * time)).astype(np.float32)
            write_wav(folder / system / "predictions" / f"{trial['trial']}.wav", Audio(tone, RATE))
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def document_of_page(text):
    return json.loads(re.search(r'<script type="application/json" data-name="run">(.*?)</script>', text, re.S)[1])


def test_the_page_says_what_the_run_says(exam, tmp_path):
    page = report(exam / "gcrn", tmp_path / "page")
    text = page.read_text()
    summary = read_json(exam / "gcrn" / "summary.json")["rows"]
    stoi = next(row for row in summary if row["metric"] == "stoi" and row["condition"] == {"snr": 0})
    assert f"{100 * stoi['value']:.1f}" in text
    for word in ("synthetic", "oracle", "silence", "noisy", "the estimate is silent", "3-bn 99999999", "stoi@1"):
        assert word in text, word
    document = document_of_page(text)
    assert len(document["rows"]) == 60 and document["axes"] == ["snr"]
    trial = document["rows"][0]
    assert trial[0] == "3-bn-0000.snr-15" and document["reasons"] == ["the estimate is silent"]
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)


def test_equal_runs_give_equal_pages(exam, tmp_path):
    first, second = report(exam / "gcrn", tmp_path / "a").parent, report(exam / "gcrn", tmp_path / "b").parent
    assert contents(first) == contents(second)
    assert report(exam / "gcrn", tmp_path / "a").parent == first
    assert contents(first) == contents(second)  # made anew in the same place


def test_media_are_of_the_examples_alone_unless_all_are_wanted(exam, tmp_path):
    import soundfile

    some = report(exam / "gcrn", tmp_path / "some").parent
    sounds = sorted((some / "media").glob("*.wav"))
    named = {path.name.partition(".snr")[0] + ".snr" + path.name.partition(".snr")[2].split(".")[0] for path in sounds}
    chosen = {t["trial"] for group in choose(open_(exam / "gcrn")) for _, t in group.trials}
    assert named == chosen and len(sounds) == 3 * len(chosen)
    answer, rate = soundfile.read(next(p for p in sounds if p.name.endswith("answer.wav")))
    assert soundfile.info(sounds[0]).subtype == "PCM_16" and rate == RATE
    assert np.abs(answer).max() == pytest.approx(1.0, abs=1e-3)  # it was louder than a file of 16 bits can be
    assert "turned down by 3.5 dB" in (some / "index.html").read_text()
    every = report(exam / "gcrn", tmp_path / "every", all_media=True).parent
    assert len(list((every / "media").glob("*.wav"))) == 3 * 60


def open_(folder):
    from avbench.evaluation.runs import Run

    return Run(folder)


def test_input_and_target_come_from_the_anchors(exam, tmp_path):
    import soundfile

    folder = report(exam / "gcrn", tmp_path / "page").parent / "media"
    peak = {}
    for role in ("input", "wanted", "answer"):
        samples, _ = soundfile.read(next(path for path in sorted(folder.glob(f"*-{role}.wav"))))
        peak[role] = int(np.argmax(np.abs(np.fft.rfft(samples))))
    assert peak == {"input": 1000, "wanted": 2000, "answer": 500}


def test_hostile_names_are_text(exam, tmp_path):
    folder = tmp_path / "hostile"
    made_run(folder, f"evil{HOSTILE}", clips=3, title=HOSTILE, training=HOSTILE, reason=HOSTILE, broken=2)
    text = report(folder, tmp_path / "page").read_text()
    assert "<script>document" not in text and "<img src=x" not in text
    assert json_for_page(HOSTILE) in text and json.loads(json_for_page(HOSTILE)) == HOSTILE
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "unsafe" not in policy and "default-src &#39;none&#39;" in policy


def test_a_trial_whose_name_is_a_path_gets_no_media(exam, tmp_path):
    (tmp_path / "secret.wav").write_bytes((exam / "gcrn/predictions/3-bn-0000.snr-15.wav").read_bytes())
    shelf = Shelf(tmp_path / "page")
    for name in ("../../secret", "/etc/passwd", "..", ".hidden", "a/b", "A", ""):
        assert shelf.takes(open_(exam / "gcrn"), name, None) == []
    assert shelf.takes(open_(exam / "gcrn"), "3-bn-0000.snr-15", None)


def test_worst_median_and_best_are_by_value_and_failures_apart(exam):
    run = open_(exam / "gcrn")
    for group in choose(run):
        values = [trial["scores"]["stoi"]["value"] for _, trial in group.trials]
        every = [
            t["scores"]["stoi"]["value"]
            for t in run.trials
            if f"{t['condition']['snr']} dB" == group.title and t["scores"]["stoi"]["status"] == "ok"
        ]
        assert [word for word, _ in group.trials] == ["worst", "median", "best"]
        assert (values[0], values[2]) == (min(every), max(every)) and values[1] == sorted(every)[(len(every) - 1) // 2]
    (failure,) = failures_of(run)
    assert (failure.status, len(failure.trials), failure.metrics[0]) == ("failed", 15, "stoi")


def test_a_kept_run_has_a_page_without_media(exam, tmp_path):
    kept = keep(exam / "gcrn", tmp_path / "kept.json")
    with pytest.raises(UsageError, match="--out"):
        report(kept)
    folder = report(kept, tmp_path / "page").parent
    assert not (folder / "media").exists()
    assert len(document_of_page((folder / "index.html").read_text())["rows"]) == 60


def test_other_files_are_never_replaced(exam, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="other files"):
        report(exam / "mutud", taken)
    (taken / "index.html").write_text("<title>mine</title>")
    with pytest.raises(UsageError, match="other files"):
        report(exam / "mutud", taken)
    assert (taken / "thesis.tex").read_text() == "years of work"
    with pytest.raises(UsageError, match="is a file"):
        report(exam / "mutud", taken / "thesis.tex")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]


def test_the_verb_names_the_page(exam, tmp_path, capsys):
    assert main(["report", str(exam / "mutud"), "--out", str(tmp_path / "page")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "page" / "index.html")
    assert main(["report", str(tmp_path / "nothing")]) == 2


def test_an_unfinished_run_has_a_page(exam, tmp_path):
    folder = tmp_path / "run"
    made_run(folder, "half", clips=12)
    (folder / "summary.json").unlink()
    for path in sorted((folder / "scores").glob("*.json"))[::2]:
        path.unlink()
    text = report(folder).read_text()
    assert "unranked: run incomplete" in text and len(document_of_page(text)["rows"]) == 30


def test_a_run_at_other_axes_has_a_page(tmp_path):
    made_run(tmp_path / "a", "a", clips=10, axes={"snr": [-5, 5, "clean"], "modality": ["av", "audio"]})
    made_run(tmp_path / "b", "b", clips=10, axes={"modality": ["av", "audio"]})
    text = report(tmp_path / "a").read_text()
    assert "clean" in text and text.count('class="setting"') == 2 * 4
    assert "audio" in report(tmp_path / "b").read_text()


def test_a_spectrogram_has_its_peak_where_the_tone_is():
    for rate in (8000, 16000, 48000):
        tone = np.sin(2 * np.pi * rate / 8 * np.arange(rate) / rate).astype(np.float32)
        level = spectrogram(Audio(tone, rate))
        assert level.shape[0] == 128 and abs(int(level.mean(axis=1).argmax()) - 32) <= 1
    assert np.isfinite(spectrogram(Audio(np.full(10, np.nan, np.float32), 16000))).all()


def test_file_names_are_safe_and_different():
    names = ["mutud", "Mutud", "mutud/scratch", "mutud--scratch", "../x", "..", "", "a b", "ä", "x" * 300, "CON<>"]
    found = [slug(name) for name in names]
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,90}", name) for name in found), found


def test_a_film_has_its_pictures_its_sound_and_its_tag(tmp_path):
    import av

    from avbench.leaderboard.site.media import _write_mp4
    from avbench.types import Video

    frames = np.zeros((10, 45, 61, 1), np.uint8)  # odd sides, which H.264 does not take
    frames[5:] = 255
    sound = Audio(np.sin(np.arange(4410) / 5).astype(np.float32), 11000)  # a rate that AAC does not know
    for name in ("a.mp4", "b.mp4"):
        _write_mp4(tmp_path / name, Video(frames, 25.0), sound, tagged=True)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert "Synthetic media" in film.metadata["comment"]
        assert (film.streams.video[0].codec_context.name, film.streams.audio[0].codec_context.name) == ("h264", "aac")
        shown = [frame.to_ndarray(format="gray")[20, 30] for frame in film.decode(video=0)]
    assert len(shown) == 10 and max(shown[:5]) < 30 < 220 < min(shown[5:])


class FakeExam:
    """Two rows at one condition; what a row is rendered to may change."""

    class dataset:
        @staticmethod
        def prepare(clips, mouth):
            assert clips == ["s000-000"] and mouth is False

    def __init__(self, pcm):
        from types import SimpleNamespace

        self.pcm = pcm
        self.rows = [SimpleNamespace(clip="s000-000"), SimpleNamespace(clip="s001-000")]

    def trials(self, row, video):
        from avbench.types import Inputs, Target, Trial

        name, tone = "3-bn-0000.snr-15", Audio(np.ones(100, np.float32), RATE)
        return [
            Trial(name, Inputs(name, tone, None, 0), Target(tone), {"snr": -15.0}, row.clip, "s", {"pcm": self.pcm})
        ]


@pytest.mark.parametrize(("now", "shown"), [("abc", True), ("xyz", False)])
def test_what_is_rendered_again_is_shown_only_if_it_is_the_same(tmp_path, monkeypatch, now, shown):
    from avbench.leaderboard.site import takes

    run = made_run(tmp_path / "run", "alone", clips=10)
    path = run.folder / "scores" / "3-bn-0000.snr-15.json"
    path.write_text(path.read_text().replace('"facts": {', '"facts": {"pcm": "abc", '))
    monkeypatch.setattr(takes, "_exam", lambda run: FakeExam(now))
    stage = takes.stage_of(run, ["3-bn-0000.snr-15"])
    assert (list(stage.trials) == ["3-bn-0000.snr-15"]) is shown
    assert ("other trials" in stage.reason) is not shown

"""Conditions beyond noise: what a trial is then, how it is called, and what is refused."""

from itertools import product

import numpy as np
import pytest

from avbench.cli import main
from avbench.data.noises.rooms import open_rooms
from avbench.errors import BadFile, UnknownName, UsageError
from avbench.evaluation.conditions import conditions, parse_axes
from avbench.protocols import AXES, Rule, draw_plan, get_protocol
from avbench.protocols.axes import NONE
from avbench.protocols.protocol import NAME
from avbench.seeds import Draw
from avbench.signal.audio import write_wav
from avbench.signal.channel import BANDS, CLIPS
from avbench.signal.degrade import DEGRADATIONS, degrade
from avbench.signal.reverb import ROOMS
from avbench.tasks import get_task
from avbench.types import Audio

RULE = get_protocol("additive-noise")


@pytest.fixture
def plan(toy):
    return draw_plan("toy-plan", toy.dataset, toy.noise, rule=Rule())


@pytest.fixture
def render(toy, plan):
    def make(row=0, snr=0.0, video=False, **more):
        return RULE.render(plan, plan.rows[row], {"snr": snr, **more}, toy.dataset, toy.noise, video=video)

    return make


def power(x):
    return np.mean(np.asarray(x, np.float64) ** 2)


def test_a_neutral_value_changes_nothing(render):
    usual = render(video=True)
    again = render(video=True, modality="av", offset=0, degradation=NONE, reverberation=NONE, band=NONE, clipping=NONE)
    assert again.id == usual.id and again.facts == usual.facts
    assert set(usual.facts) == {"power_snr_db", "active_snr_db", "gain_db", "pcm", "frames"}


def test_every_combination_has_a_name_of_its_own(plan):
    values = {
        "snr": (-5.0, "clean"),
        "modality": ("av", "audio", "video", "wrong-face"),
        "offset": (0, -2, 2),
        "degradation": (NONE, "blur-1", "occlusion-3"),
        "reverberation": (NONE, *ROOMS),
        "band": (NONE, *BANDS),
        "clipping": (NONE, *CLIPS),
    }
    names = [RULE.trial_id(plan.rows[0], dict(zip(values, v, strict=True))) for v in product(*values.values())]
    assert len(set(names)) == len(names) and all(NAME.fullmatch(name) for name in names)
    full = {"snr": -5, "modality": "wrong-face", "offset": -2, "degradation": "blur-1", "reverberation": "room-0.6s"}
    assert (
        RULE.trial_id(plan.rows[0], {**full, "band": "telephone", "clipping": "12db"})
        == "toy-plan-0000.snr-5.wrong-face.offset-2.blur-1.room-0.6s.band-telephone.clip-12db"
    )
    marks = [f"{axis.mark}{word}" for axis in AXES.values() for word in axis.words or () if word not in (NONE, "av")]
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize("room", ROOMS)
def test_in_a_room_the_target_is_dry_and_the_snr_is_of_what_is_heard(render, room):
    clean, dry = render(snr="clean", reverberation=room), render(snr="clean")
    assert clean.facts["room"] == room and clean.facts["direct_db"] == pytest.approx(ROOMS[room].direct_db, abs=0.05)
    scale = 10 ** (clean.facts["gain_db"] / 20)
    assert np.allclose(clean.target.audio.samples, scale * dry.target.audio.samples, atol=1e-6)
    heard = clean.input.audio.samples / scale
    louder = 10 * np.log10(power(heard) / power(dry.target.audio.samples))
    assert louder == pytest.approx(10 * np.log10(1 + 10 ** (-ROOMS[room].direct_db / 10)), abs=1.5)
    noisy = render(snr=-5.0, reverberation=room)
    scale = 10 ** (noisy.facts["gain_db"] / 20)
    added = noisy.input.audio.samples - scale * heard
    assert 10 * np.log10(power(scale * heard) / power(added)) == pytest.approx(-5, abs=0.05)
    assert np.allclose(noisy.target.audio.samples, scale * dry.target.audio.samples, atol=1e-6)


def test_a_row_has_one_room_at_every_snr_and_another_row_another(render):
    at = [render(row, snr=snr, reverberation="room-0.6s") for row in (0, 1) for snr in (-5.0, 5.0)]
    assert at[0].facts["direct_db"] == at[1].facts["direct_db"]
    assert len({trial.facts["pcm"] for trial in at}) == 4
    assert render(0, snr=-5.0, reverberation="room-0.6s").facts == at[0].facts


def test_a_room_that_changes_under_a_running_program_is_noticed(render, tmp_path):
    def write(decay):
        fall = np.exp(-decay * np.arange(1600) / 16000) * Draw("room").normals(1600)
        write_wav(tmp_path / "rooms" / "a.wav", Audio((0.1 * fall).astype(np.float32), 16000))

    write(50.0)
    folder = f"folder:{tmp_path / 'rooms'}"
    before = render(reverberation=folder)
    assert render(reverberation=folder).facts == before.facts
    write(500.0)
    with pytest.raises(BadFile, match="has changed since this program first read it: start it anew"):
        render(reverberation=folder)
    open_rooms.cache_clear()  # as a new process does
    after = render(reverberation=folder)
    assert after.id != before.id and after.facts["pcm"] != before.facts["pcm"]


def test_a_folder_of_rooms_is_drawn_from_by_row(render, shared_data, plan):
    folder = f"folder:{shared_data / 'noise' / 'rirs'}"
    trials = [render(row, reverberation=folder) for row in range(4)]
    assert {t.facts["room"] for t in trials} <= {"rir1", "rir2", "rir3", "rir4"}
    assert len({t.facts["room"] for t in trials}) > 1
    for trial in trials:
        assert NAME.fullmatch(trial.id) and ".rooms-" in trial.id and "rirs" not in trial.id
        target = trial.target.audio.samples.astype(np.float64)
        heard = trial.input.audio.samples[: len(target)].astype(np.float64)
        lags = [np.dot(heard[100:-100], target[100 + k : len(target) - 100 + k]) for k in range(-50, 51)]
        assert int(np.argmax(lags)) == 50
    with pytest.raises(UsageError, match="with the path"):
        render(reverberation="folder:")
    with pytest.raises(BadFile, match="no recording of at most"):
        render(reverberation=f"folder:{shared_data / 'noise' / 'speech_commands'}")


def test_the_channel_acts_on_the_mixture_and_not_on_the_target(render):
    usual = render(snr=0.0)
    narrow = render(snr=0.0, band="telephone")
    spectrum = np.abs(np.fft.rfft(narrow.input.audio.samples)) ** 2
    f = np.fft.rfftfreq(len(narrow.input.audio.samples), 1 / 16000)
    assert spectrum[(f < 200) | (f > 3600)].sum() < 1e-4 * spectrum.sum()
    gain = narrow.facts["gain_db"] - usual.facts["gain_db"]
    assert gain <= 0
    assert np.allclose(narrow.target.audio.samples, 10 ** (gain / 20) * usual.target.audio.samples, atol=1e-6)
    assert narrow.facts["power_snr_db"] == usual.facts["power_snr_db"]
    cut = render(snr=0.0, clipping="12db")
    peak = np.abs(usual.input.audio.samples).max()
    assert np.abs(cut.input.audio.samples).max() == pytest.approx(peak * 10 ** (-12 / 20), abs=1e-4)
    assert np.array_equal(cut.target.audio.samples, usual.target.audio.samples)
    both = render(snr=0.0, clipping="12db", band="4khz")
    level = np.abs(both.input.audio.samples).max()
    assert np.mean(np.isclose(np.abs(both.input.audio.samples), level, atol=1e-4)) > 0.001  # clipped after the band


def test_a_degraded_picture_is_the_same_at_every_snr(render, toy, plan):
    for name in DEGRADATIONS:
        one, two = (render(2, snr=snr, degradation=name, video=True) for snr in (-5.0, 5.0))
        assert np.array_equal(one.input.video.frames, two.input.video.frames)
        assert one.facts["frames"] == two.facts["frames"]
        usual = render(2, video=True).input.video.frames
        expected = degrade(usual, name, Draw(plan.rows[2].id, "degradation"))
        assert np.array_equal(one.input.video.frames, expected)
    late = render(2, degradation="low-resolution-1", offset=3, video=True).input.video.frames
    assert np.array_equal(late[3:], degrade(usual, "low-resolution-1", Draw("x"))[:-3])
    assert render(2, degradation="blur-1", modality="audio", video=True).input.video is None


def test_video_alone_has_no_sound(render):
    trial = render(modality="video", video=True)
    assert trial.input.audio is None and trial.input.video is not None and trial.target.audio is not None
    assert trial.id == "toy-plan-0000.snr0.video"


@pytest.mark.parametrize(
    ("axis", "value", "message"),
    [
        ("degradation", "blur", "blur-1"),
        ("reverberation", "room-0.5s", "room-0.6s"),
        ("band", "telefone", "telephone"),
        ("clipping", "12", "12db"),
        ("modality", "frozen", "frozen-face"),
    ],
)
def test_a_wrong_value_ends_in_one_sentence_with_the_nearest_names(render, axis, value, message, capsys):
    with pytest.raises(UnknownName, match=message):
        render(**{axis: value})
    assert main(["run", "--system", "gcrn", "--task", "avse", "--set", f"{axis}={value}"]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_axes_go_with_the_snr_and_with_each_other():
    task = get_task("avse")
    settings = ["degradation=none,blur-2", "reverberation=room-0.3s,folder:some where/rooms", "clipping=6db"]
    axes = parse_axes(task, "-5,0", settings)
    assert axes["reverberation"] == ("room-0.3s", "folder:some where/rooms")
    assert len(conditions(axes)) == 8
    with pytest.raises(UnknownName, match="reverberation"):
        parse_axes(task, None, ["reverb=room-0.3s"])
    with pytest.raises(UsageError, match="given twice"):
        parse_axes(task, None, ["band=4khz,4khz"])
    with pytest.raises(UnknownName):
        parse_axes(task, None, ["reverberation=folder:"])

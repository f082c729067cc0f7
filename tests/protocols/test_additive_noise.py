"""The mixing rule, trial by trial."""

import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.noise import open_noise
from avbench.errors import BadFile, MissingResource, ReferenceFault, UnknownName, UsageError
from avbench.protocols import NoiseUse, Plan, Row, Rule, draw_plan, get_protocol
from avbench.protocols.additive_noise import mix, noise_of, segment
from avbench.seeds import Draw, seed_of
from avbench.signal.files import digest
from avbench.types import Clip

SNRS = (-15.0, -10.0, -5.0, 0.0, 5.0)
RULE = get_protocol("additive-noise")


def power(x):
    return np.mean(np.asarray(x, np.float64) ** 2)


def parts(trial):
    """What a judge can see of a trial: the target, and what was added to it."""
    target = trial.target.audio.samples.astype(np.float64)
    return target, trial.input.audio.samples.astype(np.float64) - target


def plan_of(toy, noises=3, name="toy-plan", **rule):
    return draw_plan(name, toy.dataset, toy.noise, rule=Rule(noises=noises, **rule))


@pytest.fixture(scope="module")
def tiny():
    dataset, noise = open_dataset("avbench-synth/tiny"), open_noise("synth-noise")
    return dataset, noise, draw_plan("tiny", dataset, noise)


def test_every_trial_of_the_tiny_plan_has_its_snr(tiny):
    dataset, noise, plan = tiny
    assert len(plan.rows) == 12 == len({row.clip.split("-")[0] for row in plan.rows})
    for row in plan.rows:
        for snr in SNRS:
            trial = RULE.render(plan, row, {"snr": snr}, dataset, noise, video=False)
            target, added = parts(trial)
            assert 10 * np.log10(power(target) / power(added)) == pytest.approx(snr, abs=0.01)
            assert trial.facts["power_snr_db"] == pytest.approx(snr, abs=0.01)
            # Pauses do not count as speech, so the active-speech SNR is the higher one.
            assert snr < trial.facts["active_snr_db"] < snr + 6
            pcm = np.round(trial.input.audio.samples * 32768).astype(np.int16)
            assert np.array_equal(pcm / np.float32(32768), trial.input.audio.samples)
            assert digest(pcm) == trial.facts["pcm"]
            assert np.abs(trial.input.audio.samples).max() <= 0.99 + 1 / 32768


def test_the_tiny_plan_mixes_three_families_and_never_the_target_s_own_voice(tiny):
    dataset, noise, plan = tiny
    items = {item.id: item for item in noise.items}
    for row in plan.rows:
        used = [items[use.item] for use in row.noises]
        assert len({item.kind for item in used}) == len({item.family for item in used}) == 3
        assert all(dataset.clip(row.clip).speaker not in item.talkers for item in used)
        for use in row.noises:
            heard = 10 ** (use.gain_db / 20) * segment(noise.load(use.item), use.offset, row.samples)
            assert power(heard) == pytest.approx(1.0, abs=1e-5)


def test_one_draw_serves_every_snr(toy):
    plan = plan_of(toy)
    added = []
    for snr in SNRS:
        trial = RULE.render(plan, plan.rows[0], {"snr": snr}, toy.dataset, toy.noise, video=False)
        noise = parts(trial)[1]
        added.append(noise / np.sqrt(power(noise)))
    for noise in added[1:]:
        assert np.dot(added[0], noise) / len(noise) > 0.99999  # the rest is rounding


def test_a_draw_hangs_on_clip_and_noises_alone(toy):
    one, all_clips = plan_of(toy), plan_of(toy, per_speaker=None, name="full")
    again = plan_of(toy)
    assert one.content == again.content and len(one.rows) == 4 and len(all_clips.rows) == 8
    assert [r.noises for r in one.rows] == [r.noises for r in all_clips.rows[:4]]
    assert [r.clip for r in all_clips.rows] == [f"{s}-{k}" for k in (0, 1) for s in ("ada", "bob", "cyd", "dee")]
    assert len({r.noises for r in all_clips.rows}) == 8


def test_kinds_differ_even_when_families_run_out(toy):
    items = {item.id: item for item in toy.noise.items}
    for row in plan_of(toy, noises=8, per_speaker=None).rows:
        assert len({use.item for use in row.noises}) == 8
        assert len({items[use.item].family for use in row.noises}) == 6
        assert row.clip[:3] not in {t for use in row.noises for t in items[use.item].talkers}
    # Of the 13 noises one has the voice of the first clip's speaker.
    with pytest.raises(UsageError, match="13 noises of different kinds are wanted, but toy-noise has 12 for ada-0"):
        plan_of(toy, noises=13)


def test_silent_segments_are_drawn_again(toy):
    toy.noise.items = tuple(i for i in toy.noise.items if i.family == "gap")
    x = toy.noise.load("gap-0")
    for row in plan_of(toy, noises=1, per_speaker=None).rows:
        cut = segment(x, row.noises[0].offset, row.samples)
        assert 10 * np.log10(power(cut)) >= -60
    # … and a noise without a single loud place ends in a sentence.
    toy.noise.load = lambda item_id: np.zeros(50000, np.float32)
    with pytest.raises(BadFile, match="gap-0 of toy-noise is silent"):
        plan_of(toy, noises=1)


def test_a_short_noise_is_looped(toy):
    toy.noise.items = tuple(i for i in toy.noise.items if i.family == "short")
    plan = plan_of(toy, noises=1)
    row = plan.rows[0]
    x, use = toy.noise.load("short-0"), row.noises[0]
    assert len(x) < row.samples and use.offset < len(x)
    heard = noise_of(row, toy.noise) / 10 ** (use.gain_db / 20)
    assert np.allclose(heard, np.resize(np.roll(x, -use.offset), row.samples))
    snr = parts(RULE.render(plan, row, {"snr": -5.0}, toy.dataset, toy.noise, video=False))
    assert 10 * np.log10(power(snr[0]) / power(snr[1])) == pytest.approx(-5, abs=0.01)


def test_a_loud_peak_scales_input_and_target_alike():
    draw = Draw("peak")
    speech, noise = (0.2 * draw.normals(32000)).astype(np.float32), draw.normals(32000)
    loud = mix(speech, noise, -10.0)
    assert np.abs(loud.noisy).max() == round(0.99 * 32768) and loud.gain_db < -3
    assert np.allclose(loud.clean, speech * 10 ** (loud.gain_db / 20), atol=1e-7)
    assert loud.power_snr_db == pytest.approx(-10, abs=0.01)
    soft = mix(0.05 * speech, noise, 5.0)
    assert soft.gain_db == 0.0 and np.array_equal(soft.clean, np.float32(0.05) * speech)


def test_the_level_of_the_noise_is_of_no_account():
    draw = Draw("level")
    speech, noise = (0.05 * draw.normals(16000)).astype(np.float32), draw.normals(16000)
    assert np.array_equal(mix(speech, noise, 0.0).noisy, mix(speech, 1e-3 * noise, 0.0).noisy)


def test_clean_speech_is_only_rounded(toy):
    plan = plan_of(toy)
    trial = RULE.render(plan, plan.rows[1], {"snr": "clean"}, toy.dataset, toy.noise, video=False)
    assert trial.id == "toy-plan-0001.clean"
    assert np.abs(parts(trial)[1]).max() <= 0.5 / 32768 + 1e-9
    assert trial.facts["power_snr_db"] is None and trial.facts["gain_db"] == 0


@pytest.mark.parametrize("fault", [0.0, np.nan])
def test_a_silent_or_broken_clip_voids_its_trial(toy, fault):
    toy.dataset.sounds["ada-0"] = np.full_like(toy.dataset.sounds["ada-0"], fault)
    plan = plan_of(toy)
    for snr in (-5.0, "clean"):
        with pytest.raises(ReferenceFault, match="silent or holds values"):
            RULE.render(plan, plan.rows[0], {"snr": snr}, toy.dataset, toy.noise)


def test_what_16_bits_cannot_hold_is_refused():
    draw = Draw("bits")
    speech, noise = (0.05 * draw.normals(16000)).astype(np.float32), draw.normals(16000)
    for snr in (80.0, -80.0, 1e6, -1e6):
        with pytest.raises(UsageError, match="dB does not fit into 16 bits"):
            mix(speech, noise, snr)
    # Where only louder speech would fit, it is the clip's fault and the other clips go on.
    loud = np.sign(draw.normals(16000)).astype(np.float32)
    assert mix(loud, noise, 73.0).power_snr_db == pytest.approx(73, abs=0.01)
    with pytest.raises(ReferenceFault, match="too quiet"):
        mix(np.float32(0.01) * speech, noise, 40.0)
    with pytest.raises(ReferenceFault, match="too quiet"):
        mix(np.float32(1e-3) * speech, noise, 5.0)


def test_conditions_and_clips_are_checked(toy):
    plan = plan_of(toy)
    row = plan.rows[0]
    with pytest.raises(UsageError, match="no axis colour"):
        RULE.render(plan, row, {"snr": 0.0, "colour": "red"}, toy.dataset, toy.noise)
    with pytest.raises(UsageError, match="needs an snr"):
        RULE.render(plan, row, {"modality": "av"}, toy.dataset, toy.noise)
    with pytest.raises(UsageError, match="finite"):
        RULE.render(plan, row, {"snr": float("inf")}, toy.dataset, toy.noise)
    with pytest.raises(UsageError, match="whole frames"):
        RULE.render(plan, row, {"snr": 0.0, "offset": 1.5}, toy.dataset, toy.noise)
    with pytest.raises(UnknownName, match="frozen-face"):
        RULE.render(plan, row, {"snr": 0.0, "modality": "frozen"}, toy.dataset, toy.noise)
    toy.dataset.sounds[row.clip] = toy.dataset.sounds[row.clip][:-640]
    with pytest.raises(BadFile, match="draw the plan again"):
        RULE.render(plan, row, {"snr": 0.0}, toy.dataset, toy.noise)


def test_a_trial_says_what_it_is(toy):
    plan = plan_of(toy)
    trial = RULE.render(plan, plan.rows[2], {"snr": -2.5, "modality": "audio"}, toy.dataset, toy.noise)
    assert trial.id == trial.input.id == "toy-plan-0002.snr-2.5.audio"
    assert trial.input.seed == seed_of("trial", trial.id)
    assert trial.condition == {"snr": -2.5, "modality": "audio"}
    assert (trial.clip, trial.cluster, trial.target.text) == ("cyd-0", "cyd", "a toy")
    assert trial.input.video is None and toy.dataset.asked_for_pictures == 0


def test_without_video_no_picture_is_touched(toy):
    plan = plan_of(toy)
    for modality in ("av", "frozen-face", "wrong-face"):
        trial = RULE.render(plan, plan.rows[0], {"snr": 0.0, "modality": modality}, toy.dataset, toy.noise, video=False)
        assert trial.input.video is None
    assert toy.dataset.asked_for_pictures == 0


def shown(toy, plan, row, **condition):
    frames = RULE.render(plan, row, {"snr": 0.0, **condition}, toy.dataset, toy.noise).input.video.frames
    return frames[:, 5, 5, 0].astype(int), toy.dataset.ids[frames[0, 0, 0, 0]], frames


def test_the_picture_is_what_the_modality_says(toy):
    plan = plan_of(toy, per_speaker=None)
    row = plan.rows[3]
    count = row.samples // 640
    numbers, whose, _ = shown(toy, plan, row)
    assert whose == row.clip and numbers.tolist() == list(range(count))
    numbers, whose, _ = shown(toy, plan, row, modality="frozen-face")
    assert whose == row.clip and not numbers.any() and len(numbers) == count
    for row in plan.rows:
        numbers, whose, _ = shown(toy, plan, row, modality="wrong-face")
        assert whose[:3] != row.clip[:3] and len(numbers) == row.samples // 640
        assert set(np.abs(np.diff(numbers))) == {1}  # it moves on, back and forth, and never jumps
    last = plan.rows[-1]
    assert shown(toy, plan, last, modality="wrong-face")[1] == plan.rows[0].clip


def test_an_offset_makes_the_picture_late(toy):
    plan = plan_of(toy)
    row = plan.rows[0]
    count = row.samples // 640
    late = shown(toy, plan, row, offset=3)[0]
    assert late.tolist() == [0, 0, 0, *range(count - 3)]
    early = shown(toy, plan, row, offset=-2)[0]
    assert early.tolist() == [*range(2, count), count - 1, count - 1]
    trial = RULE.render(plan, row, {"snr": 0.0, "offset": -2}, toy.dataset, toy.noise)
    assert trial.id == "toy-plan-0000.snr0.offset-2"


def test_a_wrong_face_needs_another_clip(toy):
    plan = plan_of(toy)
    alone = Plan.of(plan.header, plan.rows[:1])
    with pytest.raises(UsageError, match="no other clip"):
        RULE.render(alone, alone.rows[0], {"snr": 0.0, "modality": "wrong-face"}, toy.dataset, toy.noise)


def test_a_wrong_face_is_never_the_same_speaker_s(toy):
    plan = plan_of(toy, per_speaker=None)
    anns = Plan.of(plan.header, [row for row in plan.rows if row.clip.startswith("ada")])
    assert len(anns.rows) == 2
    with pytest.raises(UsageError, match="no other clip of another speaker"):
        RULE.render(anns, anns.rows[0], {"snr": 0.0, "modality": "wrong-face"}, toy.dataset, toy.noise)


def test_a_clip_without_a_picture_is_void_and_ends_nothing(toy):
    mouth = toy.dataset.mouth

    def missing(clip):
        if clip.id not in toy.dataset.pictured:
            raise MissingResource(f"{clip.id} has no picture.")
        return mouth(clip)

    toy.dataset.mouth, toy.dataset.pictured = missing, {"ada-0", "cyd-0", "dee-0"}
    plan = plan_of(toy)
    with pytest.raises(ReferenceFault, match="bob-0 has no picture"):
        RULE.render(plan, plan.rows[1], {"snr": 0.0}, toy.dataset, toy.noise)
    assert RULE.render(plan, plan.rows[1], {"snr": 0.0}, toy.dataset, toy.noise, video=False).input.video is None
    assert shown(toy, plan, plan.rows[0], modality="wrong-face")[1] == "cyd-0"
    toy.dataset.pictured = set()
    with pytest.raises(UsageError, match="No clip of toy has a mouth picture"):
        RULE.render(plan, plan.rows[1], {"snr": 0.0}, toy.dataset, toy.noise)
    # What the machine lacks is no clip's fault.
    toy.dataset.pictured, toy.dataset.mouth = {"bob-0"}, lambda clip: missing(Clip("x", 1.0))
    with pytest.raises(MissingResource):
        RULE.render(plan, plan.rows[1], {"snr": 0.0}, toy.dataset, toy.noise)


def test_a_draw_reads_no_speech(toy):
    before = plan_of(toy).content
    toy.dataset.audio = None
    assert plan_of(toy).content == before


def test_gains_are_part_of_the_plan(toy):
    plan = plan_of(toy, noises=2)
    row = plan.rows[0]
    first, second = row.noises
    changed = Row(row.id, row.clip, row.samples, (first, NoiseUse(second.item, second.offset, second.gain_db - 20)))
    a, b = (noise_of(r, toy.noise) for r in (row, changed))
    assert power(a) / power(b) == pytest.approx(2 / 1.01, rel=0.05)

"""Faces and voices after references: who is changed into whom, and what a trial holds."""

from collections import Counter

import numpy as np
import pytest
from toy_people import ToyPeople

from avbench.data.dataset import open_dataset
from avbench.data.synth.spec import gender_of, speaker_of
from avbench.errors import UnknownName, UsageError
from avbench.protocols import Plan, Rule, Use, draw_plan, get_protocol, hash_plan, load_plan, verify_plan
from avbench.seeds import seed_of

GUIDED = get_protocol("guided")
PLANS = ("", "-couples")


def person(use):
    return speaker_of(str(use).partition("#")[0])


def gender(use):
    return gender_of(person(use))


def rule(source="face", kind="translation", **options):
    return Rule(protocol="guided", noise=None, per_speaker=None, options={"source": source, "kind": kind, **options})


def toy_plan(source="face", kind="translation", **options):
    return draw_plan("toy", ToyPeople(), None, rule=rule(source, kind, **options), snr=(), task="image-translation@1")


@pytest.mark.parametrize("which", PLANS)
def test_every_source_has_ten_references_of_the_other_gender(which):
    plan = load_plan(f"image-translation{which}")
    assert (
        Counter(gender(row.clip) for row in plan.rows)
        == {"": {"f": 250, "m": 250}, "-couples": {"f": 100, "m": 100}}[which]
    )
    for row in plan.rows:
        for role in ("image", "voice"):
            assert len(set(row.uses[role])) == 10
            assert {gender(use) for use in row.uses[role]} == {"fm".replace(gender(row.clip), "")}
    for here in "fm":  # nobody is both in one direction
        sources = {person(row.clip) for row in plan.rows if gender(row.clip) == here}
        targets = {person(u) for r in plan.rows if gender(r.clip) == here for us in r.uses.values() for u in us}
        assert not sources & targets
    asked = GUIDED.hearings(plan)
    assert Counter(c["guidance"] for c in asked) == {"image": 10, "voice": 10, "latent": 10}


@pytest.mark.parametrize("which", PLANS)
def test_140_voices_and_180_pictures_guide_a_conversion(which):
    plan = load_plan(f"voice-conversion{which}")
    for role, count in (("voice", 140), ("image", 180)):
        rows = [row for row in plan.rows if role in row.uses]
        assert len(rows) == count == sum(GUIDED.asks(plan, r, {"guidance": role, "reference": 0}) for r in plan.rows)
        directions = Counter(gender(row.clip) + gender(row.uses[role][0]) for row in rows)
        assert directions == dict.fromkeys(("ff", "fm", "mf", "mm"), count // 4)
        for one in ("ff", "fm", "mf", "mm"):
            pairs = [
                (person(r.clip), person(r.uses[role][0]))
                for r in rows
                if gender(r.clip) + gender(r.uses[role][0]) == one
            ]
            assert not {a for a, _ in pairs} & {b for _, b in pairs}
            assert len({a for a, _ in pairs}) >= 4
    assert len({(row.clip, row.uses["image"]) for row in plan.rows}) == 180
    if which:
        for row in plan.rows:
            assert len(set(row.uses["alike"])) == 10 and {person(u) for u in row.uses["alike"]} == {
                person(row.uses["image"][0])
            }
    else:
        assert all("alike" not in row.uses for row in plan.rows)  # nobody of the faces is ever heard
        assert {str(row.uses["voice"][0]).split("-")[1][0] for row in plan.rows[:140]} == {"r"}
        assert not any("-r" in row.clip for row in plan.rows)


@pytest.mark.parametrize(
    "name", [f"{task}{which}-cpr" for task in ("image-translation", "voice-conversion") for which in PLANS]
)
def test_thirty_triplets_of_two_people(name):
    plan = load_plan(name)
    role = "voice" if name.startswith("image") else "image"
    assert len(plan.rows) == 30
    for row in plan.rows:
        right, wrong = row.uses[role]
        assert len({person(right), person(wrong), person(row.clip)}) == 3
        assert row.uses["left"][0] in (right, wrong)
        if "couples" in name:
            people = [person(right), person(wrong)] if role == "voice" else [person(right)]
            assert [person(u) for u in row.uses["truth"]] == people
    left = sum(row.uses["left"][0] == row.uses[role][0] for row in plan.rows)
    assert 8 <= left <= 22  # shuffled
    assert {gender(row.clip) for row in plan.rows} == {"f", "m"}


def test_a_draw_is_the_same_again_and_another_data_set_gives_another():
    for name in ("voice-conversion-couples", "image-translation-cpr", "image-translation"):
        plan = load_plan(name)
        dataset = open_dataset(plan.header["dataset"])
        assert draw_plan(name, dataset, None).content == plan.content
    dataset.fingerprint = "other"
    assert draw_plan(name, dataset, None).rows != plan.rows


def test_a_source_keeps_its_references_whatever_else_is_changed():
    plan = toy_plan()
    few = draw_plan(
        "toy", ToyPeople(), None, rule=Rule(protocol="guided", per_speaker=1, snr=(), options={"source": "face"})
    )
    of = {row.clip: row.uses for row in plan.rows}
    assert len(few.rows) == 16 and len(plan.rows) == 64
    assert all(of[row.clip] == row.uses for row in few.rows)


def test_a_trial_shows_the_source_and_one_reference():
    plan, data = toy_plan(), ToyPeople()
    row = plan.rows[5]
    seen = set()
    for k in range(10):
        trial = GUIDED.render(plan, row, {"guidance": "image", "reference": k}, data)
        assert trial.id == f"toy-0005.image.r{k}" and trial.input.seed == seed_of("trial", trial.id)
        assert trial.input.face.frames.shape == trial.input.references["image"].frames.shape == (1, 128, 128, 3)
        assert trial.input.audio is None and trial.input.wanted == {"gender": "m"} and row.clip[0] == "f"
        seen.add(trial.facts["image"])
    assert len(seen) >= 9
    voice = GUIDED.render(plan, row, {"guidance": "voice", "reference": 3}, data).input.references["voice"]
    use = row.uses["voice"][3]
    wanted = data.audio(data.clip(use.item)).samples
    assert np.abs(voice.samples - wanted).max() <= 0.5 / 32768 + 1e-9
    latent = GUIDED.render(plan, row, {"guidance": "latent", "reference": 3}, data).input
    assert not latent.references and latent.wanted == {"gender": "m"}


def test_a_picture_of_a_film_is_named_by_its_number():
    plan, data = toy_plan(), ToyPeople()
    uses = [use for row in plan.rows for use in (*row.uses["image"], *row.uses["source"])]
    assert {use.frame for use in uses} > {0, 5} and all(use.frame < 13 for use in uses)
    row = plan.rows[0]
    face = GUIDED.render(plan, row, {"guidance": "latent", "reference": 0}, data).input.face.frames
    assert face[0, 64, 64, 1] == 5 * row.uses["source"][0].frame


def test_a_converted_voice_is_held_against_the_person_it_shall_be():
    plan, data = toy_plan("voice", "conversion", pairs={"voice": 8, "image": 12}), ToyPeople()
    assert len(plan.rows) == 12 and sum("voice" in row.uses for row in plan.rows) == 8
    row = plan.rows[0]
    heard = GUIDED.render(plan, row, {"guidance": "voice", "reference": 0}, data)
    assert heard.input.audio is not None and heard.input.face is None
    assert [len(v.samples) for v in heard.target.voices] == [len(heard.input.references["voice"].samples)]
    assert heard.target.text == data.clip(row.clip).text
    seen = GUIDED.render(plan, row, {"guidance": "image", "reference": 0}, data)
    assert len(seen.target.voices) == 4 and {use.item[:2] for use in row.uses["alike"]} == {
        row.uses["image"][0].item[:2]
    }
    with pytest.raises(UsageError, match="toy-0010 has no voice reference number 0"):
        GUIDED.render(plan, plan.rows[10], {"guidance": "voice", "reference": 0}, data)


def test_what_cannot_be_drawn_is_said():
    for source, kind in (("smell", "translation"), ("face", "painting")):
        with pytest.raises(UnknownName, match="guided plan"):
            toy_plan(source, kind)
    with pytest.raises(UsageError, match="as image: toy-people has 32 that fit, of 40 needed"):
        toy_plan(references=40)
    data = ToyPeople()
    clip = data.clip
    data.clip = lambda i: type(clip(i))(i, clip(i).seconds, clip(i).speaker, "x")
    with pytest.raises(UsageError, match="toy-people does not say the gender of f0-0"):
        draw_plan("toy", data, None, rule=rule(), snr=())
    plan = toy_plan()
    for condition, message in (
        ({"reference": 0}, "needs a guidance"),
        ({"guidance": "smell", "reference": 0}, "voice"),
    ):
        with pytest.raises(UsageError, match=message):
            GUIDED.render(plan, plan.rows[0], condition, ToyPeople())


def test_verification_names_the_reference_that_was_swapped_in_the_plan():
    name = "voice-conversion"
    plan = load_plan(name)
    record = {"plan_sha256": plan.sha256, **_record_of(name, plan)}
    row = plan.rows[3]
    forged = {**row.uses, "image": (Use("s1207-f3"),)}
    rows = [*plan.rows[:3], type(row)(row.id, row.clip, 0, (), forged), *plan.rows[4:]]
    report = verify_plan(Plan.of(plan.header, rows), open_dataset(plan.header["dataset"]), None, record)
    assert (report.verdict, report.first) == ("different", "row voice-conversion-0003")
    assert f"image 0 of voice-conversion-0003 is s1207-f3 where {row.uses['image'][0]} was published" in report.detail
    fewer = verify_plan(Plan.of(plan.header, plan.rows[:-1]), open_dataset(plan.header["dataset"]), None, record)
    assert fewer.first == "plan voice-conversion" and "179 rows where 180" in fewer.detail


def _record_of(name, plan):
    from avbench.protocols import read_record

    return read_record(name, plan)


def test_verification_names_the_face_or_voice_that_differs_for_any_number_of_workers():
    plan, data = toy_plan("voice", "conversion", pairs={"voice": 4, "image": 6}), ToyPeople()
    record = hash_plan(plan, data, None)
    assert record == hash_plan(plan, data, None, workers=2)
    assert verify_plan(plan, data, None, record, video=True).verdict == "exact"
    used = plan.rows[2].uses["image"][0]
    others = {use.item for row in plan.rows[:2] for use in row.uses["image"]}
    assert used.item not in others
    data.shade[used.item] = 60
    report = verify_plan(plan, data, None, record, video=True)
    assert (report.verdict, report.first) == ("different", f"still {used}") and "looks different" in report.detail
    data.shade[used.item] = 1
    assert verify_plan(plan, data, None, record, video=True).verdict == "equivalent"

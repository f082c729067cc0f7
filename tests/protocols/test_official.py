"""The committed plans."""

import json
from collections import Counter

import pytest

from avbench.cli import main
from avbench.data.dataset import open_dataset
from avbench.data.noise import open_noise
from avbench.data.synth.noise_bank import kinds
from avbench.data.synth.spec import gender_of, speaker_of, split_of_clip
from avbench.protocols import RULES, load_plan, read_record
from avbench.protocols.rules import AVSE_PLANS, OFFICIAL_SNR
from avbench.tasks import get_task

ROWS = {"3-bn": 40, "5-bn": 40, "3-bn-full": 400, "3-bn-unseen": 40, "tiny": 12}
SPLIT = {"synth-noise": "test", "synth-noise/unseen": "unseen"}


@pytest.mark.parametrize("name", AVSE_PLANS)
def test_a_committed_plan_is_what_its_rule_says(name):
    plan, rule = load_plan(name), RULES[name]
    dataset, noise = open_dataset("avbench-synth"), open_noise(rule.noise)
    assert plan.header["dataset_fingerprint"] == dataset.fingerprint
    assert plan.header["noise_fingerprint"] == noise.fingerprint
    assert (plan.header["task"], plan.header["protocol"], plan.snr) == ("avse@1", "additive-noise@1", OFFICIAL_SNR)
    assert len(plan.rows) == ROWS[name] == len({row.clip for row in plan.rows})
    items = kinds(SPLIT[rule.noise])
    for row in plan.rows:
        assert row.id.startswith(f"{name}-") and row.clip in dataset.ids and split_of_clip(row.clip) == "test"
        used = [items[use.item][0] for use in row.noises]
        assert len({item.family for item in used}) == rule.noises
        assert all(speaker_of(row.clip) not in item.talkers for item in used)
        assert all(abs(use.gain_db) <= 60 for use in row.noises)
    record = read_record(name, plan)
    assert record["plan_sha256"] == plan.sha256 and list(record["rows"]) == [row.id for row in plan.rows]
    assert set(record["snr"]) == {f"{snr:g}" for snr in OFFICIAL_SNR}


def test_plans_of_one_rule_nest():
    full = {row.clip: (row.samples, row.noises) for row in load_plan("3-bn-full").rows}
    small = load_plan("3-bn").rows
    assert [row.clip for row in small] == list(full)[:40]
    assert Counter(gender_of(speaker_of(row.clip)) for row in small) == {"f": 20, "m": 20}
    for row in (*small, *load_plan("tiny").rows):
        assert full[row.clip] == (row.samples, row.noises)
    assert all(len(row.noises) == 5 for row in load_plan("5-bn").rows)


def test_every_family_is_heard():
    heard = Counter(use.item.rsplit("-", 1)[0] for row in load_plan("3-bn").rows for use in row.noises)
    assert len(heard) == 16 and max(heard.values()) <= 0.15 * heard.total() and heard["voices"] <= 0.12 * heard.total()
    unseen = Counter(use.item.rsplit("-", 1)[0] for row in load_plan("3-bn-unseen").rows for use in row.noises)
    assert set(unseen) == {"babble", "cafeteria", "motorcycle", "speech-shaped", "factory"}


def test_the_task_names_these_plans():
    task = get_task("avse")
    assert set(task.plans) == set(AVSE_PLANS) == {n for n, rule in RULES.items() if rule.task == task.id}
    assert load_plan(task.plan).snr == OFFICIAL_SNR
    assert task.noise == RULES[task.plan].noise


def test_this_machine_makes_the_published_sound(capsys):
    assert main(["plan", "verify", "tiny", "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] in ("exact", "equivalent") and report["rows"] == 12

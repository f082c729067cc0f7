"""MUTUD's analysis: tables of known features, files of a small training, pictures that are the same twice."""

import csv
import json
import sys

import numpy as np
import pytest
import torch
from avbench.systems.mutud import analysis, figures
from avbench.systems.mutud.analysis_tables import Features, codes, projected, sample, similarity, usage
from avbench.systems.mutud.model import Mutud
from avbench.systems.mutud.recipe import RECIPES

from avbench.errors import UsageError

PICTURES, K, D, N = 6, 4, 8, 3


def features(snr, speaker, estimate=None, seed=0):
    rng = np.random.default_rng(seed)
    video = np.repeat(rng.standard_normal((PICTURES, 1, D)) + 1, K, axis=1)
    q = rng.dirichlet(np.ones(N), (PICTURES, K))
    audio = rng.standard_normal((PICTURES, K, D))
    return Features(speaker, snr, video, video if estimate is None else estimate, audio, q, q)


def test_a_perfect_estimate_is_as_near_as_can_be_and_a_constant_is_worth_nothing():
    perfect = [features(0.0, f"s{i}", seed=i) for i in range(12)]
    constant = [features(-5.0, f"s{i}", np.ones((PICTURES, K, D)), seed=i) for i in range(12)]
    rows = {(row["snr"], row["pair"]): row for row in similarity(perfect + constant)}
    row = rows[0.0, "video-estimate"]
    assert row["cosine"] == pytest.approx(1) and row["centred"] == pytest.approx(1) and row["l2"] == 0
    assert row["cosine_low"] <= row["cosine"] <= row["cosine_high"] and row["clips"] == 12
    row = rows[-5.0, "video-estimate"]
    assert row["cosine"] > 0.4 and row["centred"] == 0  # the cosine of a constant looks like something
    assert rows[-5.0, "video-mean"]["cosine"] == pytest.approx(row["cosine"], abs=0.1)
    assert abs(rows[0.0, "video-audio"]["centred"]) < 0.2


def test_what_a_linear_map_of_the_sound_can_say_is_the_measure_of_tame():
    turn, found = np.random.default_rng(9).standard_normal((D, D)), []
    for i in range(30):
        one = features(0.0, f"s{i:02d}", np.ones((PICTURES, K, D)), seed=i)
        found.append(one._replace(audio=one.video @ turn + 2))
    rows = {row["pair"]: row for row in similarity(found)}
    assert rows["video-linear"]["centred"] > 0.95 and rows["video-estimate"]["centred"] == 0
    # also where what counts is small among what does not: the best map is not shrunk away
    small = [one._replace(audio=one.audio * np.logspace(0, -2, D)) for one in found]
    assert {row["pair"]: row for row in similarity(small)}["video-linear"]["centred"] > 0.95
    deaf = [one._replace(audio=features(0.0, "", seed=100 + i).audio) for i, one in enumerate(found)]
    assert abs({row["pair"]: row for row in similarity(deaf)}["video-linear"]["centred"]) < 0.2


def test_fewer_than_ten_speakers_have_no_interval():
    row = next(iter(similarity([features(0.0, "s1"), features(0.0, "s2", seed=1)])))
    assert row["cosine_low"] == "" and np.isfinite(row["cosine"])


def test_codes_that_fell_together_are_seen():
    book = np.random.default_rng(0).standard_normal((2, N, D))
    book[1, 2] = 3 * book[1, 0]
    rows = {(row["k"], row["code"]): row for row in codes({"audio": book})}
    assert rows[1, 0]["nearest"] == pytest.approx(1) and rows[0, 0]["nearest"] < 0.99
    assert rows[0, 1]["mean"] == pytest.approx(book[0, 1].mean())


def test_components_keep_distances_and_usage_sums_to_one():
    found = [features(0.0, "a"), features(5.0, "b", seed=1)]
    rows = list(projected(found))
    assert {row["kind"] for row in rows} == {"video", "estimate", "audio"} and len(rows) == 2 * 3 * 4
    points = np.array([[float(row[name]) for name in row if name.startswith("pc")] for row in rows])
    real = [getattr(f, row["kind"])[row["picture"], 0] for row in rows for f in [found[row["clip"]]]]
    wanted = np.linalg.norm(real[0] - np.array(real), axis=-1)
    assert np.allclose(np.linalg.norm(points[0] - points, axis=-1), wanted, atol=1e-3)
    total = sum(row["q"] for row in usage(found) if row["snr"] == 0.0 and row["k"] == 2)
    assert total == pytest.approx(1)


def test_the_sample_is_at_zero_decibels_where_there_is_one():
    found = [features(-5.0, "a"), features(0.0, "b", seed=1)]
    assert sample(found)[0].speaker == "b" and sample(found[:1])[0].speaker == "a"


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """A folder as a finished training of `mutud/n8` leaves it, by a net that never learned."""
    folder, recipe = tmp_path_factory.mktemp("training"), RECIPES["n8"]["synth"]
    torch.manual_seed(0)
    net = Mutud(recipe)
    average = {f"module.net.{name}": tensor for name, tensor in net.state_dict().items()}
    torch.save({"average": average | {"n_averaged": torch.tensor(3), "module.names.bias": torch.zeros(2)}},
               folder / "checkpoint.pt")  # fmt: skip
    facts = {"system": "mutud/n8", "recipe": "synth", "steps": 10, "planned_steps": 5200}
    (folder / "training.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="module")
def tables(training):
    return analysis.analyse(training, snr="-5,5", limit=1)


def test_every_table_is_written(tables):
    def rows(name):
        with (tables / name).open(newline="") as file:
            return list(csv.DictReader(file))

    assert len(rows("similarity.csv")) == 2 * 5
    assert len(rows("codes.csv")) == 2 * 4 * 8 and len(rows("frame.csv")) == 4 * 8 and len(rows("usage.csv")) == 2 * 32
    assert len(rows("features.csv")) == 2 * 3 * 4
    facts = json.loads((tables / "facts.json").read_text())
    assert facts["system"] == "mutud/n8" and facts["synthetic"] and facts["clips"] == 1 and facts["codes"] == 8
    assert 1 <= facts["perplexity"]["-5"]["q"]["per_frame"] <= 8


def test_figures_say_what_they_show_and_are_the_same_twice(tables, tmp_path):
    pytest.importorskip("sklearn", reason="t-SNE needs scikit-learn (extra train)")
    first = figures.draw(tables, tmp_path / "a", ("svg",))
    again = figures.draw(tables, tmp_path / "b", ("svg",))
    assert [path.name for path in first] == ["fig3.svg", "fig4.svg", "fig5.svg", "fig6.svg"]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
        text = one.read_text()
        assert "mutud/n8" in text and "synthetic" in text and "10 of 5200 steps" in text


def test_what_cannot_be_analysed_is_said(training, tmp_path, capsys):
    with pytest.raises(UsageError, match="no finished training"):
        analysis.analyse(tmp_path)
    with pytest.raises(UsageError, match=r"similarity|facts"):
        figures.draw(tmp_path)
    blind = tmp_path / "blind"
    blind.mkdir()
    (blind / "checkpoint.pt").write_bytes((training / "checkpoint.pt").read_bytes())
    (blind / "training.json").write_text(json.dumps({"system": "mutud/no-video", "recipe": "synth"}))
    with pytest.raises(UsageError, match="never recalls a picture"):
        analysis.analyse(blind)


def test_the_commands_run(tables, tmp_path, capsys):
    pytest.importorskip("sklearn", reason="t-SNE needs scikit-learn (extra train)")
    assert figures.main([str(tables), "--out", str(tmp_path), "--format", "png"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / f"fig{i}.png") for i in (3, 4, 5, 6)]
    assert "sklearn" in sys.modules

"""The recognisers: sizes, beam search against every sentence there is, answers, a brief training."""

import itertools
import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from avbench.baselines import vcafe
from avbench.baselines.vcafe.beam import CtcPrefixes, beam_search
from avbench.baselines.vcafe.model import Backbone, CrossModalAttention, LipFront, Vcafe
from avbench.baselines.vcafe.recipe import PAPER, SYNTH
from avbench.baselines.vcafe.text import BLANK, EDGE, TOKENS, UNKNOWN, text_of, tokens_of
from avbench.baselines.vcafe.training import best_path, recognition_loss
from avbench.systems.mutud import absent, avsr
from avbench.systems.mutud.losses import audio_recall_loss, code_link_loss, video_recall_loss
from avbench.systems.mutud.tame import Tame

from avbench.efficiency.cost import macs, parameters
from avbench.errors import MissingResource, UsageError
from avbench.types import Audio, Inputs, System, Video

TINY = {
    "video_widths": (4, 4, 8, 8), "audio_widths": (4, 8), "dim": 16, "heads": 2, "feed_forward": 16,
    "encoder_layers": 1, "kernel": 3, "decoder_layers": 1, "beam": 2,
}  # fmt: skip
BRIEF = {
    **TINY, "corpus": "tiny", "steps": 3, "warmup": 1, "batch": 2, "log_every": 1, "validate_every": 3,
    "save_every": 1, "check_clips": 2, "precision": "32-true",
}  # fmt: skip


def brief(variant="", **changes):
    lips = {"lip_steps": 2} if variant == "" else {}
    return replace(vcafe.RECIPES[variant]["synth"], **{**BRIEF, **lips, **changes})


def brief_mutud(**changes):
    return replace(avsr.RECIPES["synth"], **{**BRIEF, "lip_steps": 2, "tame_steps": 2, "codes": 4, **changes})


def clip(seconds=0.6, name="a", video=True):
    maker = np.random.RandomState(3)
    wave = (0.1 * maker.randn(round(seconds * 16000))).astype(np.float32)
    mouth = maker.randint(0, 256, (max(1, round(25 * seconds)), 88, 88, 1)).astype(np.uint8)
    return Inputs(name, Audio(wave, 16000), Video(mouth, 25.0) if video else None, 0)


# --- sizes --------------------------------------------------------------------------------------------------------


@pytest.fixture
def weightless(monkeypatch):
    """Nets without memory: sizes are all that is asked."""
    monkeypatch.setattr("avbench.baselines.vcafe.model.LogMel", torch.nn.Identity)  # it computes with its buffers
    with torch.device("meta"):
        yield


def test_parts_have_the_sizes_that_the_source_pins_down(weightless):
    """Lips as MUTUD counts them; attention, mask and fusion by the source's layer list at D = 512."""
    backbone = Backbone(PAPER)
    assert parameters(LipFront(PAPER.video_widths)) == 11_182_784
    assert parameters(backbone.attend) == 3 * (512 * 512 + 512)
    assert parameters(backbone.mask) == 3 * 512 * 512 + 512 + 512 * 512 + 512
    assert parameters(backbone.fuse) == 1024 * 512 + 512
    assert backbone.audio.out.in_features == 5120
    assert len(TOKENS) == 41 == backbone.ctc.out_features == backbone.decoder.out.out_features
    layer = 2 * (2 * 512 * 2048 + 2048 + 512) + 4 * (512 * 512 + 512)  # feed-forward twice, attention
    layer += 512 * 1024 + 1024 + 512 * 31 + 512 + 512 * 512 + 512  # convolutions
    layer += 6 * 2 * 512  # norms: two feed-forward, attention, convolution, batch, last
    assert parameters(backbone.encoder.conformer) == 12 * layer


def test_totals_are_those_of_the_card(weightless):
    assert parameters(vcafe.build(vcafe.RECIPES[""]["paper"])) == 115_922_962
    assert parameters(vcafe.build(vcafe.RECIPES["audio"]["paper"])) == 102_640_466
    assert parameters(vcafe.build(vcafe.RECIPES[""]["synth"])) == 2_790_610
    assert parameters(vcafe.build(vcafe.RECIPES["audio"]["synth"])) == 1_955_234


def test_the_card_counts_every_part(weightless):
    card = (Path(vcafe.__file__).parent / "README.md").read_text()
    rows = dict(re.findall(r"^\| ([\w-]+)[^|]* \| ([\d,]+) \|", card, re.MULTILINE))
    net = Vcafe(PAPER)
    back = net.backbone
    parts = {"lips": net.video, "sound": back.audio, "cross-modal": back.attend, "mask": back.mask, "fusion": back.fuse}
    parts |= {"Conformer": back.encoder, "Transformer": back.decoder, "CTC": back.ctc}
    assert {name: int(count.replace(",", "")) for name, count in rows.items()} == {
        name: parameters(part) for name, part in parts.items()
    }


def test_mutud_deploys_no_lips(weightless):
    from avbench.systems.mutud.avsr_model import MutudAvsr

    for recipe, total in ((avsr.RECIPES["paper"], 105_036_626), (avsr.RECIPES["synth"], 2_111_906)):
        net = MutudAvsr(recipe)
        deployed, dim = net.deployed(), recipe.video_widths[-1]
        assert {name.partition(".")[0] for name in deployed.state_dict()} == {"backbone", "tame"}
        assert parameters(deployed.tame) == 2 * 32 * dim + dim * dim + dim + 2 * dim
        assert parameters(deployed) == parameters(deployed.backbone) + parameters(deployed.tame) == total


def test_both_front_ends_give_a_step_for_every_picture():
    torch.manual_seed(0)
    net = Vcafe(replace(SYNTH, **TINY)).eval()
    for samples in (640, 9600, 9599, 12345):
        steps = -(-(samples // 160) // 4)
        f_a, valid = net.backbone.listen(torch.randn(1, samples), torch.tensor([samples]))
        assert f_a.shape == (1, steps, 8) and valid.all()
        memory, _ = net.memory(torch.randn(1, samples), torch.zeros(1, 3, 88, 88, dtype=torch.uint8))
        assert memory.shape == (1, steps, 16)


def test_pictures_that_end_early_stay_and_pictures_that_outlast_the_sound_are_not_looked_at():
    torch.manual_seed(0)
    net = Vcafe(replace(SYNTH, **TINY)).eval()
    wave, mouth = torch.randn(1, 9600), torch.randint(0, 256, (1, 15, 88, 88), dtype=torch.uint8)
    whole = net.memory(wave, mouth)[0]
    longer = torch.cat([mouth, torch.randint(0, 256, (1, 9, 88, 88), dtype=torch.uint8)], 1)
    torch.testing.assert_close(net.memory(wave, longer)[0], whole)
    f_v = net.video(mouth[:, :6])
    stays = torch.cat([f_v, f_v[:, -1:].expand(-1, 9, -1)], 1)
    torch.testing.assert_close(net.memory(wave, mouth[:, :6])[0], net.memory_of(wave, stays)[0])


def test_attention_is_the_formula():
    """softmax(Q Kᵀ / √D) V with numpy, and nothing of a picture that is not there."""
    torch.manual_seed(0)
    part = CrossModalAttention(8).double()
    f_a, f_v = torch.randn(1, 3, 8).double(), torch.randn(1, 3, 8).double()
    valid = torch.tensor([[True, True, False]])
    q, k, v = (layer(x).detach().numpy()[0] for layer, x in ((part.query, f_a), (part.key, f_v), (part.value, f_v)))
    weights = np.exp(q @ k[:2].T / np.sqrt(8))
    expected = weights / weights.sum(1, keepdims=True) @ v[:2]
    found = part(f_a, f_v, valid).detach().numpy()[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_mask_raises_features_and_lips_change_what_is_heard():
    torch.manual_seed(0)
    net = Vcafe(replace(SYNTH, **TINY)).eval()
    wave = torch.randn(1, 9600)
    one, other = (torch.full((1, 15, 88, 88), level, dtype=torch.uint8) for level in (10, 200))
    assert (net.memory(wave, one)[0] - net.memory(wave, other)[0]).abs().max() > 1e-4


# --- text ---------------------------------------------------------------------------------------------------------


def test_text_comes_back_normalised_and_strangers_are_unknown():
    assert text_of(tokens_of("Don't panic, it's 42!")) == "don't panic it's 42"
    assert tokens_of("é") == [UNKNOWN] and text_of([UNKNOWN, BLANK, EDGE]) == ""


def test_the_best_path_drops_repeats_and_blanks():
    def numbers(letters):
        return [BLANK if x == "_" else TOKENS.index(x) for x in letters]

    scores = torch.full((7, 41), -9.0)
    scores[range(7), numbers("aa_abb_")] = 0
    assert best_path(scores) == "aab"


# --- beam search --------------------------------------------------------------------------------------------------

V, LAST = 4, 3  # blank, two letters, edge


def _scores(steps, seed):
    raw = np.random.RandomState(seed).randn(steps, V)
    raw[:, LAST] = -np.inf  # CTC never says it
    return raw - np.logaddexp.reduce(raw, 1, keepdims=True)


def _sentences(scores):
    """Every sentence with its probability: the sum over all paths that spell it."""
    found = {}
    for path in itertools.product(range(V - 1), repeat=len(scores)):
        spelt = tuple(k for k, _ in itertools.groupby(path) if k != 0)
        found[spelt] = found.get(spelt, 0.0) + np.exp(sum(scores[s, k] for s, k in enumerate(path)))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_prefix_scores_are_sums_over_all_paths(seed):
    scores = _scores(5, seed)
    truth = _sentences(scores)
    ctc = CtcPrefixes(scores, LAST)
    states = {(): ctc.start()}
    for length in range(4):
        for prefix in [p for p in states if len(p) == length]:
            last = np.array([prefix[-1] if prefix else -1])
            probable, longer = ctc.extend(states[prefix][None], last)
            assert np.exp(probable[0, LAST]) == pytest.approx(truth.get(prefix, 0.0), abs=1e-12)
            assert probable[0, 0] == -np.inf
            for letter in (1, 2):
                begins = sum(p for s, p in truth.items() if s[: length + 1] == (*prefix, letter))
                assert np.exp(probable[0, letter]) == pytest.approx(begins, abs=1e-12)
                states[(*prefix, letter)] = longer[0, letter]


def _attention(seed):
    """A decoder that looks at the last two characters and the length."""

    def attend(prefixes):
        rows = []
        for prefix in prefixes:
            raw = np.random.RandomState([seed, len(prefix), *map(int, prefix[-2:])]).randn(V)
            raw[0] = -np.inf
            rows.append(raw - np.logaddexp.reduce(raw))
        return np.array(rows)

    return attend


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_the_best_of_all_sentences(seed, share):
    scores, attend = _scores(4, seed), _attention(seed)
    spelt, best, value = _sentences(scores), None, -np.inf
    for length in range(5):
        for sentence in itertools.product((1, 2), repeat=length):
            heard = 0.0
            for k, token in enumerate((*sentence, LAST)):
                heard += attend([(LAST, *sentence[:k])])[0][token]
            probable = np.log(spelt[sentence]) if sentence in spelt else -np.inf
            total = (share * probable if share else 0.0) + ((1 - share) * heard if share < 1 else 0.0)
            if total > value:
                best, value = sentence, total
    found, score = beam_search(scores, attend, edge=LAST, beam=64, share=share)
    assert tuple(found) == best and score == pytest.approx(value, abs=1e-9)


def test_a_narrow_beam_is_no_better_and_the_length_is_bounded():
    scores, attend = _scores(5, 7), _attention(7)
    wide = beam_search(scores, attend, edge=LAST, beam=64, share=0.3)[1]
    assert beam_search(scores, attend, edge=LAST, beam=1, share=0.3)[1] <= wide
    assert len(beam_search(scores, attend, edge=LAST, beam=4, share=0.3, most=1)[0]) <= 1


# --- loss ---------------------------------------------------------------------------------------------------------


def test_the_loss_leaves_padding_out():
    torch.manual_seed(0)
    backbone = Backbone(replace(SYNTH, **TINY, dropout=0.0, front_dropout=0.0)).eval()
    memory, said = torch.randn(1, 12, 16), torch.tensor([tokens_of("abc")])
    alone = recognition_loss(backbone, memory, torch.ones(1, 12, dtype=torch.bool), said)[0]
    longer = torch.cat([memory, torch.randn(1, 5, 16)], 1)
    valid = torch.arange(17)[None] < 12
    padded = recognition_loss(backbone, longer, valid, torch.nn.functional.pad(said, (0, 4), value=-1))[0]
    assert padded.item() == pytest.approx(alone.item(), rel=1e-5)


def test_a_sentence_can_be_learned_by_heart():
    """Both ends learn: after some steps on one clip the best path and the decoder spell it."""
    torch.manual_seed(0)
    backbone = Backbone(replace(SYNTH, **TINY, dropout=0.0))
    memory = torch.nn.Parameter(torch.randn(1, 12, 16))
    valid, said = torch.ones(1, 12, dtype=torch.bool), torch.tensor([tokens_of("go on")])
    optimizer = torch.optim.Adam([memory, *backbone.ctc.parameters(), *backbone.decoder.parameters()], 0.02)
    for _ in range(60):
        loss, values = recognition_loss(backbone, memory, valid, said)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert best_path(backbone.ctc_scores(memory)[0]) == "go on"
    assert float(values["characters_right"]) == 1


def test_what_tame_does_to_clips_of_different_length_is_what_it_does_to_their_steps():
    torch.manual_seed(0)
    tame, numbers = Tame(6, 1, 4, 16.0), absent.TameNumbers(reduction="sum")
    heard, seen = torch.randn(2, 5, 6), torch.randn(2, 5, 6)
    valid = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    related = absent.relate(tame, heard, seen, valid, stop=True)
    assert related.estimate[1, 3:].abs().max() == 0 and related.estimate[0].abs().min() > 0
    torch.testing.assert_close(related.estimate[valid][None], related.flat)
    loss, terms = absent.tame_loss(related, numbers)
    expected = [
        video_recall_loss(related.recalls, related.wanted, "sum") / 2,
        audio_recall_loss(related.flat, related.wanted, "sum") / 2,
        code_link_loss(related.p, related.q, "sum"),
    ]
    assert loss.item() == pytest.approx(sum(expected).item(), rel=1e-6)
    assert [t.item() for t in terms.values()] == pytest.approx([e.item() for e in expected])
    assert absent.tame_loss(related, replace(numbers, alpha=0, beta=0, gamma=0))[0].item() == 0


# --- systems ------------------------------------------------------------------------------------------------------


def test_without_weights_one_sentence_says_how_to_make_them():
    for variant in ("", "audio"):
        with pytest.raises(MissingResource, match="avbench train --system vcafe"):
            vcafe.FAMILY.create(variant, recipe="paper")
    with pytest.raises(MissingResource, match="avbench train --system mutud/avsr"):
        avsr.create(recipe="paper")


@pytest.mark.parametrize("variant", ["", "audio"])
def test_profile_counts_the_parts_that_run(variant):
    system = vcafe.FAMILY.create(variant, recipe="synth", untrained=True)
    assert isinstance(system, System) and system.card.output == "text" and not system.card.causal
    assert "relative positions" in system.card.title
    one, two = (macs(system.network(), system.example(seconds)) for seconds in (1.0, 2.0))
    assert one > 5e7 and 1.9 < two / one < 2.5


def test_bad_inputs_get_a_sentence(tiny):
    listens, sees = tiny["audio"], tiny[""]
    with pytest.raises(UsageError, match="needs mouth video"):
        sees.predict([clip(video=False)])
    with pytest.raises(UsageError, match="needs speech"):
        listens.predict([replace(clip(), audio=None)])
    with pytest.raises(UsageError, match="16000 Hz"):
        listens.predict([replace(clip(), audio=Audio(np.zeros(800, np.float32), 8000))])
    with pytest.raises(UsageError, match="finite"):
        listens.predict([replace(clip(), audio=Audio(np.full(800, np.nan, np.float32), 16000))])
    with pytest.raises(UsageError, match="88"):
        sees.predict([replace(clip(), video=Video(np.zeros((3, 90, 88, 1), np.uint8), 25.0))])
    for samples in (0, 100, 700):
        assert isinstance(
            listens.predict([replace(clip(), audio=Audio(np.zeros(samples, np.float32), 16000))])[0].text, str
        )


def test_neighbours_do_not_change_an_answer(tiny):
    for system in tiny.values():
        items = [clip(0.6, "a"), clip(1.0, "b")]
        together = [answer.text for answer in system.predict(items)]
        assert together == [system.predict([item])[0].text for item in items]


# --- training -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, cache):
    """All three recognisers after a training of three steps, one stopped and resumed on the way."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for variant in ("", "audio", "mutud"):
            recipe = brief_mutud() if variant == "mutud" else brief(variant)
            folder = tmp_path_factory.mktemp("vcafe")
            recipes = avsr.RECIPES if variant == "mutud" else vcafe.RECIPES[variant]
            patch.setitem(recipes, "synth", recipe)
            learn = avsr.train if variant == "mutud" else partial(vcafe.FAMILY.train, variant)
            if variant == "audio":
                learn(recipe, out=folder, hours=1e-9)
            weights = learn(recipe, out=folder, resume=variant == "audio")
            create = avsr.create if variant == "mutud" else partial(vcafe.FAMILY.create, variant)
            made[variant] = create(weights=weights)
            made[variant].lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return made


def test_a_brief_training_logs_its_stages_and_marks_its_weights(tiny):
    for variant, system in tiny.items():
        trained = [line for line in system.lines if line["split"] == "train"]
        before = {"": [1, 1], "audio": [], "mutud": [1, 1, 2, 2]}[variant]
        assert [line.get("stage") for line in trained] == [*before, None, None, None]
        assert all(np.isfinite(line["loss"]) for line in trained)
        assert {"wer_low", "wer_clean"} <= set(system.lines[-1])
        if variant == "mutud":
            assert {"estimate_correlation", "effective_rank"} <= set(system.lines[-1])
            assert {"ctc_estimate", "attention_video", "cross_recall"} <= set(trained[-1])
        assert system.card.finished and system.card.synthetic and "avbench-synth/tiny" in system.card.training


def test_the_paper_recipe_says_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingResource, match=r"noises demand .* run `avbench data prepare demand PATH`"):
        vcafe.FAMILY.train("", PAPER, out=tmp_path)

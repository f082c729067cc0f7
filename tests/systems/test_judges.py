"""Our own judges: words from tokens, spoilt faces and voices, tiny trainings whose weights the judge loads."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from avbench.systems.judges import faces as drawn
from avbench.systems.judges import recipe as recipes
from avbench.systems.judges.asr import AsrNet
from avbench.systems.judges.face import FaceNet
from avbench.systems.judges.face_voice import FaceVoiceNet
from avbench.systems.judges.landmarks import LandmarkNet
from avbench.systems.judges.seeing import to_square
from avbench.systems.judges.speech import SpoilRecipe, pad_waves, spoil
from avbench.systems.judges.spoilt_faces import FaceSpoil, no_faces, spoil_faces
from avbench.systems.judges.words import WORD_COST, best_words, tokens, tokens_of

from avbench.data.synth import grammar, lexicon
from avbench.data.synth.spec import CorpusSpec, clip_ids, speaker_ids, split_of
from avbench.errors import BadFile, MissingResource, UnknownName, UsageError
from avbench.judges import get_judge, list_judges, open_judge
from avbench.seeds import Draw
from avbench.training.batches import NoiseTracks
from avbench.training.train import train
from avbench.training.weights import load_weights
from avbench.types import Audio, Video

NAMES = ("synth-asr", "synth-face", "synth-face-voice", "synth-landmarks")
BRIEF = {
    "corpus": "tiny", "steps": 2, "warmup": 1, "batch": 4, "log_every": 1, "validate_every": 2, "save_every": 1,
    "precision": "32-true",
}  # fmt: skip
FEW = {"speakers": 4, "clips": 1, "frames": 2, "check_speakers": 3}


def brief(name):
    size = {"check_clips": 2} if name == "synth-asr" else FEW
    return replace(get_judge(name).recipes["synth"], **(BRIEF | size))


class TwoNoises:
    """Instead of the 138 training noises, which take a minute to load."""

    items = (SimpleNamespace(id="low"), SimpleNamespace(id="high"))

    def load(self, name):
        return np.sin(np.arange(48000) * (0.05 if name == "low" else 1.0)).astype(np.float32) * np.float32(2**0.5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Weights of a judge after two steps, each trained once."""
    made = {}

    def weights(name):
        if name not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("avbench.systems.judges.speech.open_noise", lambda name: TwoNoises())
                made[name] = get_judge(name).train(brief(name), out=tmp_path_factory.mktemp(name))
        return made[name]

    return weights


@pytest.fixture(scope="module")
def faces():
    return drawn.draw_faces(speaker_ids("train")[:3], 1, 2, "train", "tiny")


# --- words --------------------------------------------------------------------------------------------------------


def test_every_word_has_a_spelling_of_its_own():
    spellings = [tuple(tokens_of(word)) for word in lexicon.words()]
    assert len(set(spellings)) == len(lexicon.words())
    assert {k for spelling in spellings for k in spelling} == set(range(1, len(tokens()) + 1))
    assert tokens_of("their")[:-1] == tokens_of("there")[:-1] and tokens_of("their") != tokens_of("there")


def heard(said, draw, error=0.0):
    """Scores of a net that is sure of every token but mishears a share of them; some last two steps, some have none."""
    rows = []
    for token in said:
        right = token if not draw.chance(error) else 1 + draw.integer(len(tokens()))
        kinds = [right] * (1 + draw.integer(2)) + [0] * draw.integer(1, 3)
        for k in kinds if not draw.chance(error / 2) else []:
            row = draw.uniforms(1 + len(tokens()), 0.0, 0.02)
            row[k] += 1
            rows.append(np.log(row / row.sum()))
    return np.array(rows)


def path_score(said, scores):
    """The best path of CTC through one sequence of tokens, by the book: blanks between all of them."""
    states = [0] + [x for token in said for x in (token, 0)]
    best = [-np.inf] * len(states)
    best[0] = 0.0
    for step in scores:
        new = []
        for j, k in enumerate(states):
            ways = [best[j]] + ([best[j - 1]] if j else [])
            if j > 1 and k and k != states[j - 2]:
                ways.append(best[j - 2])
            new.append(max(ways) + step[k])
        if best[0] == 0.0:  # the first step may be the first token
            new[1] = step[states[1]]
        best = new
    return max(best[-2:])


def test_what_is_heard_clearly_is_read_right():
    draw = Draw("test", "clear")
    for clip in clip_ids("tiny", "test")[:6]:
        text = grammar.sentence(CorpusSpec(), clip)
        words = "".join(c for c in text if c.isalpha() or c == " ").split()
        assert best_words(heard(tokens_of(text), draw)) == words


def test_nothing_heard_is_nothing_said():
    silence = np.full((20, 1 + len(tokens())), -8.0)
    silence[:, 0] = -0.02
    assert best_words(silence) == [] and best_words(silence[:0]) == []


def test_what_is_read_fits_at_least_as_well_as_what_was_said():
    """The truth is one of the sequences that are compared, so the answer can not fit worse than it."""
    draw, other = Draw("test", "best"), 0
    for clip in clip_ids("tiny", "test")[:8]:
        text = grammar.sentence(CorpusSpec(), clip)
        scores = heard(tokens_of(text), draw, error=0.25)
        found = best_words(scores)
        truth = "".join(c for c in text if c.isalpha() or c == " ").split()
        fit, fits = (path_score(tokens_of(" ".join(w)), scores) - WORD_COST * len(w) for w in (truth, found))
        assert fits >= fit - 1e-6
        other += found != truth
    assert other > 2


# --- material -----------------------------------------------------------------------------------------------------


def test_spoilt_speech_keeps_its_words_and_its_seed():
    time = np.arange(16000) / 16000
    wave = (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    noise = NoiseTracks([np.ones(16000, np.float32)], 32000)
    once, again, other = (spoil(wave, noise, SpoilRecipe(), Draw("t", k)) for k in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert once.shape != other.shape or not np.array_equal(once, other)
    quiet = SpoilRecipe(warp=0.05, equaliser=0, low_pass=0, room=0, noise=0)
    warped = spoil(wave, noise, quiet, Draw("t", 3))
    peak = np.argmax(np.abs(np.fft.rfft(warped * np.hanning(len(warped))))) * 16000 / len(warped)
    assert peak == pytest.approx(440 * len(wave) / len(warped), rel=0.01) and len(warped) != len(wave)


def test_more_speakers_are_of_the_same_split():
    many = drawn.more_speakers("train", 330)
    assert many[:320] == speaker_ids("train") and len(set(many)) == 330
    assert {split_of(name) for name in many} == {"train"}


def test_points_move_with_the_picture(faces):
    """A dot is painted on the chin of a black picture; after moving it is where the moved point says."""
    pictures = np.zeros((4, 128, 128, 3), np.uint8)
    points = np.full((4, 68, 2), 64, np.float32)
    for k, (x, y) in enumerate([(40, 50), (90, 40), (64, 100), (30, 80)]):
        pictures[k, y - 1 : y + 2, x - 1 : x + 2] = 255
        points[k, 8] = x, y
    recipe = FaceSpoil(colour=0.0, blur=0.0, noise=0.0, turn=0.4, shift=9.0, zoom=0.2)
    spoilt = spoil_faces(pictures, points, recipe, torch.Generator().manual_seed(1))
    y, x = np.mgrid[:128, :128]
    for image, moved in zip(spoilt.pictures[:, 0].numpy(), spoilt.points[:, 8].numpy(), strict=True):
        centre = np.array([(image * x).sum(), (image * y).sum()]) / image.sum()
        np.testing.assert_allclose(centre, moved, atol=0.25)
    assert np.abs(spoilt.points.numpy() - points).max() > 2


def test_drawn_faces_are_repeatable_and_known(faces):
    again = drawn.draw_faces(speaker_ids("train")[:3], 1, 2, "train", "tiny")
    np.testing.assert_array_equal(faces.pictures, again.pictures)
    assert faces.pictures.shape == (6, 128, 128, 3) and faces.points.shape == (6, 68, 2)
    assert faces.speaker.tolist() == [0, 0, 1, 1, 2, 2]
    assert (faces.points > 0).mean() > 0.95 and (faces.points < 128).mean() > 0.95
    assert len(no_faces(faces.pictures, torch.Generator().manual_seed(0))) == 6


# --- nets ---------------------------------------------------------------------------------------------------------


def test_all_judges_together_stay_under_four_mebibytes():
    nets = (
        AsrNet(recipes.ASR), LandmarkNet(recipes.LANDMARKS), FaceNet(recipes.FACE), FaceVoiceNet(recipes.FACE_VOICE)
    )  # fmt: skip
    state = [t for net in nets for t in net.state_dict().values()]
    stored = sum(t.numel() * (1 if t.ndim > 1 else 4) + (4 * max(t.shape[:2]) if t.ndim > 1 else 0) for t in state)
    assert stored < 3.5 * 2**20  # the rest is for a reader of words from lips


def test_padding_does_not_change_what_is_heard():
    torch.manual_seed(0)
    net = AsrNet(recipes.ASR).eval()
    draw = Draw("test", "padding")
    short, long = (draw.normals(n).astype(np.float32) * 0.1 for n in (9600, 24000))
    with torch.inference_mode():
        alone, steps = net(**{k: v for k, v in pad_waves([short]).items()})
        both, counts = net(**{k: v for k, v in pad_waves([short, long]).items()})
    assert steps[0] == counts[0] == 20
    np.testing.assert_allclose(both[0, :20], alone[0, :20], atol=2e-4)


def test_pictures_of_any_size_are_brought_to_the_nets_scale():
    frames = np.zeros((1, 64, 48, 1), np.uint8)
    pictures, scale = to_square(frames, "x")
    assert pictures.shape == (1, 3, 128, 128) and scale == 2
    for wrong in (frames[0], frames.astype(float), np.zeros((1, 64, 64, 2), np.uint8), frames[:, :31]):
        with pytest.raises(ValueError, match="x takes pictures"):
            to_square(wrong, "x")


# --- trainings and adapters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_tiny_training_gives_weights_that_the_judge_loads(name, trained):
    weights = trained(name)
    facts = json.loads((weights.parent / "training.json").read_text())
    assert facts["judge"] == name and facts["steps"] == facts["planned_steps"] == 2
    assert np.isfinite(list(facts["stored"].values())).all()
    assert open_judge(name, weights) is open_judge(name, weights)


def test_a_training_goes_on_as_if_it_had_not_been_stopped(tmp_path, trained):
    judge, recipe = get_judge("synth-landmarks"), brief("synth-landmarks")
    judge.train(recipe, out=tmp_path, hours=1e-9)
    assert json.loads((tmp_path / "training.json").read_text())["steps"] == 1
    (state, _), (whole, _) = (
        load_weights(path) for path in (judge.train(recipe, out=tmp_path, resume=True), trained("synth-landmarks"))
    )
    assert all(torch.equal(state[name], whole[name]) for name in whole)


def test_the_recogniser_answers_and_refuses(trained):
    judge = open_judge("synth-asr", trained("synth-asr"))
    assert judge.transcribe(Audio(np.zeros(16000, np.float32), 16000)) == ""
    assert judge.transcribe(Audio(np.ones(10, np.float32), 16000)) == ""
    wave = (0.1 * Draw("t").normals(22050)).astype(np.float32)
    text = judge.transcribe(Audio(wave, 22050))
    assert text == judge.transcribe(Audio(wave, 22050)) and set(text.split()) <= set(lexicon.words())
    with pytest.raises(ValueError, match="finite"):
        judge.transcribe(Audio(np.full(16000, np.nan, np.float32), 16000))


def test_the_point_finder_answers_in_pixels_of_what_it_is_given(trained, faces):
    judge = open_judge("synth-landmarks", trained("synth-landmarks"))
    judge = type(judge)(judge.net, "cpu")
    with torch.no_grad():
        judge.net.present.bias.fill_(100.0)
    points, found = judge.points(faces.pictures)
    assert points.shape == (6, 68, 2) and points.dtype == np.float64 and found.all()
    twice = faces.pictures.repeat(2, 1).repeat(2, 2)
    np.testing.assert_allclose(judge.points(twice)[0] + 0.5, 2 * (points + 0.5), atol=1.0)
    np.testing.assert_allclose(judge.points(faces.pictures[3:4])[0][0], points[3], atol=1e-3)
    with torch.no_grad():
        judge.net.present.bias.fill_(-100.0)
    points, found = judge.points(faces.pictures)
    assert np.isnan(points).all() and not found.any()
    assert judge.points(faces.pictures[:0])[0].shape == (0, 68, 2)
    with pytest.raises(ValueError, match="synth-landmarks takes"):
        judge.points(faces.pictures[0])


def test_features_belong_to_their_picture_alone(trained, faces):
    judge = open_judge("synth-face", trained("synth-face"))
    features = judge.features(faces.pictures)
    assert features.shape == (6, 128) and features.dtype == np.float64 and np.isfinite(features).all()
    np.testing.assert_allclose(judge.features(faces.pictures[4:]), features[4:], atol=1e-4)
    assert np.abs(features[0] - features[2]).max() > 1e-3
    assert judge.features(faces.pictures[:0]).shape == (0, 128)


def test_faces_and_voices_lie_on_one_sphere(trained, faces):
    judge = open_judge("synth-face-voice", trained("synth-face-voice"))
    face = judge.embed_face(Video(faces.pictures, 25.0))
    voice = judge.embed_voice(Audio((0.1 * Draw("t").normals(8000)).astype(np.float32), 8000))
    assert face.shape == voice.shape == (64,)
    assert np.linalg.norm(face) == pytest.approx(1, abs=1e-9) and np.linalg.norm(voice) == pytest.approx(1, abs=1e-9)
    np.testing.assert_array_equal(face, judge.embed_face(Video(faces.pictures, 25.0)))
    with pytest.raises(ValueError, match="one frame or more"):
        judge.embed_face(Video(faces.pictures[:0], 25.0))
    with pytest.raises(ValueError, match=r"0\.2 s or more"):
        judge.embed_voice(Audio(np.zeros(100, np.float32), 16000))


# --- names --------------------------------------------------------------------------------------------------------


def test_judges_are_found_by_name():
    assert set(NAMES) <= set(list_judges())


def test_weights_that_are_not_there_can_be_trained(monkeypatch, tmp_path):
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    judge = get_judge("synth-asr")
    elsewhere = replace(judge, assets=tuple(replace(a, package=None) for a in judge.assets))
    with pytest.raises(MissingResource, match="avbench train --system synth-asr"):
        elsewhere.files()


def test_weights_of_another_judge_are_refused(trained):
    with pytest.raises(BadFile, match="does not fit AsrNet"):
        open_judge("synth-asr", trained("synth-landmarks"))


def test_train_finds_judges_by_name(tmp_path, monkeypatch):
    seen = {}
    judge = replace(get_judge("synth-face"), train=lambda recipe, **options: seen.update(options, recipe=recipe))
    monkeypatch.setattr("avbench.training.train.get_judge", lambda name: judge)
    train("synth-face", out=tmp_path, device="cpu")
    assert seen["recipe"].name == "synth" and seen["out"] == tmp_path and not seen["resume"]
    with pytest.raises(UnknownName, match="recipe of synth-face"):
        train("synth-face", "papper", out=tmp_path)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="not trained here"):
        train("nisqa", out=tmp_path)
    with pytest.raises(UnknownName, match="system"):
        train("synth-asd", out=tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_accuracy_of_a_judge_is_printed(trained, name, monkeypatch, capsys, tmp_path):
    from avbench.systems.judges import accuracy

    from avbench.judges import use_judge

    monkeypatch.setattr(accuracy, "PEOPLE", dict.fromkeys(accuracy.PEOPLE, 3))
    monkeypatch.setattr(accuracy, "CLIPS", 2)
    monkeypatch.setattr(accuracy, "STILLS", 40)
    monkeypatch.setattr("avbench.judges._chosen", {})
    use_judge(name, trained(name))
    assert accuracy.main([name, "--json", str(tmp_path / "found.json")]) == 0
    assert capsys.readouterr().out.startswith(f"{name}@")
    (row,) = json.loads((tmp_path / "found.json").read_text())["judges"]
    assert row["n"] > 1 and row["split"] == "test" and all(np.isfinite(v) for v in row.values() if isinstance(v, float))
    with pytest.raises(UnknownName):
        accuracy.main(["synth-nobody"])

"""The lip reader's network and files: weights of the published format, made at random by the test."""

import json

import numpy as np
import pytest
import torch
from mstcn_weights import hollow_state, made_state, published_shapes
from torch.nn import functional as F

from avbench import judges
from avbench.errors import BadFile, EstimateFault, MissingResource
from avbench.judges import get_judge, judge_identity, open_judge
from avbench.judges.mstcn import CHECKPOINT, CONFIGURATION, MEAN_FACE, WORDS, load_mstcn
from avbench.judges.mstcn_network import LipReader
from avbench.signal.landmarks import mean_face
from avbench.types import Video

LIST = [f"WORD{k:03d}" for k in range(500)]


def loaded(activation, words=5):
    with torch.device("meta"):
        network = LipReader(words, activation)
    network.load_state_dict(made_state(activation == "prelu", words=words), assign=True)
    return network.eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as a user has it: PReLU weights and words."""
    path = tmp_path_factory.mktemp("weights") / "mstcn"
    path.mkdir()
    state = {"epoch_idx": 79, "best_prec": 0.85, "model_state_dict": made_state(prelu=True)}
    torch.save(state, path / "lrw_resnet18_mstcn_video.pth")
    (path / WORDS).write_text("\n".join(LIST) + "\n")
    return path


@pytest.fixture(scope="module")
def reader(folder):
    return open_judge("mstcn", folder)


def clip(size=96, channels=1, frames=29, seed=0, fps=25.0):
    draw = np.random.Generator(np.random.Philox(seed))
    return Video(draw.integers(0, 256, (frames, size, size, channels)).astype(np.uint8), fps)


@pytest.mark.parametrize(("activation", "count"), [("prelu", 36_374_516), ("relu", 36_361_396), ("swish", 36_361_396)])
def test_tensors_are_those_of_the_published_weights(activation, count):
    with torch.device("meta"):
        network = LipReader(500, activation)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes == published_shapes(activation == "prelu")
    assert sum(p.numel() for p in network.parameters()) == count


def test_arithmetic_is_that_of_the_published_network():
    """10.28 GMAC, less what the published code computes beyond the ends of a clip and cuts off again."""
    network, counts = loaded("relu", words=500), []
    for module in network.modules():
        if hasattr(module, "kernel_size") and hasattr(module, "weight"):
            module.register_forward_hook(lambda m, _, out: counts.append(out.numel() * m.weight[0].numel()))
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 29, 88, 88)).shape == (1, 500)
    surplus = sum(
        (kernel - 1) * 2**level * kernel * 256 * ((512 if level == 0 else 768) + 768)
        for level in range(4)
        for kernel in (3, 5, 7)
    )
    assert sum(counts) + 500 * 768 + surplus == pytest.approx(10.28e9, rel=1e-3)


def test_trunk_is_a_resnet18():
    resnet = pytest.importorskip("torchvision.models").resnet18(weights=None).eval()
    network = loaded("relu")
    trunk = {name.removeprefix("trunk."): t for name, t in network.state_dict().items() if name.startswith("trunk.")}
    assert set(resnet.load_state_dict(trunk, strict=False).unexpected_keys) == set()
    maps = torch.randn(3, 64, 22, 22, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        other = resnet.layer4(resnet.layer3(resnet.layer2(resnet.layer1(maps)))).mean((2, 3))
        torch.testing.assert_close(network.trunk(maps), other, rtol=1e-5, atol=0)


def temporal_by_hand(x, state, slope):
    """`[C, F]` features to logits: convolutions over padded signals whose surplus is cut at both ends."""

    def stage(x, row, level):
        parts = []
        for k, kernel in enumerate((3, 5, 7)):
            name, surplus = f"tcn.mb_ms_tcn.network.{level}.cbcr{row}_{k}", (kernel - 1) * 2**level
            weight, bias = state[f"{name}.conv.weight"], state[f"{name}.conv.bias"]
            y = F.conv1d(F.pad(x, (surplus, surplus)), weight, bias, dilation=2**level)[:, surplus // 2 : -surplus // 2]
            mean, var = (state[f"{name}.batchnorm.{p}"][:, None] for p in ("running_mean", "running_var"))
            y = (y - mean) / (var + 1e-5).sqrt() * state[f"{name}.batchnorm.weight"][:, None]
            parts.append(slope(y + state[f"{name}.batchnorm.bias"][:, None], f"{name}.non_lin"))
        return torch.cat(parts)

    for level in range(4):
        name = f"tcn.mb_ms_tcn.network.{level}"
        short = state[f"{name}.downsample.weight"][:, :, 0] @ x + state[f"{name}.downsample.bias"][:, None]
        x = slope(stage(stage(x, 0, level), 1, level) + short, f"{name}.relu_final")
    return state["tcn.tcn_output.weight"] @ x.mean(1) + state["tcn.tcn_output.bias"]


@pytest.mark.parametrize("activation", ["prelu", "swish"])
def test_temporal_network_equals_a_calculation_by_hand(activation):
    temporal = loaded(activation).tcn.double()
    state = {f"tcn.{name}": tensor for name, tensor in temporal.state_dict().items()}
    x = torch.randn(512, 29, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    def slope(y, name):
        return y * y.sigmoid() if activation == "swish" else torch.where(y > 0, y, state[f"{name}.weight"][:, None] * y)

    with torch.no_grad():
        made = temporal(x.T[None])[0]
    torch.testing.assert_close(made, temporal_by_hand(x, state, slope), rtol=1e-9, atol=0)


def test_reads_a_word_of_the_list(reader):
    assert reader.words == tuple(LIST)
    scores = reader.scores(clip())
    assert scores.shape == (500,) and np.isfinite(scores).all()
    assert reader.read(clip()) == LIST[int(scores.argmax())]


def test_what_the_network_sees(reader, monkeypatch):
    """The middle of the crop, in grey, 0 to 1, minus 0.421, over 0.165."""
    seen = []

    def network(tensor):
        seen.append(tensor.numpy().copy())
        return torch.zeros(1, 500)

    monkeypatch.setattr(reader, "_network", network)
    video = clip()
    reader.scores(video)
    assert seen[0].shape == (1, 1, 29, 88, 88) and seen[0].dtype == np.float32
    expected = (video.frames[:, 4:92, 4:92, 0] / 255 - 0.421) / 0.165
    np.testing.assert_allclose(seen[0][0, 0], expected, atol=1e-5)
    reader.scores(Video(np.ascontiguousarray(video.frames[:, 4:92, 4:92]), 25.0))
    reader.scores(Video(video.frames.repeat(3, 3), 25.0))
    np.testing.assert_array_equal(seen[1], seen[0])
    np.testing.assert_array_equal(seen[2], seen[0])
    red = np.zeros((29, 96, 96, 3), np.uint8)
    red[..., 0] = 100
    reader.scores(Video(red, 25.0))
    np.testing.assert_allclose(seen[3], (30 / 255 - 0.421) / 0.165, atol=1e-5)


def test_other_clips_are_the_estimates_fault(reader):
    for video in (clip(frames=28), clip(frames=30), clip(fps=30.0)):
        with pytest.raises(EstimateFault, match="29 frames at 25"):
            reader.read(video)
    with pytest.raises(MissingResource, match=MEAN_FACE):
        reader.read(clip(size=128))


def test_faces_are_cropped_where_there_is_a_mean_face(folder, tmp_path, monkeypatch):
    """A picture aligned already comes out as its own middle; without a face it is the estimate's fault."""
    template = np.array([128.0, 120.0]) + 74 * mean_face()

    class Finder:
        found = True

        def points(self, frames):
            here = np.full(len(frames), self.found)
            here[3] = False
            return np.where(here[:, None, None], template, np.nan), here

    (tmp_path / WORDS).write_text("\n".join(LIST))
    np.save(tmp_path / MEAN_FACE, template)
    names = (CHECKPOINT.name, f"mstcn/{WORDS}", f"mstcn/{MEAN_FACE}")
    paths = (folder / CHECKPOINT.base, tmp_path / WORDS, tmp_path / MEAN_FACE)
    reader = load_mstcn(dict(zip(names, paths, strict=True)))
    finder = Finder()
    monkeypatch.setattr(judges, "open_judge", lambda name: {"dlib": finder}[name])
    video = clip(size=256, channels=3)
    x, y = np.round(template[48:].mean(0)).astype(int)
    mouths = Video(np.ascontiguousarray(video.frames[:, y - 48 : y + 48, x - 48 : x + 48]), 25.0)
    np.testing.assert_allclose(reader.scores(video), reader.scores(mouths), rtol=1e-3)
    finder.found = False
    with pytest.raises(EstimateFault, match="no frame of the estimate shows a face"):
        reader.read(video)


def test_identity_covers_the_words(folder, tmp_path):
    before = judge_identity("mstcn", folder)
    assert before.startswith("mstcn@")
    other = tmp_path / "mstcn"
    other.mkdir()
    (other / CHECKPOINT.base).symlink_to(folder / CHECKPOINT.base)
    (other / WORDS).write_text("\n".join(reversed(LIST)))
    assert judge_identity("mstcn", other) != before
    assert judge_identity("mstcn", other / CHECKPOINT.base) == judge_identity("mstcn", other)


def small(folder, state, words=("A", "B", "C")):
    """A folder with three words."""
    folder.mkdir(exist_ok=True)
    torch.save({"model_state_dict": state}, folder / CHECKPOINT.base)
    (folder / WORDS).write_text("\n".join(words))
    return folder


def test_activation_without_weights_is_read_from_the_configuration(tmp_path):
    folder = small(tmp_path / "m", made_state(prelu=False, words=3))
    with pytest.raises(MissingResource, match=CONFIGURATION):
        open_judge("mstcn", folder)
    scores = {}
    for name in ("relu", "swish"):
        (folder / CONFIGURATION).write_text(json.dumps({"relu_type": name, "tcn_kernel_size": [3, 5, 7]}))
        scores[name] = open_judge("mstcn", folder).scores(clip())
    assert not np.allclose(scores["relu"], scores["swish"], rtol=1e-2)
    for text in ("{", "[]", '{"relu_type": "tanh"}', '{"relu_type": "prelu"}'):
        (folder / CONFIGURATION).write_text(text)
        with pytest.raises(BadFile, match="relu_type"):
            open_judge("mstcn", folder)


def test_files_that_are_missing_or_wrong(tmp_path, monkeypatch):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    with pytest.raises(MissingResource, match="mstcn has no weights here"):
        open_judge("mstcn")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / CHECKPOINT.base).write_bytes(b"nothing")
    with pytest.raises(MissingResource, match=f"put {WORDS}, the 500 words"):
        get_judge("mstcn").files(empty / CHECKPOINT.base)
    (empty / WORDS).write_text("A\nB")
    with pytest.raises(BadFile, match="not a checkpoint with a model_state_dict"):
        open_judge("mstcn", empty)
    torch.save({"weights": {}}, empty / CHECKPOINT.base)
    with pytest.raises(BadFile, match="model_state_dict"):
        open_judge("mstcn", empty)
    state = hollow_state(words=3)
    with pytest.raises(BadFile, match=r"tells 3 words apart, and .* holds 2"):
        open_judge("mstcn", small(tmp_path / "two", state, ("A", "B")))
    del state["trunk.layer3.1.conv2.weight"]
    with pytest.raises(BadFile, match=r"does not fit .*layer3\.1\.conv2"):
        open_judge("mstcn", small(tmp_path / "hole", state))
    good = small(tmp_path / "face", hollow_state(words=3))
    np.save(good / MEAN_FACE, np.zeros((5, 2)))
    with pytest.raises(BadFile, match="68 points"):
        open_judge("mstcn", good)


class Evil:
    def __reduce__(self):
        return print, ("this must not run",)


def test_nothing_but_tensors_is_unpickled(tmp_path, capsys):
    folder = small(tmp_path / "evil", {"tcn.tcn_output.bias": Evil()})
    with pytest.raises(BadFile):
        open_judge("mstcn", folder)
    assert "must not run" not in capsys.readouterr().out


def test_word_list_of_lrw(shared_data):
    path = shared_data.parent / "reference" / "splits" / "lrw" / WORDS
    if not path.is_file():
        pytest.skip("the word list of LRW is not here: put it in ../shared/reference/splits/lrw to run this test")
    words = path.read_text("utf-8").split()
    assert len(words) == len(set(words)) == 500 and words == sorted(words)

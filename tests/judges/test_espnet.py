"""The adapter for ESPnet, on a tiny model pack that the test makes in the real format, by ESPnet's own packer."""

import os
import pickle
import socket
import sys
import tarfile
import types
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import BadFile, EstimateFault, MissingResource, UsageError
from avbench.judges.espnet import DECODING, ROWS, load_espnet, quiet_import
from avbench.judges.espnet_pack import fetch_pack, open_pack, resolve_pack
from avbench.signal.text import split_words
from avbench.types import Audio

TOKENS = ["<blank>", "<unk>", "<space>", *"abcdefghijklmnopqrstuvwxyz'", "<sos/eos>"]
META = "yaml_files: {asr_train_config: exp/config.yaml}\nfiles: {asr_model_file: exp/model.pth}\n"


def config(**changes):
    """A recogniser of the usual build, small beyond use."""
    blocks = dict(output_size=16, attention_heads=2, linear_units=16, num_blocks=1, dropout_rate=0.0)
    return dict(
        token_list=TOKENS, token_type="char", bpemodel=None, input_size=None, init=None, specaug=None, model="espnet",
        frontend="default", frontend_conf=dict(fs="8k", n_fft=256, hop_length=80, n_mels=20),
        normalize="global_mvn", normalize_conf=dict(stats_file="exp/stats/feats_stats.npz"), preencoder=None,
        encoder="transformer", encoder_conf=dict(**blocks, input_layer="conv2d"), postencoder=None,
        decoder="transformer", decoder_conf=dict(attention_heads=2, linear_units=16, num_blocks=1),
        ctc_conf={}, model_conf=dict(ctc_weight=0.3), preprocessor_conf={},
    ) | changes  # fmt: skip


@pytest.fixture(scope="module")
def espnet():
    pytest.importorskip("espnet2", reason="ESPnet is not installed: pip install 'avbench[asr]'")
    with quiet_import():
        from espnet2.bin import asr_inference
    return asr_inference


def save_model(espnet, settings, path):
    import argparse

    import torch

    torch.manual_seed(3)
    model = espnet.ASRTask.build_model(argparse.Namespace(**settings))
    with torch.no_grad():
        model.ctc.ctc_lo.bias[0] -= 4.0  # so that it hears letters, and not nothing
        model.decoder.output_layer.bias[-1] -= 2.0
    torch.save(model.state_dict(), path)


@pytest.fixture(scope="module")
def recipe(espnet, tmp_path_factory):
    """The folder in which an ESPnet recipe would have left its files."""
    import argparse

    import torch
    import yaml
    from espnet2.tasks.lm import LMTask

    folder = tmp_path_factory.mktemp("recipe")
    (folder / "exp/stats").mkdir(parents=True)
    generator = np.random.Generator(np.random.Philox(5))
    features = generator.normal(-3.0, 2.0, (200, 20))
    np.savez(
        folder / "exp/stats/feats_stats.npz",
        count=len(features), sum=features.sum(0), sum_square=np.square(features).sum(0),
    )  # fmt: skip
    settings = config()
    (folder / "exp/config.yaml").write_text(yaml.safe_dump(settings))
    lm = dict(token_list=TOKENS, lm="seq_rnn", lm_conf=dict(unit=8, nlayers=1), model_conf={}, init=None)
    (folder / "exp/lm.yaml").write_text(yaml.safe_dump(lm))
    before = Path.cwd()
    os.chdir(folder)
    try:
        save_model(espnet, settings, "exp/model.pth")
        torch.manual_seed(4)
        torch.save(LMTask.build_model(argparse.Namespace(**lm)).state_dict(), "exp/lm.pth")
    finally:
        os.chdir(before)
    return folder


def packed(recipe, target, monkeypatch, lm=False):
    """A pack made by ESPnet's own packer."""
    from espnet2.main_funcs.pack_funcs import pack

    monkeypatch.chdir(recipe)
    files, yaml_files = {"asr_model_file": "exp/model.pth"}, {"asr_train_config": "exp/config.yaml"}
    if lm:
        files["lm_file"], yaml_files["lm_train_config"] = "exp/lm.pth", "exp/lm.yaml"
    pack(files=files, yaml_files=yaml_files, option=["exp/stats/feats_stats.npz"], outpath=target)
    return target


@pytest.fixture
def sound():
    generator = np.random.Generator(np.random.Philox(9))
    time = np.arange(16_000) / 8000
    tone = 0.3 * np.sin(2 * np.pi * (300 + 200 * np.sin(3 * time)) * time) * (np.sin(8 * time) > 0)
    return Audio((tone + 0.01 * generator.standard_normal(len(tone))).astype(np.float32), 8000)


@pytest.mark.parametrize(("ending", "lm"), [(".zip", False), (".zip", True), (".tgz", False)])
def test_hears_what_espnet_hears(ending, lm, espnet, recipe, sound, tmp_path, monkeypatch):
    from espnet2.main_funcs.pack_funcs import unpack

    file = packed(recipe, tmp_path / f"pack{ending}", monkeypatch, lm)
    own = espnet.Speech2Text(**unpack(file, tmp_path / "unpacked"), **DECODING)
    with pytest.warns(FutureWarning, match="autocast"):
        expected = own(sound.samples)[0][0]
    assert len(expected) > 3
    monkeypatch.chdir(tmp_path)
    recogniser = load_espnet(file)
    assert recogniser.rate == 8000
    assert recogniser.transcribe(sound) == expected
    assert recogniser.transcribe(sound) == expected
    # The folder that ESPnet has unpacked will do as well, elsewhere too, where its own paths are wrong.
    (tmp_path / "unpacked").rename(tmp_path / "moved")
    assert load_espnet(tmp_path / "moved").transcribe(sound) == expected
    if lm:
        file.unlink()
        plain = packed(recipe, tmp_path / "plain.zip", monkeypatch)
        assert load_espnet(plain).transcribe(sound) != expected


def test_resamples_and_refuses_what_is_too_short(espnet, recipe, sound, tmp_path, monkeypatch):
    from avbench.signal.audio import resample

    recogniser = load_espnet(packed(recipe, tmp_path / "pack.zip", monkeypatch))
    wide = resample(sound, 16_000)
    assert recogniser.transcribe(wide) == recogniser.transcribe(resample(wide, 8000))
    with pytest.raises(EstimateFault, match=r"0\.020 s, too short"):
        recogniser.transcribe(Audio(sound.samples[:160], 8000))


def test_the_metric_finds_the_pack(espnet, recipe, sound, tmp_path, monkeypatch):
    import avbench.judges
    from avbench.metrics import measure_all

    file = packed(recipe, tmp_path / "pack.zip", monkeypatch)
    monkeypatch.setattr(avbench.judges, "_chosen", {})
    monkeypatch.setattr(avbench.judges, "_opened", {})
    avbench.judges.use_judge("espnet", file)
    heard = avbench.judges.open_judge("espnet").transcribe(sound)
    assert avbench.judges.judge_identity("espnet") == ROWS[0].identity(file)
    score = measure_all(["asr-wer"], sound, f"{heard.upper()}, indeed")["asr-wer"]
    words = len(split_words(heard)) + 1
    assert words > 1
    assert score.status == "ok" and score.parts == {"value": 1 / words, "errors": 1, "words": words}


def test_word_pieces_and_a_folder_without_meta(espnet, sound, tmp_path, monkeypatch):
    """The word-piece model is read late, so it must still be there; a bare config.yaml with a .pth will do."""
    import sentencepiece
    import yaml

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "bare/exp"
    folder.mkdir(parents=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["abc def gh abc fed", "hag bad cafe deaf", "a b c d e f g h ' "] * 5),
        model_prefix=str(folder / "bpe"), vocab_size=13, model_type="bpe", minloglevel=9,
    )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(str(folder / "bpe.model"))
    tokens = ["<blank>", "<unk>", *(pieces.IdToPiece(i) for i in range(3, 13)), "<sos/eos>"]
    settings = config(token_list=tokens, token_type="bpe", bpemodel="exp/bpe.model", normalize=None)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    save_model(espnet, settings, folder / "model.pth")
    recogniser = load_espnet(folder.parent)
    text = recogniser.transcribe(sound)
    assert text and "▁" not in text


def test_weights_that_run_code_are_refused(espnet, recipe, tmp_path, monkeypatch):
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(marker),)

    import torch

    good = packed(recipe, tmp_path / "good.zip", monkeypatch)
    with zipfile.ZipFile(good) as archive:
        archive.extractall(tmp_path / "evil")
    torch.save({"weights": Evil()}, tmp_path / "evil/exp/model.pth")
    with pytest.raises(BadFile, match="not a model pack that this ESPnet can use"):
        load_espnet(tmp_path / "evil")
    assert not marker.exists()
    torch.load(tmp_path / "evil/exp/model.pth", weights_only=False)  # what ESPnet itself would do
    assert marker.exists()


def test_lacking_weights_are_refused(espnet, recipe, tmp_path, monkeypatch):
    import torch

    with zipfile.ZipFile(packed(recipe, tmp_path / "good.zip", monkeypatch)) as archive:
        archive.extractall(tmp_path / "thin")
    weights = torch.load(tmp_path / "thin/exp/model.pth", weights_only=True)
    del weights["ctc.ctc_lo.weight"]
    torch.save(weights, tmp_path / "thin/exp/model.pth")
    with pytest.raises(BadFile, match=r"lacks 1 weights, ctc\.ctc_lo\.weight"):
        load_espnet(tmp_path / "thin")


def test_import_does_not_ask_the_network(monkeypatch):
    """ESPnet's import asks NLTK for a dictionary; what is suppressed during it is there again afterwards."""
    nltk = pytest.importorskip("nltk", reason="ESPnet is not installed: pip install 'avbench[asr]'")
    before = nltk.download
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was used"))
    with quiet_import():
        assert nltk.download("cmudict") is False
    assert nltk.download is before


def folder_of(tmp_path, **files):
    for name, content in files.items():
        path = tmp_path / "pack" / name.replace("__", "/").replace("_yaml", ".yaml").replace("_pth", ".pth")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "pack"


@pytest.mark.parametrize(
    ("files", "fault", "message"),
    [
        ({"other_yaml": "a: 1"}, BadFile, "no meta.yaml in it"),
        ({"meta_yaml": "yaml_files: {s2t_train_config: a}\nfiles: {s2t_model_file: b}"}, BadFile, "of another task"),
        ({"meta_yaml": "yaml_files: {}\nfiles: {}"}, BadFile, "nothing in it"),
        ({"meta_yaml": META, "exp__config_yaml": "a: 1"}, BadFile, "model.pth is named in its meta.yaml"),
        ({"meta_yaml": "[", "exp__config_yaml": ""}, BadFile, "is not YAML"),
        ({"meta_yaml": META, "exp__model_pth": "", "exp__config_yaml": "- 1"}, BadFile, "does not hold names"),
        ({"meta_yaml": META, "exp__model_pth": "", "exp__config_yaml": "input_size: 80"}, BadFile, "features in place"),
        ({"meta_yaml": META, "exp__model_pth": "", "exp__config_yaml": "token_type: bpe"}, BadFile, "no tokenizer"),
        (
            {"meta_yaml": META, "exp__model_pth": "", "exp__config_yaml": "{token_type: char, frontend: s3prl}"},
            MissingResource,
            "frontend: s3prl.*would download",
        ),
    ],
)
def test_what_is_no_pack(files, fault, message, tmp_path):
    pytest.importorskip("yaml", reason="PyYAML is not installed: pip install 'avbench[asr]'")
    (tmp_path / "room").mkdir()
    with pytest.raises(fault, match=message):
        open_pack(folder_of(tmp_path, **files), tmp_path / "room")


def test_archives_stay_in_their_folder(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(BadFile, match="no zip or tar archive"):
        open_pack(tmp_path / "text", tmp_path / "room")
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.add(tmp_path / "text", "../../outside")
    with pytest.raises(BadFile, match="outside"):
        open_pack(tmp_path / "evil.tar", tmp_path / "room")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../outside", "x")
    with pytest.raises(BadFile, match=r"no meta\.yaml"):
        open_pack(tmp_path / "evil.zip", tmp_path / "room")
    assert not (tmp_path / "outside").exists() and not (tmp_path.parent / "outside").exists()


def test_names_of_the_zoo_are_not_fetched_unasked(tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was used"))
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    with pytest.raises(MissingResource, match="Nothing is downloaded unasked"):
        resolve_pack("someone/asr_train")
    (tmp_path / "espnet").mkdir()
    (tmp_path / "espnet/someone__asr_train.zip").write_bytes(b"")
    assert resolve_pack("someone/asr_train") == tmp_path / "espnet/someone__asr_train.zip"
    assert resolve_pack(str(tmp_path)) == tmp_path


def test_fetching_asks_the_zoo(tmp_path, monkeypatch):
    """With a stand-in for the zoo's own downloader, which needs the network."""
    monkeypatch.setitem(sys.modules, "espnet_model_zoo", None)
    monkeypatch.setitem(sys.modules, "espnet_model_zoo.downloader", None)
    with pytest.raises(MissingResource, match="pip install espnet_model_zoo"):
        fetch_pack("someone/asr", tmp_path)

    class ModelDownloader:
        def __init__(self, folder):
            self.folder = Path(folder)

        def download(self, name):
            if name == "someone/none":
                raise RuntimeError("404")
            (self.folder / "got.zip").write_bytes(name.encode())
            return str(self.folder / "got.zip")

    module = types.ModuleType("espnet_model_zoo.downloader")
    module.ModelDownloader = ModelDownloader
    monkeypatch.setitem(sys.modules, "espnet_model_zoo", types.ModuleType("espnet_model_zoo"))
    monkeypatch.setitem(sys.modules, "espnet_model_zoo.downloader", module)
    got = fetch_pack("someone/asr", tmp_path)
    assert got.read_bytes() == b"someone/asr"
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    assert resolve_pack("someone/asr") == got == fetch_pack("someone/asr", tmp_path)
    with pytest.raises(MissingResource, match="someone/none could not be fetched: 404"):
        fetch_pack("someone/none", tmp_path)


def test_the_doctor_fetches_by_the_name_of_the_zoo(tmp_path, monkeypatch):
    """`avbench doctor --fetch espnet=USER/MODEL`, and then `--judge espnet=USER/MODEL`, which uses no network."""
    import avbench.judges as room

    asked = []

    def download(name, folder):
        asked.append((name, folder))
        target = Path(folder) / "espnet" / "someone__asr.zip"
        target.parent.mkdir()
        target.write_bytes(b"pack")
        return target

    monkeypatch.setattr(room, "JUDGES", {**room.JUDGES, "espnet": replace(room.JUDGES["espnet"], fetch=download)})
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    (got,) = room.fetch("espnet=someone/asr")
    assert asked == [("someone/asr", str(tmp_path))]
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was used"))
    assert list(room.get_judge("espnet").files("someone/asr").values()) == [got]
    with pytest.raises(UsageError, match="fetch espnet=MODEL"):
        room.fetch("espnet")
    with pytest.raises(UsageError, match="without =other"):
        room.fetch("nisqa=other")
    assert ROWS[0].fetch is fetch_pack


def test_row_finds_archives_and_folders(tmp_path, monkeypatch):
    (row,) = ROWS
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    with pytest.raises(MissingResource, match=r"judge espnet has no weights here: espnet/pack\.zip is missing"):
        row.files()
    file = tmp_path / "mine.zip"
    file.write_bytes(pickle.dumps(1))
    assert list(row.files(file).values()) == [file]
    assert list(row.files(tmp_path).values()) == [tmp_path]
    assert row.identity(file).startswith("espnet@") and len(row.identity(file)) == 15
    (tmp_path / "other").write_bytes(b"")
    assert row.identity(tmp_path) != row.identity(file)

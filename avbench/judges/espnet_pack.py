"""Model packs of ESPnet: finding one, fetching one when asked to, and reading what is in it without trusting it.

Source: the layout that `espnet2.bin.pack asr` writes: a zip or tar archive with `meta.yaml`, which names the
configuration (`yaml_files`) and the weights (`files`) of a recogniser and, where there is one, of a language model, by
their paths in the archive. The archives and folders of the ESPnet model zoo have it. A folder without `meta.yaml` will
do if it holds one `config.yaml` and one `.pth` file.

Conventions: configurations are read as plain YAML, weights are not touched here. Paths inside a configuration are made
to point into the folder; those of another machine are matched by their ends.

Contents: `Pack`, `open_pack`, `resolve_pack`, `fetch_pack`.
"""

import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import BadFile, MissingResource
from .assets import VARIABLE

NEEDED = ("asr_train_config", "asr_model_file")
OFFERED = ("lm_train_config", "lm_file")
FETCHING = {
    "frontend": ("s3prl", "espnet_ssl", "fused", "whisper", "huggingface"),
    "encoder": ("wav2vec2", "hubert", "whisper", "avhubert"),
    "postencoder": ("hugging_face_transformers",),
    "decoder": ("whisper", "hugging_face_transformers"),
    "token_type": ("hugging_face", "whisper_en", "whisper_multilingual", "qwen2audio"),
}
"""Parts of a network that ESPnet builds from a pretrained model, which it would download."""


@dataclass(frozen=True)
class Pack:
    """What a model pack holds.

    Args:
        files: paths by the names that `meta.yaml` uses: configurations ready to be read by ESPnet, weights as they are.
        config: the configuration of the recogniser.
    """

    files: Mapping[str, Path]
    config: Mapping[str, Any]


def open_pack(pack: Path, room: Path) -> Pack:
    """Lay out a pack.

    Args:
        pack: an archive, or a folder that one was unpacked to, which is not written to.
        room: an empty folder that has to stay for as long as the pack is used.

    Raises:
        BadFile: not a model pack of a recogniser that takes sound.
        MissingResource: it is built on a model from elsewhere.
    """
    folder = pack
    if pack.is_file():
        folder = room / "pack"
        _unpack(pack, folder)
    files = _members(folder, pack)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    ready, config = dict(files), {}
    for name in ("asr_train_config", "lm_train_config"):
        if name in files:
            content = _anchored(_read_yaml(files[name]), names, folder)
            config[name] = content
            ready[name] = room / f"{name}.yaml"
            _write_yaml(ready[name], content)
    _check(config["asr_train_config"], pack)
    return Pack(ready, config["asr_train_config"])


def resolve_pack(given: str) -> Path:
    """Where a pack is that the user names: a path, or a name of the model zoo that `fetch_pack` has fetched.

    Raises:
        MissingResource: neither; nothing is downloaded.
    """
    if Path(given).exists():
        return Path(given)
    folder = os.environ.get(VARIABLE)
    places = [Path(folder) / "espnet" / (_flat(given) + ending) for ending in ("", ".zip")] if folder else []
    for place in places:
        if place.exists():
            return place
    raise MissingResource(
        f"There is no file {given}, and no model pack of that name in the folder espnet of the one that {VARIABLE} "
        f"names. Nothing is downloaded unasked: run avbench doctor --fetch espnet={given}, or give the path of a pack."
    )


def fetch_pack(name: str, folder: Path | str) -> Path:
    """Download a pack from the ESPnet model zoo. The only thing here that uses the network.

    Args:
        name: in the zoo, e.g. `"user/model"`.
        folder: the one that `AVBENCH_ASSETS` names.

    Returns:
        The archive or folder, where `resolve_pack` finds it under the name; one that is already there is kept.

    Raises:
        MissingResource: the package espnet_model_zoo is not installed, or the pack did not come.
    """
    for ending in ("", ".zip"):
        if (target := Path(folder) / "espnet" / (_flat(name) + ending)).exists():
            return target
    try:
        from espnet_model_zoo.downloader import ModelDownloader
    except ModuleNotFoundError as error:
        raise MissingResource(
            "avbench needs the package espnet_model_zoo to download a model pack: pip install espnet_model_zoo."
        ) from error
    with tempfile.TemporaryDirectory() as aside:
        try:
            got = Path(ModelDownloader(aside).download(name))
        except Exception as error:  # of many kinds
            raise MissingResource(f"The model pack {name} could not be fetched: {error}.") from error
        target = Path(folder) / "espnet" / (_flat(name) + ("" if got.is_dir() else ".zip"))
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        (shutil.copytree if got.is_dir() else shutil.copyfile)(got, part)
        part.rename(target)
    return target


def _flat(name: str) -> str:
    return name.replace("/", "__")


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack, never outside of the folder."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as content:
                content.extractall(folder)  # which drops leading slashes and ".."
        else:
            with tarfile.open(archive) as content:
                content.extractall(folder, filter="data")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise BadFile(f"{archive} is not a model pack of ESPnet: it is no zip or tar archive ({error}).") from error


def _members(folder: Path, pack: Path) -> dict[str, Path]:
    """Configurations and weights of a pack, by name; every one of them is there."""
    metas = sorted(folder.rglob("meta.yaml"), key=lambda path: len(path.parts))
    if metas:
        meta = _read_yaml(metas[0])
        stated = {**(meta.get("yaml_files") or {}), **(meta.get("files") or {})}
    else:
        configs, weights = list(folder.rglob("config.yaml")), list(folder.rglob("*.pth"))
        if len(configs) != 1 or len(weights) != 1:
            raise BadFile(
                f"{pack} is not a model pack of ESPnet: there is no meta.yaml in it, nor one config.yaml with one .pth."
            )
        stated = {"asr_train_config": configs[0], "asr_model_file": weights[0]}
    foreign = sorted(set(stated) - {*NEEDED, *OFFERED})
    if foreign or not set(NEEDED) <= set(stated):
        raise BadFile(
            f"{pack} is a model pack of another task ({', '.join(sorted(stated)) or 'nothing in it'}): "
            "take one of an ASR recipe."
        )
    files = {name: folder / path for name, path in stated.items()}
    for path in files.values():
        if not path.is_file():
            raise BadFile(f"{pack} is damaged: {path.name} is named in its meta.yaml and is not there.")
    return files


def _check(config: Mapping[str, Any], pack: Path) -> None:
    """Refuse what cannot be run here, or not without a download."""
    if config.get("input_size") is not None:
        raise BadFile(f"{pack} takes features in place of sound: take a pack whose network computes them itself.")
    if config.get("token_type") is None or (config["token_type"] == "bpe" and not config.get("bpemodel")):
        raise BadFile(f"{pack} has no tokenizer, so its answer cannot be written as words.")
    for part, names in FETCHING.items():
        if config.get(part) in names:
            raise MissingResource(
                f"{pack} is built on a further pretrained model ({part}: {config[part]}), which ESPnet would download: "
                "take a pack that is complete in itself."
            )


def _anchored(value: Any, names: Collection[str], folder: Path) -> Any:
    """The same configuration with every path to a file of the pack pointing into the folder.

    Args:
        value: of a configuration.
        names: of all files in the folder, relative to it.
        folder: that the pack is in.
    """
    if isinstance(value, dict):
        return {key: each if key == "token_list" else _anchored(each, names, folder) for key, each in value.items()}
    if isinstance(value, list):
        return [_anchored(each, names, folder) for each in value]
    if not isinstance(value, str):
        return value
    path = PurePosixPath(value)
    for start in range(len(path.parts) if path.is_absolute() else 1):
        if (tail := "/".join(path.parts[start:])) in names:
            return str(folder.resolve() / tail)
    return value


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} is not YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(content, dict):
        raise BadFile(f"{path} does not hold names and values.")
    return content


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    import yaml

    path.write_text(yaml.safe_dump(dict(content), allow_unicode=True), "utf-8")

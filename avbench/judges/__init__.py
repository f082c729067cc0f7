"""Judges: frozen pretrained models that metrics need, each known by name and by the digest of its weights.

A judge is a row of the file that holds its adapter; to add one, write a file with its `ROWS` and add it here. Judges of
other packages are found by their entry points in the group `avbench.judges`, which name a `Judge`. Importing this room
loads no package behind a judge.

Contents: `JUDGES`, `Judge`, `list_judges`, `get_judge`, `use_judge`, `chosen_judges`, `open_judge`, `judge_identity`,
`fetch`.
"""

import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Any

from ..errors import AvbenchError, MissingResource, UnknownName, UsageError
from . import dlib68, dnsmos, espnet, inception, mstcn, nisqa, perceptual, speaker
from .assets import VARIABLE, fetch_asset, identity_of
from .judge import Judge

__all__ = [
    "JUDGES",
    "Judge",
    "chosen_judges",
    "fetch",
    "get_judge",
    "judge_identity",
    "list_judges",
    "open_judge",
    "use_judge",
]

GROUP = "avbench.judges"

_FILES = (perceptual, inception, dlib68, mstcn, nisqa, dnsmos, speaker, espnet)

JUDGES: Mapping[str, Judge] = MappingProxyType({row.name: row for file in _FILES for row in file.ROWS})

_lock = RLock()
_chosen: dict[str, tuple[str | None, str]] = {}
_opened: dict[tuple[str, str, str], Any] = {}


def list_judges() -> list[str]:
    """Names of all judges, those of other packages included; nothing is imported."""
    return sorted({*JUDGES, *(point.name for point in entry_points(group=GROUP))})


def get_judge(name: str) -> Judge:
    """The judge of that name.

    Raises:
        UnknownName: there is none; the message names the nearest ones.
        MissingResource: the package that offers it cannot be imported, or offers something else.
    """
    if name in JUDGES:
        return JUDGES[name]
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        raise UnknownName("judge", name, list_judges())
    try:
        judge = points[name].load()
    except Exception as error:  # foreign code may raise anything
        raise MissingResource(f"The judge {name} cannot be loaded from {points[name].value}: {error}.") from error
    if not isinstance(judge, Judge):
        raise MissingResource(f"The entry point {name} ({points[name].value}) is not an avbench.judges.Judge.")
    return judge


def use_judge(name: str, path: Path | str | None = None, device: str = "cpu") -> None:
    """Choose the weights and the device of a judge for the rest of this process, or another judge in its place.

    Args:
        name: of the judge.
        path: a file or folder, or what else the judge takes; None looks in the usual places. The name of another judge
            puts that one in its place: whatever asks for `name` then gets its answers, and results carry its identity.
        device: `"cpu"` or `"cuda"`.

    Raises:
        UnknownName: there is no such judge.
        MissingResource, BadFile: its weights are not there.
    """
    judge = get_judge(name)
    if path == name:
        path = None
    if _is_judge(path):
        get_judge(str(path)).files(chosen_judges().get(str(path), (None, ""))[0])
    else:
        judge.files(path)
    with _lock:
        _chosen[name] = (None if path is None else str(path), device)


def chosen_judges() -> dict[str, tuple[str | None, str]]:
    """What `use_judge` was told: name to (path, device); for a worker process to repeat."""
    with _lock:
        return dict(_chosen)


def open_judge(name: str, path: Path | str | None = None, device: str | None = None) -> Any:
    """A judge that is ready to answer; the same object for the same name, weights and device.

    Args:
        name: of the judge.
        path: a file or folder of weights; None takes what `use_judge` chose, or looks in the usual places.
        device: `"cpu"` or `"cuda"`; None takes what `use_judge` chose, or the CPU.

    Raises:
        UnknownName: there is no such judge.
        MissingResource: weights or a package are absent; the sentence says how to get them.
        BadFile: the weights are not what their name says, or cannot be read.
    """
    judge = get_judge(name)
    with _lock:  # two threads that ask at once share one load
        usual_path, usual_device = _chosen.get(name, (None, "cpu"))
        if path is None and _is_judge(usual_path):
            return open_judge(str(usual_path), device=device or usual_device)
        files = judge.files(path if path is not None else usual_path)
        key = (name, identity_of(files) if files else "", device or usual_device)
        if key not in _opened:
            _opened[key] = judge.load(files, key[2])
        return _opened[key]


def judge_identity(name: str, path: Path | str | None = None) -> str:
    """What stands in a result: `nisqa@7ec4cf93`, the digits being those of the digest over its files.

    Arguments and errors as for `open_judge`.
    """
    with _lock:
        path = path if path is not None else _chosen.get(name, (None, ""))[0]
    return judge_identity(str(path)) if _is_judge(path) else get_judge(name).identity(path)


def _is_judge(path: Path | str | None) -> bool:
    return isinstance(path, str) and path in list_judges()


def fetch(name: str, folder: Path | str | None = None) -> list[Path]:
    """Download the weights of a judge where their licence allows it. The only thing here that uses the network.

    Args:
        name: of the judge; where every user has weights of their own, with what they are called: `espnet=USER/MODEL`.
        folder: where to put them, laid out by the names of the assets; None takes the folder of `AVBENCH_ASSETS`.

    Returns:
        The files; those that are already here and right are not fetched again.

    Raises:
        UnknownName: there is no such judge.
        UsageError: no folder is given and `AVBENCH_ASSETS` is not set; or which weights is not said, or said in vain.
        MissingResource: one is not offered for download (the sentence says where the user gets it), or did not come.
        BadFile: what came, or what lies there, is not the file.
    """
    name, _, which = name.partition("=")
    judge = get_judge(name)
    if judge.fetch is None and which:
        raise UsageError(f"The judge {name} has one set of weights: fetch {name}, without ={which}.")
    if judge.fetch is not None and not which:
        raise UsageError(f"The judge {name} has no weights of its own: fetch {name}=MODEL, by its maker's name.")
    folder = folder or os.environ.get(VARIABLE)
    if not folder:
        raise UsageError(f"Nobody said where to put the weights of {name}: set {VARIABLE} to a folder.")
    if judge.fetch is not None:
        return [judge.fetch(which, folder)]
    refusals, got = [], []
    for asset in judge.assets:
        try:
            got.append(fetch_asset(asset, folder))
        except AvbenchError as error:  # get what can be had first
            refusals.append(error)
    if refusals:
        raise refusals[0]
    return got

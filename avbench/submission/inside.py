"""The end of the pipe that lies in the sandbox: it opens the system, and answers one question after the other.

This program shares its process with submitted code, so nothing that it does can be relied upon: the walls are the
sandbox and `box`, which doubts every byte that comes back. The limits set here are inherited by whatever the code
starts, and cannot be raised again.

What is printed goes to standard error, of which the runner keeps the last line.

Contents: `main`.
"""

import os
import resource
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import AvbenchError, BadFile, Unscorable
from ..types import Inputs
from .wire import Reader, encode, inputs_of, prediction_to_wire

PIECE = 1 << 20
MOST_FILES = 256
MOST_TASKS = 4096  # processes and threads of one user; `box` counts processes more closely


def main(setting: Mapping[str, Any]) -> None:
    """Serve the runner until it hangs up.

    Args:
        setting: `folder` of the submission, `entry` (`module:Class`, or None for outputs), `kind` of answers, `device`,
            `memory` and `disk` in bytes.
    """
    asked, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a system prints is not an answer
    _limit(setting)
    predict = _opened(answers, setting)
    while predict is not None:
        message = _next(asked)
        if message is None:
            return
        try:
            reply = encode(*prediction_to_wire(predict(inputs_of(*message)), setting["kind"]))
        except BaseException as error:
            reply = encode({"fault": _said(error)})
        _send(answers, reply)


def _limit(setting: Mapping[str, Any]) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: setting["memory"],
        resource.RLIMIT_FSIZE: setting["disk"],
        resource.RLIMIT_NOFILE: MOST_FILES,
        resource.RLIMIT_NPROC: MOST_TASKS,
    }
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))


def _opened(answers: int, setting: Mapping[str, Any]) -> Callable[[Inputs], Any] | None:
    """Makes the system ready, tells the runner, and gives what predicts; None where it cannot be loaded."""
    try:
        predict = _outputs(setting) if setting["entry"] is None else _system(setting)
    except BaseException as error:
        _send(answers, encode({"fault": _said(error)}))
        return None
    _send(answers, encode({"ready": True}))
    return predict


def _system(setting: Mapping[str, Any]) -> Callable[[Inputs], Any]:
    from ..evaluation.answers import ANSWERS

    kind = ANSWERS[setting["kind"]]
    sys.path.insert(0, setting["folder"])
    module, _, name = setting["entry"].partition(":")
    found = getattr(import_module(module), name)
    system = found() if callable(found) else found
    system.load(setting["device"])

    def predict(one: Inputs) -> Any:
        predictions = system.predict([one])
        if len(predictions) != 1:
            raise ValueError(f"{len(predictions)} predictions for one trial")
        return kind.take(predictions[0])

    return predict


def _outputs(setting: Mapping[str, Any]) -> Callable[[Inputs], Any]:
    """Reads what was handed in; decoders of media are the sandbox's affair too."""
    from ..evaluation.answers import ANSWERS

    kind, folder = ANSWERS[setting["kind"]], Path(setting["folder"]) / "outputs"

    def read(one: Inputs) -> Any:
        paths = [folder / f"{one.id}{suffix}" for suffix in kind.suffixes]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise FileNotFoundError(f"there is no file {paths[0].name}")
        if not found.stat().st_size:
            raise ValueError(f"{found.name} is empty")
        try:
            return kind.made_anew(kind.read(found))
        except AvbenchError as error:
            raise BadFile(str(error).replace(f"{folder}/", "")) from None

    return read


def _next(asked: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
    reader = Reader()
    while not reader.whole:
        piece = os.read(asked, PIECE)
        if not piece:
            return None
        reader.feed(piece)
    return reader.message()


def _send(answers: int, message: bytes) -> None:
    view = memoryview(message)
    while view:
        view = view[os.write(answers, view) :]


def _said(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())[:300].rstrip(".")
    except Exception:  # foreign code may raise what cannot even be shown
        text = ""
    if isinstance(error, Unscorable | AvbenchError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

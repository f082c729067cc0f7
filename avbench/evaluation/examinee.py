"""Who sits an exam: a system, or an anchor that the runner makes from the trial itself.

Both answer a batch of trials with one `Audio` or one fault each. A system sees the inputs only; an anchor may look at
the target, which is why anchors are no systems. Whatever a system raises, `SystemExit` too, is its own fault and scores
the floor, except what the machine did to it: no memory, no disk.

Contents: `ANCHORS`, `Examinee`, `anchor`, `candidate`, `OutputsFolder`, `open_examinee`.
"""

import errno
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import (
    AvbenchError,
    BadFile,
    EstimateFault,
    MachineFault,
    MissingResource,
    UnknownName,
    Unscorable,
    UsageError,
)
from ..registry import open_system, said
from ..tasks import Task
from ..types import Audio, Card, Inputs, Prediction, System, Trial

Answer = Audio | Unscorable
STARVED = (errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO)  # whatever else is refused is for the system to bear


@dataclass(frozen=True, eq=False)
class Examinee:
    """What the runner knows of one row of the table.

    Args:
        name: as typed.
        digest: hash of what decides the answers.
        card: of the system; None for an anchor.
        load: makes it ready on a device.
        answer: one `Audio` or fault per trial, in order.
        video: it needs the video of a trial.
    """

    name: str
    digest: str
    card: Card | None
    load: Callable[[str], None]
    answer: Callable[[Sequence[Trial]], list[Answer]]
    video: bool = False

    @property
    def anchor(self) -> bool:
        """A row made by the runner."""
        return self.card is None


def _silence(trial: Trial) -> Audio:
    return Audio(np.zeros_like(trial.target.audio.samples), trial.target.audio.rate)


ANCHORS: dict[str, Callable[[Trial], Audio]] = {
    "noisy": lambda trial: trial.input.audio,
    "oracle": lambda trial: trial.target.audio,
    "silence": _silence,
}
"""The input as it is; the target; nothing at all. Bounds that tell whether the judging itself is sane."""


def anchor(name: str) -> Examinee:
    """An anchor as an examinee.

    Raises:
        UnknownName: there is no such anchor.
    """
    if name not in ANCHORS:
        raise UnknownName("anchor", name, ANCHORS)
    make = ANCHORS[name]
    return Examinee(name, f"anchor:{name}@1", None, lambda device: None, lambda trials: [make(t) for t in trials])


def candidate(name: str, system: System) -> Examinee:
    """A system as an examinee."""

    def answer(trials: Sequence[Trial]) -> list[Answer]:
        return _answers(system, [trial.input for trial in trials])

    return Examinee(name, system.digest, system.card, system.load, answer, "video" in system.card.inputs)


def _answers(system: System, inputs: Sequence[Inputs]) -> list[Answer]:
    """Ask for a batch; if that fails, ask one by one, so that one bad input costs one answer."""
    try:
        predictions = system.predict(inputs)
        if len(predictions) != len(inputs):
            raise EstimateFault(f"the system gave {len(predictions)} answers to {len(inputs)} inputs")
    except (AvbenchError, KeyboardInterrupt, GeneratorExit):
        raise  # something the user can mend, such as a missing package, or the user's own wish
    except BaseException as error:
        if len(inputs) > 1:
            return [_answers(system, [one])[0] for one in inputs]
        return [_fault(error)]
    return [_audio(prediction) for prediction in predictions]


def _audio(prediction: Prediction) -> Answer:
    audio = getattr(prediction, "audio", None)
    return audio if isinstance(audio, Audio) else EstimateFault("the system gave no audio")


def _fault(error: BaseException) -> Unscorable:
    """Whose fault an exception of a system is. Torch reports a lack of memory as a RuntimeError."""
    if isinstance(error, Unscorable):
        return error
    starved = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in STARVED)
    if starved or "OutOfMemory" in type(error).__name__ or "can't allocate memory" in str(error):
        return MachineFault(f"the machine failed while the system ran ({said(error)})")
    return EstimateFault(f"the system raised {said(error)}")


class OutputsFolder:
    """A system whose answers lie in a folder, made elsewhere from `avbench plan render`: `outputs:DIR`.

    Args:
        folder: holds one `<trial-id>.wav` per trial; a missing or unreadable one fails.

    Raises:
        MissingResource: there is no such folder, or no .wav file in it.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        if not folder.is_dir():
            raise MissingResource(f"There is no folder {folder} to take outputs from.")
        files = sorted(folder.glob("*.wav"))
        if not files:
            raise MissingResource(f"{folder} holds no .wav file; outputs must be named <trial-id>.wav.")
        digest = hashlib.sha256()
        for file in files:
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        self.digest = digest.hexdigest()
        self.card = Card(
            id=f"outputs:{folder.resolve().name}",
            title="predictions made elsewhere",
            paper="",
            inputs=frozenset({"audio"}),
            output="audio",
            rate=16000,
            causal=False,
            lookahead=0.0,
            licence="",
        )

    def load(self, device: str) -> None:
        """Nothing to make ready."""

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Read the answers.

        Raises:
            EstimateFault: a file is missing or cannot be read.
        """
        return [Prediction(audio=self._read(one.id)) for one in inputs]

    def _read(self, trial: str) -> Audio:
        from ..signal.audio import read_channels

        path = self.folder / f"{trial}.wav"
        if not path.is_file():
            raise EstimateFault(f"there is no file {path.name}")
        try:
            channels = read_channels(path)
        except BadFile as error:
            raise EstimateFault(f"{path.name} cannot be read") from error
        if len(channels) != 1:
            raise EstimateFault(f"{path.name} has {len(channels)} channels, not 1")
        return channels[0]


def open_examinee(name: str, task: Task, recipe: str | None = None, weights: Path | None = None) -> Examinee:
    """The system of that name, ready to be loaded.

    Args:
        name: of a registry, `package.module:Class`, or `outputs:DIR`.
        task: picks the variant that a bare name means.
        recipe: whose weights.
        weights: a file of weights instead.

    Raises:
        UnknownName, MissingResource: no such system, no weights for it.
        UsageError: it gives another kind of answer than the task wants.
    """
    if name.startswith("outputs:"):
        if recipe is not None or weights is not None:
            raise UsageError(f"{name} holds answers made elsewhere: it takes neither --recipe nor --weights.")
        system = OutputsFolder(Path(name.removeprefix("outputs:")).expanduser())
        return candidate(system.card.id, system)
    system = open_system(name, task=task.name, recipe=recipe, weights=weights)
    if system.card.output != task.answer:
        raise UsageError(f"{name} answers with {system.card.output}, and the task {task.name} wants {task.answer}.")
    return candidate(name, system)

"""Who sits an exam: a system, or an anchor that the runner makes from the trial itself.

Both answer a batch of trials with one `Audio` or one fault each. A system sees the inputs only; an anchor may look at
the target, which is why anchors are no systems. Whatever a system raises, `SystemExit` too, is its own fault and scores
the floor, except what the machine did to it: no memory, no disk. A system sits in a process of its own, see `host`.

Contents: `ANCHORS`, `Examinee`, `anchor`, `candidate`, `OutputsFolder`, `open_examinee`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BadFile, EstimateFault, MissingResource, UnknownName, UsageError
from ..tasks import Task
from ..types import Audio, Card, Inputs, Prediction, System, Trial
from . import progress
from .host import TIMEOUT, Answer, Host, Spec, answers_of

HERE = "__main__:"  # a class of the program that calls us; no other process can import it


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
        close: lets go of what `load` took.
        timeout: seconds that it may take for one call; None where nothing limits it.
        reloading: seconds that `answer` has spent so far on starting it again.
    """

    name: str
    digest: str
    card: Card | None
    load: Callable[[str], None]
    answer: Callable[[Sequence[Trial]], list[Answer]]
    video: bool = False
    close: Callable[[], None] = lambda: None
    timeout: float | None = None
    reloading: Callable[[], float] = lambda: 0.0

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


def candidate(name: str, system: System, host: Host | None = None) -> Examinee:
    """A system as an examinee.

    Args:
        name: as typed.
        system: says what it is; it also answers, unless there is a host.
        host: the process that it sits in. Without one nothing ends a system that hangs, or survives one that crashes.
    """

    def answer(trials: Sequence[Trial]) -> list[Answer]:
        inputs = [trial.input for trial in trials]
        return host.answer(inputs) if host else answers_of(system, inputs)

    video = "video" in system.card.inputs
    if host is None:
        return Examinee(name, system.digest, system.card, system.load, answer, video)
    return Examinee(
        name, system.digest, system.card, host.load, answer, video, host.close, host.timeout, lambda: host.reloading
    )


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


def open_examinee(
    name: str, task: Task, recipe: str | None = None, weights: Path | None = None, timeout: float = TIMEOUT
) -> Examinee:
    """The system of that name, ready to be loaded.

    Args:
        name: of a registry, `package.module:Class`, or `outputs:DIR`.
        task: picks the variant that a bare name means.
        recipe: whose weights.
        weights: a file of weights instead.
        timeout: seconds that it may take for one call.

    Raises:
        UnknownName, MissingResource: no such system, no weights for it.
        UsageError: it gives another kind of answer than the task wants, or a limit is set that cannot be kept.
    """
    if name.startswith("outputs:"):
        if recipe is not None or weights is not None:
            raise UsageError(f"{name} holds answers made elsewhere: it takes neither --recipe nor --weights.")
        system = OutputsFolder(Path(name.removeprefix("outputs:")).expanduser())
        return candidate(system.card.id, system)
    spec = Spec(name, task.name, recipe, weights)
    system = spec.open()
    if system.card.output != task.answer:
        raise UsageError(f"{name} answers with {system.card.output}, and the task {task.name} wants {task.answer}.")
    if name.startswith(HERE):
        if timeout != TIMEOUT:
            raise UsageError(f"Nothing can end {name}, part of this program: move it to a file, or give no --timeout.")
        progress.note(
            f"{name} is part of this program and sits in it: nothing can end it if it hangs, and where it crashes, the "
            "run ends, each time. Moved into a file of its own it costs one answer."
        )
        return candidate(name, system)
    return candidate(name, system, Host(spec, timeout))

"""Who sits an exam: a system, or an anchor that the runner makes from the trial itself.

Both answer a batch of trials with one answer (see `answers`) or one fault each. A system sees the inputs only; an
anchor may look at the target, and at other clips, which is why anchors are no systems. Whatever a system raises,
`SystemExit` too, is its own fault and scores the floor, except what the machine did to it: no memory, no disk. A system
sits in a process of its own, see `host`.

Contents: `ANCHORS`, `Examinee`, `truth_of`, `anchor`, `candidate`, `OutputsFolder`, `open_examinee`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadFile, EstimateFault, MissingResource, UnknownName, UsageError
from ..tasks import Task
from ..types import Audio, Card, Inputs, Prediction, System, Trial, Video
from . import progress, shuffled
from .answers import ANSWERS
from .host import TIMEOUT, Answer, Host, Spec, answers_of

if TYPE_CHECKING:
    from .exam import Exam

SOUNDS = frozenset({"audio", "voice"})  # inputs for which no picture is made
HERE = "__main__:"  # a class of the program that calls us; no other process can import it


@dataclass(frozen=True, eq=False)
class Examinee:
    """What the runner knows of one row of the table.

    Args:
        name: as typed.
        digest: hash of what decides the answers.
        card: of the system; None for an anchor.
        load: makes it ready on a device.
        answer: one answer or fault per trial, in order.
        video: it needs the pictures of a trial.
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


def _silence(trial: Trial, exam: "Exam | None") -> Audio:
    return Audio(np.zeros_like(trial.target.audio.samples), trial.target.audio.rate)


def _still_face(trial: Trial, exam: "Exam | None") -> Video:
    """The picture that the trial shows, as long as the film that is wanted."""
    wanted = trial.target.video
    return Video(np.repeat(trial.input.face.frames[:1], len(wanted.frames), axis=0), wanted.fps)


ANCHORS: dict[str, dict[str, Callable[[Trial, "Exam | None"], Any]]] = {
    "audio": {
        "noisy": lambda trial, exam: trial.input.audio,
        "oracle": lambda trial, exam: trial.target.audio,
        "silence": _silence,
    },
    "text": {
        "oracle": lambda trial, exam: trial.target.text,
        "silence": lambda trial, exam: "",
    },
    "scores": {
        "oracle": lambda trial, exam: trial.target.labels.astype(np.float32),
        "constant": lambda trial, exam: np.zeros(len(trial.target.labels), np.float32),
    },
    "video": {
        "true-video": lambda trial, exam: trial.target.video,
        "still-face": _still_face,
        shuffled.NAME: shuffled.film_of_another,
    },
}
"""By the kind of answer: the input as it is; the target, or that of another clip; nothing at all, or as much of every
frame. Bounds that tell whether the judging itself is sane."""
TRUTHS = {"video": "true-video"}  # what the anchor that hands in the target is called, where not "oracle"


def truth_of(kind: str) -> str:
    """The anchor that hands in the target, for answers of a kind."""
    return TRUTHS.get(kind, "oracle")


def anchor(name: str, kind: str = "audio", exam: "Exam | None" = None) -> Examinee:
    """An anchor as an examinee.

    Args:
        name: of `ANCHORS`.
        kind: of answers that the task wants.
        exam: that it sits; only what is made of other clips needs to know.

    Raises:
        UnknownName: there is no such anchor for such answers.
    """
    if name not in ANCHORS[kind]:
        raise UnknownName("anchor", name, ANCHORS[kind])
    make = ANCHORS[kind][name]

    def load(device: str) -> None:
        if name == shuffled.NAME and exam is not None:
            shuffled.make_ready(exam)

    def answer(trials: Sequence[Trial]) -> list[Answer]:
        return [_made(make, trial, exam, name) for trial in trials]

    return Examinee(name, f"anchor:{name}@1", None, load, answer, video=name == "still-face")


def _made(make: Callable[[Trial, "Exam | None"], Any], trial: Trial, exam: "Exam | None", name: str) -> Answer:
    """What an anchor answers; nothing where the trial, or the exam, has nothing of the kind."""
    try:
        found = make(trial, exam)
    except EstimateFault as fault:
        return fault
    except AttributeError:
        found = None
    return EstimateFault(f"this trial has nothing that {name} could be made from") if found is None else found


def candidate(name: str, system: System, host: Host | None = None) -> Examinee:
    """A system as an examinee.

    Args:
        name: as typed.
        system: says what it is; it also answers, unless there is a host.
        host: the process that it sits in. Without one nothing ends a system that hangs, or survives one that crashes.
    """

    def answer(trials: Sequence[Trial]) -> list[Answer]:
        inputs = [trial.input for trial in trials]
        return host.answer(inputs) if host else answers_of(system, inputs, ANSWERS[system.card.output])

    video = bool(system.card.inputs - SOUNDS)
    if host is None:
        return Examinee(name, system.digest, system.card, system.load, answer, video)
    return Examinee(
        name, system.digest, system.card, host.load, answer, video, host.close, host.timeout, lambda: host.reloading
    )


class OutputsFolder:
    """A system whose answers lie in a folder, made elsewhere from `avbench plan render`: `outputs:DIR`.

    Args:
        folder: holds one `<trial-id>.wav` per trial, or what else the task wants; a missing or unreadable one fails.
        kind: of answers, a name in `ANSWERS`.

    Raises:
        MissingResource: there is no such folder, or no such file in it.
    """

    def __init__(self, folder: Path, kind: str = "audio"):
        self.folder, self.kind = folder, ANSWERS[kind]
        if not folder.is_dir():
            raise MissingResource(f"There is no folder {folder} to take outputs from.")
        files = sorted(file for suffix in self.kind.suffixes for file in folder.glob(f"*{suffix}"))
        if not files:
            suffixes = " or ".join(self.kind.suffixes)
            raise MissingResource(
                f"{folder} holds no {suffixes} file; outputs must be named <trial-id>{self.kind.suffixes[0]}."
            )
        digest = hashlib.sha256()
        for file in files:
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        self.digest = digest.hexdigest()
        self.card = Card(
            id=f"outputs:{folder.resolve().name}",
            title="predictions made elsewhere",
            paper="",
            inputs=frozenset({"audio"}),
            output=kind,
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
        return [Prediction(**{self.kind.name: self._read(one.id)}) for one in inputs]

    def _read(self, trial: str) -> Any:
        paths = [self.folder / f"{trial}{suffix}" for suffix in self.kind.suffixes]
        found = [path for path in paths if path.is_file()]
        if not found:
            raise EstimateFault(f"there is no file {' or '.join(path.name for path in paths)}")
        if len(found) > 1:
            raise EstimateFault(f"there are both {found[0].name} and {found[1].name}")
        try:
            return self.kind.read(found[0])
        except BadFile as error:
            why = str(error).removeprefix(str(found[0])).strip().rstrip(".")
            raise EstimateFault(f"{found[0].name} {why}") from error


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
        system = OutputsFolder(Path(name.removeprefix("outputs:")).expanduser(), task.answer)
        return candidate(system.card.id, system)
    spec = Spec(name, task.variant, recipe, weights, task.answer)
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

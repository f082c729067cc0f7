"""`apply`: use a system on the user's own files.

Contents: `apply`, `Applied`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import AvbenchError, BadFile, EstimateFault, MissingResource, UsageError
from ..registry import open_system, said
from ..seeds import seed_of
from ..signal.audio import CONTAINERS, read_channels, resample, write_channels
from ..types import Audio, Inputs, Stream, System
from . import progress
from .answers import ANSWERS
from .evaluate import choose_device
from .filmed import film_file, write_film
from .given import SPEECH, named, read_given
from .streamed import HopTimes, stream_file


@dataclass(frozen=True)
class Applied:
    """One file and what was made of it.

    Args:
        input: what was read; of several files that belong together the first.
        output: what was written: of sound a 32-bit float wav of the same rate, length and number of channels.
        conversions: what was done to the files on the way to the system and back, a clause each.
        hops: how long the hops took, where the file was streamed.
    """

    input: Path
    output: Path
    conversions: tuple[str, ...]
    hops: HopTimes | None = None


def apply(
    system: str,
    inputs: str | Path | Sequence[str | Path] = (),
    *,
    out: str | Path,
    given: Sequence[str] | Mapping[str, str | Path] = (),
    task: str | None = None,
    recipe: str | None = None,
    weights: str | Path | None = None,
    device: str = "auto",
    stream: bool = False,
) -> list[Applied]:
    """Let a system answer files of the user's own.

    A file at another rate than the system's is resampled to it and back, channels are answered one by one, and of a
    video file the sound is taken; each such conversion, also to 32-bit float, is reported.

    A system that answers with text or scores writes `.txt`. One that needs more than sound gets its files by name and
    answers once: with a film (`.mp4`, with the given speech and the words that it is synthetic), `.wav` or `.txt`.

    Args:
        system: its name.
        inputs: sound files, or video files with sound, to be answered one by one.
        out: folder; each output is called like its input.
        given: instead, `NAME=FILE` each, or a mapping; see `avbench.evaluation.given` for the names.
        task: picks the variant that a bare name means, where that is not the usual one.
        recipe: whose weights.
        weights: a file of weights instead.
        device: `auto`, `cpu` or `cuda`.
        stream: hop by hop, as live sound comes, in memory that does not grow with the file; the records then say how
            long hops took.

    Returns:
        One record per input, in order.

    Raises:
        BadFile: a file is missing, unreadable, empty, silent (where it is not streamed) or not finite, or its answer is
            of no use. The other files have been answered.
        UsageError, MissingResource: nothing was answered; `stream` was asked of a system that cannot.
    """
    files = [Path(one) for one in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    if files and given:
        raise UsageError("Files are named with --in, or without, not both.")
    ready = open_system(system, task=task, recipe=recipe, weights=Path(weights) if weights else None)
    outputs = [] if given else _outputs(files, Path(out), _ending(ready))
    if given:
        return [_together(ready, named(given, ready.card), Path(out), device, stream)]
    if seen := sorted(ready.card.inputs - {"audio"}):
        more = " ".join(f"--in {name}=FILE" for name in seen)
        raise MissingResource(
            f"{system} needs {' and '.join(seen)} beside the sound: name a system that only listens, or give it files "
            f"by name with --in speech=FILE {more}."
        )
    if stream:
        _begin(ready, system)
    sounds = ready.card.output == "audio"
    if sounds:
        ready.load(choose_device(device))
    done, faults = [], []
    for file, output in zip(files, outputs, strict=True):
        try:
            if not sounds:
                done.append(_together(ready, {SPEECH: file}, Path(out), device, stream))
            else:
                done.append(_streamed(ready, system, file, output) if stream else _one(ready, file, output))
        except BadFile as error:
            faults.append(str(error))
        except MissingResource as error:
            if file.exists():
                raise
            faults.append(str(error))
        progress.advance(system, len(done) + len(faults), len(files))
    if faults:
        rest = f" (the other {len(done)} were answered)" if done else ""
        raise BadFile(" ".join(faults) + rest)
    return done


def _together(system: System, files: Mapping[str, Path], out: Path, device: str, live: bool) -> Applied:
    """Answer files that belong together; errors as `apply`."""
    first, speech = next(iter(files.values())), files.get(SPEECH)
    output = out / f"{(speech or first).stem}{_ending(system)}"
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file, and --out must be a folder.")
    if output.exists() and any(file.exists() and output.samefile(file) for file in files.values()):
        raise UsageError(f"{output} would be overwritten by its answer: choose another --out.")
    filming = hasattr(system, "animate") and system.card.inputs == {"audio", "face"}
    if live and not filming:
        raise UsageError(f"{system.card.id} cannot be streamed with files by name.")
    inputs, notes = read_given(files, system.card, skip=SPEECH if filming else "")
    system.load(choose_device(device))
    if filming:
        stream = system.animate(inputs.face, inputs.seed)
        told = partial(progress.advance, system.card.id)
        hops, clauses = film_file(stream, speech, output, live, told)
        return Applied(speech, output, (*notes, *clauses), hops)
    try:
        answer = ANSWERS[system.card.output].take(system.predict([inputs])[0])
    except (AvbenchError, MemoryError):
        raise
    except EstimateFault as fault:
        raise BadFile(f"{first} could not be answered: {fault.reason}.") from fault
    except (Exception, SystemExit) as error:
        raise BadFile(f"{first} could not be answered: the system raised {said(error)}.") from error
    if system.card.output == "video":
        write_film(output, answer, speech)
    else:
        ANSWERS[system.card.output].write(output, answer)
    return Applied(first, output, notes)


def _ending(system: System) -> str:
    """Of the file that holds an answer."""
    return ".mp4" if system.card.output == "video" else ANSWERS[system.card.output].suffixes[0]


def _outputs(files: Sequence[Path], out: Path, ending: str) -> list[Path]:
    """Where each answer goes.

    Raises:
        UsageError: no file, two of one name, an answer that would overwrite its own input, or `out` is a file.
    """
    if not files:
        raise UsageError("No input file was named.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file, and --out must be a folder.")
    outputs = [out / f"{file.stem}{ending}" for file in files]
    for i, (file, output) in enumerate(zip(files, outputs, strict=True)):
        if output in outputs[:i]:
            raise UsageError(f"{files[outputs.index(output)]} and {file} would both become {output}: apply them apart.")
        if output.exists() and file.exists() and output.samefile(file):
            raise UsageError(f"{file} would be overwritten by its answer: choose another --out.")
    return outputs


def _one(system: System, file: Path, output: Path) -> Applied:
    """Answer one file; errors as `apply`."""
    channels = read_channels(file)
    for channel in channels:
        if not np.isfinite(channel.samples).all():
            raise BadFile(f"{file} holds samples that are NaN or infinite.")
    if not any(np.any(channel.samples) for channel in channels):
        raise BadFile(f"{file} is silent: there is nothing to answer.")
    answers = [_channel(system, channel, f"{file.stem}.{i}", file) for i, channel in enumerate(channels)]
    write_channels(output, answers)
    return Applied(file, output, _conversions(file, channels[0].rate, len(channels), system.card.rate))


def _streamed(system: System, name: str, file: Path, output: Path) -> Applied:
    """Answer one file hop by hop; errors as `apply`."""
    hops = stream_file(
        lambda: _begin(system, name), file, output, lambda done, total: progress.advance(name, done, total)
    )
    import soundfile

    made = soundfile.info(output)
    return Applied(file, output, _conversions(file, made.samplerate, made.channels, system.card.rate), hops)


def _begin(system: System, name: str) -> Stream:
    """A stream through a system. Raises `UsageError` where it cannot be streamed."""
    if not hasattr(system, "stream"):
        raise UsageError(f"{name} cannot be streamed: it has no method stream().")
    return system.stream()


def _conversions(file: Path, rate: int, channels: int, wanted: int) -> tuple[str, ...]:
    """What happens to the sound on the way to a system that wants another rate, and back."""
    done = []
    if file.suffix.lower() in CONTAINERS:
        done.append("sound of a video")
    if rate != wanted:
        done.append(f"resampled from {rate} to {wanted} Hz and back")
    if channels > 1:
        done.append(f"{channels} channels answered one by one")
    if (kind := _encoding(file)) != "FLOAT":
        done.append(f"from {kind} to 32-bit float")
    return tuple(done)


def _encoding(file: Path) -> str:
    """How a file holds its samples: libsndfile's word for it, or `a compressed form` where only FFmpeg reads it."""
    import soundfile

    try:
        return soundfile.info(file).subtype
    except (soundfile.SoundFileError, RuntimeError):
        return "a compressed form"


def _channel(system: System, channel: Audio, name: str, file: Path) -> Audio:
    """The answer to one channel, at its rate and length. Silence is answered with silence."""
    if not np.any(channel.samples):
        return channel
    given = resample(channel, system.card.rate)
    if len(given.samples) == 0:
        raise BadFile(f"{file} is too short: {len(channel.samples)} samples at {channel.rate} Hz.")
    try:
        answer = system.predict([Inputs(name, given, None, seed_of("apply", name))])[0].audio
    except (AvbenchError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise BadFile(f"{file} could not be answered: the system raised {said(error)}.") from error
    if answer is None or answer.rate != given.rate or len(answer.samples) != len(given.samples):
        raise BadFile(f"{file} could not be answered: the answer has another rate or length than the input.")
    if not np.isfinite(answer.samples).all():
        raise BadFile(f"{file} could not be answered: the answer holds samples that are NaN or infinite.")
    back = resample(answer, channel.rate).samples
    # Resampling there and back may differ by a sample from where it began.
    kept = np.zeros(len(channel.samples), np.float32)
    kept[: len(back)] = back[: len(kept)]
    return Audio(kept, channel.rate)

"""`measure`: score any two files, or two folders, without a task or a system.

Every reference is a question of the exam: where its estimate is missing or cannot be read, the score is `failed` and
counts at the floor of the metric. Estimates without a reference are told and not judged.

Contents: `measure`, `Measured`.
"""

from collections.abc import Sequence
from pathlib import Path

from ..errors import BadFile, UsageError
from ..metrics import Metric, get_metric
from ..processors import usable_processors
from . import progress
from .diagnosis import Alignment
from .evaluate import choose_device
from .exam import unique
from .judging import Choice, choices, identities, parse_judges, placed
from .material import NEEDS, Gathered, Pair, gather
from .measured import Measured, summed_up, write_csv
from .pairing import SOUND, Side
from .reading import channels_of
from .record import hand_out
from .scoring import Job, score_all

__all__ = ["Measured", "measure"]


def measure(
    estimate: str | Path,
    reference: str | Path | None = None,
    metrics: str | Sequence[str] | None = None,
    align: str = "none",
    judge: Sequence[str] = (),
    device: str = "cpu",
    workers: int | None = None,
    json: str | Path | None = None,
    csv: str | Path | None = None,
) -> Measured:
    """Score a file against a file, or a folder against a folder.

    Args:
        estimate: what a system made: a file, a folder, or a table of texts (.tsv).
        reference: what it should have made; may be left out where no metric needs one.
        metrics: names, as a list or separated by commas.
        align: `none`; `trim:N` cuts at most N samples off the end of the longer sound; `delay` takes a delay out.
        judge: `NAME=PATH` each: weights of a judge by path; or `NAME=OTHER`: another judge in its place.
        device: where judges that are networks run: `cpu`, `cuda` or `auto`. Every worker loads its own, so with a GPU
            one or two `workers` are enough.
        workers: processes; scores do not depend on it. The cores of this machine unless given.
        json: file for everything that was found; `"-"` for standard output.
        csv: file for the scores, a line for each pair and metric; `"-"` for standard output.

    Returns:
        Scores, pooled values, diagnosis. `Measured.complete` is False where the machine failed or a judge is absent.

    Raises:
        UnknownName, UsageError, MissingResource, BadFile: nothing was scored. Of two single files one cannot be read.
    """
    if not metrics:
        raise UsageError("No metric was named: say which with --metrics, see `avbench list metrics`.")
    asked = [get_metric(name) for name in unique("metric", metrics)]
    how = Alignment.of(align)
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}.")
    chosen = placed(choices(parse_judges(judge)), asked, choose_device(device))
    mine = Side.of(estimate, "estimate")
    other = None if reference is None else Side.of(reference, "reference")
    gathered = gather(mine, other, asked)
    _refuse_channels(gathered)
    by = identities(asked, chosen)
    jobs = _jobs(gathered, asked, how, chosen, mine)
    results = score_all(jobs, workers or usable_processors(), lambda done: progress.advance("measure", done, len(jobs)))
    if not mine.is_folder and (other is None or not other.is_folder) and results[0].unreadable:
        raise BadFile(results[0].unreadable[0])
    measured = summed_up(gathered, asked, how, by, jobs, results, mine, other)
    if json is not None:
        hand_out(measured.document(), json)
    if csv is not None:
        write_csv(measured.scores, csv)
    return measured


def _refuse_channels(gathered: Gathered) -> None:
    """Refuse sound of several channels before anything is scored: which of them is meant is not ours to choose."""
    for side in ("estimate", "reference"):
        kinds = [kind for kind, need in NEEDS.items() if getattr(need, side) is SOUND]
        things = [getattr(pair, f"{side}s").get(kind) for pair in gathered.pairs for kind in kinds]
        paths = list(dict.fromkeys(source.path for thing in things for source in thing or ()))
        several = [(path, count) for path in paths if (count := channels_of(path) or 1) > 1]
        if several:
            path, count = several[0]
            which = (
                f"{path} has" if len(paths) == 1 else f"{len(several)} of {len(paths)} {side}s, such as {path}, have"
            )
            raise UsageError(
                f"{which} {count} channels, and a metric looks at one: take one or mix them first, e.g. with "
                "ffmpeg -i IN -ac 1 OUT.wav."
            )


def _jobs(
    gathered: Gathered, metrics: Sequence[Metric], how: Alignment, judges: tuple[Choice, ...], mine: Side
) -> list[Job]:
    missing = f"{mine.path} holds no file of this name"
    return [Job(pair, _names(pair, metrics), how, judges, missing) for pair in (*gathered.pairs, *gathered.sets)]


def _names(pair: Pair, metrics: Sequence[Metric]) -> tuple[str, ...]:
    return tuple(metric.name for metric in metrics if metric.kind.name in pair.estimates)

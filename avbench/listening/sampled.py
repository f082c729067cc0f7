"""What is rated one by one (`mos`) or held against each other (`ab`): trials drawn from finished runs of any exam.

Source: ITU-T P.800, annex B (absolute category rating, five words from bad to excellent); for `ab` a paired comparison
of two answers to one trial, in which "no difference" may be said.

Trials are drawn so that every condition has its share, and clips are not repeated while there are others. All systems
are heard on the same trials. A film is heard with the speech of its clip.

Contents: `ratings`, `comparisons`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..data.dataset import Dataset
from ..errors import UsageError
from ..evaluation.runs import Run
from ..protocols.things import sound
from ..seeds import Draw
from ..types import Audio, Video
from .gather import Answers, Item, Shown

Opened = Callable[[], Dataset]


def ratings(runs: Sequence[Run], count: int, dataset: Opened, *names: object) -> list[Item]:
    """A page for each of `count` trials of each run.

    Args:
        runs: of one plan.
        count: trials of each.
        dataset: opens the data set, for the speech of films.
        *names: seed the draw.

    Raises:
        UsageError: answers that can be neither heard nor seen, or too few of them.
    """
    answers = _answers(runs)
    drawn, items = _drawn(answers, count, *names), []
    for number in range(len(runs)):
        for trial in drawn:
            about, fault = answers.trial(trial), answers.fault(trial, number)
            files = {} if fault else answers.digest(trial, number)
            shown = {None: _shown(answers, trial, number, dataset)}
            failed = {number: fault} if fault else {}
            items.append(Item(number, trial, about["condition"], about["cluster"], shown, None, files, failed))
    return items


def comparisons(runs: Sequence[Run], count: int, dataset: Opened, *names: object) -> list[Item]:
    """A page for each of `count` trials, with the answers of two runs on drawn sides.

    Same arguments and errors as `ratings`; also a `UsageError` where it is not two runs.
    """
    if len(runs) != 2:
        raise UsageError(f"A preference is between two runs, and {len(runs)} were named.")
    answers = _answers(runs)
    items = []
    for trial in _drawn(answers, count, *names):
        about = answers.trial(trial)
        faults = {number: fault for number in (0, 1) if (fault := answers.fault(trial, number))}
        side, other = Draw("side", *names, trial).sample(("left", "right"), 2)
        shown = {side: _shown(answers, trial, 0, dataset), other: _shown(answers, trial, 1, dataset)}
        files = {}
        for number in sorted({0, 1} - faults.keys()):
            (digest,) = answers.digest(trial, number).values()
            files[f"{number}/{answers.path(trial, number).name}"] = digest
        items.append(Item(0, trial, about["condition"], about["cluster"], shown, side, files, faults))
    return items


def _answers(runs: Sequence[Run]) -> Answers:
    kind = runs[0].head["answer"]
    if kind not in ("audio", "video"):
        raise UsageError(f"The task {runs[0].task} is answered with {kind}, which nobody can listen to or look at.")
    return Answers(runs, kind)


def _shown(answers: Answers, trial: str, number: int, dataset: Opened) -> Shown:
    def show() -> tuple[Audio | Video, Audio | None]:
        thing = answers.show(trial, number)
        film = isinstance(thing, Video) and len(thing.frames) > 1
        return thing, sound(dataset(), answers.trial(trial)["clip"]) if film else None

    return show


def _drawn(answers: Answers, count: int, *names: object) -> list[str]:
    """Ids of `count` trials, as many at each condition as at any other where it goes up."""
    pools: dict[str, list[str]] = {}
    trials = answers.everywhere()
    if len(trials) < count:
        raise UsageError(
            f"The runs have {len(trials)} trials in common, and {count} are asked for: ask for fewer with --trials "
            f"{max(1, len(trials))}."
        )
    for trial in trials:
        pools.setdefault(json.dumps(_condition(answers, trial), sort_keys=True), []).append(trial)
    pools = {key: Draw("listening", *names, key).sample(pool, len(pool)) for key, pool in sorted(pools.items())}
    found: list[str] = []
    clips: set[str] = set()
    while len(found) < count:
        for pool in [pool for pool in pools.values() if pool][: count - len(found)]:
            fresh = next((trial for trial in pool if answers.trial(trial)["clip"] not in clips), pool[0])
            pool.remove(fresh)
            clips.add(answers.trial(fresh)["clip"])
            found.append(fresh)
    return found


def _condition(answers: Answers, trial: str) -> Mapping[str, Any]:
    return answers.trial(trial)["condition"]

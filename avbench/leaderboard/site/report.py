"""`report`: a page for one run, with everything in it but sound and films, which lie in a folder beside it.

Contents: `report`, `run_values`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...evaluation.runs import Run, open_run, open_runs
from .chosen import choose, failures_of
from .media import Shelf, media_of
from .pages import Pages, fresh_folder
from .results import cards_of, entries_of, judged_of, legend_of
from .takes import Stage, stage_of
from .trials import document_of
from .view import about, tiles_of

NOWHERE = {"task": "", "system": ""}
Shown = dict[str, list[dict[str, Any]]]


def report(run: str | Path | Run, out: str | Path | None = None, all_media: bool = False) -> Path:
    """Write the page of a run.

    Args:
        run: a run's folder, the beginning of its name, or a kept run.
        out: folder for the page; `report/` in the run's folder unless given. Pages that stand there are replaced.
        all_media: sound and films of all trials, not only of those that are shown as examples.

    Returns:
        The page.

    Raises:
        UsageError: no such run, nowhere to write, or something else than pages stands there.
        BadFile, MissingResource: the run is damaged, or the disk refuses.
    """
    one = open_run(run)
    if out is None and one.folder is None:
        raise UsageError(f"{run} is a kept run, which has no folder for its page: name one with --out.")
    folder = Path(out) if out is not None else one.folder / "report"
    beside = [] if one.folder is None else [other for other in open_runs(one.folder)[1:] if other.anchor]
    with fresh_folder(folder) as made:
        shown, stage = takes_of(one, beside, Shelf(made), all_media)
        values = run_values(one, beside, shown, stage)
        page = Pages(inline=True).page("run.html", data_name="run", links=NOWHERE, **values)
        (made / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def takes_of(
    run: Run, beside: Sequence[Run], shelf: Shelf, all_media: bool = False, also: Iterable[str] = ()
) -> tuple[Shown, Stage]:
    """Sound and films of the trials that a page shows, made now; nothing for a kept run, which has none.

    Args:
        run: the run.
        beside: anchors of its exam.
        shelf: where they are put.
        all_media: all trials.
        also: further trials, by id.
    """
    if run.folder is None:
        return {}, Stage(reason="It was kept without its answers.")
    trials = run.trials if all_media else [trial for group in choose(run) for _, trial in group.trials]
    names = dict.fromkeys([*(trial["trial"] for trial in trials), *also])
    stage = stage_of(run, names, beside)
    return {name: takes for name in names if (takes := shelf.takes(run, name, stage.trials.get(name)))}, stage


def run_values(run: Run, beside: Sequence[Run], shown: Shown, stage: Stage) -> dict[str, Any]:
    """What the template of a run's page shows.

    Args:
        run: the run.
        beside: anchors of its exam.
        shown: takes by trial.
        stage: says why some could not be had.
    """
    entries = entries_of([run, *beside])
    cards = cards_of(entries, judged_of(run), run.identity["axes"])
    return {
        "title": f"{run.system} · {run.identity['task']}",
        "run": about(run),
        "beside": beside,
        "tiles": tiles_of(cards, run.system),
        "legend": legend_of(entries),
        "cards": cards,
        "failures": failures_of(run),
        "chosen": choose(run),
        "media": bool(shown),
        "stage_reason": stage.reason,
        "document": document_of(run, media_of(shown)),
    }

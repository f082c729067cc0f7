"""From finished runs to a blind test.

Nothing here is drawn but by `avbench.seeds`, from the plan, the identities of the runs and a word of the user's: the
same command gives the same test anywhere. Pages are made in the order of their opaque names, so that not even the times
of the files tell which system one is of.

A trial that a system failed cannot be shown. It stands in the key and is counted at the floor when votes are tallied,
as in every other metric; the other systems are heard on it.

Contents: `build_test`.
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from ..data.dataset import Dataset, open_dataset
from ..errors import BadFile, ReferenceFault, UnknownName, UsageError
from ..evaluation.identity import digest_of
from ..evaluation.progress import advance
from ..evaluation.runs import Run
from ..protocols import load_plan
from ..seeds import seed_of
from ..signal.files import atomic_folder, file_digest
from . import checks, texts
from .blind import KINDS, BlindTest, key_path, write_test
from .gather import Item, gather
from .media import TYPES, put
from .sampled import comparisons, ratings
from .triplets import triplets

TRIALS = 30
PLACES = (None, "left", "right")


def build_test(
    runs: Sequence[str | Path | Run],
    kind: str,
    out: str | Path,
    trials: int = TRIALS,
    dataset: str | Dataset | None = None,
    question: str | None = None,
    consent: Path | None = None,
    seed: str = "",
    key: Path | None = None,
) -> BlindTest:
    """Make a blind test.

    Args:
        runs: finished, of one plan, with their media.
        kind: of `KINDS`.
        out: the folder; it must not exist, or be empty.
        trials: of each run; for `cpr` the first so many triplets of the plan.
        dataset: that of the runs, where its name alone does not say where it lies.
        question: in place of the usual one.
        consent: a text file in place of the usual text.
        seed: any word: another one draws other trials, sides and names.
        key: where the key is put; beside the folder unless given.

    Raises:
        UnknownName, UsageError, BadFile, MissingResource: no such test can be made; the sentence says why.
    """
    if kind not in KINDS:
        raise UnknownName("kind of test", kind, KINDS)
    if trials < 1:
        raise UsageError("A test needs at least one trial.")
    out, held = Path(out), gather(runs)
    _refuse_taken(out, key)
    source = Source(held, dataset)
    items = _items(kind, held, trials, source, seed)
    who = [digest_of(run.identity) for run in held]
    names = ("listening", kind, source.plan, *who, seed)
    heard = kind != "cpr" and _heard(items)
    tested = checks.draw_checks(kind, heard, *names)
    shown = {_id(*names, item.run, item.trial): item for item in items if not item.failed}
    if not shown:
        raise UsageError("The runs failed every trial that was drawn, so there is nothing to show.")
    checked = {_id(*names, "check", number): check for number, check in enumerate(tested)}
    ask = question or texts.QUESTIONS[kind, "audio" if heard or kind == "cpr" else "video"]
    with atomic_folder(out / "media") as folder:
        pages = []
        for name in sorted(shown | checked):
            page = _page(folder, name, kind, shown.get(name) or checked[name], ask)
            pages.append(page)
            advance("pages", len(pages), len(shown) + len(checked))
    data = {
        "kind": kind,
        "question": ask,
        "consent": texts.consent_of(consent, len(pages)),
        "rule": dict(checks.RULE),
        "checks": sorted(checked),
        "media": {file: file_digest(out / "media" / file) for page in pages for file in map(_file, page["shown"])},
        "trials": pages,
    }
    return write_test(out, data, _key(kind, held, items, shown, checked), key)


def _refuse_taken(out: Path, key: Path | None) -> None:
    """Nothing is overwritten: a folder may hold votes.

    Raises:
        UsageError: the folder holds something, or there is a key.
    """
    found = {path.name for path in out.iterdir()} if out.is_dir() else set()
    broken_off = bool(found) and all(name == "media" or name.endswith(".part") for name in found)
    if out.is_file() or (found and not broken_off):
        raise UsageError(f"{out} is taken, and may hold votes: choose another --out.")
    if (key or key_path(out)).exists() and not broken_off:
        raise UsageError(f"{key or key_path(out)} is there already, the key of another test: choose another --out.")
    if key is not None and key.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{key} is inside the folder that raters may see: put the key elsewhere.")


class Source:
    """Plan and data set of the runs, opened when they are first asked for.

    Args:
        runs: of one plan.
        dataset: name, an open one, or None for that of the runs.
    """

    def __init__(self, runs: Sequence[Run], dataset: str | Dataset | None):
        self.run, self.given = runs[0], dataset
        self.plan = self.run.identity["plan"]["sha256"]
        self.open = cache(self._open)

    def load(self) -> Any:
        """The plan, as the run keeps it."""
        plan = load_plan(self.run.folder / "plan.jsonl")
        if plan.sha256 != self.plan:
            raise BadFile(f"{self.run.folder}/plan.jsonl is not the plan that the run was held over.")
        return plan

    def _open(self) -> Dataset:
        known = self.run.identity["dataset"]
        found = open_dataset(self.given or known["name"]) if isinstance(self.given, str | None) else self.given
        if found.fingerprint != known["fingerprint"]:
            raise UsageError(
                f"{found.name} is not the data set that the runs were held over ({known['name']}): name it with "
                "--dataset."
            )
        return found


def _items(kind: str, runs: Sequence[Run], count: int, source: Source, seed: str) -> list[Item]:
    if kind == "cpr":
        return triplets(runs, source.load(), source.open(), count)
    make = partial(ratings if kind == "mos" else comparisons, runs, count, source.open)
    return make(kind, source.plan, seed)


def _heard(items: Sequence[Item]) -> bool:
    """What is judged is sound and no picture."""
    names = {name for item in items for name in item.files}
    return all(name.endswith(".wav") for name in names)


def _id(*names: object) -> str:
    return f"{seed_of(*(name if isinstance(name, int) else str(name) for name in names)):016x}"


def _page(folder: Path, name: str, kind: str, what: Item | checks.Check, ask: str) -> dict[str, Any]:
    """Write the media of a page, and say what is on it."""
    shown = []
    for number, place in enumerate(place for place in PLACES if place in what.shown):
        thing, speech = (what.shown[place], None) if isinstance(what, checks.Check) else _shown(what, place)
        file = put(folder, f"{name}-{number}", thing, speech)
        shown.append({"file": file, "type": TYPES[Path(file).suffix], "for": place})
    answers = [{"value": value, "label": label} for value, label in texts.ANSWERS[kind]]
    return {"id": name, "ask": getattr(what, "ask", ask), "shown": shown, "answers": answers}


def _file(shown: Mapping[str, Any]) -> str:
    return shown["file"]


def _shown(item: Item, place: str | None) -> tuple[Any, Any]:
    try:
        return item.shown[place]()
    except ReferenceFault as fault:
        raise BadFile(f"The trial {item.trial} cannot be shown: {fault.reason}.") from fault


def _key(
    kind: str,
    runs: Sequence[Run],
    items: Sequence[Item],
    shown: Mapping[str, Item],
    checked: Mapping[str, checks.Check],
) -> dict[str, Any]:
    def plain(item: Item) -> dict[str, Any]:
        return {
            "run": item.run,
            "trial": item.trial,
            "condition": dict(item.condition),
            "cluster": item.cluster,
            "right": item.right,
            "files": dict(item.files),
            "failed": {str(number): reason for number, reason in item.failed.items()},
        }

    return {
        "kind": kind,
        "runs": [
            {
                "system": run.system,
                "anchor": run.anchor,
                "folder": str(run.folder.resolve()),
                "identity": run.identity,
                "axes": run.identity["axes"],
                "clusters": run.head["clusters"],
            }
            for run in runs
        ],
        "trials": {name: plain(item) for name, item in shown.items()},
        "failed": [plain(item) for item in items if item.failed],
        "checks": {name: check.right for name, check in checked.items()},
    }

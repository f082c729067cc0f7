"""CPR triplets: two faces and one voice, one of the faces right.

    faces translated after a voice    two faces made of one source, after two voices; the first of the voices is heard
    voices converted after a face     two real faces; the voice that was made after the first of them is heard
    real pairs                        the plan's `truth`: both faces and the voice as they were recorded

Source: XFaVoT, section 4.3. The draws (source, right and wrong reference, which stands on the left) are the plan's, see
`protocols.guided`; 30 triplets for each system and task. Real pairs are the upper anchor, once in a test, whatever the
number of systems; corpora whose people are not both seen and heard have none.

Contents: `triplets`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..data.dataset import Dataset
from ..errors import UsageError
from ..evaluation.runs import Run
from ..protocols import Plan, Row, Use, get_protocol
from ..protocols.things import Thing, load
from .gather import Answers, Item, Shown

SIDES = ("left", "right")


def triplets(runs: Sequence[Run], plan: Plan, dataset: Dataset, count: int) -> list[Item]:
    """The triplets of every run, and the real pairs.

    Args:
        runs: of one plan.
        plan: with triplets.
        dataset: where the plan's people are.
        count: triplets of each run.

    Raises:
        UsageError: the plan draws none, or the runs hold too few.
    """
    if plan.header.get("kind") != "preference":
        raise UsageError(
            f"The plan {plan.name} draws no triplets, which cpr asks about: run the system over one that does, such as "
            "image-translation-cpr or voice-conversion-cpr."
        )
    faces = plan.header["source"] == "face"
    answers = Answers(runs, "video" if faces else "audio")
    protocol, held = get_protocol(plan.header["protocol"]), set(answers.everywhere())
    role = "voice" if faces else "image"
    rows = []
    for row in plan.rows:
        names = [protocol.trial_id(row, {"guidance": role, "reference": k}) for k in (range(2) if faces else range(1))]
        if held.issuperset(names):
            rows.append((row, names))
    if len(rows) < count:
        raise UsageError(
            f"Every run holds {len(rows)} of the {count} triplets that are asked for: run all of {plan.name}, or ask "
            f"for fewer with --trials {max(1, len(rows))}."
        )
    make = _translated if faces else _converted
    items = [make(answers, n, row, names, dataset) for n in range(len(runs)) for row, names in rows[:count]]
    return items + list(_real(answers, [row for row, _ in rows[:count]], dataset, faces))


def _placed(row: Row, role: str, right: Shown, wrong: Shown) -> tuple[dict[str | None, Shown], str]:
    """Both faces on the sides that the plan drew, and the side of the right one."""
    side = SIDES[row.uses["left"][0] != row.uses[role][0]]
    other = SIDES[side == "left"]
    return {side: right, other: wrong}, side


def _thing(dataset: Dataset, kind: str, use: Use) -> Shown:
    return lambda: (load(dataset, Thing(kind, use)), None)


def _answer(answers: Answers, trial: str, number: int) -> Shown:
    return lambda: (answers.show(trial, number), None)


def _translated(answers: Answers, number: int, row: Row, names: Sequence[str], dataset: Dataset) -> Item:
    faults = [fault for name in names if (fault := answers.fault(name, number))]
    right, wrong = (_answer(answers, name, number) for name in names)
    shown, side = _placed(row, "voice", right, wrong)
    shown[None] = _thing(dataset, "sound", row.uses["voice"][0])
    return _item(answers, number, names, shown, side, faults)


def _converted(answers: Answers, number: int, row: Row, names: Sequence[str], dataset: Dataset) -> Item:
    faults = [fault for name in names if (fault := answers.fault(name, number))]
    shown, side = _placed(row, "image", *(_thing(dataset, "still", use) for use in row.uses["image"][:2]))
    shown[None] = _answer(answers, names[0], number)
    return _item(answers, number, names, shown, side, faults)


def _item(answers: Answers, number: int, names: Sequence[str], shown: Any, side: str, faults: list[str]) -> Item:
    about = answers.trial(names[0])
    files = {} if faults else {k: v for name in names for k, v in answers.digest(name, number).items()}
    failed = {number: faults[0]} if faults else {}
    return Item(number, names[0], about["condition"], about["cluster"], shown, side, files, failed)


def _real(answers: Answers, rows: Sequence[Row], dataset: Dataset, faces: bool) -> Iterator[Item]:
    """Real people in the place of generated ones."""
    thing = partial(_thing, dataset)
    for row in rows:
        truth = row.uses.get("truth", ())
        if not truth:
            continue
        if faces:
            shown, side = _placed(row, "voice", thing("still", truth[0]), thing("still", truth[1]))
            shown[None] = thing("sound", row.uses["voice"][0])
        else:
            shown, side = _placed(row, "image", *(thing("still", use) for use in row.uses["image"][:2]))
            shown[None] = thing("sound", truth[0])
        yield Item(None, row.id, {}, _cluster(answers, row), shown, side)


def _cluster(answers: Answers, row: Row) -> str:
    """The right person stands for the pair: no source is to be seen or heard in it."""
    use = next(iter(row.uses.get("voice", row.uses.get("image", ()))))
    return use.item

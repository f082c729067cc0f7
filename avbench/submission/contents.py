"""Which files may be in a submission, and what can be said of them without running or decoding any.

    code       card.toml, .py, .safetensors for weights, and text: .json .toml .txt .md .tsv .csv
    outputs    card.toml, outputs/<trial>.<suffix> for every trial of the plan, and README.md

A pickle is a program: weights are taken as safetensors only, and that by their content, not by their name.

Contents: `files_of_code`, `files_of_outputs`, `expected_trials`, `COMPONENT`.
"""

import json
import re
import struct
from pathlib import PurePosixPath

from .archive import Listing, shown
from .card import CARD, SubmissionCard

COMPONENT = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?")
LONGEST_NAME, DEEPEST = 200, 8
CODE = (".py", ".safetensors", ".json", ".toml", ".txt", ".md", ".tsv", ".csv")
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib", ".npy", ".npz", ".h5", ".t7")
NATIVE = (".so", ".pyd", ".dll", ".dylib", ".pyc", ".o", ".a", ".exe")
OUTPUTS = "outputs"
LONGEST_HEAD = 16 << 20
LARGEST_TEXT = 64 << 20
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
TOLD = 3  # examples in a sentence


def files_of_code(listing: Listing, card: SubmissionCard | None) -> list[str]:
    """What is wrong with the files of submitted code."""
    faults = []
    for name, entry in listing.entries.items():
        suffix = PurePosixPath(name).suffix.lower()
        if suffix == ".safetensors":
            faults += _weights(listing, name)
        elif suffix in PICKLES:
            faults.append(f"{shown(name)} may be a pickle, which is a program: weights are taken as .safetensors only.")
        elif suffix in NATIVE:
            faults.append(f"{shown(name)} is compiled: code is taken as source (.py) only.")
        elif suffix not in CODE:
            faults.append(f"{shown(name)} is of no kind that code needs: {', '.join(CODE)} are taken.")
        elif entry.size > LARGEST_TEXT:
            faults.append(f"{shown(name)} has {entry.size >> 20} MiB of text, more than {LARGEST_TEXT >> 20}.")
    if card is not None and card.entry is not None:
        module = card.entry.partition(":")[0].replace(".", "/")
        if not {f"{module}.py", f"{module}/__init__.py"} & listing.entries.keys():
            faults.append(f"{CARD}: entry names the module {module.replace('/', '.')}, and there is no {module}.py.")
    return faults


def _weights(listing: Listing, name: str) -> list[str]:
    """What is wrong with a file of weights, by its head: names, types, shapes, and bytes that belong to each."""
    size, wrong = listing.entries[name].size, f"{shown(name)} is no safetensors file"
    if size < 8:
        return [f"{wrong}: it is shorter than its head."]
    (length,) = struct.unpack("<Q", listing.read(name, 8))
    if length > min(LONGEST_HEAD, size - 8):
        return [f"{wrong}: its head would be longer than the file, or than any. A pickle with another name is refused."]
    try:
        head = json.loads(listing.read(name, 8 + length)[8:])
        head.pop("__metadata__", None)
        spans = sorted(_span(tensor) for tensor in head.values())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return [f"{wrong}: its head cannot be read ({type(error).__name__})."]
    place = 0
    for start, stop in spans:
        if start != place:
            return [f"{wrong}: its tensors overlap, or leave bytes that belong to none."]
        place = stop
    return [] if place == size - 8 - length else [f"{wrong}: it has other bytes than its tensors."]


def _span(tensor: dict) -> tuple[int, int]:
    """Where the bytes of a tensor are. Raises where that does not fit its type and shape."""
    count, (start, stop) = WIDTHS[tensor["dtype"]], tensor["data_offsets"]
    for n in tensor["shape"]:
        if not isinstance(n, int) or n < 0:
            raise ValueError("a shape")
        count *= n
    if not (isinstance(start, int) and isinstance(stop, int)) or stop - start != count or start < 0:
        raise ValueError("a place")
    return start, stop


def files_of_outputs(listing: Listing, card: SubmissionCard) -> list[str]:
    """What is wrong with the files of submitted outputs: every trial of the plan has one, and there are no others."""
    from ..evaluation.answers import ANSWERS

    suffixes = ANSWERS[card.answer].suffixes
    wanted = dict.fromkeys(expected_trials(card))
    found: dict[str, list[str]] = {}
    extra = []
    for name in listing.entries:
        path = PurePosixPath(name)
        if path.parent == PurePosixPath(OUTPUTS) and path.suffix in suffixes and path.stem in wanted:
            found.setdefault(path.stem, []).append(name)
        elif name not in (CARD, "README.md"):
            extra.append(name)
    missing = [f"{OUTPUTS}/{trial}{suffixes[0]}" for trial in wanted if trial not in found]
    twice = [name for names in found.values() if len(names) > 1 for name in names]
    faults = []
    if missing:
        faults.append(
            f"{len(missing)} of {len(wanted)} trials have no file ({_some(missing)}): hand in an empty file where the "
            "system has failed; it scores the floor."
        )
    if extra:
        faults.append(f"{len(extra)} files belong to no trial of the plan ({_some(extra)}): leave them out.")
    if twice:
        faults.append(f"{len(twice)} files answer a trial that another answers too ({_some(twice)}): keep one.")
    return faults


def expected_trials(card: SubmissionCard) -> list[str]:
    """Names of all trials that outputs are wanted for, from the plan alone."""
    from ..evaluation.conditions import conditions, fill_axes, parse_axes
    from ..protocols import get_protocol, load_plan
    from ..tasks import get_task

    task = get_task(card.task)
    plan = load_plan(card.plan or task.plan)
    protocol = get_protocol(plan.header["protocol"])
    axes = fill_axes(parse_axes(task, card.snr), protocol, plan)
    asked = [{**task.defaults, **condition} for condition in conditions(axes)]
    return [
        protocol.trial_id(row, condition)
        for row in plan.first(card.limit)
        for condition in asked
        if protocol.asks(plan, row, condition)
    ]


def _some(names: list[str]) -> str:
    return ", ".join(map(shown, names[:TOLD])) + (", …" if len(names) > TOLD else "")

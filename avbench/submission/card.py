"""The card of a submission, `card.toml`: who made what, from what, and how it is to be asked.

    name = "half-as-loud"            a-z 0-9 . _ - only, and no name that avbench has already
    title = "Half as loud"           one line
    authors = ["A. Author"]
    paper = "none"                   where it is described
    licence = "Apache-2.0"           SPDX identifier
    task = "avse"
    inputs = ["audio"]               modalities: what it needs of a trial
    training = "Nothing is trained." data and duration, one sentence
    synthetic = false                trained on the embedded corpus only
    causal = true                    the output up to t needs no input after t + lookahead
    lookahead = 0.0                  seconds
    rate = 16000                     Hz
    entry = "system:HalfAsLoud"      code: module and class; for outputs `plan = "tiny"` in its place, and, if less than
                                     the whole plan was rendered, `snr = "-5,0"` and `limit = 3` as it was rendered

    [environment]                    optional; nothing is installed for a submission, only looked up
    python = ">=3.11"
    packages = ["numpy>=1.26"]

Contents: `CARD`, `SubmissionCard`, `read_card`, `card_beside`, `missing_packages`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadFile, UsageError
from ..types import Card

CARD = "card.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
LONGEST = 500
INPUTS = ("audio", "video", "face", "voice", "image", "speech")
_LINE, _FLAG, _NUMBER, _LINES = "one line of text", "true or false", "a number", "a list of texts"
FIELDS = {
    "name": _LINE, "title": _LINE, "authors": _LINES, "paper": _LINE, "licence": _LINE, "task": _LINE,
    "inputs": _LINES, "training": _LINE, "synthetic": _FLAG, "causal": _FLAG, "lookahead": _NUMBER, "rate": _NUMBER,
}  # fmt: skip
OPTIONAL = {"entry": _LINE, "plan": _LINE, "snr": _LINE, "limit": _NUMBER, "environment": "a table"}
ENVIRONMENT = {"python": _LINE, "packages": _LINES}


@dataclass(frozen=True)
class SubmissionCard:
    """A card without fault.

    Args:
        answer: the kind of answer that the task wants.
        entry: `module:Class`, or None where outputs are handed in.
        plan: that outputs belong to; None for the task's own.
        snr: that outputs were made at, as typed; None for those of the plan.
        limit: the first so many clips of the plan; None for all.
        python: a version specifier.
        packages: requirements.
    """

    name: str
    title: str
    authors: tuple[str, ...]
    paper: str
    licence: str
    task: str
    inputs: tuple[str, ...]
    training: str
    synthetic: bool
    causal: bool
    lookahead: float
    rate: int
    answer: str
    entry: str | None = None
    plan: str | None = None
    snr: str | None = None
    limit: int | None = None
    python: str = ""
    packages: tuple[str, ...] = ()

    @property
    def system(self) -> Card:
        """The same as a system's card."""
        return Card(
            id=self.name, title=self.title, paper=self.paper, inputs=frozenset(self.inputs), output=self.answer,
            rate=self.rate, causal=self.causal, lookahead=self.lookahead, licence=self.licence,
            synthetic=self.synthetic, training=self.training,
        )  # fmt: skip


def card_beside(path: str | Path) -> Card:
    """The card in the folder of a file, for a system's own class to call with its `__file__`.

    Raises:
        BadFile: there is none, or it has faults.
    """
    found = Path(path).absolute().with_name(CARD)
    if not found.is_file():
        raise BadFile(f"There is no {CARD} beside {Path(path).name}.")
    card, faults = read_card(found.read_bytes(), whole=False)
    if card is None:
        raise BadFile(f"{found}: {faults[0]}")
    return card.system


def read_card(content: bytes, whole: bool = True) -> tuple[SubmissionCard | None, list[str]]:
    """The card, or every fault that it has, a sentence each.

    Args:
        content: of the file.
        whole: look up names of systems and plans too, which are not to be had in the sandbox.
    """
    try:
        told = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return None, [f"{CARD} is not TOML in UTF-8: {_short(error)}."]
    faults = [*_missing(told, FIELDS), *_wrong(told, {**FIELDS, **OPTIONAL}, "")]
    sound = {key: value for key, value in told.items() if _is(value, {**FIELDS, **OPTIONAL}.get(key, ""))}
    environment = sound.pop("environment", {})
    faults += _wrong(environment, ENVIRONMENT, "environment.")
    environment = {key: value for key, value in environment.items() if _is(value, ENVIRONMENT.get(key, ""))}
    answer, more = _task(sound)
    faults += [*_values(sound), *more, *_requirements(environment), *_kind(sound)]
    faults += _looked_up(sound) if whole else []
    if faults:
        return None, faults
    lists = {key: tuple(value) for key, value in {**sound, **environment}.items() if isinstance(value, list)}
    return SubmissionCard(**{**sound, **environment, **lists, "answer": answer}), []


def _is(value: Any, wanted: str) -> bool:
    if wanted == _LINE:
        return isinstance(value, str) and value.strip() != "" and value.isprintable() and len(value) <= LONGEST
    if wanted == _LINES:
        return isinstance(value, list) and bool(value) and all(_is(each, _LINE) for each in value)
    if wanted == _FLAG:
        return isinstance(value, bool)
    if wanted == _NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
    return isinstance(value, dict) if wanted == "a table" else False


def _missing(told: Mapping[str, Any], fields: Iterable[str]) -> list[str]:
    return [f"{CARD} lacks the field {name}: it must be {FIELDS[name]}." for name in fields if name not in told]


def _wrong(told: Mapping[str, Any], fields: Mapping[str, str], prefix: str) -> list[str]:
    faults = [f"{CARD} has a field {_short(prefix + name)} that no card has." for name in told if name not in fields]
    for name, wanted in fields.items():
        if name in told and not _is(told[name], wanted):
            more = f", at most {LONGEST} printable characters" if wanted in (_LINE, _LINES) else ""
            faults.append(f"{CARD}: {prefix}{name} must be {wanted}{more}, not {_short(told[name])}.")
    return faults


def _values(told: Mapping[str, Any]) -> list[str]:
    """What is of the right type and still cannot be."""
    faults, name = [], told.get("name")
    if name is not None and not NAME.fullmatch(name):
        faults.append(f"{CARD}: name must be of a-z 0-9 . _ - and at most 64 long, not {_short(name)}.")
    unknown = [_short(each) for each in told.get("inputs", ()) if each not in INPUTS]
    if unknown:
        faults.append(f"{CARD}: inputs must be of {', '.join(INPUTS)}, not {', '.join(unknown)}.")
    if "rate" in told and not (isinstance(told["rate"], int) and 1000 <= told["rate"] <= 384000):
        faults.append(f"{CARD}: rate must be whole Hz from 1000 to 384000, not {told['rate']}.")
    if "lookahead" in told and not 0 <= told["lookahead"] <= 3600:
        faults.append(f"{CARD}: lookahead must be seconds from 0 to 3600, not {told['lookahead']}.")
    if "limit" in told and not (isinstance(told["limit"], int) and told["limit"] >= 1):
        faults.append(f"{CARD}: limit must be a whole number from 1 on, not {told['limit']}.")
    if "entry" in told and not ENTRY.fullmatch(told["entry"]):
        faults.append(f"{CARD}: entry must be module:Class, not {_short(told['entry'])}.")
    return faults


def _kind(told: Mapping[str, Any]) -> list[str]:
    if "entry" in told and {"plan", "snr", "limit"} & told.keys():
        return [f"{CARD} has an entry, for code, and a plan, snr or limit, for outputs: it must be one or the other."]
    if "entry" not in told and "plan" not in told:
        return [f"{CARD} has neither an entry (module:Class, for code) nor a plan (for outputs)."]
    return []


def _task(told: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The kind of answer that the task wants, and what is wrong with task and plan."""
    from ..tasks import TASKS

    if "task" not in told:
        return "", []
    if told["task"] not in TASKS:
        return "", [f"{CARD}: task must be one of {', '.join(TASKS)}, not {_short(told['task'])}."]
    task, faults = TASKS[told["task"]], []
    if told.get("plan", task.plan) not in task.plans:
        faults.append(f"{CARD}: plan must be one of {', '.join(task.plans)}, not {_short(told['plan'])}.")
    return task.answer, faults


def _requirements(told: Mapping[str, Any]) -> list[str]:
    from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    faults = []
    try:
        SpecifierSet(told.get("python", ""))
    except InvalidSpecifier:
        faults.append(f"{CARD}: environment.python must be like >=3.11, not {_short(told['python'])}.")
    for text in told.get("packages", ()):
        try:
            wanted = Requirement(text)
            if wanted.url:
                raise InvalidRequirement("an address")
            if wanted.marker is not None:
                wanted.marker.evaluate()
        except (InvalidRequirement, InvalidMarker, InvalidVersion, UndefinedComparison, UndefinedEnvironmentName):
            faults.append(f"{CARD}: environment.packages must be like numpy>=1.26, not {_short(text)}.")
    return faults


def missing_packages(card: SubmissionCard) -> list[str]:
    """What the card asks for and this machine does not have, a sentence each. Nothing is installed."""
    import platform
    from importlib import metadata

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    faults = []
    if card.python and platform.python_version() not in SpecifierSet(card.python):
        faults.append(f"It needs Python {card.python}, and this is {platform.python_version()}.")
    for wanted in map(Requirement, card.packages):
        try:
            here = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            here = None
        if (wanted.marker is None or wanted.marker.evaluate()) and (here is None or here not in wanted.specifier):
            faults.append(f"It needs the package {wanted}, and here is {here or 'none'}: install it and try again.")
    return faults


def _looked_up(told: Mapping[str, Any]) -> list[str]:
    """What is wrong with the name and the SNRs."""
    from ..evaluation.conditions import parse_snr
    from ..evaluation.examinee import ANCHORS
    from ..registry import families

    faults, taken = [], {*families(), *(name for anchors in ANCHORS.values() for name in anchors)}
    if told.get("name") in taken:
        faults.append(f"{CARD}: the name {told['name']} is that of a system or an anchor of avbench: choose another.")
    try:
        parse_snr(told.get("snr", "0"))
    except UsageError as error:
        faults.append(f"{CARD}: {error}")
    return faults


def _short(value: Any) -> str:
    """A foreign value for a sentence: ASCII, one line, not long."""
    text = ascii(str(value) if isinstance(value, Exception) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."

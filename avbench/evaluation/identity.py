"""Which run a run is: everything that decides its scores, and a hash of it.

Two runs of one identity have the same scores, so a finished one is shown instead of made again, an unfinished one is
gone on with, and two identities never share a folder. Nothing that may differ between machines is in it: no paths, no
device, no number of workers. Judges are in it by name and digest; one that was absent by its name alone, and when it
is here one day, the run is still the same one and is gone on with.

Contents: `digest_of`, `identity_of`, `is_same`, `exam_of`, `exam_hash`, `folder_name`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from .conditions import plain
from .host import TIMEOUT

if TYPE_CHECKING:
    from .exam import Exam
    from .examinee import Examinee


def digest_of(value: Any) -> str:
    """SHA-256, in hex, of a JSON value written canonically."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity_of(exam: "Exam", examinee: "Examinee") -> dict[str, Any]:
    """Everything that decides the scores of one examinee in one exam, as JSON."""
    return {
        "avbench": __version__,
        "task": exam.task.id,
        "protocol": exam.plan.header["protocol"],
        "plan": {"name": exam.plan.header["plan"], "sha256": exam.plan.sha256},
        "dataset": {"name": without_path(exam.dataset.name), "fingerprint": exam.dataset.fingerprint},
        "noise": exam.noise and {"name": without_path(exam.noise.name), "fingerprint": exam.noise.fingerprint},
        "axes": {axis: [plain(v) for v in values] for axis, values in exam.axes.items()},
        "limit": exam.limit,
        "metrics": [metric.identity for metric in exam.metrics],
        **({"judges": dict(exam.judges)} if exam.judges else {}),
        "system": {
            "name": examinee.name,
            "digest": examinee.digest,
            "recipe": examinee.card.recipe if examinee.card else None,
            # At another limit other answers fail; the usual one is left out, so that hashes of old are still good.
            **({} if examinee.timeout in (None, TIMEOUT) else {"timeout": examinee.timeout}),
        },
    }


def is_same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """A recorded identity is this one, or was when a judge that is here now was still absent.

    Example:
        >>> is_same({"judges": {"nisqa": "nisqa"}}, {"judges": {"nisqa": "nisqa@7ec4cf93"}})
        True
    """
    mine, other = ({**identity, "judges": {}} for identity in (old, new))
    before, now = old.get("judges", {}), new.get("judges", {})
    if mine != other or before.keys() != now.keys():
        return False
    return all(now[name] == by or ("@" not in by and now[name].startswith(f"{by}@")) for name, by in before.items())


def without_path(name: str) -> str:
    """A name for the record: of a folder only what it is called, because where it lies decides nothing.

    Example:
        >>> without_path("folder:/home/me/speech/")
        'folder:speech'
    """
    kind, colon, path = name.partition(":")
    return f"{kind}:{Path(path).resolve().name}" if colon else name


def exam_of(identity: Mapping[str, Any]) -> dict[str, Any]:
    """An identity without its system: equal for all rows of one table."""
    return {key: value for key, value in identity.items() if key != "system"}


def exam_hash(identity: Mapping[str, Any]) -> str:
    """Hash of what all rows of one table have in common."""
    return digest_of(exam_of(identity))


def folder_name(system: str) -> str:
    """The name of a system as part of a file name.

    Example:
        >>> folder_name("mutud/scratch")
        'mutud__scratch'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "-", system.replace("/", "__"))

"""Which run a run is: everything that decides its scores, and a hash of it.

Two runs of one identity have the same scores, so a finished one is shown instead of made again, an unfinished one is
gone on with, and two identities never share a folder. Nothing that may differ between machines is in it: no paths, no
device, no number of workers.

Contents: `digest_of`, `identity_of`, `exam_hash`, `folder_name`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from .conditions import plain

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
        "system": {
            "name": examinee.name,
            "digest": examinee.digest,
            "recipe": examinee.card.recipe if examinee.card else None,
        },
    }


def without_path(name: str) -> str:
    """A name for the record: of a folder only what it is called, because where it lies decides nothing.

    Example:
        >>> without_path("folder:/home/me/speech/")
        'folder:speech'
    """
    kind, colon, path = name.partition(":")
    return f"{kind}:{Path(path).resolve().name}" if colon else name


def exam_hash(identity: Mapping[str, Any]) -> str:
    """Hash of an identity without its system: equal for all rows of one table."""
    return digest_of({key: value for key, value in identity.items() if key != "system"})


def folder_name(system: str) -> str:
    """The name of a system as part of a file name.

    Example:
        >>> folder_name("mutud/scratch")
        'mutud__scratch'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "-", system.replace("/", "__"))

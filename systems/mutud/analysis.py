"""What TAME recalls, measured on test clips while the lip encoder is still there: the data of MUTUD's Figs 3 to 6.

    python -m avbench.systems.mutud.analysis TRAINING [--out DIR] [--dataset D] [--noise N] [--snr SNRS]
    python -m avbench.systems.mutud.figures DIR            draws them

TRAINING is the folder of a training of `mutud` or a variant that sees the lips; its end calls this too. The clips are
those of the plan `3-bn`, with the embedded data set unless another one is named.

| file | what | rows |
|---|---|---|
| `similarity.csv` | Fig. 3: cosine similarity and L2 distance | SNR × pair |
| `features.csv` | Fig. 4: features of some frames, in their first principal components | SNR × kind × frame |
| `codes.csv` | Fig. 5: every code's mean, spread, and cosine to the code nearest to it | codebook × k × code |
| `usage.csv` | how often each code is used, by sound (q) at each SNR and by pictures (p) | SNR × k × code |
| `frame.csv` | Fig. 6: q and p of one picture's frames | k × code |
| `facts.json` | what was analysed, and perplexities | |

Contents: `analyse`, `open_net`, `main`.
"""

import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avbench.errors import AvbenchError, BadFile, UsageError
from avbench.evaluation.conditions import parse_axes
from avbench.evaluation.exam import Exam, set_exam
from avbench.signal.files import atomic_write, digest
from avbench.tasks import get_task
from avbench.training.checkpoint import NAME
from avbench.types import Trial

from . import analysis_tables as tables
from .analysis_tables import Features
from .losses import code_perplexity, code_usage
from .model import Mutud
from .recipe import RECIPES


@dataclass(frozen=True)
class Trained:
    """A training net and where it came from.

    Args:
        net: with the averaged weights, in evaluation.
        system: full name, e.g. `mutud/n8`.
        facts: what its training said of itself.
    """

    net: Mutud
    system: str
    facts: Mapping[str, Any]


def open_net(training: Path) -> Trained:
    """The averaged net of a training, lip encoder included.

    Raises:
        UsageError: no finished training of a MUTUD that sees the lips is there.
        BadFile: its checkpoint cannot be read.
    """
    told, kept = training / "training.json", training / NAME
    if not (told.is_file() and kept.is_file()):
        raise UsageError(f"{training} holds no finished training: make it with `avbench train --system mutud --out`.")
    facts = json.loads(told.read_text())
    family, _, variant = facts["system"].partition("/")
    if family != "mutud" or variant not in RECIPES or not RECIPES[variant]["synth"].video:
        raise UsageError(f"{training} trained {facts['system']}, which never recalls a picture: nothing to analyse.")
    net = Mutud(RECIPES[variant][facts["recipe"]])
    try:
        state = torch.load(kept, map_location="cpu", weights_only=True)["average"]
        net.load_state_dict(_of_net(state))
    except Exception as error:
        raise BadFile(f"The checkpoint {kept} cannot be read as {facts['system']} ({error}).") from error
    return Trained(net.eval(), facts["system"], facts)


def _of_net(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The net's own tensors out of an average of a net, or of a reader that holds one."""
    inner = {name.removeprefix("module."): t for name, t in state.items() if name.startswith("module.")}
    read = {name.removeprefix("net."): t for name, t in inner.items() if name.startswith("net.")}
    return read or inner


def analyse(
    training: Path,
    out: Path | None = None,
    dataset: str | None = None,
    noise: str | None = None,
    snr: str | None = None,
    limit: int | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> Path:
    """Measure, and write the files of the table above.

    Args:
        training: folder of a finished training.
        out: where to; `training/analysis` unless given.
        dataset: name of a data set with mouths, or `folder:PATH`; the embedded one unless given.
        noise: name, or `folder:PATH`; the plan's own unless given.
        snr: as on the command line; the plan's own unless given.
        limit: the first so many clips of the plan.
        announce: gets a line of text now and then.

    Returns:
        The folder that was written.

    Raises:
        UsageError, BadFile, MissingResource: there is nothing to analyse, or nothing to analyse it on.
    """
    trained, task = open_net(training), get_task("avse")
    # pinned to the plan, not to the task's default, which may move one day
    exam = set_exam(task, parse_axes(task, snr, []), (), dataset, noise, protocol="3-bn", limit=limit)
    exam.prepare(video=True)
    found = list(_features(trained.net, exam, announce))
    if not found:
        raise UsageError(f"No clip of {exam.dataset.name} has a mouth to look at.")
    out = out or training / "analysis"
    out.mkdir(parents=True, exist_ok=True)
    shown, tame = tables.sample(found), trained.net.tame
    books = {"audio": tame.audio_codes, "video": tame.video_codes}
    _write(out / "similarity.csv", tables.similarity(found))
    _write(out / "features.csv", tables.projected(found))
    _write(out / "codes.csv", tables.codes({name: c.detach().double().numpy() for name, c in books.items()}))
    _write(out / "usage.csv", tables.usage(found))
    _write(out / "frame.csv", tables.frame(*shown))
    with atomic_write(out / "facts.json", "w") as file:
        file.write(json.dumps(_facts(trained, training, exam, found, shown), indent=1) + "\n")
    return out


@torch.no_grad()
def _features(net: Mutud, exam: Exam, announce: Callable[[str], None]) -> Iterable[Features]:
    for number, row in enumerate(exam.rows, 1):
        for trial in exam.trials(row, video=True):
            if isinstance(trial, Trial) and trial.input.video is not None:
                yield _of_trial(net, trial)
        if number % 10 == 0 or number == len(exam.rows):
            announce(f"{number} of {len(exam.rows)} clips")


def _of_trial(net: Mutud, trial: Trial) -> Features:
    noisy = torch.from_numpy(np.array(trial.input.audio.samples))[None]
    mouth = torch.from_numpy(np.array(trial.input.video.frames[..., 0]))[None]
    output, times = net.tame_only(noisy, mouth), net.backbone.frames_per_picture
    pictures = min(mouth.shape[1], output.f_a.shape[1] // times)

    def split(features: Tensor) -> np.ndarray:
        return features[0, : pictures * times].unflatten(0, (pictures, times)).double().numpy()

    p = output.p[0, :pictures].double().numpy()
    f_v, f_hat, f_a, q = (split(x) for x in (output.f_v, output.f_hat, output.f_a, output.q))
    return Features(trial.cluster, float(trial.condition["snr"]), f_v, f_hat, f_a, p, q)


def _facts(
    trained: Trained, training: Path, exam: Exam, found: Sequence[Features], sample: tuple[Features, int]
) -> dict[str, Any]:
    snrs = dict(tables.by_snr(found))

    def told(name: str, some: Sequence[Features]) -> dict[str, float]:
        p = torch.from_numpy(np.concatenate([getattr(one, name) for one in some]))
        return {"per_frame": code_perplexity(p), "of_usage": code_usage(p[None])}

    weights = training / "weights.safetensors"
    return {
        "system": trained.system,
        "recipe": trained.facts["recipe"],
        "steps": trained.facts["steps"],
        "planned_steps": trained.facts["planned_steps"],
        "weights": digest(weights.read_bytes())[:8] if weights.is_file() else None,
        "dataset": exam.dataset.name,
        "synthetic": bool(exam.dataset.synthetic),
        "plan_sha256": exam.plan.sha256,
        "clips": len(next(iter(snrs.values()))),
        "linear_penalty": None if math.isnan(penalty := tables.linear(found).penalty) else penalty,
        "codes": int(trained.net.tame.audio_codes.shape[1]),
        "perplexity": {f"{snr:g}": {name: told(name, some) for name in "pq"} for snr, some in snrs.items()},
        "frame": {"speaker": sample[0].speaker, "snr": sample[0].snr, "picture": sample[1]},
    }


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    with atomic_write(path, "w") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit code."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m avbench.systems.mutud.analysis", description=__doc__.split("\n")[0]
    )
    parser.add_argument("training", type=Path, help="folder of a finished training")
    parser.add_argument("--out", type=Path, help="folder for the tables; TRAINING/analysis unless given")
    for name in ("dataset", "noise", "snr"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--limit", type=int)
    given = vars(parser.parse_args(arguments))
    out = analyse(**given, announce=lambda line: print(line, file=sys.stderr))  # noqa: T201
    sys.stdout.write(f"{out}\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AvbenchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)

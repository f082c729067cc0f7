"""Kept runs made by hand: as many speakers, systems and failures as a test of boards needs, in no time."""

import json
from pathlib import Path

import numpy as np

from avbench.evaluation.identity import digest_of
from avbench.evaluation.runs import Run
from avbench.evaluation.summary import summarise
from avbench.metrics import get_metric
from avbench.seeds import Draw

SNRS = (-5, 5)
FACT = {"name": "made", "fingerprint": "0" * 32}


def made_run(
    folder: Path,
    system="mutud",
    level=0.7,
    *,
    speakers=12,
    clips=24,
    metrics=("stoi@1",),
    anchor=False,
    official=True,
    limit=None,
    finished=True,
    snrs=SNRS,
    plan="3-bn",
    failed=(),
    errors=(),
    noise=0.0,
    digest=None,
    cost=None,
    sound="exact",
    judges=None,
    task="avse@1",
    values=None,
    version="0.1.0",
):
    """A kept run whose trials score around `level`; the same trials are hard or easy for every system.

    Args:
        values: `[trials, metrics]` scores instead.
        noise: how far a trial may stray from what trial and level say, differently for each system.
    """
    names = [metric.partition("@")[0] for metric in metrics]
    identity = {
        "avbench": version,
        "task": task,
        "protocol": "additive-noise@1",
        "plan": {"name": plan, "sha256": digest_of(plan)},
        "dataset": {"name": "avbench-synth", "fingerprint": "0" * 32},
        "noise": FACT,
        "axes": {"snr": list(snrs)},
        "limit": limit,
        "metrics": list(metrics),
        **({"judges": judges} if judges else {}),
        "system": {"name": system, "digest": digest or digest_of(system), "recipe": None if anchor else "synth"},
    }
    clips = limit or clips
    hard = Draw("hard").uniforms(10_000 * len(names)).reshape(10_000, len(names))
    stray = Draw("stray", system).uniforms(10_000 * len(names)).reshape(10_000, len(names)) - 0.5
    trials = []
    for c in range(clips):
        for s, snr in enumerate(snrs):
            i = c * len(snrs) + s
            scores = {}
            for m, name in enumerate(names):
                value = float(level + 0.1 * hard[i, m] + noise * stray[i, m]) if values is None else values[i][m]
                scores[name] = {"status": "ok", "value": value, "raw": value, "reason": "", "flags": []}
                if name.endswith("wer"):
                    scores[name]["more"] = {"errors": round(10 * value), "words": 10}
                if i in failed:
                    scores[name] |= {"status": "failed", "value": get_metric(name).floor, "raw": None, "reason": "mute"}
                if i in errors:
                    scores[name] |= {"status": "error", "value": None, "raw": None, "reason": "no memory"}
            trials.append(
                {
                    "trial": f"t-{c:04d}.snr{snr}",
                    "clip": f"c{c}",
                    "cluster": f"s{c % speakers:03d}",
                    "condition": {"snr": snr},
                    "facts": {"pcm": f"{i:032x}"},
                    "scores": scores,
                }
            )
    asked = [clips] * len(snrs)
    rows = summarise(trials, {"snr": snrs}, [get_metric(n) for n in names], asked, judges)
    card = {
        "title": f"{system} of a test", "paper": "", "inputs": ["audio"], "causal": True, "lookahead": 0.0,
        "licence": "", "synthetic": True, "training": "", "finished": finished,
    }  # fmt: skip
    head = {
        "format": 2, "identity": identity, "hash": digest_of(identity), "card": None if anchor else card,
        "answer": "audio", "synthetic": True, "made": {"speech": True, "noise": True},
        "official": official and limit is None, "clips": clips, "clusters": "speakers", "asked": asked,
    }  # fmt: skip
    document = {
        "kept": 1, "head": head, "summary": {"sound": sound, "rows": rows}, "cost": cost,
        "provenance": {"sessions": []}, "left_out": {}, "trials": trials,
    }  # fmt: skip
    path = Path(folder, f"{digest_of(identity)[:16]}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return Run(None, kept=path)


COST = {"parameters": 3_635_020, "macs": 948_000_000, "rtf": 0.0512, "machine": "a machine", "load": 0.5}


def stray_values(name: str, level: float, trials: int, metrics: int, spread: float) -> np.ndarray:
    """`[trials, metrics]` scores around a level."""
    found = Draw("values", name).uniforms(trials * metrics).reshape(trials, metrics)
    return level + spread * (found - 0.5)

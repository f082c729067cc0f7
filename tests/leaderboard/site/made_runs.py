"""Runs in the format of a record, made up: as many trials as are wanted in no time, with failures and hostile names."""

import json

import numpy as np

from avbench.evaluation.conditions import conditions
from avbench.evaluation.identity import digest_of
from avbench.evaluation.record import to_json
from avbench.evaluation.runs import Run
from avbench.evaluation.summary import summarise
from avbench.metrics import get_metric
from avbench.seeds import Draw

METRICS = ("stoi", "estoi", "si-sdr", "pesq-wb")
RANGES = {"stoi": (0.0, 1.0), "estoi": (0.0, 1.0), "si-sdr": (-60.0, 100.0), "pesq-wb": (1.0, 4.64)}
SNRS = (-15, -10, -5, 0, 5)


def head_of(system, anchor=False, axes=None, clips=400, official=True, title="a system that was made up",
            version="0.1.0", digest="d" * 64, plan="3-bn", **card):  # fmt: skip
    axes = axes or {"snr": list(SNRS)}
    identity = {
        "avbench": version,
        "task": "avse@1",
        "protocol": "additive-noise@1",
        "plan": {"name": plan, "sha256": "9" * 64 if plan == "3-bn" else digest_of(plan)},
        "dataset": {"name": "avbench-synth", "fingerprint": "6" * 32},
        "noise": {"name": "synth-noise", "fingerprint": "f" * 32},
        "axes": axes,
        "limit": None,
        "metrics": [f"{name}@1" for name in METRICS],
        "system": {"name": system, "digest": digest, "recipe": None if anchor else "synth"},
    }
    about = {
        "title": title,
        "paper": "nobody 2020",
        "inputs": ["audio"],
        "causal": True,
        "lookahead": 0.02,
        "licence": "Apache-2.0",
        "synthetic": True,
        "training": "none",
        "finished": True,
    }
    return {
        "format": 2,
        "identity": identity,
        "hash": digest_of(identity),
        "card": None if anchor else {**about, **card},
        "synthetic": True,
        "made": {"speech": True, "noise": True},
        "official": official,
        "clips": clips,
        "asked": [clips] * len(conditions({axis: tuple(values) for axis, values in axes.items()})),
        "answer": "audio",
        "clusters": "speakers",
    }


def trials_of(system, axes, clips, gain, speakers=40, broken=0, reason="the estimate is silent"):
    draw, found = Draw("made run", system), []
    for condition in conditions({axis: tuple(values) for axis, values in axes.items()}):
        snr = condition.get("snr", 0)
        level = (0.0 if isinstance(snr, str) else snr) + gain
        noise = draw.normals(clips * 4).reshape(clips, 4)
        mark = "".join(f".{axis}{value}" for axis, value in condition.items())
        for i in range(clips):
            hard = 3.0 * np.sin(i % speakers)
            near = 1 / (1 + np.exp(-(level + hard + 2 * noise[i, 0]) / 8))
            values = {
                "stoi": near,
                "estoi": near**2,
                "si-sdr": level + hard + noise[i, 2],
                "pesq-wb": 1 + 2 * near**3 + 0.02 * abs(noise[i, 3]),
            }
            fails = i * 7 % clips < broken
            scores = {}
            for name, value in values.items():
                value = float(np.clip(value, *RANGES[name]))
                floor = get_metric(name).floor
                scores[name] = {
                    "status": "failed" if fails else "ok",
                    "value": floor if fails else value,
                    "raw": None if fails else value,
                    "reason": reason if fails else "",
                    "flags": [],
                }
            trial = f"3-bn-{i:04d}{mark}".lower()
            found.append({"trial": trial, "clip": f"s{i % speakers:03d}-{i // speakers:03d}",
                          "cluster": f"s{i % speakers:03d}", "condition": dict(condition),
                          "facts": {"power_snr_db": float(level)}, "scores": scores})  # fmt: skip
    return sorted(found, key=lambda trial: trial["trial"])


def made_run(folder, system, gain=6.0, clips=400, axes=None, broken=0, anchor=False, rtf=0.1, cost=None, reason=None,
             **head):  # fmt: skip
    """A run in a folder of its own; the answers to its trials do not exist."""
    axes = axes or {"snr": list(SNRS)}
    trials = trials_of(system, axes, clips, gain, broken=broken, reason=reason or "the estimate is silent")
    head = head_of(system, anchor, axes, clips, **head)
    rows = summarise(trials, axes, [get_metric(name) for name in METRICS], head["asked"])
    for name in ("predictions", "scores", "errors"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(to_json(head))
    (folder / "plan.jsonl").write_text('{"plan": "3-bn"}\n')
    for trial in trials:
        (folder / "scores" / f"{trial['trial']}.json").write_text(json.dumps(trial))
    (folder / "summary.json").write_text(to_json({"sound": "exact", "rows": rows}))
    session = {"started": "2026-01-01T00:00:00+0000", "device": "cpu", "trials_done": len(trials),
               "audio_seconds": 100.0, "rtf": None if anchor else rtf, "seconds": {"total": 1.0},
               "machine": {"processor": "an imagined processor"}, "packages": {}, "source": None}  # fmt: skip
    (folder / "provenance.json").write_text(to_json({"sessions": [session]}))
    if cost:
        (folder / "cost.json").write_text(to_json(cost))
    return Run(folder)


def made_exam(folder, systems=("gcrn", "mutud"), clips=400, axes=None, **how):
    """Several systems and the three anchors, side by side."""
    runs = [
        made_run(folder / name, name, gain=5.0 + 2 * i, clips=clips, axes=axes, broken=3 * (i == 0), rtf=0.05 * 3**i,
                 cost={"macs": int(2e8 * 4**i), "parameters": int(1e6 * 2**i)}, **how)
        for i, name in enumerate(systems)
    ]  # fmt: skip
    for name, gain in (("noisy", 0.0), ("oracle", 120.0), ("silence", -80.0)):
        runs.append(made_run(folder / name, name, gain=gain, clips=clips, axes=axes, anchor=True))
    return runs

"""Runs as `avbench run` would leave them, without a system: a data set of tones and coloured faces, and answers."""

import hashlib
import json

import numpy as np

from avbench.evaluation.answers import ANSWERS
from avbench.evaluation.identity import digest_of
from avbench.evaluation.record import Record, write_json
from avbench.listening.ballot import Ballot, new_code, rater_of
from avbench.listening.blind import open_key
from avbench.types import Audio, Clip, Video

RATE = 16000
PEOPLE = 12


def tone(number, seconds=0.25):
    t = np.arange(round(seconds * RATE)) / RATE
    return Audio((0.05 * np.sin(2 * np.pi * (200 + 40 * number) * t)).astype(np.float32), RATE)


def face(number, frames=1):
    picture = np.zeros((frames, 32, 32, 3), np.uint8)
    picture[..., 0], picture[..., 1], picture[:, 8:24, 8:24, 2] = 20 * number, 255 - 20 * number, 255
    return Video(picture, 25.0)


class People:
    """Twelve people, each of whom is heard and seen in one clip."""

    name, split, synthetic, licence, fingerprint, notes = "people", "test", True, "CC0-1.0", "people-fp", ()
    ids = tuple(f"c{number:02d}" for number in range(PEOPLE))

    def clip(self, clip_id):
        return Clip(clip_id, 0.25, f"s{clip_id[1:]}")

    def audio(self, clip):
        return tone(int(clip.id[1:]))


def still(dataset, use):
    return face(int(use.item[1:]))


def triplet_plan(source, rows=PEOPLE):
    """A plan of preference triplets; rows take turns in which side is right."""
    task = {"face": "image-translation@1", "voice": "voice-conversion@1"}[source]
    header = {"plan": f"{source}-cpr", "task": task, "protocol": "guided@1", "dataset": "people",
              "dataset_fingerprint": "people-fp", "source": source, "kind": "preference"}  # fmt: skip
    role, lines = {"face": "voice", "voice": "image"}[source], [header]
    for i in range(rows):
        right, wrong = f"c{i:02d}", f"c{(i + 1) % PEOPLE:02d}"
        if role == "image":
            right, wrong = f"{right}#0", f"{wrong}#0"
        truth = {"face": [f"c{i:02d}#0", f"c{(i + 1) % PEOPLE:02d}#0"], "voice": [f"c{i:02d}"]}[source]
        uses = {role: [right, wrong], "left": [(right, wrong)[i % 2]], "truth": truth}
        lines.append({"id": f"{source}-cpr-{i:04d}", "clip": f"c{(i + 5) % PEOPLE:02d}", "uses": uses})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def make_run(folder, system, trials, answer, plan, axes, task, *, missing=(), anchor=False, status="ok", metric="stoi"):
    """Write a run: `trials` are `(id, condition, clip, cluster, answer)`; of those `missing` the system gave none."""
    kind = ANSWERS[answer]
    identity = {
        "avbench": "0", "task": task, "protocol": "guided@1",
        "plan": {"name": "p", "sha256": hashlib.sha256(plan).hexdigest()},
        "dataset": {"name": "people", "fingerprint": "people-fp"}, "noise": None, "axes": axes, "limit": None,
        "metrics": [f"{metric}@1"], "system": {"name": system, "digest": system, "recipe": None},
    }  # fmt: skip
    card = {"title": "", "training": "", "finished": True, "inputs": [], "synthetic": True,
            "causal": True, "lookahead": 0.0, "paper": "none", "licence": ""}  # fmt: skip
    record = Record(folder)
    head = {"identity": identity, "hash": digest_of(identity), "card": None if anchor else card, "synthetic": True,
            "made": {"speech": True}, "official": False, "clips": len(trials), "asked": [len(trials)],
            "answer": answer, "clusters": "speakers"}  # fmt: skip
    record.begin(head, plan)
    for trial, condition, clip, cluster, made in trials:
        lost = trial in missing
        if not lost:
            record.save_prediction(trial, kind, made)
        score = {"status": "failed" if lost else status, "value": 0.5, "raw": 0.5, "flags": [],
                 "reason": "the system crashed" if lost else ""}  # fmt: skip
        record.save_scores(trial, {"trial": trial, "clip": clip, "cluster": cluster, "condition": condition,
                                   "facts": {}, "scores": {metric: score}})  # fmt: skip
    write_json(folder / "summary.json", {"sound": None, "rows": []})
    return folder


def triplet_run(folder, system, source="face", rows=PEOPLE, missing=()):
    """A run over `triplet_plan`: two answers a row for faces, one that counts for voices."""
    plan, role = triplet_plan(source, rows), {"face": "voice", "voice": "image"}[source]
    trials = []
    for i in range(rows):
        for k in range(2):
            name = f"{source}-cpr-{i:04d}.{role}.r{k}"
            made = face((i + k) % PEOPLE) if source == "face" else tone(i + k, 0.3)
            trials.append((name, {"guidance": role, "reference": k}, f"c{(i + 5) % PEOPLE:02d}", f"s{i:02d}", made))
    axes = {"guidance": [role], "reference": [0, 1]}
    task = {"face": "image-translation@1", "voice": "voice-conversion@1"}[source]
    return make_run(
        folder, system, trials, {"face": "video", "voice": "audio"}[source], plan, axes, task, missing=missing
    )


def speech_run(folder, system, gain=1.0, clips=PEOPLE, missing=(), answer="audio", anchor=False, plan=b"plan\n"):
    """A run at two SNRs with an answer of another pitch for each clip."""
    trials = []
    for i in range(clips):
        for snr in (-5, 5):
            made = tone(i + gain) if answer == "audio" else face(i, frames=5)
            trials.append((f"p-{i:04d}.snr{snr}", {"snr": snr}, f"c{i:02d}", f"s{i:02d}", made))
    return make_run(
        folder, system, trials, answer, plan, {"snr": [-5.0, 5.0]}, "avse@1", missing=missing, anchor=anchor
    )


def cast(test, say, raters=12, attentive=lambda rater: True):
    """Let raters answer everything; `say(rater, item)` is their answer to an item of the key."""
    ballot, key, votes = Ballot(test), open_key(test), []
    for number in range(raters):
        rater = rater_of(new_code())
        ballot.enrol(rater)
        for name in test.trials:
            if name in key["checks"]:
                right = key["checks"][name]
                answer = right if attentive(number) else next(a for a in test.answers(name) if a != right)
            else:
                answer = say(number, key["trials"][name])
            if answer is not None:
                votes.append((rater, name, answer))
    with ballot._open() as database:  # all at once, because each alone would wait for the disk
        database.execute("BEGIN")
        database.executemany("INSERT INTO votes VALUES (?, ?, ?)", votes)
        database.execute("COMMIT")
    return ballot

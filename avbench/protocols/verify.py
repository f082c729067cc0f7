"""Whether this machine makes the sound and the pictures that a plan was published with.

A record holds, for one plan, the hash of the file, of every clip, of every noise, of every row's rendered samples and,
where they were asked for, of every clip's pictures, so that a difference has a name. Of plans whose rows use more than
that (faces, references, tracks), it holds the hash of every such thing (see `things`) and of every line of the plan.
Where hashes differ, a fingerprint (see `things`) decides whether the result is still *equivalent*.

    exact        the same samples, the same pictures
    equivalent   another library or processor, but the same events; such a run is ranked, and marked
    different    anything else; such a run is not ranked

Conventions: the record of an official plan is where `records` says, that of any other plan beside it,
`<name>.pcm.json`.

Contents: `Report`, `hash_plan`, `verify_plan`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.dataset import Dataset, pictured
from ..data.noise import NoiseSet
from ..errors import ReferenceFault
from ..signal.files import digest
from . import pictures
from .additive_noise import mix, noise_of
from .protocol import Plan, Protocol, Row
from .records import SHORT, lines_of
from .rules import RULES, load_plan
from .things import HEARD, SEEN, Thing, hash_thing, near, of_frames, of_sounds
from .workers import each_row

Progress = Callable[[int, int], None]
NOTHING = "The text is as published; the plan has pictures only, and none was asked for."
SEEMS = {"sound": "sounds different", "labels": "say something else"}


@dataclass(frozen=True)
class Report:
    """What a verification found.

    Args:
        plan: its name.
        verdict: `"exact"`, `"equivalent"` or `"different"`.
        first: the first thing that differs, e.g. `"noise rain-t03"` or `"picture s003-000"`; None if nothing does.
        detail: a sentence on it.
        rows: how many rows were rendered.
        pictures: how many pictures and films were compared.
    """

    plan: str
    verdict: str
    first: str | None
    detail: str
    rows: int
    pictures: int = 0


def hash_plan(
    plan: Plan,
    dataset: Dataset,
    noise: NoiseSet,
    progress: Progress | None = None,
    *,
    video: bool = False,
    seen: bool = True,
    workers: int = 1,
) -> dict[str, Any]:
    """Render a plan and make its record.

    Args:
        plan: at every condition that it was drawn for.
        dataset: of the plan.
        noise: of the plan.
        progress: called with rows done and rows to do.
        video: whether the mouths of the clips are hashed too.
        seen: whether those things that are pictures are made and hashed; a record that is kept has them.
        workers: processes; the record does not depend on it.

    Returns:
        `plan_sha256`; `clips` and `noises`: id to hash; `rows`: id to `[hash of all SNRs, fingerprint]`; `snr`: SNR to
        the hash over all rows; with `video` also `frames`: clip to `[hash, fingerprint]`. Where rows use more, also
        `things`: name to `[hash, fingerprint]`, and `lines`: see `records.lines_of`.
    """
    protocol = _protocol_of(plan)
    record: dict[str, Any] = {"plan_sha256": plan.sha256, "clips": {}, "noises": {}, "rows": {}, "snr": {}}
    video = video and protocol.mouths
    if video:
        record["frames"] = {}
    rows = plan.rows if protocol.noisy else ()
    things = [t for t in things_of(plan, protocol, plan.rows) if seen or t.kind not in SEEN]
    if workers > 1:
        dataset.prepare([row.clip for row in rows], mouth=video, workers=workers)
        prepare_things(things, dataset, workers)
    sums = {snr: hashlib.sha256() for snr in plan.snr}
    made = each_row(_hash_row, plan, rows, dataset, noise, video, workers)
    total = len(rows) + len(things)
    for done, (row, (clip, noises, rendered, fingerprint, frames)) in enumerate(zip(rows, made, strict=True)):
        record["clips"][row.clip] = clip
        record["noises"] |= {item: found for item, found in noises.items() if item not in record["noises"]}
        for snr, pcm in rendered:
            sums.setdefault(snr, hashlib.sha256()).update(pcm)
        record["rows"][row.id] = [digest(b"".join(pcm for _, pcm in rendered))[:16], fingerprint]
        if frames is not None:
            record["frames"][row.clip] = frames
        if progress is not None:
            progress(done + 1, total)
    record["snr"] = {snr if snr == "clean" else f"{snr:g}": total.hexdigest() for snr, total in sums.items()}
    if things:
        record |= {"lines": lines_of(plan), "things": {}}
        found = each_row(_hash_thing, plan, things, dataset, noise, None, workers)
        for done, (thing, hashes) in enumerate(zip(things, found, strict=True)):
            record["things"][str(thing)] = hashes
            if progress is not None:
                progress(len(rows) + done + 1, total)
    return record


def things_of(plan: Plan, protocol: Protocol, rows: Sequence[Row]) -> list[Thing]:
    """Everything that these rows use, each thing once, in the order of the rows."""
    return list(dict.fromkeys(thing for row in rows for thing in protocol.things(plan, row)))


def prepare_things(things: Sequence[Thing], dataset: Dataset, workers: int) -> None:
    """Make things ahead of time."""
    for kinds, mouth in ((HEARD, False), (("mouth", "still"), True)):
        if clips := dict.fromkeys(t.use.item for t in things if t.kind in kinds):
            dataset.prepare(clips, mouth=mouth, workers=workers)


def _hash_thing(plan: Plan, thing: Thing, dataset: Dataset, noise: NoiseSet, more: None) -> list[str]:
    return hash_thing(dataset, thing)


def _protocol_of(plan: Plan) -> Protocol:
    from . import get_protocol

    return get_protocol(str(plan.header["protocol"]))


def verify_plan(
    plan: Plan,
    dataset: Dataset,
    noise: NoiseSet,
    record: Mapping[str, Any],
    progress: Progress | None = None,
    *,
    video: bool = False,
    workers: int = 1,
) -> Report:
    """Render a plan and compare with its record.

    Args:
        plan: at every condition that it was drawn for.
        dataset: of the plan.
        noise: of the plan.
        record: as `hash_plan` made it where the plan was drawn.
        progress: called with rows done and rows to do.
        video: whether pictures are made and compared too, where the record has any.
        workers: processes.
    """
    if plan.sha256 != record["plan_sha256"]:
        first, detail = changed_line(plan, record)
        return Report(plan.name, "different", first, f"The plan is not the text that was published{detail}.", 0)
    frames = video and bool(record.get("frames"))
    now = hash_plan(plan, dataset, noise, progress, video=frames, seen=video, workers=workers)
    kinds = [name.split()[0] for name in now.get("things", ())]
    seen = len(now.get("frames", ())) + sum(kind in SEEN for kind in kinds)
    first = _first_difference(plan, record, now)
    if first is None:
        heard = bool(now["rows"]) or any(kind in HEARD for kind in kinds)
        what = " and ".join(f"every {one}" for one, there in (("sample", heard), ("picture", seen)) if there)
        detail = f"{what[:1].upper()}{what[1:]} is as published." if what else NOTHING
        return Report(plan.name, "exact", None, detail, len(plan.rows), seen)
    kind = first.split()[0]
    looks = kind == "picture" or kind in SEEN
    other = "other pictures" if looks else "other labels" if kind == "labels" else "other samples"
    far = _first_far(plan, record, now)
    if far is None:
        agree = "brightness of the pictures" if looks else "spectrum and course of the level"
        detail = f"{first} has {other}, but length, {agree} agree in every row."
        return Report(plan.name, "equivalent", first, detail, len(plan.rows), seen)
    return Report(plan.name, "different", first, f"{first} has {other}; {far}.", len(plan.rows), seen)


def changed_line(plan: Plan, record: Mapping[str, Any]) -> tuple[str, str]:
    """What of a plan is not as published: its name, and the end of a sentence."""
    whole = f"plan {plan.name}"
    now, then = lines_of(plan), record.get("lines", "")
    if not then:
        return whole, ""
    pieces, pieces_now = ([text[i : i + SHORT] for i in range(0, len(text), SHORT)] for text in (then, now))
    if len(pieces) != len(pieces_now):
        return whole, f": it has {len(pieces_now) - 1} rows where {len(pieces) - 1} were published"
    place = next((i for i, (a, b) in enumerate(zip(pieces, pieces_now, strict=True)) if a != b), 0)
    if place == 0:
        return whole, ": its header differs"
    row = plan.rows[place - 1]
    published = load_plan(plan.name) if plan.name in RULES else None
    if published is None or published.sha256 != record["plan_sha256"]:
        return f"row {row.id}", f": line {place + 1}, {row.id}, differs"
    return f"row {row.id}", f": {_difference(row, published.rows[place - 1])}"


def _difference(row: Row, published: Row) -> str:
    if row.id != published.id or row.clip != published.clip or row.samples != published.samples:
        return f"the row {row.id} is about {row.clip} where {published.id} is about {published.clip}"
    for role in dict.fromkeys([*published.uses, *row.uses]):
        uses, then = row.uses.get(role, ()), published.uses.get(role, ())
        for k in range(max(len(uses), len(then))):
            one, other = (str(u[k]) if k < len(u) else "nothing" for u in (uses, then))
            if one != other:
                return f"{role} {k} of {row.id} is {one} where {other} was published"
    return f"the noises of {row.id} differ"


Hashed = tuple[str, dict[str, str], list[tuple[float | str, bytes]], str, list[str] | None]
"""Of a row: hash of the clip, of each noise, its samples at every SNR, its fingerprint, hash and fingerprint of the
pictures."""


def _hash_row(plan: Plan, row: Row, dataset: Dataset, noise: NoiseSet, video: bool) -> Hashed:
    """Nothing is rendered of a clip that has no SNR, and nothing hashed of pictures that are not there."""
    protocol = _protocol_of(plan)
    speech = dataset.audio(dataset.clip(row.clip)).samples
    rendered, added = [], {}
    for condition in protocol.hearings(plan) if len(speech) == row.samples else ():
        asked = protocol.read(condition)
        if asked.noise not in added:
            added[asked.noise] = protocol.noise_at(plan, row, asked, noise)
        try:
            noisy = mix(speech, added[asked.noise], asked.snr).noisy
            rendered.append((asked.snr, np.ascontiguousarray(noisy, "<i2").tobytes()))
        except ReferenceFault:
            continue
    noises = {use.item: _short(noise.load(use.item)) for use in row.noises}
    frames = _hash_frames(plan, row, dataset) if video and row.clip in pictured(dataset) else None
    return _short(speech), noises, rendered, of_sounds(speech, noise_of(row, noise)), frames


def _hash_frames(plan: Plan, row: Row, dataset: Dataset) -> list[str] | None:
    try:
        frames = pictures.shown(plan, row, dataset).frames
    except ReferenceFault:
        return None
    return [digest(frames)[:16], of_frames(frames)]


def _first_difference(plan: Plan, then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    seen, seen_now = then.get("frames", {}), now.get("frames", {})
    protocol, known = _protocol_of(plan), then.get("things", {})
    for row in plan.rows:
        for thing in protocol.things(plan, row):
            made = now.get("things", {}).get(str(thing))  # None: it is a picture, and pictures are not asked for
            if made is not None and (known.get(str(thing)) or [None])[0] != made[0]:
                return str(thing)
        if not protocol.noisy:
            continue
        if then["clips"].get(row.clip) != now["clips"][row.clip]:
            return f"clip {row.clip}"
        for use in row.noises:
            if then["noises"].get(use.item) != now["noises"][use.item]:
                return f"noise {use.item}"
        if (then["rows"].get(row.id) or [None])[0] != now["rows"][row.id][0]:
            return f"trial {row.id}"
        if "frames" in now and (seen.get(row.clip) or [None])[0] != (seen_now.get(row.clip) or [None])[0]:
            return f"picture {row.clip}"
    return None


def _first_far(plan: Plan, then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """What is not even equivalent, as the end of a sentence."""
    for name, found in now.get("things", {}).items():
        known = then.get("things", {}).get(name)
        if found != known and not _near(known, found):
            return f"{name} {SEEMS.get(name.split()[0], 'looks different')}"
    for row in plan.rows if now["rows"] else ():
        if not _near(then["rows"].get(row.id), now["rows"][row.id]):
            return f"{row.id} sounds different"
    for row in plan.rows if "frames" in now else ():
        found, found_now = then["frames"].get(row.clip), now["frames"].get(row.clip)
        if found != found_now and not _near(found, found_now):
            return f"{row.clip} looks different"
    return None


def _near(then: Any, now: Any) -> bool:
    return bool(then and now) and len(then) == len(now) == 2 and near(then[1], now[1])


def _short(samples: np.ndarray) -> str:
    return digest(np.ascontiguousarray(samples, "<f4"))[:16]

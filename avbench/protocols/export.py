"""A plan as files, for a system that runs somewhere else.

Noisy speech with a mouth:

    <trial-id>.wav     what the system hears, 16 bits at 16 kHz; its answer is expected under the same name elsewhere
    <picture>.mouth.npy  what it sees, `[F, 88, 88]` uint8, once for all trials that see the same; only if asked for.
                       The name is the row's, and what changes the picture: `3-bn-0007.wrong-face.mouth.npy`
    rendering.json     which plan over which data, how many rows, which conditions; written first
    manifest.tsv       trial, clip, condition, seconds, hash of the samples, file and hash of the pictures, and why
                       a trial is void (`-` where it is not); written last

Trials that have more (faces, references, tracks); a file that many share is written once, under its content's hash:

    inputs/<hash>.wav  speech, 16 bits at 16 kHz: what is to be spoken or changed, voices to be followed
    inputs/<hash>.png  one picture
    inputs/<hash>.npy  a film or a mouth, `[F, H, W, C]` uint8 at 25 pictures a second
    manifest.tsv       trial, clip, conditions, seed, what it may see and hear, which gender is wanted, why it is void

Answers are expected as `<trial>.wav`, `.png`, `.mp4`, … Targets are not handed out. What was cut short is gone on with;
files of another plan, or of other conditions, are never mixed in.

Contents: `render_plan`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import ReferenceFault, UsageError
from ..signal.audio import read_audio, to_int16, write_wav
from ..signal.files import atomic_write, digest
from ..types import Audio, Video
from . import pictures
from .axes import marks_of
from .protocol import Plan, Protocol, Row
from .verify import prepare_things, things_of
from .workers import each_row

MARKER = "rendering.json"
FOLDER = "inputs"
ROLES = ("speech", "mouth", "face", "voice", "image")


def render_plan(
    plan: Plan,
    protocol: Protocol,
    dataset: Dataset,
    noise: NoiseSet | None,
    out: str | Path,
    *,
    snr: Sequence[float | str] | None = None,
    axes: Mapping[str, Sequence[Any]] | None = None,
    limit: int | None = None,
    video: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, str]]:
    """Write the inputs of a plan and their manifest.

    Args:
        plan: what to render.
        protocol: of the plan.
        dataset: of the plan.
        noise: of the plan.
        out: an empty or new folder, or one in which the same was begun.
        snr: in dB or `"clean"`; those of the plan unless given.
        axes: further axes with their values; every combination is rendered.
        limit: only the first so many clips.
        video: whether to write the mouths too.
        workers: processes; the files do not depend on it.
        progress: called with rows done and rows to do.

    Returns:
        The manifest, a line for every trial that the plan has: not every row has one at every condition. A trial whose
        clip is silent or broken is void for every system and has no file; its `pcm` says `void`, and `reason` why. With
        `video`, so is that of a clip without a picture. What is not heard, or not seen, has `-` for its hash.

    Raises:
        UsageError: the folder holds something else, or the plan was drawn over other data.
        UnknownName: no such value of an axis.
        MissingResource, BadFile: a clip, a noise or a picture cannot be had, or the folder cannot be written.
    """
    out = Path(out)
    rows = plan.first(limit)
    asked = _conditions(plan, protocol, snr, axes or {})
    for condition in asked:
        protocol.read(condition)  # wrong values end here, before the folder is begun
    names = list(asked[0])
    what = {"rows": len(rows), **{name: list(dict.fromkeys(_text(c[name]) for c in asked)) for name in names}}
    _begin(plan, dataset, noise, out, what)
    if workers > 1:
        dataset.prepare([row.clip for row in rows], mouth=video and protocol.mouths, workers=workers)
        prepare_things(things_of(plan, protocol, rows), dataset, workers)
    manifest = []
    if protocol.noisy and protocol.mouths:
        made = each_row(_write_heard, plan, rows, dataset, noise, (protocol, asked, out, video), workers)
    else:
        made = each_row(_write_given, plan, rows, dataset, noise, (protocol, asked, out), workers)
    for done, entries in enumerate(made):
        manifest += entries
        if progress is not None:
            progress(done + 1, len(rows))
    with atomic_write(out / "manifest.tsv") as handle:
        columns = list(manifest[0]) if manifest else []
        lines = ["\t".join(columns), *("\t".join(entry[c] for c in columns) for entry in manifest)]
        handle.write(("\n".join(lines) + "\n").encode())
    return manifest


def _conditions(
    plan: Plan, protocol: Protocol, snr: Sequence[float | str] | None, axes: Mapping[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    """Every combination, the SNR first; a plan's own conditions decide what is not given."""
    own: dict[str, list] = {"snr": []} if "snr" in protocol.axes else {}
    for condition in protocol.hearings(plan):
        for axis, value in condition.items():
            if value not in own.setdefault(axis, []):
                own[axis].append(value)
    if snr is not None and "snr" not in protocol.axes:
        raise UsageError(f"The plan {plan.name} adds no noise, so it has no SNR to set.")
    every = {**own, **({} if snr is None else {"snr": snr}), **axes}
    return [dict(zip(every, values, strict=True)) for values in product(*every.values())]


def _begin(plan: Plan, dataset: Dataset, noise: NoiseSet | None, out: Path, what: dict[str, Any]) -> None:
    """Mark a new folder, or make sure that the same was begun in this one."""
    for kind, one in (("dataset", dataset), ("noise", noise)):
        if plan.header.get(f"{kind}_fingerprint") != getattr(one, "fingerprint", None):
            raise UsageError(f"The plan {plan.name} was drawn over other data than {one and one.name}: draw it again.")
    marker = {"plan": plan.name, "plan_sha256": plan.sha256, **what}
    content = json.dumps(marker, indent=1).encode() + b"\n"
    path = out / MARKER
    if path.is_file():
        if path.read_bytes() != content:
            raise UsageError(
                f"{out} holds another rendering, of another plan or with other SNRs or rows (see {MARKER} there): "
                "choose a new folder."
            )
    elif out.is_dir() and any(not child.name.startswith(f".{MARKER}") for child in out.iterdir()):
        raise UsageError(f"{out} holds other files: choose a new folder.")
    else:
        with atomic_write(path) as handle:
            handle.write(content)


def _write_heard(plan: Plan, row: Row, dataset: Dataset, noise: NoiseSet, more: tuple) -> list[dict[str, str]]:
    """Write every trial of a row; its lines of the manifest."""
    protocol, conditions, out, video = more
    seen: dict[str, tuple[str, str] | ReferenceFault] = {}
    entries = []
    for condition in (c for c in conditions if protocol.asks(plan, row, c)):
        shown: tuple[str, str] | ReferenceFault = ("-", "-")
        if video:
            mark = marks_of(protocol.read(condition), of_picture=True)
            if mark not in seen:
                seen[mark] = _write_mouth(plan, row, condition, protocol, dataset, out / f"{row.id}{mark}.mouth.npy")
            shown = seen[mark]
        name, fault = protocol.trial_id(row, condition), shown if isinstance(shown, ReferenceFault) else None
        heard = {"seconds": "0", "pcm": "void"}
        try:
            if fault is None:
                heard = _write_trial(plan, row, condition, protocol, dataset, noise, out / f"{name}.wav")
        except ReferenceFault as error:
            fault = error
        entry = {"trial": name, "clip": row.clip, **{axis: _text(value) for axis, value in condition.items()}, **heard}
        if video:
            entry |= dict(zip(("mouth", "frames"), ("-", "void") if shown is fault else shown, strict=True))
        entries.append({**entry, "reason": _said(fault)})
    return entries


def _write_trial(
    plan: Plan,
    row: Row,
    condition: Mapping[str, Any],
    protocol: Protocol,
    dataset: Dataset,
    noise: NoiseSet,
    path: Path,
) -> dict[str, str]:
    """Write what one trial hears, unless that was done; what the manifest says of it. Raises `ReferenceFault`."""
    if condition.get("modality") == "video":
        return {"seconds": f"{dataset.clip(row.clip).seconds:.3f}", "pcm": "-"}
    if path.is_file():
        heard = read_audio(path)
        pcm = digest(to_int16(heard.samples))
    else:
        trial = protocol.render(plan, row, condition, dataset, noise, video=False)
        heard, pcm = trial.input.audio, trial.facts["pcm"]
        write_wav(path, heard, "PCM_16")
    return {"seconds": f"{heard.seconds:.3f}", "pcm": pcm}


def _write_mouth(
    plan: Plan, row: Row, condition: Mapping[str, Any], protocol: Protocol, dataset: Dataset, path: Path
) -> tuple[str, str] | ReferenceFault:
    """Write what a row sees, unless that was done: file and hash, `-` if nothing shall be seen, or why nothing can."""
    if path.is_file():
        return path.name, digest(np.load(path))
    asked = protocol.read(condition)
    try:
        video = pictures.shown(plan, row, dataset, asked.modality, asked.offset, asked.degradation)
    except ReferenceFault as fault:
        return fault
    if video is None:
        return "-", "-"
    frames = video.frames[..., 0]
    with atomic_write(path) as handle:
        np.lib.format.write_array_header_1_0(handle, np.lib.format.header_data_from_array_1_0(frames))
        handle.write(np.ascontiguousarray(frames).data.cast("B"))
    return path.name, digest(frames)


def _write_given(
    plan: Plan,
    row: Row,
    dataset: Dataset,
    noise: NoiseSet | None,
    more: tuple[Protocol, Sequence[Mapping[str, Any]], Path],
) -> list[dict[str, str]]:
    """Write what every trial of a row may see and hear; its lines of the manifest."""
    protocol, conditions, out = more
    entries = []
    for condition in conditions:
        if not protocol.asks(plan, row, condition):
            continue
        values = {axis: _text(value) for axis, value in condition.items()}
        entry = {"trial": protocol.trial_id(row, condition), "clip": row.clip, **values}
        try:
            inputs = protocol.render(plan, row, condition, dataset, noise).input
        except ReferenceFault as fault:
            void = {"seed": "-", **dict.fromkeys(ROLES, "void"), "gender": "-"}
            entries.append({**entry, **void, "reason": _said(fault)})
            continue
        given = {"speech": inputs.audio, "mouth": inputs.video, "face": inputs.face, **inputs.references}
        written = {role: _write_file(out / FOLDER, given.get(role)) for role in ROLES}
        entry |= {"seed": str(inputs.seed), **written, "gender": inputs.wanted.get("gender", "-")}
        entries.append({**entry, "reason": _said(None)})
    return entries


def _said(fault: ReferenceFault | None) -> str:
    """Why a trial is void, in one field of a table; `-` where it is not."""
    return "-" if fault is None else " ".join(str(fault).split())


def _write_file(folder: Path, thing: Audio | Video | None) -> str:
    """Name of the file, which is written unless it is there."""
    if thing is None:
        return "-"
    if isinstance(thing, Audio):
        path = folder / f"{digest(to_int16(thing.samples))}.wav"
        if not path.is_file():
            write_wav(path, thing, "PCM_16")
        return f"{FOLDER}/{path.name}"
    frames = np.ascontiguousarray(thing.frames)
    single = len(frames) == 1 and frames.shape[3] == 3
    path = folder / f"{digest(frames)}.{'png' if single else 'npy'}"
    if not path.is_file():
        with atomic_write(path) as handle:
            if single:
                from PIL import Image

                Image.fromarray(frames[0]).save(handle, "PNG")
            else:
                np.lib.format.write_array_header_1_0(handle, np.lib.format.header_data_from_array_1_0(frames))
                handle.write(frames.data.cast("B"))
    return f"{FOLDER}/{path.name}"


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

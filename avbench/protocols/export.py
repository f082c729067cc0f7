"""A plan as sound files, for a system that runs somewhere else.

    <trial-id>.wav     what the system hears, 16 bits at 16 kHz; its answer is expected under the same name elsewhere
    <row-id>.mouth.npy what it sees, `[F, 88, 88]` uint8, the same at every SNR; only if asked for
    rendering.json     which plan over which data, how many rows, which SNRs; written first
    manifest.tsv       trial, clip, snr, seconds, hash of the samples; written last

What was cut short is gone on with; files of another plan, or of other SNRs, are never mixed in.

Contents: `render_plan`.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import ReferenceFault, UsageError
from ..signal.audio import read_audio, to_int16, write_wav
from ..signal.files import atomic_write, digest
from . import pictures
from .protocol import Plan, Protocol, Row

MARKER = "rendering.json"
COLUMNS = ("trial", "clip", "snr", "seconds", "pcm")


def render_plan(
    plan: Plan,
    protocol: Protocol,
    dataset: Dataset,
    noise: NoiseSet,
    out: str | Path,
    *,
    snr: Sequence[float | str] | None = None,
    limit: int | None = None,
    video: bool = False,
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
        limit: only the first so many rows.
        video: whether to write the mouths too.
        progress: called with rows done and rows to do.

    Returns:
        The manifest. A clip that is silent or broken is void for every system and has no file; its `pcm` says `void`.
        With `video`, so is a clip without a picture.

    Raises:
        UsageError: the folder holds something else, or the plan was drawn over other data.
        MissingResource, BadFile: a clip, a noise or a picture cannot be had, or the folder cannot be written.
    """
    out = Path(out)
    rows = plan.rows[:limit]
    levels = plan.snr if snr is None else tuple(snr)
    _begin(plan, dataset, noise, out, {"rows": len(rows), "snr": [_text(level) for level in levels]})
    manifest = []
    for done, row in enumerate(rows):
        seen = not video or _write_mouth(plan, row, dataset, out / f"{row.id}.mouth.npy")
        for level in levels:
            entry = {"trial": row.id, "clip": row.clip, "snr": _text(level), "seconds": "0", "pcm": "void"}
            manifest.append(entry | (_write_trial(plan, row, level, protocol, dataset, noise, out) if seen else {}))
        if progress is not None:
            progress(done + 1, len(rows))
    with atomic_write(out / "manifest.tsv") as handle:
        lines = ["\t".join(COLUMNS), *("\t".join(entry[c] for c in COLUMNS) for entry in manifest)]
        handle.write(("\n".join(lines) + "\n").encode())
    return manifest


def _begin(plan: Plan, dataset: Dataset, noise: NoiseSet, out: Path, what: dict[str, Any]) -> None:
    """Mark a new folder, or make sure that the same was begun in this one."""
    for kind, one in (("dataset", dataset), ("noise", noise)):
        if plan.header[f"{kind}_fingerprint"] != one.fingerprint:
            raise UsageError(f"The plan {plan.name} was drawn over other data than {one.name}: draw it again.")
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


def _write_trial(
    plan: Plan, row: Row, level: float | str, protocol: Protocol, dataset: Dataset, noise: NoiseSet, out: Path
) -> dict[str, str]:
    """Write what one trial hears, unless that was done; what the manifest says of it, nothing if it is void."""
    name = protocol.trial_id(row, {"snr": level})
    path = out / f"{name}.wav"
    if path.is_file():
        heard = read_audio(path)
        pcm = digest(to_int16(heard.samples))
    else:
        try:
            trial = protocol.render(plan, row, {"snr": level}, dataset, noise, video=False)
        except ReferenceFault:
            return {}
        heard, pcm = trial.input.audio, trial.facts["pcm"]
        write_wav(path, heard, "PCM_16")
    return {"trial": name, "seconds": f"{heard.seconds:.3f}", "pcm": pcm}


def _write_mouth(plan: Plan, row: Row, dataset: Dataset, path: Path) -> bool:
    """Write what a row sees, unless that was done; False if there is nothing to be seen."""
    if path.is_file():
        return True
    try:
        frames = pictures.shown(plan, row, dataset).frames[..., 0]
    except ReferenceFault:
        return False
    with atomic_write(path) as handle:
        np.lib.format.write_array_header_1_0(handle, np.lib.format.header_data_from_array_1_0(frames))
        handle.write(np.ascontiguousarray(frames).data.cast("B"))
    return True


def _text(level: float | str) -> str:
    return level if level == "clean" else f"{level:g}"

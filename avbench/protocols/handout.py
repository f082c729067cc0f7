"""The exam of a plan whose trials have more than noisy speech and a mouth, as files for a system that runs elsewhere.

    inputs/<hash>.wav          speech, 16 bits at 16 kHz: what is to be spoken or changed, voices to be followed
    inputs/<hash>.png          one picture
    inputs/<hash>.npy          a film or a mouth, `[F, H, W, C]` uint8 at 25 pictures a second
    rendering.json             which plan over which data, at which conditions; written first
    manifest.tsv               a line for each trial: trial, clip, conditions, seed, what it may see and hear, and the
                               gender that is wanted; `-` where there is none. Written last. Answers are expected under
                               the same names: `<trial>.wav`, `.png`, `.mp4`, …

A file that many trials share (a reference, a picture) is written once, under the hash of its content. Targets are not
handed out. What was cut short is gone on with.

Contents: `write_row`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import ReferenceFault
from ..signal.audio import to_int16, write_wav
from ..signal.files import atomic_write, digest
from ..types import Audio, Inputs, Video
from .protocol import Plan, Protocol, Row

FOLDER = "inputs"
ROLES = ("speech", "mouth", "face", "voice", "image")


def write_row(
    plan: Plan,
    row: Row,
    dataset: Dataset,
    noise: NoiseSet | None,
    more: tuple[Protocol, Sequence[Mapping[str, Any]], Path],
) -> list[dict[str, str]]:
    """Write what every trial of a row may see and hear.

    Args:
        plan: of the row.
        row: of the plan.
        dataset: of the plan.
        noise: of the plan.
        more: its protocol, the conditions, the folder.

    Returns:
        Lines of the manifest. A trial whose reference is broken has `void` for its inputs.
    """
    protocol, conditions, out = more
    entries = []
    for condition in conditions:
        if not protocol.asks(plan, row, condition):
            continue
        values = {axis: f"{v:g}" if isinstance(v, float) else str(v) for axis, v in condition.items()}
        entry = {"trial": protocol.trial_id(row, condition), "clip": row.clip, **values}
        try:
            inputs = protocol.render(plan, row, condition, dataset, noise).input
        except ReferenceFault:
            entries.append({**entry, "seed": "-", **dict.fromkeys(ROLES, "void"), "gender": "-"})
            continue
        given = {"speech": inputs.audio, "mouth": inputs.video, "face": inputs.face, **inputs.references}
        written = {role: _write(out / FOLDER, given.get(role)) for role in ROLES}
        entries.append({**entry, "seed": str(inputs.seed), **written, "gender": _wanted(inputs)})
    return entries


def _wanted(inputs: Inputs) -> str:
    return inputs.wanted.get("gender", "-")


def _write(folder: Path, thing: Audio | Video | None) -> str:
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

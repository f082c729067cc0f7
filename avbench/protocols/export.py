"""A plan as sound files, for a system that runs somewhere else.

    <trial-id>.wav     what the system hears, 16 bits at 16 kHz; its answer is expected under the same name elsewhere
    <row-id>.mouth.npy what it sees, `[F, 88, 88]` uint8, the same at every SNR; only if asked for
    manifest.tsv       trial, clip, snr, seconds, hash of the samples; written last

Contents: `render_plan`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import ReferenceFault, UsageError
from ..signal.audio import write_wav
from ..signal.files import atomic_write
from . import pictures
from .protocol import Plan, Protocol

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
        out: an empty or new folder, or one with the same plan in it.
        snr: in dB or `"clean"`; those of the plan unless given.
        limit: only the first so many rows.
        video: whether to write the mouths too.
        progress: called with rows done and rows to do.

    Returns:
        The manifest. A clip that is silent or broken is void for every system and has no file; its `pcm` says `void`.

    Raises:
        UsageError: the folder holds something else.
        MissingResource, BadFile: a clip, a noise or a picture cannot be had, or the folder cannot be written.
    """
    out = Path(out)
    if out.is_dir() and any(out.iterdir()) and not (out / "manifest.tsv").is_file():
        raise UsageError(f"{out} holds other files: choose a new folder.")
    rows = plan.rows[:limit]
    manifest = []
    for done, row in enumerate(rows):
        for level in plan.snr if snr is None else snr:
            entry = {"trial": "", "clip": row.clip, "snr": level if level == "clean" else f"{level:g}"}
            try:
                trial = protocol.render(plan, row, {"snr": level}, dataset, noise, video=False)
            except ReferenceFault:
                manifest.append({**entry, "trial": row.id, "seconds": "0", "pcm": "void"})
                continue
            heard = trial.input.audio
            write_wav(out / f"{trial.id}.wav", heard, "PCM_16")
            manifest.append({**entry, "trial": trial.id, "seconds": f"{heard.seconds:.3f}", "pcm": trial.facts["pcm"]})
        if video:
            with atomic_write(out / f"{row.id}.mouth.npy") as handle:
                frames = pictures.shown(plan, row, dataset).frames[..., 0]
                np.lib.format.write_array_header_1_0(handle, np.lib.format.header_data_from_array_1_0(frames))
                handle.write(np.ascontiguousarray(frames).data.cast("B"))
        if progress is not None:
            progress(done + 1, len(rows))
    with atomic_write(out / "manifest.tsv") as handle:
        lines = ["\t".join(COLUMNS), *("\t".join(entry[c] for c in COLUMNS) for entry in manifest)]
        handle.write(("\n".join(lines) + "\n").encode())
    return manifest

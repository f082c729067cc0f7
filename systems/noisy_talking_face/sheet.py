"""A contact sheet of made films like the paper's Fig. 6: a row for each system, a column for each moment.

The true film is the topmost row, from the anchor `true-video`; then come the systems, then the other anchors. Pictures
are the very ones that were judged, pixel by pixel; where a system gave no answer its row says so. The file's own
`Comment` says that it is synthetic media.

Source: Eskimez et al. 2020, ICASSP, Fig. 6: speech-shaped noise at 0 dB on LRW, babble at 5 dB on GRID. Which clips it
shows the paper does not say: here it is the first that every run has answered, unless the user names one.

Contents: `write_sheet`, `chosen`.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbench.errors import UsageError
from avbench.evaluation.answers import ANSWERS
from avbench.evaluation.runs import Run
from avbench.signal.files import atomic_write

TRUTH = "true-video"
TAG = "Synthetic media, made by a program, beside the true film in the first row."
LIKE_THE_PAPER = {"words": ("speech-shaped", 0.0), "commands": ("babble", 5.0)}
MARGIN, LINE, GAP = 150, 18, 2  # pixels: of the labels, of a line of text, between pictures
PAPER, INK, FAINT = (255, 255, 255), (20, 20, 20), (120, 120, 120)
Trial = Mapping[str, Any]


def write_sheet(
    path: Path, runs: Sequence[Run], told: str, clip: str | None, noise: str | None, snr: float | None, columns: int
) -> str | None:
    """Draw a sheet as PNG.

    Args:
        path: of the file.
        runs: of one exam.
        told: what is said of the exam, for the headline.
        clip: whose films.
        noise: added.
        snr: in dB.
        columns: moments, evenly spread over the film.

    Returns:
        None, or a sentence that says why there is no sheet.

    Raises:
        UsageError: no run has such a trial, or no column is wanted.
    """
    if columns < 1:
        raise UsageError(f"A sheet needs a column, not {columns}.")
    shown = sorted((run for run in runs if run.folder is not None), key=lambda run: (run.system != TRUTH, run.anchor))
    if not shown or shown[0].system != TRUTH:
        return f"{path.name} was not drawn: among these runs no folder of {TRUTH} holds the true films."
    trial = chosen(shown, clip, noise, snr)
    films = [_film(run, trial["trial"]) for run in shown]
    true = films[0]
    if true is None:
        return f"{path.name} was not drawn: {shown[0].where} does not hold the film of {trial['trial']}."
    held = ", ".join(f"{axis} {value}" for axis, value in trial["condition"].items())
    lines = [told, f"clip {trial['clip']}, {held} dB; synthetic media below the first row"]
    _save(path, lines, [(run.system, film) for run, film in zip(shown, films, strict=True)], _moments(true, columns))
    return None


def chosen(runs: Sequence[Run], clip: str | None, noise: str | None, snr: float | None) -> Trial:
    """The trial that is shown.

    Raises:
        UsageError: there is none of that clip, noise or SNR.
    """
    trials = list(runs[0].trials)
    name = runs[0].identity["dataset"]["name"].rpartition("/")[2]
    usual, level = LIKE_THE_PAPER.get(name, LIKE_THE_PAPER["words"])
    if noise is None and any(trial["condition"].get("noise") == usual for trial in trials):
        noise = usual
    fitting = [
        trial for trial in trials
        if clip in (None, trial["clip"]) and noise in (None, trial["condition"].get("noise"))
        and isinstance(trial["condition"]["snr"], int | float)
    ]  # fmt: skip
    wanted = level if snr is None else snr
    if not fitting or (snr is not None and all(trial["condition"]["snr"] != snr for trial in fitting)):
        asked = ", ".join(f"{k} {v}" for k, v in (("clip", clip), ("noise", noise), ("SNR", snr)) if v is not None)
        raise UsageError(f"The runs have no trial to show of {asked}.")
    # Of those that are as near as any, the first that every run has answered.
    return min(
        fitting,
        key=lambda trial: (
            abs(trial["condition"]["snr"] - wanted),
            sum(not _path(run, trial["trial"]).is_file() for run in runs),
            trial["trial"],
        ),
    )


def _path(run: Run, trial: str) -> Path:
    return run.record.prediction(trial, ANSWERS["video"])


def _film(run: Run, trial: str) -> np.ndarray | None:
    """`[F, H, W, 3]`, or None where there is no answer."""
    path = _path(run, trial)
    return ANSWERS["video"].read(path).frames if path.is_file() else None


def _moments(film: np.ndarray, columns: int) -> np.ndarray:
    return np.unique(np.linspace(0, len(film) - 1, columns).round().astype(int))


def _save(path: Path, lines: Sequence[str], rows: Sequence[tuple[str, np.ndarray | None]], moments: np.ndarray) -> None:
    from PIL import Image, ImageDraw, ImageFont
    from PIL.PngImagePlugin import PngInfo

    height, width = rows[0][1].shape[1:3]
    top = LINE * (len(lines) + 1)
    size = MARGIN + len(moments) * (width + GAP), top + len(rows) * (height + GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for i, line in enumerate(lines):
        pen.text((4, 2 + i * LINE), line, INK, font)
    for k, moment in enumerate(moments):
        pen.text((MARGIN + k * (width + GAP), top - LINE + 2), f"{moment / 25:.2f} s", FAINT, font)
    for i, (name, film) in enumerate(rows):
        y = top + i * (height + GAP)
        pen.multiline_text((4, y + height // 2 - 8), name.replace("/", "/\n"), INK, font)
        if film is None:
            pen.text((MARGIN + 4, y + height // 2 - 8), "no answer", FAINT, font)
            continue
        for k, moment in enumerate(moments):
            if moment < len(film):
                picture = Image.fromarray(film[moment])
                sheet.paste(picture.resize((width, height)), (MARGIN + k * (width + GAP), y))
    info, memory = PngInfo(), io.BytesIO()
    info.add_text("Comment", TAG)
    sheet.save(memory, format="PNG", pnginfo=info)
    with atomic_write(path) as file:
        file.write(memory.getvalue())

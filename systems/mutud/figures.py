"""MUTUD's Figs 3 to 6, drawn from the tables that `analysis` has kept.

    python -m avbench.systems.mutud.figures DIR [--out DIR] [--format svg|png|both]

`fig3` similarity of features against SNR, `fig4` t-SNE of the features, `fig5` the codebooks, `fig6` which codes the
sound of one picture asks for, and beside it how often each is used at all. Every title says what it was measured on.
The embedding is van der Maaten and Hinton's (2008), one for each SNR, of the same frames each time; its axes mean
nothing, and neither do distances between panels.

Contents: `draw`, `main`.
"""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbench.errors import AvbenchError, UsageError
from avbench.extras import need
from avbench.signal.files import atomic_write

from .analysis_tables import COMPONENTS

FORMATS = {"svg": ("svg",), "png": ("png",), "both": ("svg", "png")}
LABELS = {
    "video-estimate": "video, estimate",
    "video-audio": "video, audio",
    "estimate-audio": "estimate, audio",
    "video-linear": "video, linear map of audio",
    "video-mean": "video, its own mean",
}
# Okabe and Ito's colours, told apart by most who do not see all colours, with marks and strokes of their own.
KINDS = {"video": ("#0072B2", "o"), "estimate": ("#E69F00", "^"), "audio": ("#009E73", "s")}
STROKES = {
    "video-estimate": "-",
    "video-audio": "--",
    "estimate-audio": ":",
    "video-linear": (0, (1, 3)),
    "video-mean": "-.",
}
PERPLEXITY = 30.0  # of t-SNE, its authors' default
Rows = list[dict[str, str]]


def draw(tables: Path, out: Path | None = None, formats: Sequence[str] = ("svg", "png")) -> list[Path]:
    """Draw all figures.

    Args:
        tables: folder that `analysis.analyse` has written.
        out: folder for the pictures; `tables` unless given.
        formats: of `"svg"`, `"png"`.

    Returns:
        The files, in the order of the figures.

    Raises:
        UsageError: a table is missing.
        MissingResource: scikit-learn is not installed.
    """
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update({"svg.hashsalt": "avbench", "svg.fonttype": "none", "font.size": 9})
    facts = json.loads(_text(tables / "facts.json"))
    out = out or tables
    made = []
    for name, size, paint, table in (
        ("fig3", (7.2, 3.2), _similarity, "similarity.csv"),
        ("fig4", (9.6, 2.6), _embedded, "features.csv"),
        ("fig5", (7.2, 3.4), _codebooks, "codes.csv"),
        ("fig6", (7.2, 4.4), _one_frame, "frame.csv"),
    ):
        figure = Figure(figsize=size, layout="constrained")
        extra = {"usage": _rows(tables / "usage.csv")} if name == "fig6" else {}
        paint(figure, _rows(tables / table), facts, **extra)
        for ending in formats:
            path = out / f"{name}.{ending}"
            with atomic_write(path) as file:
                # no date, so that the same tables give the same bytes
                figure.savefig(file, format=ending, dpi=150, metadata={"Date": None} if ending == "svg" else None)
            made.append(path)
    return made


def _similarity(figure: Any, rows: Rows, facts: Mapping[str, Any]) -> None:
    figure.suptitle(f"How alike features are: {_told(facts)}", fontsize=9)
    left, right = figure.subplots(1, 2)
    for axes, name, label in ((left, "cosine", "cosine similarity"), (right, "l2", "L2 distance")):
        for pair, stroke in STROKES.items():
            some = [row for row in rows if row["pair"] == pair]
            snr, value = (_column(some, key) for key in ("snr", name))
            colour = KINDS.get(pair.split("-")[1], ("#666666",))[0]
            axes.plot(snr, value, linestyle=stroke, color=colour, marker=".", label=LABELS[pair])
            if all(row[f"{name}_low"] for row in some):
                axes.fill_between(
                    snr, _column(some, f"{name}_low"), _column(some, f"{name}_high"), color=colour, alpha=0.15, lw=0
                )
        axes.set_xlabel("SNR, dB")
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)


def _embedded(figure: Any, rows: Rows, facts: Mapping[str, Any]) -> None:
    manifold = need("sklearn.manifold", extra="train", purpose="the t-SNE of features")
    figure.suptitle(f"t-SNE of the features of single frames: {_told(facts)}", fontsize=9)
    snrs = list(dict.fromkeys(row["snr"] for row in rows))
    panels = figure.subplots(1, len(snrs), squeeze=False)[0]
    for axes, snr in zip(panels, snrs, strict=True):
        some = [row for row in rows if row["snr"] == snr]
        names = [name for i in range(1, COMPONENTS + 1) if (name := f"pc{i:02d}") in some[0]]
        points = np.array([[float(row[name]) for name in names] for row in some])
        tsne = manifold.TSNE(
            perplexity=min(PERPLEXITY, (len(points) - 1) / 3), init="pca", random_state=0, method="exact"
        )
        placed, kinds = tsne.fit_transform(points), np.array([row["kind"] for row in some])
        for kind, (colour, mark) in KINDS.items():
            axes.scatter(*placed[kinds == kind].T, s=5, color=colour, marker=mark, lw=0, alpha=0.7, label=kind)
        axes.set_title(f"{float(snr):g} dB", fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)


def _codebooks(figure: Any, rows: Rows, facts: Mapping[str, Any]) -> None:
    figure.suptitle(
        f"Mean of each code (above) and cosine to the code nearest to it (below):\n{_told(facts)}", fontsize=9
    )
    panels = figure.subplots(2, 2, sharex=True)
    for column, book in enumerate(("audio", "video")):
        some = [row for row in rows if row["codebook"] == book]
        for axes, name, scale in ((panels[0, column], "mean", "PuOr"), (panels[1, column], "nearest", "viridis")):
            image = _block(some, name)
            limit = np.abs(image).max() or 1.0
            limits = (-limit, limit) if name == "mean" else (0.0, 1.0)
            drawn = axes.imshow(image, aspect="auto", cmap=scale, vmin=limits[0], vmax=limits[1])
            axes.set_yticks(range(len(image)))
            axes.set_ylabel("k")
            figure.colorbar(drawn, ax=axes)
        panels[0, column].set_title(f"{book} codebook", fontsize=9)
        panels[1, column].set_xlabel("code")


def _one_frame(figure: Any, rows: Rows, facts: Mapping[str, Any], usage: Rows) -> None:
    about = facts["frame"]
    figure.suptitle(
        f"Codes that picture {about['picture']} of a clip of {about['speaker']} at {about['snr']:g} dB asks for (bars: "
        f"q, from sound; dots: p, from video)\nand how often all frames use them (line): {_told(facts)}",
        fontsize=8,
    )
    same = [row for row in usage if float(row["snr"]) == about["snr"]]
    q, p, mean = _block(rows, "q"), _block(rows, "p"), _block(same, "q")
    for k, axes in enumerate(figure.subplots(len(q), 1, sharex=True, sharey=True, squeeze=False)[:, 0]):
        codes = np.arange(q.shape[1])
        axes.bar(codes, q[k], color=KINDS["audio"][0], width=0.8)
        axes.plot(codes, p[k], ".", color=KINDS["video"][0], ms=4)
        axes.step(codes, mean[k], where="mid", color="#666666", lw=0.8)
        axes.set_ylabel(f"k = {k}")
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("code")


def _told(facts: Mapping[str, Any]) -> str:
    """What was measured, for a title."""
    kind = "synthetic" if facts["synthetic"] else "recordings"
    part = "" if facts["steps"] == facts["planned_steps"] else f", {facts['steps']} of {facts['planned_steps']} steps"
    return f"{facts['system']}, recipe {facts['recipe']}{part}; {facts['clips']} clips of {facts['dataset']} ({kind})"


def _block(rows: Rows, name: str) -> np.ndarray:
    """`[K, N]` of a column."""
    found = np.zeros((1 + max(int(r["k"]) for r in rows), 1 + max(int(r["code"]) for r in rows)))
    for row in rows:
        found[int(row["k"]), int(row["code"])] = float(row[name])
    return found


def _column(rows: Rows, name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def _rows(path: Path) -> Rows:
    return list(csv.DictReader(_text(path).splitlines()))


def _text(path: Path) -> str:
    if not path.is_file():
        raise UsageError(
            f"{path} is missing: make the tables with `python -m avbench.systems.mutud.analysis TRAINING --out DIR`."
        )
    return path.read_text(encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit code."""
    import argparse

    name = "python -m avbench.systems.mutud.figures"
    parser = argparse.ArgumentParser(prog=name, description=__doc__.split("\n")[0])
    parser.add_argument("tables", type=Path, help="folder that the analysis has written")
    parser.add_argument("--out", type=Path, help="folder for the pictures; the same unless given")
    parser.add_argument("--format", choices=FORMATS, default="both")
    given = parser.parse_args(arguments)
    for path in draw(given.tables, given.out, FORMATS[given.format]):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AvbenchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)

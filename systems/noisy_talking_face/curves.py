"""The paper's Figs 5 and 6 from finished runs: what noise does to made films, as curves and as pictures.

    avbench run --task talking-face --system noisy-talking-face,noisy-talking-face/base,atvgnet --out words
    avbench run --task talking-face --protocol talking-face-commands --system … --out commands
    python -m avbench.systems.noisy_talking_face.curves words commands --out DIR

`fig5.svg` has a row of panels for each test set and a panel for each of PSNR, SSIM and NLMD: means over clips and
noises against SNR, with 95 % bands over speakers (none where a test set has too few, which the panel says). The anchor
`shuffled-audio` stands in the last alone: nothing can be said of its pixels, which are those of another clip.
`fig5.csv` holds every metric of the runs, and in how many frames no face was found. `fig6-<test set>.png` shows films
frame by frame, the true one on top (see `sheet`); kept runs have none.

Source: Eskimez et al. 2020, "End-to-end generation of talking faces from noisy speech", ICASSP, section 4.3. The paper
draws no bands and prints no numbers.

Contents: `Exam`, `exams_of`, `points_of`, `write_table`, `draw`, `main`.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avbench.errors import AvbenchError, UsageError
from avbench.evaluation.runs import Run, open_runs
from avbench.evaluation.shuffled import NAME as SHUFFLED
from avbench.metrics import get_metric
from avbench.signal.files import atomic_write

from .sheet import write_sheet

TASK = "talking-face"
PANELS = ("psnr", "ssim", "nlmd")
COLUMNS = (
    "test_set",
    "system",
    "metric",
    "snr",
    "value",
    "low",
    "high",
    "n",
    "failed",
    "total",
    "frames",
    "undetected",
)
TRUTH = "true-video"
# Okabe and Ito's colours, told apart by most who do not see all colours, with marks of their own; anchors are grey.
STYLES = (("#0072B2", "o"), ("#E69F00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#D55E00", "v"), ("#56B4E9", "P"))
GREYS = (("#444444", "--"), ("#888888", ":"), ("#AAAAAA", "-."))
Point = dict[str, Any]


@dataclass(frozen=True)
class Exam:
    """The runs of one test set, which may stand in one panel: systems first, then anchors."""

    name: str
    runs: Sequence[Run]

    @property
    def short(self) -> str:
        """The last part of the name, as it may stand in a file's."""
        return self.name.rpartition("/")[2].replace(":", "-")

    @property
    def told(self) -> str:
        """What a reader must know of it, on one line."""
        run = self.runs[0]
        plan, clips = run.identity["plan"]["name"], run.head["clips"]
        official = "" if run.head["official"] else ", unofficial"
        return f"{self.name} ({run.kind}), plan {plan}, {clips} clips{official}"


def exams_of(runs: Iterable[Run]) -> list[Exam]:
    """Runs by test set, in the order in which test sets come first.

    Raises:
        UsageError: a run of another task, several exams over one test set, or two runs of one system in one.
    """
    by_set: dict[str, dict[Path, Run]] = {}
    for run in runs:
        if run.task != TASK:
            raise UsageError(f"{run.where} is a run of {run.task}, and these figures are of {TASK}.")
        by_set.setdefault(run.identity["dataset"]["name"], {})[Path(run.where).resolve()] = run
    found = []
    for name, some in by_set.items():
        held = sorted(some.values(), key=lambda run: run.anchor)
        systems = [run.system for run in held]
        if len({run.exam for run in held}) > 1:
            raise UsageError(f"The runs over {name} are of several exams: name those of one.")
        if len(set(systems)) < len(systems):
            raise UsageError(f"Several runs over {name} are of one system: name one of them.")
        found.append(Exam(name, held))
    return found


def points_of(exam: Exam) -> list[Point]:
    """What is drawn: a point per system, metric and SNR, as in `COLUMNS`."""
    points = []
    for run in exam.runs:
        shown = _frames(run)
        for row in run.rows:
            if set(row["condition"]) != {"snr"}:
                continue
            low, high = row["ci95"] or (None, None)
            frames, undetected = shown.get((row["metric"], row["condition"]["snr"]), (None, None))
            points.append(
                {"test_set": exam.name, "system": run.system, "metric": row["metric"], "snr": row["condition"]["snr"],
                 "value": row["value"], "low": low, "high": high, "frames": frames, "undetected": undetected,
                 **{name: row[name] for name in ("n", "failed", "total")}}
            )  # fmt: skip
    if not points:
        raise UsageError(f"The runs over {exam.name} have no SNR to draw curves against.")
    return points


def _frames(run: Run) -> Mapping[tuple[str, Any], tuple[int, int]]:
    """By metric and SNR: frames that count, and in how many of them the made film shows no face."""
    found: dict[tuple[str, Any], tuple[int, int]] = {}
    for trial in run.trials:
        for metric, score in trial["scores"].items():
            more = score.get("more", {})
            if "undetected" in more:
                key = metric, trial["condition"]["snr"]
                frames, undetected = found.get(key, (0, 0))
                found[key] = frames + int(more["frames"]), undetected + int(more["undetected"])
    return found


def write_table(path: Path, points: Sequence[Point]) -> None:
    """Write points as CSV; what is not known is empty."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(points)
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())


def draw(path: Path, exams: Sequence[Exam], points: Sequence[Point]) -> None:
    """Draw the curves as SVG; equal runs give equal bytes with the same matplotlib."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "avbench", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10.0, 0.6 + 2.9 * len(exams)), layout="constrained")
        styles = _styles(exams)
        for part, exam in zip(figure.subfigures(len(exams), 1, squeeze=False)[:, 0], exams, strict=True):
            part.suptitle(exam.told, fontsize=9)
            for axes, metric in zip(part.subplots(1, len(PANELS)), PANELS, strict=True):
                _panel(axes, metric, [p for p in points if (p["test_set"], p["metric"]) == (exam.name, metric)], styles)
        lines = {label: line for axes in figure.axes for line, label in zip(*axes.get_legend_handles_labels())}  # noqa: B905
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=4, frameon=False)
        with atomic_write(path) as file:
            figure.savefig(file, format="svg", metadata={"Date": None})


def _styles(exams: Sequence[Exam]) -> dict[str, dict[str, Any]]:
    """One look for a system in every panel."""
    anchors = {run.system: run.anchor for exam in exams for run in exam.runs}
    systems = [name for name, anchor in anchors.items() if not anchor]
    greys = [name for name, anchor in anchors.items() if anchor and name != TRUTH]
    looks = [STYLES[i % len(STYLES)] for i in range(len(systems))]
    found = {
        name: {"color": colour, "marker": mark, "markersize": 4}
        for name, (colour, mark) in zip(systems, looks, strict=True)
    }
    for i, name in enumerate(greys):
        colour, stroke = GREYS[i % len(GREYS)]
        found[name] = {"color": colour, "linestyle": stroke, "linewidth": 1}
    return found


def _panel(axes: Any, metric: str, points: Sequence[Point], styles: Mapping[str, Mapping[str, Any]]) -> None:
    facts = get_metric(metric)
    without = False
    for system, style in styles.items():
        if system == SHUFFLED and facts.kind.name == "frames":
            continue
        some = sorted((p for p in points if p["system"] == system and p["value"] is not None), key=lambda p: p["snr"])
        if not some:
            continue
        axes.plot([p["snr"] for p in some], [p["value"] for p in some], label=system, **style)
        banded = [p for p in some if p["low"] is not None]
        without |= len(banded) < len(some)
        ends = ([p[end] for p in banded] for end in ("low", "high"))
        axes.fill_between([p["snr"] for p in banded], *ends, color=style["color"], alpha=0.15, linewidth=0)
    if without:
        axes.set_title("too few speakers for bands", fontsize=8, color="#666666")
    axes.set_xlabel("SNR, dB")
    unit = f", {facts.unit}" if facts.unit else ""
    axes.set_ylabel(f"{metric.upper()}{unit}\n({'higher' if facts.higher_is_better else 'lower'} is better)")
    axes.spines[["top", "right"]].set_visible(False)


def main(arguments: list[str]) -> int:
    """Write figures, table and sheets, and say which."""
    import argparse

    from rich.console import Console

    parser = argparse.ArgumentParser(
        prog="python -m avbench.systems.noisy_talking_face.curves", description=__doc__.split("\n")[0]
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="runs, or folders of runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for figures and table")
    parser.add_argument("--clip", help="of the sheet; the first that every run has answered")
    parser.add_argument("--noise", help="of the sheet; else the paper's, where the runs have it")
    parser.add_argument("--snr", type=float, help="of the sheet; else the paper's, or the nearest")
    parser.add_argument("--frames", type=int, default=10, help="columns of the sheet")
    given = parser.parse_args(arguments)
    exams = exams_of(run for name in given.runs for run in open_runs(name))
    points = [point for exam in exams for point in points_of(exam)]
    console = Console(emoji=False, markup=False, highlight=False)
    write_table(given.out / "fig5.csv", points)
    draw(given.out / "fig5.svg", exams, points)
    made = [given.out / "fig5.csv", given.out / "fig5.svg"]
    for exam in exams:
        path = given.out / f"fig6-{exam.short}.png"
        missing = write_sheet(path, exam.runs, exam.told, given.clip, given.noise, given.snr, given.frames)
        if missing:
            console.print(missing)
        else:
            made.append(path)
    console.print("\n".join(map(str, made)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AvbenchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)

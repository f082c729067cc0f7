"""The paper's tables beside the measured ones, as Markdown for the card.

    python -m avbench.systems.mutud.tables TABLE [MEASURED]

    TABLE                              MEASURED, made by
    I II III IV VII VIII IX Fig. 2     a folder of runs:    avbench run --system … --task … --out MEASURED
    V                                  a folder or file:    python -m avbench.systems.mutud.recordings … --out MEASURED
    VI                                 a file:              avbench profile --system … --recipe paper --json MEASURED

Without MEASURED the paper's numbers stand alone. They are those of `leaderboards/published/mutud.csv`, as printed; what
was measured has columns of its own, because it was measured on other speech. A dash: the paper has no such row, or it
was not run. Rows are in the paper's order; behind them come those that it does not have.

Contents: `table`, `print_recordings`, `main`.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avbench.errors import AvbenchError, BadFile, UnknownName, UsageError
from avbench.evaluation.compare import shares
from avbench.evaluation.runs import Run, by_exam, open_runs
from avbench.evaluation.table import printed
from avbench.leaderboard.published import TITLES, Number, PublishedTable, read_published
from avbench.metrics import METRICS, get_metric
from avbench.signal.audio import check_readable

from .recordings import RECORDED

ANCHORS = ("oracle", "silence", "constant")  # which the paper has not; `noisy` it has
SHARE = "stoi-gain-share"
NAMES = {"pesq-wb": "PESQ", "map": "mAP"}
COSTS = {
    "parameters": lambda row: f"{row['parameters'] / 1e6:.3f}",
    "macs-thop": lambda row: f"{row['macs_thop'] / 1e9:.3f}",
    "inference-time": lambda row: f"{row['latency_ms']['median']:.1f}",
}


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Args:
        columns: conditions, as shown.
        cells: text of a value by (system, metric, column).
        said: sentences on data, n and digests.
    """

    columns: tuple[str, ...] = ()
    cells: Mapping[tuple[str, str, str], str] = ()
    said: tuple[str, ...] = ()


def table(name: str, measured: Path | None = None) -> list[str]:
    """One table of the paper, lines of Markdown.

    Args:
        name: as the paper numbers it: `"I"` to `"IX"`, or `"Fig. 2"`.
        measured: what to put beside it; see the head of this file.

    Raises:
        UnknownName: no such table, or the paper prints no numbers of it.
        UsageError: runs of several exams, or of another task.
        BadFile, MissingResource: cannot be read.
    """
    tables = {one.table: one for one in read_published().tables if one.paper == "mutud" and one.numbers}
    if name not in tables:
        raise UnknownName("table of the paper", name, tables)
    paper = tables[name]
    here = Measured()
    if measured is not None:
        kind = {"V": _recorded, "VI": _profiled}.get(name, _shared if name == "Fig. 2" else _ran)
        here = kind(paper, Path(measured))
    return [f"{paper.label}: {paper.title}. The paper's: {_where(paper)}.", *here.said, "", *_grid(paper, here)]


def print_recordings(found: Mapping[str, Any]) -> list[str]:
    """What `recordings.judge` gave, lines of Markdown: a line for each system, a column for each metric."""
    metrics = list(dict.fromkeys(row["metric"] for row in found["rows"]))
    heads = [", ".join(filter(None, (metric, _unit(metric)))) for metric in metrics]
    lines = [*_told(found), "", f"| | | {' | '.join(heads)} |", f"|---|---|{'---:|' * len(metrics)}"]
    for condition in [dict(key) for key in dict.fromkeys(tuple(row["condition"].items()) for row in found["rows"])]:
        some = [row for row in found["rows"] if row["condition"] == condition]
        label = f"{condition['snr']:g} dB, n = {some[0]['total']}" if condition else "all"
        for system in dict.fromkeys(row["system"] for row in some):
            cells = {row["metric"]: _value(row) for row in some if row["system"] == system}
            lines.append(f"| {label} | `{system}` | {' | '.join(cells.get(m, '–') for m in metrics)} |")
            label = ""
    return lines + [
        f"{'' if i else chr(10)}`{d['a']}` - `{d['b']}`, {d['metric']}: {_signed(d, d['difference'])} "
        f"({_signed(d, d['ci95'][0])} to {_signed(d, d['ci95'][1])}), n = {d['n']}"
        for i, d in enumerate(one for one in found["differences"] if one["ci95"])
    ]


def _signed(row: Mapping[str, Any], value: float) -> str:
    return printed(get_metric(row["metric"]), value, sign=True)


def _grid(paper: PublishedTable, here: Measured) -> list[str]:
    """Rows by metric and system; the paper's columns, then the measured ones."""
    numbers = {(_name(n), n.metric, _snr(n)): n for n in paper.numbers}
    order = sorted({_snr(n) for n in paper.numbers}, key=lambda text: float(text or 0))
    metrics = list(dict.fromkeys((*(n.metric for n in paper.numbers), *(key[1] for key in dict(here.cells)))))
    rows = list(dict.fromkeys(_name(n) for n in paper.numbers))
    more = [system for system in dict.fromkeys(key[0] for key in dict(here.cells)) if system not in rows]
    systems = {*more, *(n.system for n in paper.numbers)}
    heads = [*(_column("paper", c) for c in order), *(_column("here", c) for c in here.columns)]
    lines = [f"| | | {' | '.join(heads)} |", f"|---|---|{'---:|' * len(heads)}"]
    for metric in metrics:
        label = _label(paper, metric)
        for row in [*rows, *more]:
            theirs = [_printed(numbers.get((row, metric, column))) for column in order]
            ours = [dict(here.cells).get((row, metric, column), "–") for column in here.columns]
            if {*theirs, *ours} != {"–"}:
                named = f"`{row}`" if row in systems else row
                lines.append(f"| {label} | {named} | {' | '.join([*theirs, *ours])} |")
                label = ""
    return lines


def _label(paper: PublishedTable, metric: str) -> str:
    """Name and unit of a metric: the paper's, or the usual ones."""
    units = [n.unit for n in paper.numbers if n.metric == metric] or [_unit(metric)]
    name = TITLES.get(metric, NAMES.get(metric, metric.upper()))
    return f"{name}, {units[0]}" if units[0] else name


def _column(whose: str, condition: str) -> str:
    return f"{whose}, {condition} dB" if _is_number(condition) else f"{whose}, {condition}" if condition else whose


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _name(number: Number) -> str:
    """Our name of a row of the paper, or the paper's own."""
    return number.system or number.row


def _snr(number: Number) -> str:
    return number.condition.get("snr", "")


def _printed(number: Number | None) -> str:
    if number is None or not number.printed:
        return "–"
    return f"{number.printed} ± {number.spread}" if number.spread else number.printed


def _where(paper: PublishedTable) -> str:
    """On what the paper measured."""
    return "; ".join(dict.fromkeys(", ".join(filter(None, (n.dataset, n.protocol))) for n in paper.numbers))


def _runs(paper: PublishedTable, folder: Path) -> list[Run]:
    """The runs of a table's one exam, without the anchors that it has no use for."""
    runs = [run for run in open_runs(folder) if run.task in paper.tasks]
    exams = by_exam(runs)
    if len(exams) != 1:
        of = f"runs of {len(exams)} exams" if exams else f"no run of the task {paper.tasks[0]}"
        raise UsageError(f"{folder} holds {of}, and {paper.label} is about one: name the folder of one --out.")
    return [run for run in runs if run.system not in ANCHORS]


def _said(runs: Sequence[Run]) -> tuple[str, ...]:
    """Data, n and digests of runs of one exam."""
    first = runs[0]
    plan, limit = first.identity["plan"], first.identity["limit"]
    n = f"no more than {limit} of its clips" if limit else f"n = {min(first.head['asked'])} at each condition"
    official = "official" if first.head["official"] else "not official"
    drawn = f"plan {plan['name']} {plan['sha256'][:8]}, {official}"
    digests = ", ".join(f"`{run.system}` {run.identity['system']['digest'][:8]}" for run in runs if not run.anchor)
    return (
        f"Here: {first.kind}, {first.identity['dataset']['name']}, {drawn}, {n}.",
        f"Digests of net and weights: {digests}.",
    )


def _ran(paper: PublishedTable, folder: Path) -> Measured:
    runs = _runs(paper, folder)
    by_snr = any(_snr(n) for n in paper.numbers)
    cells: dict[tuple[str, str, str], str] = {}
    for run in runs:
        for row in run.rows:
            if not set(row["condition"]) - {"snr"} and (row["condition"] or not by_snr):
                column = str(row["condition"].get("snr", "all"))
                cells[run.system, row["metric"], column] = _value(row)
    columns = {key[2] for key in cells}
    ordered = sorted(columns, key=lambda c: (c != "all", not _is_number(c), float(c) if _is_number(c) else 0.0))
    return Measured(tuple(ordered), cells, _said(runs))


def _shared(paper: PublishedTable, folder: Path) -> Measured:
    """Fig. 2: (row - noisy) / (audio-visual - noisy), of STOI."""
    runs = {run.system: run for run in _runs(paper, folder)}
    if missing := [name for name in ("noisy", "av-gcrn") if name not in runs]:
        raise UsageError(f"{folder} holds no run of {' and '.join(missing)}, which the shares are of.")
    cells = {}
    for name, run in runs.items():
        for row in shares(run, runs["noisy"], runs["av-gcrn"], ["stoi"]) if name != "noisy" else ():
            if set(row["condition"]) == {"snr"}:
                share = row["share"]
                cells[name, SHARE, str(row["condition"]["snr"])] = "null" if share is None else f"{100 * share:.1f}"
    columns = sorted({key[2] for key in cells if _is_number(key[2])}, key=float)
    return Measured(tuple(columns), cells, _said(list(runs.values())))


def _profiled(paper: PublishedTable, path: Path) -> Measured:
    found = _read(path)
    rows = found if isinstance(found, list) else [found]
    cells = {(row["system"], metric, ""): text(row) for row in rows for metric, text in COSTS.items()}
    recipes = ", ".join(dict.fromkeys(row["recipe"] for row in rows))
    said = (
        f"Here: recipe {recipes}, one second of input, batch 1, one thread, {rows[0]['device']}; median of the times."
    )
    return Measured(("",), {(a, b, ""): text for (a, b, _), text in cells.items()}, (said,))


def _recorded(paper: PublishedTable, path: Path) -> Measured:
    found = _read(path / RECORDED if path.is_dir() else path)
    plain = {n.metric for n in paper.numbers if n.unit != "%" and n.metric in METRICS}
    fractions = {metric for metric in plain if get_metric(metric).percent}  # which this table prints as they are
    cells = {}
    for row in found["rows"]:
        if not row["condition"] and row["value"] is not None:
            text = f"{row['value']:.2f}" if row["metric"] in fractions else _value(row)
            cells[row["system"], row["metric"], ""] = text
    return Measured(("",), cells, tuple(_told(found)))


def _told(found: Mapping[str, Any]) -> list[str]:
    """Data, n and digests of recordings."""
    rates = " and ".join(f"{rate:,}" for rate in found["rate"])
    digests = ", ".join(f"`{one['system']}` {one['digest'][:8]}" for one in found["systems"])
    source = "/".join(Path(found["source"]).parts[-2:])
    return [
        f"Here: REAL recordings, {source}, n = {found['recordings']}, {found['seconds']:.0f} s, {rates} Hz.",
        f"Digests of net and weights: {digests}.",
    ]


def _read(path: Path) -> Any:
    check_readable(path)
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise BadFile(f"{path} is no JSON document: {error}.") from error


def _unit(metric: str) -> str:
    """That the field prints; nothing where it prints none."""
    one = get_metric(metric)
    return "%" if one.percent else one.unit if one.unit == "dB" else ""


def _value(row: Mapping[str, Any]) -> str:
    """A value in the unit the field prints; with failures, how many."""
    if row["value"] is None:
        return "–"
    text = printed(get_metric(row["metric"]), row["value"])
    return f"{text} ({row['n']}+{row['failed']}/{row['total']})" if row["failed"] else text


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m avbench.systems.mutud.tables", description=__doc__.split("\n")[0])
    parser.add_argument("table", help="I to IX, or 'Fig. 2'")
    parser.add_argument("measured", nargs="?", type=Path, help="folder of runs or of recordings, or file of profile")
    given = parser.parse_args(arguments)
    try:
        lines = table(given.table, given.measured)
    except AvbenchError as fault:
        sys.stderr.write(f"avbench: {fault}\n")
        return fault.exit_code
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

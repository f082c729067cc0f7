"""Runs as a table in the terminal: a line per system and metric, a column per SNR.

Conventions: values in the unit the field prints (`Metric.percent`), ± half of the 95 % interval, then on how many
trials they rest (`198+2/200`: two scored the floor). Where the terminal is too narrow for `81.2 ±0.8`, the interval
stands below the value; where it is too narrow for all columns, they are spread over several tables.

Contents: `table`, `comparison`.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..metrics import Metric, get_metric
from .conditions import shown
from .examinee import truth_of
from .runs import Run, alike
from .summary import coverage

LABEL = 24  # columns of a system's name; longer ones are folded
Columns = Sequence[tuple[str, Mapping[str, Any]]]


def table(runs: Sequence[Run], width: int = 80) -> Group:
    """The runs of one exam.

    Args:
        runs: systems and anchors, in the order of the lines.
        width: columns of the terminal.
    """
    runs = alike(runs)
    first = runs[0]
    axes = first.identity["axes"]
    columns = _columns(first)
    others = {axis: values for axis, values in axes.items() if axis != "snr"}
    settings = [dict(zip(others, values, strict=True)) for values in product(*others.values())]
    lines = [(run, setting, get_metric(metric)) for metric in first.metrics for setting in settings for run in runs]
    label = min(LABEL, max(len(_label(run, setting)) for run, setting, _ in lines))
    count = max(len(_coverage(run, metric, setting)) for run, setting, metric in lines)
    room = width - max(len(_title(metric)) for _, _, metric in lines) - label - count - 3
    each = {
        wide: 1
        + max(
            max(6, *map(len, _cell(run, metric, {**setting, **condition}, wide).plain.split("\n")))
            for run, setting, metric in lines
            for _, condition in columns
        )
        for wide in (True, False)
    }
    wide = len(columns) * each[True] <= room
    fit = max(1, room // each[wide])
    blocks: list[Any] = []
    for i in range(0, len(columns), fit):
        blocks += [_block(lines, columns[i : i + fit], wide), Text("")]
    return Group(*_header(first), *blocks, *_notes(runs))


def _columns(run: Run) -> Columns:
    return [(column_title(v), {"snr": v}) for v in run.identity["axes"].get("snr", ())] or [("all", {})]


def column_title(snr: float | str) -> str:
    """`-15 dB`, or `clean`."""
    return snr if isinstance(snr, str) else f"{shown(snr)} dB"


def _block(lines: Sequence[tuple[Run, Mapping[str, Any], Metric]], columns: Columns, wide: bool) -> Table:
    """One table of as many columns as fit."""
    block = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    block.add_column("metric", no_wrap=True)
    block.add_column("system", max_width=LABEL, overflow="fold")
    for title, _ in columns:
        block.add_column(title, justify="right", no_wrap=True)
    block.add_column("n", justify="right", no_wrap=True)
    before = None
    for run, setting, metric in lines:
        if before is not None and before is not metric.name:
            block.add_section()
        title = _title(metric) if before is not metric.name else ""
        style = "dim" if run.anchor else ""
        block.add_row(
            Text(title),
            Text(_label(run, setting)),
            *(_cell(run, metric, {**setting, **condition}, wide) for _, condition in columns),
            Text(_coverage(run, metric, setting)),
            style=style,
        )
        before = metric.name
    return block


def _title(metric: Metric) -> str:
    unit = "%" if metric.percent else metric.unit
    return f"{metric.name} {unit}" if unit in ("%", "dB") else metric.name


def _label(run: Run, setting: Mapping[str, Any]) -> str:
    return " ".join([run.system, *(shown(v) for v in setting.values())])


def _coverage(run: Run, metric: Metric, setting: Mapping[str, Any]) -> str:
    """On how many trials a line rests, whichever of its columns stand in this table."""
    found = [run.row(metric.name, {**setting, **condition}) for _, condition in _columns(run)]
    rows = [row for row in found if row is not None]
    return coverage({key: sum(row[key] for row in rows) for key in ("n", "failed", "total")}) if rows else ""


def _cell(run: Run, metric: Metric, condition: Mapping[str, Any], wide: bool) -> Text:
    """Value and half interval; a dash where nothing could be judged."""
    row = run.row(metric.name, condition)
    if row is None or row["value"] is None:
        return Text("–")
    text = Text(printed(metric, row["value"]))
    half = (row["ci95"][1] - row["ci95"][0]) / 2 if row["ci95"] else 0.0
    if half > 1e-9:  # an anchor that scores the same everywhere needs no interval
        text.append(f"{' ' if wide else chr(10)}±{printed(metric, half)}", style="dim")
    return text


def printed(metric: Metric, value: float, sign: bool = False) -> str:
    """A value in the unit the field prints, with the metric's number of digits."""
    text = f"{value * (100 if metric.percent else 1):{'+' if sign else ''}.{metric.digits}f}"
    return text.replace("-0." + "0" * metric.digits, "0." + "0" * metric.digits) if metric.digits else text


def _header(run: Run) -> list[Text]:
    identity, plan = run.identity, run.identity["plan"]
    title = Text.assemble(
        (f"{identity['task']} on {identity['dataset']['name']}", "bold"),
        " ",
        (f"({run.kind})", "bold yellow"),
    )
    rank = "official" if run.head["official"] else "unofficial"
    clips = f"{run.head['clips']} {'clip' if run.head['clips'] == 1 else 'clips'}"
    clips = f"only the first {clips}" if identity["limit"] else clips
    if run.sound not in (None, "exact"):
        rank += f", sound {run.sound}"
    facts = f"plan {plan['name']} {plan['sha256'][:8]} · {rank} · {clips}"
    if identity["noise"]:
        facts += f" · noise {identity['noise']['name']}"
    return [title, Text(facts), Text("")]


def _notes(runs: Sequence[Run]) -> list[Text]:
    first = runs[0]
    over = first.head["clusters"]
    intervals = any(row["ci95"] for run in runs for row in run.rows)
    how = f"± half of the 95 % interval over {over}" if intervals else f"no intervals: fewer than ten {over}"
    if intervals and over == "clips":
        how += " (no speaker labels)"
    notes = [Text(f"{how} · {' '.join(first.identity['metrics'])}", style="dim"), *_judges(runs)]
    for run in runs:
        if run.anchor:
            continue
        if run.unranked and run.unranked != "unofficial":
            notes.append(Text(f"{run.system} unranked: {run.unranked}", style="yellow"))
        if not run.head["card"]["finished"] and run.head["card"]["training"]:
            notes.append(Text(f"  {run.head['card']['training']}", style="dim"))
        notes.extend(_reasons(run))
    return notes + [_said(run, row) for run in runs for row in run.voted if not row["condition"]]


def _said(run: Run, row: Mapping[str, Any]) -> Text:
    """What people said of a run in a listening test, over all its conditions."""
    metric = get_metric(row["metric"])
    value = "–" if row["value"] is None else printed(metric, row["value"])
    ends = f" [{', '.join(printed(metric, end) for end in row['ci95'])}]" if row["ci95"] else ""
    about = f"{coverage(row)} trials, {row['votes']} votes, {row['judge']}"
    return Text(f"people say {_title(metric)} {value}{ends} of {run.system} ({about})")


def _judges(runs: Sequence[Run]) -> list[Text]:
    """Who judged, and where to see how well they know true signals."""
    first = runs[0]
    if not first.judges:
        return []
    metrics = [get_metric(name) for name in first.metrics]
    words = [f"{metric.name} by {first.judges[metric.judge]}" for metric in metrics if metric.judge in first.judges]
    name = truth_of(first.head["answer"])
    truth = f"{name} is what they say of true signals"
    if not any(run.anchor and run.system == name for run in runs):
        truth = f"what they say of true signals is not in this table: add the anchor {name}"
    return [Text(f"judges: {', '.join(words)} · {truth}", style="dim")]


def _reasons(run: Run) -> list[Text]:
    """The commonest reasons for trials without a proper score, so that a floor in the table is understood."""
    counts: dict[tuple[str, str], int] = {}
    for trial in run.trials:
        for key in {(s["status"], s["reason"]) for s in trial["scores"].values() if s["status"] != "ok"}:
            counts[key] = counts.get(key, 0) + 1
    texts = []
    for (status, reason), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]:
        texts.append(Text(f"{run.system}: {count} {status}: {reason}", style="red" if status != "void" else "dim"))
    return texts


def comparison(result: Mapping[str, Any]) -> Group:
    """The result of `compare`.

    Args:
        result: as `compare` returns it.
    """
    block = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for title in ("metric", "condition"):
        block.add_column(title, no_wrap=True)
    for title in (result["a"], result["b"]):  # a long name is folded before a number is cut
        block.add_column(escape(title.replace("/", "/\n")), justify="right", min_width=7, overflow="fold")
    for title in ("diff.", "95 % interval", "p", "n"):
        block.add_column(title, justify="right", no_wrap=True)
    before = None
    for row in sorted(result["rows"], key=lambda row: [r["metric"] for r in result["rows"]].index(row["metric"])):
        metric = get_metric(row["metric"])
        if before not in (None, metric.name):
            block.add_section()
        words = [column_title(v) if axis == "snr" else shown(v) for axis, v in row["condition"].items()]
        condition = " ".join(words) or "all"
        ci95 = (
            f"{printed(metric, row['ci95'][0], True)} {printed(metric, row['ci95'][1], True)}" if row["ci95"] else "–"
        )
        p = "–" if row["p_value"] is None else f"{row['p_value']:.4f}"
        values = (
            *(printed(metric, row[side]) if row[side] is not None else "–" for side in "ab"),
            printed(metric, row["difference"], True) if row["difference"] is not None else "–",
        )
        block.add_row(_title(metric) if before != metric.name else "", condition, *values, ci95, p, str(row["n"]))
        before = metric.name
    rows = f"{result['a']} against {result['b']}, {result['task']}"
    title = Text(f"{rows} ({result['kind']}), paired over {result['clusters']}")
    reasons = dict.fromkeys(row["reason"] for row in result["rows"] if row["reason"])
    notes = [Text(text, style="dim") for text in (*reasons, *result["left_out"], *result["notes"])]
    return Group(title, Text(""), block, *notes)

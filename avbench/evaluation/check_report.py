"""What a gate found, for machines that show test results (JUnit XML) and for a comment under a change (Markdown).

Conventions: values in the unit the field prints; whatever comes from names is escaped, since a system may be called
anything. Characters that XML does not know become question marks.

Contents: `hand_out_text`, `junit_text`, `markdown_text`, `condition_text`, `trial_text`, `amount`.
"""

import html
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..metrics import get_metric
from ..signal.files import atomic_write
from .conditions import shown
from .table import printed

MARK = "<!-- avbench check -->"
SHOWN = 10  # trials that got worse, of how many there may be
SIGNS = {"lost": "❌", "gained": "✅", "passed": "✔", "not judged": "–"}
FOREIGN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def hand_out_text(text: str, where: str | Path) -> None:
    """Write a text where the user asked for it: a file, or `"-"` for standard output."""
    if str(where) == "-":
        sys.stdout.write(text)
        return
    with atomic_write(where) as file:
        file.write(text.encode())


def condition_text(condition: Mapping[str, Any]) -> str:
    """A condition in words: `snr -15`, or `all`."""
    return ", ".join(f"{axis} {shown(value)}" for axis, value in condition.items()) or "all"


def junit_text(result: Mapping[str, Any]) -> str:
    """The result of `check` as a JUnit XML document: a test case for each row and each cost."""
    lines = [(f"{row['metric']}", condition_text(row["condition"]), row, _said(row)) for row in result["rows"]]
    lines += [("cost", line["what"], line, _said_cost(line)) for line in result["cost"]]
    verdicts = [line[2]["verdict"] for line in lines]
    count = {"tests": len(lines), "failures": verdicts.count("lost"), "skipped": verdicts.count("not judged")}
    numbers = {"errors": "0", **{key: str(value) for key, value in count.items()}}
    suites = ElementTree.Element("testsuites", numbers)
    name = _clean(f"avbench check {result['task']} {result['system']}")
    suite = ElementTree.SubElement(suites, "testsuite", {"name": name, **numbers})
    for group, title, line, text in lines:
        names = {"classname": _clean(f"{result['task']}.{group}"), "name": _clean(title)}
        case = ElementTree.SubElement(suite, "testcase", names)
        if line["verdict"] == "lost":
            failure = ElementTree.SubElement(case, "failure", {"message": _clean(text), "type": "loss"})
            failure.text = _clean("\n".join(_worst_of(result, group, line)) or text)
        elif line["verdict"] == "not judged":
            ElementTree.SubElement(case, "skipped", {"message": _clean(text)})
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=False) + "\n"


def _worst_of(result: Mapping[str, Any], metric: str, row: Mapping[str, Any]) -> list[str]:
    """The trials that got worse at the condition of a row, one a line."""
    held = [
        one
        for one in result["worse"]
        if one["metric"] == metric and row.get("condition", {}).items() <= one["condition"].items()
    ]
    return [trial_text(one) for one in held[:SHOWN]]


def trial_text(one: Mapping[str, Any]) -> str:
    """A trial that got worse, as a line."""
    metric = get_metric(one["metric"])
    values = f"{printed(metric, one['before'])} → {printed(metric, one['now'])}"
    return f"{one['trial']}: {metric.name} {values}{': ' + one['reason'] if one['reason'] else ''}"


def _said(row: Mapping[str, Any]) -> str:
    """A row as a sentence."""
    metric = get_metric(row["metric"])
    if row["loss"] is None or row["p_holm"] is None:
        return row["reason"] or "no p-value"
    change = printed(metric, row["difference"], True)
    matters = f"{printed(metric, metric.relevance)} {'%' if metric.percent else metric.unit}".rstrip()
    values = f"{printed(metric, row['b'])} → {printed(metric, row['a'])} ({change}, of which {matters} matters)"
    return f"{values}, p {row['p_holm']:.4f} after Holm's correction, {row['n']} trials"


def _said_cost(line: Mapping[str, Any]) -> str:
    if line["verdict"] == "not judged":
        return line["reason"] or "not known"
    return f"{amount(line['before'])} → {amount(line['now'])}, allowed is a factor of {line['factor']:g}"


def amount(value: float | None) -> str:
    """A count with its thousands apart, a time with two decimals."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def markdown_text(result: Mapping[str, Any]) -> str:
    """The result of `check` as a Markdown comment: the verdict, what changed, the trials that got worse, all rows."""
    code = _cell
    passed = "passed" if result["passed"] else "failed"
    lost = sum(row["verdict"] == "lost" for row in (*result["rows"], *result["cost"]))
    changed = [row for row in result["rows"] if row["verdict"] in ("lost", "gained")]
    lines = [
        MARK,
        f"### avbench check {passed}: {code(result['system'])} on {code(result['task'])} ({code(result['plan'])})",
        "",
        f"{lost or 'No'} loss{'es' if lost != 1 else ''} beyond chance and relevance; {code(result['kind'])}, paired "
        f"over {result['clusters']}, against {code(result['against'])}.",
        *(f"- {code(note)}" for note in result["notes"]),
        "",
    ]
    if changed:
        lines += [*_rows(changed), ""]
    lines += [*_cost_rows(result["cost"]), ""]
    if result["worse"]:
        lines += [f"Trials that got worse ({min(SHOWN, len(result['worse']))} of {len(result['worse'])}):", ""]
        lines += [f"- {code(trial_text(one))}" for one in result["worse"][:SHOWN]]
        lines.append("")
    count = len(result["rows"])
    lines += ["<details><summary>All rows</summary>", "", *_rows(result["rows"]), "", f"{count} rows", "</details>", ""]
    return "\n".join(lines)


def _rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| | metric | condition | before | now | change | 95 % interval | p (Holm) | n |",
             "|---|---|---|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for row in rows:
        metric = get_metric(row["metric"])
        values = [
            "–" if row[key] is None else printed(metric, row[key], key == "difference")
            for key in ("b", "a", "difference")
        ]
        ends = row["ci95"] and " ".join(printed(metric, end, True) for end in row["ci95"])
        p = "–" if row["p_holm"] is None else f"{row['p_holm']:.4f}"
        unit = " %" if metric.percent else f" {metric.unit}" if metric.unit else ""
        cells = [SIGNS[row["verdict"]], _cell(metric.name + unit), _cell(condition_text(row["condition"])), *values]
        lines.append(f"| {' | '.join([*cells, ends or '–', p, str(row['n'])])} |")
    return lines


def _cost_rows(cost: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| | cost | before | now | allowed | |", "|---|---|--:|--:|--:|---|"]
    for line in cost:
        amounts = amount(line["before"]), amount(line["now"]), f"× {line['factor']:g}"
        cells = [SIGNS[line["verdict"]], line["what"], *amounts, _cell(line["reason"])]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _cell(text: str) -> str:
    """A text that neither ends a cell of a table nor starts markup, names nobody and links to nothing."""
    text = re.sub(r"([\\|`*_\[\]])", r"\\\1", html.escape(" ".join(str(text).split()), quote=False))
    # Entities are undone before mentions and links are looked for; an empty comment between keeps them apart.
    return re.sub(r"(@|#|:(?=//)|www(?=\.))", r"\1<!-- -->", text)


def _clean(text: str) -> str:
    return FOREIGN.sub("?", text)

"""What `measure` found, as plain values: scores, pooled values, diagnosis, and the documents made of them.

    total = pairs - void        a fault of the reference removes the pair for every system alike
    n     = ok
    value = what the metric pools of ok and failed, a failed pair counting as the metric's floor

Contents: `Measured`, `summed_up`, `write_csv`.
"""

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ReferenceFault
from ..metrics import Metric, Score, get_metric
from ..signal.files import atomic_write
from .diagnosis import Alignment, warnings_of
from .material import Gathered, Pair
from .pairing import Side
from .scoring import Job, Result, flatten

COLUMNS = ("name", "estimate", "reference", "metric", "value", "unit", "status", "reason", "raw", "flags")


@dataclass(frozen=True)
class Measured:
    """What `measure` found; every field is plain values, as in the JSON document.

    Args:
        scores: `{"name", "estimate", "reference", "metric", "value", "unit", "status", "reason", "raw", "flags"}` per
            pair and metric, with `parts` where a metric has more numbers. A metric of a set has one, for the set.
        pooled: `{"metric", "value", "unit", "judge", "n", "failed", "void", "total", "complete", "reason"}` per metric.
        pairs: `{"name", "estimate", "reference", "diagnosis", "aligned"}` per pair; `diagnosis` is None without sound.
        unpaired: `{"estimates": [...], "references": [...]}`: files without a partner.
        warnings: what the diagnosis found, `{"what", "text", "pairs"}`.
        notes: other sentences worth reading.
        align: what might be put right.
    """

    scores: list[dict[str, Any]]
    pooled: list[dict[str, Any]]
    pairs: list[dict[str, Any]]
    unpaired: dict[str, list[str]]
    warnings: list[dict[str, Any]]
    notes: list[str]
    align: str

    @property
    def complete(self) -> bool:
        """Every pair has a score, or is void."""
        return all(row["complete"] for row in self.pooled)

    def value(self, metric: str) -> float | None:
        """The pooled value of a metric. Raises `KeyError`."""
        return {row["metric"]: row["value"] for row in self.pooled}[metric]

    def document(self) -> dict[str, Any]:
        """What `--json` writes."""
        return {
            "scores": self.scores,
            "pooled": self.pooled,
            "pairs": self.pairs,
            "unpaired": self.unpaired,
            "warnings": self.warnings,
            "notes": self.notes,
            "align": self.align,
        }


def summed_up(
    gathered: Gathered,
    metrics: Sequence[Metric],
    how: Alignment,
    judges: Mapping[str, str],
    jobs: Sequence[Job],
    results: Sequence[Result],
    mine: Side,
    other: Side | None,
) -> Measured:
    """Make one account of all results.

    Args:
        gathered: what was paired.
        metrics: what was asked for.
        how: what might be put right.
        judges: who judged, by the name of the judge that a metric asks for.
        jobs: the pairs, then the pieces of sets.
        results: of the jobs, in their order.
        mine: the estimates.
        other: the references.
    """
    singles = len(gathered.pairs)
    scores, pooled = [], []
    for job, result in zip(jobs[:singles], results[:singles], strict=True):
        scores += [_score_row(job.pair, get_metric(name), score) for name, score in result.scores.items()]
    for metric in metrics:
        of_metric = [(j, r.scores[metric.name]) for j, r in zip(jobs, results, strict=True) if metric.name in r.scores]
        pooled.append(row := _pool(metric, of_metric, judges))
        if metric.kind.name == "pictures":
            scores.append(_set_row(metric, row, of_metric, mine, other))
    known = {job.pair.name: r.diagnosis for job, r in zip(jobs[:singles], results, strict=False) if r.diagnosis}
    lost = [pair for pair in gathered.pairs if None in pair.estimates.values()]
    return Measured(
        scores,
        pooled,
        [_pair_row(job.pair, result) for job, result in zip(jobs[:singles], results[:singles], strict=True)],
        {
            "estimates": [str(path) for path in gathered.alone],
            "references": [path for pair in lost if (path := _path(pair.references)) is not None],
        },
        warnings_of(known, how),
        [*gathered.notes, *_resampled(scores), *_bounded(scores)],
        how.how if how.how != "trim" else f"trim:{how.limit}",
    )


def _resampled(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which scores are of sound that was brought to another rate."""
    counts: dict[str, int] = {}
    for row in scores:
        if "resampled" in row["flags"]:
            counts[row["metric"]] = counts.get(row["metric"], 0) + 1
    were = {1: "1 pair was"}
    return [
        f"{were.get(count, f'{count} pairs were')} resampled to {max(get_metric(name).rates)} Hz for {name}."
        for name, count in counts.items()
    ]


def _bounded(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many scores are not what the formula gave, which no mean shows."""
    counts: dict[tuple[str, str], int] = {}
    for row in scores:
        for flag in {"capped", "floored"} & set(row["flags"]):
            counts[row["metric"], flag] = counts.get((row["metric"], flag), 0) + 1
    notes = []
    for (name, flag), count in counts.items():
        metric = get_metric(name)
        which, end = ("cap", metric.cap) if flag == "capped" else ("floor", metric.floor)
        were = "1 pair lies" if count == 1 else f"{count} pairs lie"
        notes.append(f"{were} beyond the {which} of {name} and {'counts' if count == 1 else 'count'} {end:g}.")
    return notes


def _path(things: Mapping[str, Any], kind: str | None = None) -> str | None:
    """The file that plays a part; of any kind unless one is named."""
    found = [thing for name, thing in things.items() if thing and kind in (None, name)]
    return None if not found else str(found[0][0].path if len(found[0]) == 1 else found[0][0].path.parent)


def _pair_row(pair: Pair, result: Result) -> dict[str, Any]:
    found = result.diagnosis
    return {
        "name": pair.name,
        "estimate": _path(pair.estimates),
        "reference": _path(pair.references),
        "diagnosis": found.as_json() if found else None,
        "aligned": result.aligned or None,
    }


def _score_row(pair: Pair, metric: Metric, score: Score) -> dict[str, Any]:
    kind = metric.kind.name
    row = {
        "name": pair.name,
        "estimate": _path(pair.estimates, kind),
        "reference": _path(pair.references, kind),
        "metric": metric.name,
        "value": None if score.value is None else float(score.value),
        "unit": metric.unit,
        "status": score.status,
        "reason": score.reason,
        "raw": None if score.raw is None else float(score.raw),
        "flags": list(score.flags),
    }
    more = flatten(score.more)
    return row | {"parts": more} if more else row


def _set_row(
    metric: Metric, pooled: Mapping[str, Any], scores: Sequence[tuple[Job, Score]], mine: Side, other: Side
) -> dict[str, Any]:
    """The one score of a set."""
    order = ("error", "not-applicable", "void", "failed", "ok")
    worst = min((score for _, score in scores), key=lambda score: order.index(score.status))
    status = worst.status if worst.status != "ok" or pooled["value"] is not None else "void"
    return {
        "name": mine.path.name,
        "estimate": str(mine.path),
        "reference": str(other.path),
        "metric": metric.name,
        "value": pooled["value"],
        "unit": metric.unit,
        "status": status,
        "reason": worst.reason or pooled["reason"],
        "raw": None,
        "flags": sorted({flag for _, score in scores for flag in score.flags}),
    }


def _pool(metric: Metric, scores: Sequence[tuple[Job, Score]], judges: Mapping[str, str]) -> dict[str, Any]:
    """The pooled value: total = all - void, mean over ok and failed."""
    counts = dict.fromkeys(("ok", "failed", "void", "error", "not-applicable"), 0)
    for job, score in scores:
        counts[score.status] += 1 if metric.kind.name != "pictures" else _pictures(job)
    total = sum(counts.values()) - counts["void"]
    value, reason = None, ""
    parts = [_parts(job, score) for job, score in scores if score.status in ("ok", "failed")]
    if metric.whole and counts["failed"]:
        reason = f"{counts['failed']} of {total} outputs failed, and {metric.name} judges the set as a whole"
    elif metric.kind.name == "pictures" and len(parts) < len(scores):
        pass  # without one of its pieces a set is another set
    elif parts:
        try:
            value = float(metric.pool(parts))
        except ReferenceFault as fault:
            reason = fault.reason
    if not reason and value is None:
        reason = next((score.reason for _, score in scores if score.reason), "")
    return {
        "metric": metric.name,
        "value": value,
        "unit": metric.unit,
        "judge": metric.judge and judges.get(metric.judge, metric.judge),
        "n": counts["ok"],
        "failed": counts["failed"],
        "void": counts["void"],
        "total": total,
        "complete": counts["ok"] + counts["failed"] == total,
        "reason": reason,
    }


def _pictures(job: Job) -> int:
    """How many estimates a piece of a set holds; none where they were counted already."""
    return 0 if job.pair.again == "estimate" else len(job.pair.estimates["pictures"])


def _parts(job: Job, score: Score) -> dict[str, Any]:
    """What is pooled of a score; nothing twice."""
    return {name: part[:0] if name == job.pair.again else part for name, part in score.parts.items()}


def write_csv(scores: Sequence[Mapping[str, Any]], where: str | Path) -> None:
    """A line for each score, `;` between flags."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in scores:
        cells = (";".join(row[name]) if name == "flags" else row[name] for name in COLUMNS)
        writer.writerow(["" if cell is None else cell for cell in cells])
    if str(where) == "-":
        sys.stdout.write(text.getvalue())
    else:
        with atomic_write(where) as file:
            file.write(text.getvalue().encode())

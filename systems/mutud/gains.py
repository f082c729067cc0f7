"""What video at training time is worth: the claims of MUTUD's Table I and Fig. 2, from finished runs.

    avbench run --system mutud,mutud/no-video,gcrn,gcrn/matched,av-gcrn --task avse --protocol 3-bn-full --out claims
    python -m avbench.systems.mutud.gains claims [--json FILE]

Differences are paired over trials, intervals and p-values are over speakers, and no correction is made for the number
of cells. Shares (a - low) / (high - low) are null where the interval of high - low holds zero.

- `av_gain_over_audio`: low = gcrn, high = av-gcrn (from Table I, STOI: 1.00, .73, .53, .35, .22 at 5 … -15 dB).
- `av_gain_over_noisy`: low = the noisy input, high = av-gcrn (Fig. 2).
- `video in training`: mutud - mutud/no-video, the same net and wiring trained without any picture.

Contents: `gains`, `main`.
"""

import sys
from pathlib import Path
from typing import Any

from avbench.errors import AvbenchError, UsageError
from avbench.evaluation.compare import compare, shares
from avbench.evaluation.record import hand_out

DIFFERENCES = {
    "audio-visual - mutud": ("av-gcrn", "mutud"),
    "mutud - audio-only": ("mutud", "gcrn"),
    "mutud - matched": ("mutud", "gcrn__matched"),
    "video in training": ("mutud", "mutud__no-video"),
}
SHARES = {"av_gain_over_audio": ("gcrn", "av-gcrn"), "av_gain_over_noisy": ("noisy", "av-gcrn")}


def gains(folder: Path) -> dict[str, Any]:
    """All claims that the runs in a folder can answer.

    Args:
        folder: made by `avbench run --out`; holds one run per row.

    Returns:
        `{"differences": {claim: rows of compare}, "shares": {claim: rows of shares}, "missing": [rows not run]}`.

    Raises:
        UsageError: no run of `mutud` there, or runs that cannot be compared.
        IncompleteRun: a run is not finished.
    """
    if not (folder / "mutud").is_dir():
        raise UsageError(f"{folder} holds no run of mutud: make it with `avbench run --system mutud,… --out {folder}`.")
    wanted = {name for pair in (*DIFFERENCES.values(), *SHARES.values()) for name in pair}
    here = {name for name in wanted if (folder / name).is_dir()}
    return {
        "differences": {
            claim: compare(folder / a, folder / b)["rows"] for claim, (a, b) in DIFFERENCES.items() if {a, b} <= here
        },
        "shares": {
            claim: shares(folder / "mutud", folder / low, folder / high)
            for claim, (low, high) in SHARES.items()
            if {low, high} <= here
        },
        "missing": sorted(name.replace("__", "/") for name in wanted - here),
    }


def main(arguments: list[str]) -> int:
    """Print the claims as a table, or write them as JSON."""
    import argparse

    from rich.console import Console

    parser = argparse.ArgumentParser(prog="python -m avbench.systems.mutud.gains", description=__doc__.split("\n")[0])
    parser.add_argument("claims", type=Path, help="folder made by `avbench run --out`")
    parser.add_argument("--json", type=Path, help="file for the numbers; - for standard output")
    given = parser.parse_args(arguments)
    found = gains(given.claims)
    if given.json:
        hand_out(found, given.json)
    console = Console(stderr=str(given.json) == "-", emoji=False)
    console.print(_table({**found["differences"], **found["shares"]}))
    if found["missing"]:
        console.print(f"not run here: {', '.join(found['missing'])}", markup=False)
    return 0


def _table(rows: dict[str, list[dict[str, Any]]]):
    """One line per claim and metric, one column per SNR."""
    from rich.table import Table

    axes = sorted({row["condition"]["snr"] for some in rows.values() for row in some if "snr" in row["condition"]})
    table = Table(title="MUTUD's claims (95 % intervals over speakers; synthetic)", box=None)
    for column in ("claim", "metric", *(f"{snr:g} dB" for snr in axes)):
        table.add_column(column, justify="left" if column in ("claim", "metric") else "right")
    for claim, some in rows.items():
        for metric in dict.fromkeys(row["metric"] for row in some):
            cells = {row["condition"].get("snr"): _cell(row) for row in some if row["metric"] == metric}
            table.add_row(claim, metric, *(cells.get(snr, "") for snr in axes))
    return table


def _cell(row: dict[str, Any]) -> str:
    """A value above its interval; rates in points."""
    points = 100 if row["metric"] in ("stoi", "estoi") and "difference" in row else 1
    value = row.get("difference", row.get("share"))
    if value is None:
        return "null"
    low, high = (points * end for end in row["ci95"]) if row["ci95"] else (None, None)
    interval = f"\n{low:+.2f} … {high:+.2f}" if low is not None else ""
    return f"{points * value:+.2f}{interval}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AvbenchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)

"""Weights in fewer bits, for a repository or a slow line: half the size of what `avbench train` writes.

    python -m avbench.training.compact WEIGHTS OUT [--bits 8]

prints both sizes and how far the tensors move. What that costs in scores two runs say: `avbench run --weights WEIGHTS`,
the same with OUT, and `avbench compare` of both.

Contents: `compact`, `main`.
"""

import argparse
import sys
from pathlib import Path

from ..errors import AvbenchError, UsageError
from .weights import load_weights, save_weights


def compact(source: Path, out: Path, bits: int = 8) -> tuple[float, str]:
    """Write weights again in fewer bits, with their metadata.

    Args:
        source: a weight file.
        out: another one.
        bits: of a number, 8 or 16; see `weights`.

    Returns:
        The largest error of any tensor, as the root of its power over that of the tensor, and that tensor's name.

    Raises:
        MissingResource, BadFile: `source` is no weight file.
        UsageError: `out` is `source`, which would lose the finer numbers.
    """
    source, out = Path(source), Path(out)
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{out} would be overwritten by its own fewer bits: name another file.")
    state, metadata = load_weights(source)
    save_weights(out, state, {k: v for k, v in metadata.items() if k != "bits"}, bits)
    again, _ = load_weights(out)
    errors = {n: float((again[n] - t).norm() / t.norm()) for n, t in state.items() if t.is_floating_point() and t.any()}
    worst = max(errors, key=errors.__getitem__, default="")
    return errors.get(worst, 0.0), worst


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m avbench.training.compact", description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8)
    given = parser.parse_args(arguments)
    try:
        error, worst = compact(given.weights, given.out, given.bits)
    except AvbenchError as fault:
        sys.stderr.write(f"avbench: {fault}\n")
        return 2
    sizes = [path.stat().st_size for path in (given.weights, given.out)]
    moved = f"no tensor moves by more than {100 * error:.2f} % of itself ({worst})"
    sys.stdout.write(f"{sizes[0]:,} bytes, then {sizes[1]:,}; {moved}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

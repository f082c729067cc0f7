"""How much of a run is the harness itself: everything but the system's and the metrics' own time.

    python tests/benchmarks/harness_share.py runs/avse/<system>-<hash>      of a run that is there
    python tests/benchmarks/harness_share.py --system mutud                 of a run made now, with a warm corpus

Core seconds: `predict` and `load` belong to the system, `judge` to the metrics, `render` and `save` to the harness.
Imports and the making of the corpus are in none of them.
"""

import sys
import tempfile

import avbench
from avbench.evaluation.runs import open_run


def shares(run):
    """Core seconds by part, summed over all attempts at the run, and the share of the harness."""
    parts = {name: 0.0 for name in ("load", "predict", "judge", "render", "save")}
    for session in run.record.provenance["sessions"]:
        for name in parts:
            parts[name] += session["seconds"][name]
    harness = parts["render"] + parts["save"]
    return parts, harness / sum(parts.values())


def main(words):
    if words[:1] == ["--system"]:
        runs = avbench.run(system=words[1], anchors="none", out=tempfile.mkdtemp(prefix="avbench-share-"))
    else:
        runs = [open_run(word) for word in words]
    for run in runs:
        parts, share = shares(run)
        text = "  ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
        print(f"{run.system}: {text}  harness {100 * share:.1f} % of core time")


if __name__ == "__main__":
    main(sys.argv[1:])

"""A net that listens as an ONNX graph of one hop, for runtimes without Python.

    python -m avbench.systems.nn.to_onnx --system mutud OUT.onnx [--recipe R | --weights FILE]

The graph takes `hop` `[1, 160]` and the state `past`, `overlap`, `frame`, `hidden`, `cells`, and gives `answer`
`[1, 160]`, which belongs to the hop before, and the same five with `_after`: they go into the next call. All begin at
zero; the first answer is to be thrown away (see `streaming`). Rate, hop and what was exported stand in its metadata.

Contents: `export`, `OnnxStream`, `main`.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np

from avbench.errors import AvbenchError, UsageError
from avbench.extras import need
from avbench.registry import open_system
from avbench.signal.audio import RATE
from avbench.signal.files import atomic_write

from .enhancer import Enhancer
from .stft import HOP
from .streaming import HopNet, checked_hop

STATE = ("past", "overlap", "frame", "hidden", "cells")
PURPOSE = "writing ONNX graphs"


def export(system: str, out: Path, recipe: str | None = None, weights: Path | None = None) -> Path:
    """Write the graph of a system.

    Args:
        system: its name; one that listens and does not look ahead.
        out: the file.
        recipe: whose weights.
        weights: a file of weights instead.

    Raises:
        UsageError: it cannot be streamed.
        MissingResource: it has no weights, or the extra `onnx` is not installed.
    """
    need("onnxscript", extra="onnx", purpose=PURPOSE)
    onnx = need("onnx", extra="onnx", purpose=PURPOSE)
    import torch

    opened = open_system(system, recipe=recipe, weights=weights)
    if not isinstance(opened, Enhancer):
        raise UsageError(f"{system} is no net of this repository that could be exported.")
    opened.stream()  # refuses what looks, or looks ahead
    net = HopNet(opened.network()).eval().requires_grad_(False)
    given = (torch.zeros(1, HOP), *net.beginning())
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of the exporter, on its own future
        program = torch.onnx.export(
            net, given, dynamo=True, verbose=False,
            input_names=["hop", *STATE], output_names=["answer", *(f"{name}_after" for name in STATE)],
        )  # fmt: skip
    model = program.model_proto
    facts = {"system": opened.card.id, "recipe": opened.card.recipe, "digest": opened.digest, "rate": RATE, "hop": HOP}
    onnx.helper.set_model_props(model, {"avbench": json.dumps(facts)})
    with atomic_write(Path(out)) as file:
        file.write(model.SerializeToString())
    return Path(out)


class OnnxStream:
    """Such a graph in onnxruntime, as a stream; see `avbench.types.Stream`.

    Args:
        path: of the graph.

    Raises:
        MissingResource: onnxruntime is not installed.
    """

    rate, hop, late = RATE, HOP, HOP

    def __init__(self, path: Path):
        runtime = need("onnxruntime", extra="onnx", purpose="running ONNX graphs")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.begin()

    def begin(self) -> None:
        """Forget what was heard."""
        kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
        self._state = {one.name: np.zeros(one.shape, kinds[one.type]) for one in self._session.get_inputs()[1:]}

    def push(self, samples: np.ndarray) -> np.ndarray:
        """The answer to the hop before this one, `[160]` float32; silence for the first. Raises `UsageError`."""
        samples = checked_hop(samples)
        first = not self._state["frame"].any()
        answer, *state = self._session.run(None, {"hop": samples[None], **self._state})
        self._state = dict(zip(STATE, state, strict=True))
        return np.zeros(HOP, np.float32) if first else answer[0]


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m avbench.systems.nn.to_onnx", description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--system", required=True)
    parser.add_argument("--recipe")
    parser.add_argument("--weights", type=Path)
    given = parser.parse_args(arguments)
    try:
        made = export(given.system, given.out, given.recipe, given.weights)
    except AvbenchError as fault:
        sys.stderr.write(f"avbench: {fault}\n")
        return 2
    sys.stdout.write(f"{made}: {made.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

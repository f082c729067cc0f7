"""The training loop: a function that is called, not a class that is inherited from.

One step is forward, backward, clip, step, average. The batch of a step is a pure function of the step, drawn by a
thread one step ahead. A killed training resumes bit-equal on a CPU: model, optimizer, averaged weights and random state
come from the checkpoint, the data order from the step number. Runs on several GPUs and hosts under `torchrun` through
Lightning Fabric.

Learning rate: linear warm-up, then a half cosine to zero (Loshchilov and Hutter 2017, eq. 5). Steps of pre-training
come before, with negative numbers and a schedule for each of its stages, so that rows of one table see the same batches
at the same rates whether or not a part of them was pre-trained.
Averaged weights: an exponential moving average of parameters and buffers; these are what is validated and exported. Its
decay grows with the steps, so that the random weights of the beginning are soon forgotten.
Nets that play against each other are one model with one backward pass; the recipe says which parameters are on which
side and at what rate each side learns, and the ratio of the rates stays.

Contents: `Progress`, `learning_rate`, `fit`.
"""

import contextlib
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from ..errors import AvbenchError
from ..signal.files import atomic_write
from .checkpoint import NAME, load_checkpoint, random_state, save_checkpoint
from .recipe import TrainingRecipe

LOST = 50  # steps in a row without a finite gradient, after which a training has failed

Batch = Mapping[str, Tensor]
Objective = Callable[[nn.Module, Batch, int], tuple[Tensor, dict[str, Tensor | float]]]


@dataclass(frozen=True)
class Progress:
    """How far a training came.

    Args:
        steps: done so far, over all resumes, pre-training included.
        planned: the recipe's steps, pre-training included.
        seconds: spent in the loop so far, over all resumes.
        stopped: why the loop ended: `"finished"`, `"time"`, `"signal"`.
    """

    steps: int
    planned: int
    seconds: float
    stopped: str


def learning_rate(step: int, recipe: TrainingRecipe) -> float:
    """The learning rate of a step: linear warm-up to the peak, then a half cosine to zero.

    The stages of pre-training, whose steps are numbered up to -1, do the same over their own lengths.

    Example:
        >>> from avbench.training.recipe import TrainingRecipe
        >>> r = TrainingRecipe(name="x", steps=100, warmup=10, learning_rate=1.0)
        >>> learning_rate(0, r), learning_rate(9, r), round(learning_rate(99, r), 4)
        (0.1, 1.0, 0.0003)
    """
    steps, warmup = recipe.steps, recipe.warmup
    for length in reversed(recipe.pretraining):
        if step < 0:
            steps, warmup, step = length, min(recipe.warmup, length // 10), step + length
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    if recipe.constant:
        return recipe.learning_rate
    done = (step - warmup) / max(1, steps - warmup)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def fit(
    model: nn.Module,
    objective: Objective,
    batch_of: Callable[[int, int, int], Batch],
    recipe: TrainingRecipe,
    *,
    out: Path,
    identity: str,
    device: str = "cpu",
    resume: bool = False,
    hours: float | None = None,
    validate: Callable[[nn.Module, int], dict[str, float]] | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> tuple[nn.Module, Progress]:
    """Train a model by a recipe.

    Args:
        model: trained in place.
        objective: `(model, batch, step) -> (loss, what to log)`; the training step, as prose. Negative steps are those
            of pre-training.
        batch_of: `(step, rank, world) -> batch`, pure; tensors on the CPU or already on the device.
        recipe: steps, learning rate, precision, …
        out: folder for checkpoint and log.
        identity: text that names model, recipe and data; a resume must match it.
        device: `"cpu"` or `"cuda"`.
        resume: continue from the checkpoint in `out`.
        hours: stop (resumably) after so many hours of this call.
        validate: `(averaged model, step) -> values`, called every `recipe.validate_every` steps and at the end.
        announce: gets one line of text now and then.

    Returns:
        The averaged model and how far it came.
    """
    fabric = _fabric(device, recipe.precision)
    torch.manual_seed(recipe.seed + fabric.global_rank)
    optimizer = torch.optim.AdamW(
        recipe.sides(model), lr=recipe.learning_rate, betas=recipe.betas, weight_decay=recipe.weight_decay
    )
    shares = [group["lr"] / recipe.learning_rate for group in optimizer.param_groups]
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=_average(recipe.average), use_buffers=True)
    average = average.to(fabric.device)
    wrapped, optimizer = fabric.setup(model, optimizer)
    parts = {"model": model, "average": average, "optimizer": optimizer}
    first = -sum(recipe.pretraining)
    step, spent = _go_on(parts, out, identity, fabric) if resume else (first, 0.0)
    if resume:
        announce(f"resumed at step {step} of {recipe.steps}")
    log = _Log(out, step if step > first else None, fabric.is_global_zero, announce)
    begun, stopped, lost = time.monotonic(), "finished", 0

    def keep() -> None:
        random = _of_all(random_state(str(fabric.device)), fabric)
        if fabric.is_global_zero:
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"step": step, "seconds": spent + time.monotonic() - begun}
            save_checkpoint(out, identity, state, random)

    def say(split: str, values: Mapping[str, Any]) -> None:
        line = log.write(step, split, values)
        announce(f"{step}/{recipe.steps} {'' if split == 'train' else split + ' '}{line}")

    with _stop_signals() as asked, _ahead(batch_of, step, recipe.steps, fabric) as batches:
        for batch in batches:
            rate = learning_rate(step, recipe)
            for group, share in zip(optimizer.param_groups, shares, strict=True):
                group["lr"] = rate * share
            wrapped.train()
            loss, values = objective(wrapped, batch, step)
            fabric.backward(loss)
            norm = fabric.clip_gradients(wrapped, optimizer, max_norm=recipe.clip_norm, error_if_nonfinite=False)
            if torch.isfinite(norm):
                optimizer.step()
                lost = 0
            else:
                lost = _lose(lost, step)
            optimizer.zero_grad(set_to_none=True)
            average.update_parameters(model)
            step += 1
            if step % recipe.log_every == 0 or step == recipe.steps:
                say("train", values | {"loss": loss.detach(), "gradient_norm": norm, "learning_rate": rate})
            if validate and (step % recipe.validate_every == 0 or step == recipe.steps):
                average.eval()
                say("validation", validate(average.module, step))
            if step % recipe.save_every == 0:
                keep()
            late = hours is not None and time.monotonic() - begun > hours * 3600
            if _any(asked.is_set() or late, fabric):
                stopped = "time" if late else "signal"
                break
    keep()
    average.eval()
    done, planned = step - first, recipe.steps - first
    seconds = spent + time.monotonic() - begun
    return average.module, Progress(done, planned, seconds, stopped if done < planned else "finished")


def _fabric(device: str, precision: str) -> Fabric:
    """Devices and processes: all GPUs of this machine, or as many processes as `torchrun` has begun."""
    world, here = (int(os.environ.get(name, 1)) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    begun = "WORLD_SIZE" in os.environ
    several = world > 1 or (not begun and device == "cuda" and torch.cuda.device_count() > 1)
    fabric = Fabric(
        accelerator="cuda" if device == "cuda" else "cpu",
        devices=here if begun else "auto" if device == "cuda" else 1,
        num_nodes=world // here,
        # A stage of a training may leave parts of the net alone: lips that are read and then frozen, TAME by itself.
        strategy="ddp_find_unused_parameters_true" if several else "auto",
        precision=precision,
    )
    fabric.launch()
    return fabric


def _any(flag: bool, fabric: Fabric) -> bool:
    """Whether any process says so: all must leave the loop at the same step, or one waits for the others for ever."""
    if fabric.world_size == 1:
        return flag
    return bool(fabric.all_reduce(torch.tensor(float(flag), device=fabric.device), reduce_op="max"))


def _of_all(random: Mapping[str, Tensor], fabric: Fabric) -> dict[str, Tensor]:
    """The random states of every process, one row each."""
    if fabric.world_size == 1:
        return dict(random)
    return {name: fabric.all_gather(state.to(fabric.device)).cpu() for name, state in random.items()}


def _lose(lost: int, step: int) -> int:
    """One more step in a row whose gradient is not finite and is left out.

    Raises:
        AvbenchError: it will not get better.
    """
    if lost + 1 >= LOST:
        raise AvbenchError(
            f"The gradient was not finite for {LOST} steps, up to step {step}: go on from the last checkpoint with "
            "--resume, with a lower learning rate or in 32 bits."
        )
    return lost + 1


def _go_on(parts: Mapping[str, Any], out: Path, identity: str, fabric: Fabric) -> tuple[int, float]:
    """Take model, average and optimizer from the checkpoint in `out`; its step, and the seconds spent before."""
    state = load_checkpoint(out, identity, str(fabric.device), fabric.global_rank)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state["step"], state["seconds"]


def _average(decay: float) -> Callable[[list[Tensor], list[Tensor], Tensor | int], None]:
    """An exponential moving average whose decay after n steps is (1 + n) / (10 + n), until it reaches its own.

    With a decay of 0.999 from the beginning, 2 % of the random initial weights would still be there after 4,000 steps,
    and 41 % after 900.
    """

    @torch.no_grad()
    def update(averages: list[Tensor], values: list[Tensor], count: Tensor | int) -> None:
        share = 1 - min(decay, (1 + int(count)) / (10 + int(count)))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value.to(average.dtype), share)
            else:
                average.copy_(value)

    return update


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into a flag that the loop reads between steps: nothing done is lost."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {s: signal.signal(s, lambda *_: asked.set()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _ahead(batch_of, first: int, last: int, fabric: Fabric) -> Iterator[Iterator[Batch]]:
    """The batches of steps `first` to `last`, each drawn by a thread while the step before it runs."""
    with ThreadPoolExecutor(1) as thread:

        def draw(step: int):
            return thread.submit(batch_of, step, fabric.global_rank, fabric.world_size)

        def batches() -> Iterator[Batch]:
            coming = draw(first) if first < last else None
            for step in range(first, last):
                batch = coming.result()
                coming = draw(step + 1) if step + 1 < last else None
                yield {name: fabric.to_device(value) for name, value in batch.items()}

        yield batches()


class _Log:
    """`log.jsonl` (always) and TensorBoard (where installed). A resume drops the lines after its checkpoint."""

    def __init__(self, out: Path, step: int | None, active: bool, announce: Callable[[str], None]):
        self._path = out / "log.jsonl"
        self._board = None
        if not active:
            self._path = None
            return
        out.mkdir(parents=True, exist_ok=True)
        lines = self._path.read_text().splitlines() if step is not None and self._path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] <= step]
        with atomic_write(self._path) as file:
            file.write("".join(line + "\n" for line in kept).encode())
        try:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(out / "tensorboard"), purge_step=step and max(step, 0))
        except ModuleNotFoundError:
            announce("no TensorBoard here (pip install 'avbench[train]'): log.jsonl holds the same values")

    def write(self, step: int, split: str, values: Mapping[str, Any]) -> str:
        """Record values; returns them as one line for people."""
        numbers = {k: float(v) for k, v in values.items()}
        if self._path is not None:
            with self._path.open("a") as file:
                known = {k: v if math.isfinite(v) else None for k, v in numbers.items()}
                file.write(json.dumps({"step": step, "split": split, **known}) + "\n")
        if self._board is not None:
            for name, value in numbers.items():
                self._board.add_scalar(f"{split}/{name}", value, step)
            self._board.flush()
        return " ".join(f"{k} {v:.4g}" for k, v in numbers.items())


def has_checkpoint(out: Path) -> bool:
    """Whether a folder holds a training that can be resumed."""
    return (out / NAME).is_file()

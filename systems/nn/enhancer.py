"""A net that enhances speech, as a system of the harness.

Conventions: 16 kHz. For a causal net, clips of one batch are padded with zeros at their end to the longest of their
group and cut again: what follows a clip does not reach it. A net that is not causal, or watches, gets clips of one
length at a time.

Contents: `Net`, `Enhancer`, `check_clip`, `open_enhancer`, `weights_path`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import BadFile, MissingResource, UnknownName, UsageError
from avbench.training.recipe import TrainingRecipe, fingerprint
from avbench.training.weights import digest_of, load_weights
from avbench.types import Audio, Card, Inputs, Prediction, Stream

RATE = 16000
FPS = 25
MOUTH = 88
FACE = 224


@dataclass(frozen=True)
class Net:
    """What `Enhancer` has to know about a family.

    Args:
        version: changed whenever the code's answers change.
        build: `recipe -> nn.Module`, the deployed part.
        watches: takes mouth video.
        folder: where its weights are.
        faces: takes a picture of the speaker's face too, which no trial has: such a net is there to be counted.
    """

    version: str
    build: Callable[[Any], Any]
    watches: bool
    folder: Path
    faces: bool = False


class Enhancer:
    """A `System` of one net.

    Args:
        net: of the family.
        recipe: whose sizes the net has.
        card: what it says about itself, without the facts of its training.
        weights: file, or None for initial weights.
    """

    def __init__(self, net: Net, recipe: TrainingRecipe, card: Card, weights: Path | None):
        self._net, self._recipe, self._weights = net, recipe, weights
        self._module, self._device = None, "cpu"
        self._state, facts = (None, {}) if weights is None else load_weights(weights)
        self.card = replace(card, recipe=recipe.name, synthetic=recipe.name == "synth", **_training(facts))
        named = "untrained" if weights is None else digest_of(weights)
        text = "\x1f".join((net.version, card.id, fingerprint(recipe), named))
        self.digest = hashlib.sha256(text.encode()).hexdigest()

    def load(self, device: str) -> None:
        """Build the net and move it to `"cpu"` or `"cuda"`."""
        self._device = device
        self._module = self.network().to(device)

    def network(self):
        """A new `nn.Module` of the deployed part, in evaluation mode, on the CPU, with its weights."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._recipe.seed)
            module = self._net.build(self._recipe)
        if self._state is not None:
            try:
                module.load_state_dict(self._state)
            except RuntimeError as error:
                name = f"{self.card.id} by the recipe {self._recipe.name}"
                raise BadFile(f"{self._weights} does not fit {name}: other sizes or parts.") from error
        return module.eval().requires_grad_(False)

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one clip: noise, and a mouth and a face of noise where the net takes them."""
        import torch

        maker = torch.Generator().manual_seed(0)
        wave = 0.1 * torch.randn(1, round(seconds * RATE), generator=maker)
        if not self._net.watches:
            return (wave.to(device),)
        frames = max(1, round(seconds * FPS))
        mouth = torch.randint(0, 256, (1, frames, MOUTH, MOUTH), generator=maker, dtype=torch.uint8)
        face = (torch.rand(1, 3, FACE, FACE, generator=maker),) if self._net.faces else ()
        return tuple(part.to(device) for part in (wave, mouth, *face))

    def stream(self) -> Stream:
        """A new stream through the net.

        Raises:
            UsageError: it looks at pictures, or ahead.
        """
        from .streaming import HopStream

        if self._net.watches or not self.card.causal:
            why = "needs pictures" if self._net.watches else "looks ahead further than a hop"
            raise UsageError(f"{self.card.id} {why} and cannot be streamed: use one that only listens, such as mutud.")
        return HopStream(self.network(), self._device)

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Enhance a batch.

        Raises:
            UsageError: an input without speech, at another rate, or without the mouth video that the net needs.
        """
        if self._module is None:
            self.load(self._device)
        for item in inputs:
            self._check(item)
        answers: list[Prediction | None] = [None] * len(inputs)
        with exact_arithmetic():
            for group in self._groups(inputs):
                waves = self._enhance([inputs[i] for i in group])
                for i, wave in zip(group, waves, strict=True):
                    answers[i] = Prediction(audio=Audio(wave, RATE))
        return answers

    def _groups(self, inputs: Sequence[Inputs]) -> list[list[int]]:
        """Indices of the inputs that the net gets at once."""
        lengths = [len(item.audio.samples) for item in inputs]
        if (
            self.card.causal and not self._net.watches
        ):  # pictures that end early must not be lengthened by a neighbour's
            return _groups(lengths)
        alike: dict[tuple[int, int], list[int]] = {}
        for i, item in enumerate(inputs):
            alike.setdefault((lengths[i], len(item.video.frames) if self._net.watches else 0), []).append(i)
        return [[some[i] for i in group] for some in alike.values() for group in _groups([lengths[j] for j in some])]

    def _enhance(self, items: Sequence[Inputs]) -> list[np.ndarray]:
        import torch

        lengths = [len(item.audio.samples) for item in items]
        batch = np.zeros((len(items), max(lengths)), np.float32)
        for row, item in zip(batch, items, strict=True):
            row[: len(item.audio.samples)] = item.audio.samples
        arguments = [torch.from_numpy(batch).to(self._device)]
        if self._net.watches:
            mouths = np.stack([item.video.frames[..., 0] for item in items])  # of one length, see `_groups`
            arguments.append(torch.from_numpy(mouths).to(self._device))
        with torch.inference_mode():
            waves = self._module(*arguments).wave.cpu().numpy()
        return [wave[:length].copy() for wave, length in zip(waves, lengths, strict=True)]

    def _check(self, item: Inputs) -> None:
        name = self.card.id
        if self._net.faces:
            raise UsageError(f"{name} is there to be counted: it takes a picture of a face, and {item.id} has none.")
        check_clip(name, item, self._net.watches, "mutud")


def check_clip(name: str, item: Inputs, watches: bool, listener: str) -> None:
    """Whether a net can be asked about a clip.

    Args:
        name: of its system.
        item: the clip.
        watches: whether the net takes mouth video.
        listener: a system of the kind that only listens, for who has no video.

    Raises:
        UsageError: it has no speech, at another rate, or not the mouth video that the net needs.
    """
    if item.audio is None:
        raise UsageError(f"{name} needs speech, and {item.id} has none.")
    if item.audio.rate != RATE:
        raise UsageError(f"{name} takes speech at {RATE} Hz, and {item.id} has {item.audio.rate} Hz.")
    if not watches:
        return
    if item.video is None:
        raise UsageError(
            f"{name} needs mouth video, and {item.id} has none: use a system that only listens, such as {listener}."
        )
    shape = item.video.frames.shape
    if shape[0] == 0 or shape[1:] != (MOUTH, MOUTH, 1) or item.video.fps != FPS:
        raise UsageError(
            f"{name} takes mouth video [F > 0, {MOUTH}, {MOUTH}, 1] at {FPS} fps, and {item.id} has "
            f"{list(shape)} at {item.video.fps:g} fps."
        )


def open_enhancer(
    net: Net,
    card: Card,
    recipes: Mapping[str, TrainingRecipe],
    *,
    recipe: str | None = None,
    weights: Path | None = None,
    untrained: bool = False,
) -> Enhancer:
    """The `create` of a family of enhancement nets.

    Args:
        net: of the family.
        card: of the variant.
        recipes: of the variant; without `recipe` the first that has weights is taken.
        recipe: by name, or None.
        weights: a file to use instead of the shipped one; it knows its recipe.
        untrained: initial weights.

    Raises:
        UnknownName: no such recipe.
        UsageError: weights of another recipe or system.
        MissingResource: no weights.
    """
    if recipe is not None and recipe not in recipes:
        raise UnknownName(f"recipe of {card.id}", recipe, recipes)
    if weights is not None:
        facts = load_weights(weights)[1]
        made = facts.get("recipe")
        if facts.get("system", card.id) != card.id or made not in recipes or recipe not in (None, made):
            raise UsageError(
                f"{weights} holds weights of {facts.get('system', 'an unnamed system')}, recipe {made}, "
                f"which are not those of {card.id}{f', recipe {recipe}' if recipe else ''}."
            )
        return Enhancer(net, recipes[made], card, weights)
    if untrained:
        return Enhancer(net, recipes[recipe or next(iter(recipes))], card, None)
    for name in [recipe] if recipe else recipes:
        path = weights_path(net.folder, card.id, name)
        if path.is_file():
            return Enhancer(net, recipes[name], card, path)
    name = recipe or next(iter(recipes))
    raise MissingResource(
        f"{card.id} has no weights for the recipe {name}: run `avbench train --system {card.id} --recipe {name}`, "
        "or name a file with --weights."
    )


def weights_path(folder: Path, system: str, recipe: str) -> Path:
    """Where the weights of a system lie; a slash becomes two underscores.

    Example:
        >>> weights_path(Path("weights"), "gcrn/small", "synth").name
        'gcrn__small-synth.safetensors'
    """
    return folder / f"{system.replace('/', '__')}-{recipe}.safetensors"


def _training(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The card's sentence on the training, from the metadata of the weights."""
    if not facts:
        return {"training": "not trained: initial weights, good for counting and timing only", "finished": False}
    steps, planned = facts.get("steps"), facts.get("planned_steps")
    parts = [f"trained by the recipe {facts.get('recipe')} for {steps} of {planned} steps"]
    if facts.get("trained_seconds") is not None:
        parts.append(f"in {facts['trained_seconds'] / 3600:.1f} h")
    if facts.get("data") is not None:
        parts.append(f"on {facts['data']}")
    finished = steps is not None and planned is not None and steps >= planned
    return {"training": " ".join(parts), "finished": finished}


def _groups(lengths: Sequence[int]) -> list[list[int]]:
    """Indices in groups of similar length, so that little is spent on padding and memory stays bounded."""
    groups: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = lengths[groups[-1][0]] if groups else 0
        fits = groups and lengths[i] >= 0.75 * longest and (len(groups[-1]) + 1) * longest <= 160 * RATE
        if fits:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups

"""Judges that `avbench train` can make: a `Judge` and its recipes.

An entry point in the group `avbench.judges` may name one of these instead of a plain `Judge`. The recipe by which its
weights were made is no part of its name: results hold the digest of the weights.

Contents: `TrainableJudge`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingResource
from ..judges.judge import Judge
from .recipe import TrainingRecipe


@dataclass(frozen=True, kw_only=True)
class TrainableJudge(Judge):
    """A judge whose weights anybody can make.

    Args:
        recipes: by name, the first being the usual one.
        train: `(recipe, *, out, init, resume, device, hours, announce) -> path of the weights`.
    """

    recipes: Mapping[str, TrainingRecipe]
    train: Callable[..., Path]

    def files(self, path: Path | str | None = None) -> dict[str, Path]:
        """Where its files are; as for `Judge`, but what is missing can be trained."""
        try:
            return super().files(path)
        except MissingResource:
            if path is not None:
                raise
            raise MissingResource(
                f"The judge {self.name} has no weights here: `avbench train --system {self.name}` makes them; "
                "then give their path."
            ) from None

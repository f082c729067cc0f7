"""The numbers every training needs; each system's recipe adds its own.

A recipe is a frozen dataclass; `paper` and `synth` are two values of it. Every number names the section it comes from,
or says "not stated, chosen because …".

Contents: `TrainingRecipe`, `fingerprint`.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """What any training is made of. The defaults are choices of ours; a system's recipe says where it has better ones.

    Args:
        name: `"paper"` or `"synth"`.
        steps: optimizer steps.
        corpus: size of the embedded corpus, or `"lrs3"`.
        batch: mixtures of one step, over all devices.
        seconds: length of a training segment, a whole number of 40 ms pictures.
        learning_rate: its peak; linear warm-up, then a half cosine to zero.
        warmup: steps of the warm-up.
        weight_decay: of AdamW; 0.01 is the optimizer's customary value.
        clip_norm: gradients are scaled down to this norm; 5 lets ordinary steps pass.
        average: decay per step of the averaged weights, which are the ones exported; 0.999 spans about a thousand.
        precision: of Lightning Fabric: `"32-true"`, `"bf16-mixed"`, …
        seed: of the initial weights.
        log_every: steps between lines of the log.
        validate_every: steps between validations.
        save_every: steps between checkpoints.
    """

    name: str
    steps: int
    learning_rate: float
    warmup: int
    corpus: str = "base"
    batch: int = 16
    seconds: float = 2.0
    weight_decay: float = 0.01
    clip_norm: float = 5.0
    average: float = 0.999
    precision: str = "32-true"
    seed: int = 0
    log_every: int = 20
    validate_every: int = 500
    save_every: int = 100

    def __post_init__(self):
        for name in ("steps", "batch", "seconds", "learning_rate", "log_every", "validate_every", "save_every"):
            if not getattr(self, name) > 0:
                raise ValueError(f"the recipe's {name} must be positive, not {getattr(self, name)!r}")
        if not 0 <= self.warmup < self.steps:
            raise ValueError(f"a warm-up of {self.warmup} steps does not fit into {self.steps}")

    @property
    def pretraining(self) -> tuple[int, ...]:
        """Lengths of the stages before the schedule, in which parts of a net learn by other objectives, in steps."""
        return ()

    @property
    def constant(self) -> bool:
        """Whether the learning rate stays at its peak behind the warm-up."""
        return False

    @property
    def betas(self) -> tuple[float, float]:
        """Of Adam."""
        return 0.9, 0.999

    def sides(self, model: Any) -> list[dict[str, Any]]:
        """Groups of a net's parameters for the optimizer, each with its own peak rate `lr` where it has one."""
        return [{"params": list(model.parameters())}]


def fingerprint(recipe: TrainingRecipe) -> str:
    """Sixteen hexadecimal digits that change with any number of a recipe.

    Example:
        >>> from dataclasses import replace
        >>> r = TrainingRecipe(name="synth", steps=10, learning_rate=1e-3, warmup=1)
        >>> fingerprint(r) == fingerprint(replace(r)) != fingerprint(replace(r, batch=8))
        True
    """
    text = json.dumps({"type": type(recipe).__name__, **dataclasses.asdict(recipe)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

"""How the noisy talking face learns: first reconstruction alone, then both discriminators beside it (section 4.2).

In the second phase generator and discriminators step at once, from one backward pass: the generator's loss leaves the
discriminators alone, and theirs sees the made film detached. Adam knows nothing across parameters, so one optimizer
with a group for each side is two.

The discriminators judge the film that was made from clean speech, beside the clean speech; the paper does not say.

Contents: `Players`, `mask_of`, `train`, `course_of`, `check`.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from avbench.seeds import Draw
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.training.loop import Batch
from avbench.training.material import noises_of

from ..nn.course import Course, train_course
from . import losses
from .batches import Talks
from .discriminators import FrameDiscriminator, PairDiscriminator
from .films import FRAMES, Films, open_films
from .model import Generator
from .recipe import TalkingFaceRecipe
from .signals import drawn_noise, to_pictures

NOISE = "synth-noise/train"  # the paper's 138 kinds are of a corpus that is sold
LOW_SNR = 0.0  # dB of the noisy half of the validation
QUIET = 1e-3  # RMS of the speech features under which they have collapsed: any error between two zeros is zero


class Players(nn.Module):
    """The generator and its two opponents; the forward pass is the training step.

    Args:
        recipe: sizes and weights; an opponent whose weight is 0 is not there.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        self.recipe = recipe
        self.generator = Generator(recipe)
        self.frame = FrameDiscriminator(recipe) if recipe.alpha else None
        self.pair = PairDiscriminator(recipe) if recipe.beta else None

    @property
    def opponents(self) -> list[nn.Module]:
        """Those that there are."""
        return [one for one in (self.frame, self.pair) if one is not None]

    def forward(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of all players and what to log; before step 0 only reconstruction counts."""
        recipe, halves = self.recipe, 2 if self.recipe.resilient else 1
        real, face = to_pictures(batch["frames"]), to_pictures(batch["face"])
        drawn = torch.randn(*real.shape[:2], recipe.noise, device=real.device).repeat(halves, 1, 1)
        speech = torch.cat([batch["clean"], batch["noisy"]]) if recipe.resilient else batch["clean"]
        made, features, _ = self.generator(speech, face, drawn)
        mask = _laid_out(mask_of(batch["mouth"], recipe))
        clean, noisy, resilience = losses.masked_l1(made[: len(real)].float(), real, mask), 0.0, 0.0
        values = {"clean": clean}
        if recipe.resilient:
            noisy = losses.masked_l1(made[len(real) :].float(), real, mask)
            resilience = losses.resilience_loss(features[len(real) :].float(), features[: len(real)].float())
            values |= {"noisy": noisy, "resilience": resilience}
        frame = pair = theirs = 0.0
        if step >= 0 and self.opponents:
            frame, pair, theirs, scores = self._contest(batch["clean"], made[: len(real)], real, face, mask)
            values |= scores
        loss = losses.generator_loss(clean, noisy, resilience, frame, pair, recipe) + theirs
        return loss, {name: value.detach() for name, value in values.items()}

    def _contest(self, speech: Tensor, made: Tensor, real: Tensor, face: Tensor, mask: Tensor):
        """J_FD and J_PD, the opponents' own loss, and what to log."""
        batch, count = real.shape[:2]
        # As many frames of each film as the batch has films (section 3.1).
        at = torch.randint(count, (batch, batch), device=real.device)
        row = torch.arange(batch, device=real.device)[:, None]
        shown = mask if self.recipe.masked else torch.ones_like(mask)

        def of_frames(film: Tensor) -> Tensor:
            return self.frame(film[row, at], face).float()

        def of_pairs(film: Tensor) -> Tensor:
            return self.pair(speech, film * shown, face).float()

        costs, theirs, values = [], 0.0, {}
        for name, opponent, judge in (("frame", self.frame, of_frames), ("pair", self.pair, of_pairs)):
            if opponent is None:
                costs.append(0.0)
                continue
            with _held(opponent):
                costs.append(losses.deception_loss(judge(made)))
            own = losses.discriminator_loss(judge(made.detach()), judge(real))
            theirs = theirs + own
            values |= {f"{name}_cost": costs[-1], f"{name}_discriminator": own}
        return (*costs, theirs, values)


def mask_of(mouth: Tensor, recipe: TalkingFaceRecipe) -> Tensor:
    """The mask that the recipe wants, `[B, F, 1, S, S]`, of centres `[B, F, 2]`."""
    make = losses.mouth_mask if recipe.masked else losses.even_mask
    return make(mouth, recipe.size, recipe.sigma * recipe.size / 128, recipe.mask_floor)


def _laid_out(mask: Tensor) -> Tensor:
    """`[B, F, 1, S, S]` to `[B, F, 3, S, S]`, in the order in memory that pictures have: many times faster to use."""
    return mask.movedim(2, -1).expand(-1, -1, -1, -1, 3).contiguous().movedim(-1, 2)


@contextmanager
def _held(net: nn.Module) -> Iterator[None]:
    """Inside, what passes through the net does not teach it."""
    net.requires_grad_(False)
    try:
        yield
    finally:
        net.requires_grad_(True)


def train(system: str, version: str, recipe: TalkingFaceRecipe, **options) -> Path:
    """Train a variant and export its generator; options as of `train_course`.

    Raises:
        MissingResource: the recipe's corpus is not to be had.
    """
    announce = options.get("announce", lambda line: None)
    films, seen = (
        open_films(recipe.corpus, split, clips, recipe.size, announce)
        for split, clips in (("train", recipe.clips), ("validation", recipe.check_clips))
    )
    return train_course(course_of(system, version, recipe, films, seen), recipe, **options)


def course_of(system: str, version: str, recipe: TalkingFaceRecipe, films: Films, seen: Films) -> Course:
    """What is trained on some films, and how.

    Args:
        system: full name.
        version: of its code.
        recipe: sizes and schedule.
        films: of training.
        seen: of validation.
    """
    noise = noises_of(NOISE, FRAMES * SAMPLES_PER_FRAME)
    talks, checks = Talks(films, noise, recipe, recipe.seed), Talks(seen, noise, recipe, "validation")
    torch.manual_seed(recipe.seed)
    return Course(
        name=system, version=version, model=Players(recipe),
        objective=lambda players, batch, step: players(batch, step), batch_of=talks.batch,
        validate=lambda players, step: check(players.generator, checks),
        fingerprint=f"{films.fingerprint} {noise.fingerprint}", deployed=lambda players: players.generator,
        data=f"{len(films)} films of single words of {films.name}",
    )  # fmt: skip


@torch.no_grad()
def check(generator: Generator, checks: Talks) -> dict[str, float]:
    """On validation speakers: L1 at the mouth and elsewhere, PSNR, clean and at 0 dB; RMS of the speech features.

    L1 in hundredths of the range of a picture. `rest` is what the mask leaves out: at a weight of 0.01 nothing but the
    skips looks after it.
    """
    generator.eval()
    recipe, device = checks.recipe, next(generator.parameters()).device
    sums: dict[str, list[float]] = {}
    for clip in range(len(checks.films)):
        item = checks.item(clip, Draw("talk's check", clip), LOW_SNR)
        item = {name: torch.from_numpy(value)[None].to(device) for name, value in item.items()}
        real, face = to_pictures(item["frames"]), to_pictures(item["face"])
        drawn = torch.from_numpy(drawn_noise(clip, 0, recipe.frames, recipe.noise))[None].to(device)
        mask = losses.mouth_mask(item["mouth"], recipe.size, recipe.sigma * recipe.size / 128, 0.0)
        values = {}
        for name in ("clean", "noisy"):
            made, features, _ = generator(item[name], face, drawn)
            error = (made.float() - real).abs() / 2
            values[f"psnr_{name}"] = (-10 * torch.log10(error.square().mean((2, 3, 4)).clamp_min(1e-12))).mean()
            values[f"mouth_{name}"] = 100 * (error * mask).sum() / (3 * mask.sum())
            values[f"rest_{name}"] = 100 * (error * (1 - mask)).sum() / (3 * (1 - mask).sum())
        values["features"] = features.float().square().mean().sqrt()
        for name, value in values.items():
            sums.setdefault(name, []).append(float(value))
    means = {name: sum(values) / len(values) for name, values in sums.items()}
    if means["features"] < QUIET:
        warnings.warn(f"the speech features have an RMS of {means['features']:.1e}: collapse", stacklevel=2)
    return means

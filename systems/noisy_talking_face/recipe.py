"""Every number of the noisy talking face's trainings, free of torch.

Source: Eskimez et al. 2020, "End-to-end generation of talking faces from noisy speech", ICASSP; sections in brackets.
"Later code" is that of the same first author for a later paper, which fills what this paper leaves open.

Contents: `TalkingFaceRecipe`, `RECIPES`, `VARIANTS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from avbench.training.recipe import TrainingRecipe

NONE = 1e9  # no gradient is as long
SNRS = tuple(float(snr) for snr in range(-6, 31, 3))


@dataclass(frozen=True, kw_only=True)
class TalkingFaceRecipe(TrainingRecipe):
    """Sizes, losses and phases.

    Args:
        speech_channels: filters of the five convolutions over time (3.1).
        speech_features: units of the speech encoder's fully connected layer and of its LSTMs. Not stated; later code.
        level: by which speech is multiplied before it is encoded. Not stated; later code scales each clip by its peak,
            which nobody knows before the clip ends.
        image_channels: filters of the image encoder (3.1); each but the last halves the picture, down to 4 pixels.
        noise: numbers drawn for each frame, and units of their LSTM (3.1).
        decoder_channels: filters of the decoder but for the last layer, which has 3 (3.1).
        frame_channels: filters of the frame discriminator (3.1).
        frame_hidden: units of its fully connected layer (3.1).
        pair_channels: filters of the pair discriminator's image encoder. Not stated; later code.
        pair_hidden: units of its BLSTMs: image, speech, both. The paper's 512, 512 and 1,024 (3.1) are those of both
            directions together: with them the counts of later code come out.
        size: pixels of a picture (4.1).
        sigma: of the mouth's mask, in pixels of a picture of 128. Not stated ("empirically"); later code.
        mask_floor: added to the mask (3.2).
        masked: False weighs all pixels alike, with the mean weight that the mask has: `no-mask`.
        resilient: trains on noisy speech too; False is `base`.
        resilience: weight of the feature loss, which eq. 1 does not print. Their earlier code for the face of [12].
        alpha: weight of the frame discriminator in eq. 1 (4.2); 0 leaves it out: `no-frame`.
        beta: weight of the pair discriminator in eq. 1 (4.2); 0 leaves it out: `no-pair`.
        discriminator_rate: learning rate of the discriminators (4.2).
        beta1: of Adam (4.2).
        schedule: of the learning rates in each phase.
        reconstruction_steps: of the first phase, in which only the reconstruction counts (4.2, "until it converged").
        snr: dB of training mixtures (4.1).
        gain: range in dB of the level. Not stated; their earlier code.
        edge: standard deviation of what stands before the first and behind the last feature while learning. Not stated;
            later code. Nothing (zeros) stands there when the net is used.
        clips: of the corpus that are learned from, at most; words come in turn.
        check_clips: of validation.
    """

    speech_channels: tuple[int, ...] = (64, 128, 256, 512, 16)
    speech_features: int = 512
    level: float = 1.0
    image_channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512)
    noise: int = 128
    decoder_channels: tuple[int, ...] = (512, 256, 128, 64, 32)
    frame_channels: tuple[int, ...] = (64, 64, 128, 256, 512)
    frame_hidden: int = 2048
    pair_channels: tuple[int, ...] = (64, 128, 256, 512, 512)
    pair_hidden: tuple[int, int, int] = (512, 512, 1024)
    size: int = 128
    sigma: float = 9.0
    mask_floor: float = 0.01
    masked: bool = True
    resilient: bool = True
    resilience: float = 1e-3
    alpha: float = 1e-3
    beta: float = 1e-3
    discriminator_rate: float = 1e-5
    beta1: float = 0.5
    schedule: Literal["constant", "cosine"] = "constant"
    reconstruction_steps: int = 0
    snr: tuple[float, ...] = SNRS
    gain: tuple[float, float] = (-12.0, 6.0)
    edge: float = 0.002
    clips: int = 1_000_000
    check_clips: int = 24

    def __post_init__(self):
        super().__post_init__()
        if self.size != 4 * 2 ** (len(self.image_channels) - 1):
            raise ValueError(f"{len(self.image_channels)} layers of an image encoder do not fit {self.size} pixels")

    @property
    def pretraining(self) -> tuple[int, ...]:
        """The first phase."""
        return (self.reconstruction_steps,) if self.reconstruction_steps else ()

    @property
    def constant(self) -> bool:
        """Whether the learning rates stay as they are."""
        return self.schedule == "constant"

    @property
    def betas(self) -> tuple[float, float]:
        """Of Adam; the second is torch's own."""
        return self.beta1, 0.999

    def sides(self, model: Any) -> list[dict[str, Any]]:
        """The generator, and whoever plays against it; `model` is `train.Players`."""
        theirs = [p for one in model.opponents for p in one.parameters()]
        groups = [{"params": list(model.generator.parameters())}]
        return [*groups, {"params": theirs, "lr": self.discriminator_rate}] if theirs else groups

    @property
    def frames(self) -> int:
        """Pictures of a training segment."""
        return round(25 * self.seconds)


PAPER = TalkingFaceRecipe(
    name="paper",
    corpus="lrw",  # 4.1
    learning_rate=1e-4,  # 4.2
    warmup=0,
    weight_decay=0.0,  # Adam
    clip_norm=NONE,  # none is mentioned
    average=0.0,  # likewise
    batch=8,  # not stated; later code
    seconds=1.16,  # 4.1: the whole clips of LRW
    reconstruction_steps=300_000,  # not stated; with the second phase some six passes over LRW's training split
    steps=100_000,  # not stated
)
SYNTH = TalkingFaceRecipe(
    name="synth",
    corpus="base",
    learning_rate=1e-3,  # ten times the paper's, for a hundredth of its steps
    discriminator_rate=1e-4,  # likewise, a tenth of the generator's as in the paper
    warmup=100,
    weight_decay=0.0,
    clip_norm=NONE,
    average=0.999,
    precision="bf16-mixed",  # twice as fast, also on processors that know it
    batch=4,  # half of later code: the same time in twice the steps; the frame discriminator sees a quarter of frames
    seconds=0.64,
    level=20.0,  # brings speech to a power of about one: by later code's initial weights features begin near zero
    schedule="cosine",
    # An hour and a quarter of one processor for the variant that hears noise and has both discriminators.
    reconstruction_steps=4_000,
    steps=1_000,
    validate_every=1_000,
    clips=2_000,  # four speakers of each word; 58,000 pictures, which take 2.9 GB of the cache
    speech_channels=(16, 32, 64, 96, 16),
    speech_features=128,
    image_channels=(16, 32, 64, 64, 64, 64),
    noise=16,
    decoder_channels=(80, 56, 40, 16, 16),  # 16 in the LSTM of planes, which takes a third of the time as it is
    frame_channels=(16, 16, 32, 64, 64),
    frame_hidden=128,
    pair_channels=(16, 32, 64, 64, 64),
    pair_hidden=(128, 128, 256),
)

VARIANTS: Mapping[str, str] = {
    "": "noisy talking face, noise-resilient",
    "base": "noisy talking face, trained on clean speech",
    "no-mask": "noisy talking face without the mask of the mouth",
    "no-pair": "noisy talking face without the pair discriminator",
    "no-frame": "noisy talking face without the frame discriminator",
}
_CHANGES = {
    "": {},
    "base": {"resilient": False},
    "no-mask": {"masked": False},
    "no-pair": {"beta": 0.0},
    "no-frame": {"alpha": 0.0},
}
RECIPES: Mapping[str, Mapping[str, TalkingFaceRecipe]] = {
    variant: {recipe.name: replace(recipe, **changes) for recipe in (SYNTH, PAPER)}
    for variant, changes in _CHANGES.items()
}

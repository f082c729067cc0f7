"""Every number of ATVGnet's trainings, free of torch.

Source: Chen, Maddox, Duan and Xu 2019, "Hierarchical cross-modal talking face generation with dynamic pixel-wise loss",
CVPR. Sizes and weights are those of the authors' released models and trainings ("released"), which the paper leaves
open; the counts of parameters that come out are the released ones, see README.md.

Contents: `AtvgnetRecipe`, `PAPER`, `SYNTH`, `RECIPES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from avbench.training.recipe import TrainingRecipe


@dataclass(frozen=True, kw_only=True)
class AtvgnetRecipe(TrainingRecipe):
    """Sizes and losses of both stages.

    Args:
        size: pixels of a picture's side.
        components: of the movement of landmarks.
        before: pictures before a picture whose sound is heard with it, and as many after it: 280 ms in all.
        sound_widths: channels of the five convolutions on MFCC.
        sound_connected: units of the two layers behind them; the second is a picture's feature.
        point_connected: units of the two layers on the example's landmarks; the second is their feature.
        hidden: units of each layer of the LSTM.
        layers: of the LSTM.
        width: channels of the first layer of the image encoder; all others of stage two are multiples of it.
        blocks: residual ones behind the recurrent layer.
        dropout: inside them.
        attention_start: bias of the attention map between example and colours, before learning.
        judge_width: channels of the first layer of the discriminator.
        finder_widths: channels of the net that finds the landmarks of the picture that is shown.
        pixels: weight of the pixel-wise loss.
        beta: what is added to the attention map in it.
        adversary: weight of the discriminator's opinion, and of the landmarks that it reads, in the generator's loss.
        mouth_height: by how much the errors of the mouth's points up and down count more where landmarks are read.
        gain: range in dB of the level of speech.
        beta1: of Adam.
        schedule: of the learning rate.
        frames: pictures of a piece that stage two learns from.
        clips: of the corpus that are learned from, at most; words come in turn.
        check_clips: of validation.
    """

    size: int = 128  # paper
    components: int = 6  # released
    before: int = 3  # paper: 0.28 s around a picture
    sound_widths: tuple[int, ...] = (64, 128, 256, 256, 512)  # released
    sound_connected: tuple[int, int] = (2048, 256)  # released
    point_connected: tuple[int, int] = (256, 512)  # released
    hidden: int = 256  # released
    layers: int = 3  # released
    width: int = 64  # released
    blocks: int = 9  # released
    dropout: float = 0.5  # released
    attention_start: float = 0.0  # released
    judge_width: int = 64  # released
    finder_widths: tuple[int, ...] = (32, 64, 96, 128)  # the paper's landmarks are dlib's; chosen, see README.md
    pixels: float = 10.0  # paper
    beta: float = 0.5  # paper
    adversary: float = 1.0  # released
    mouth_height: float = 100.0  # released
    gain: tuple[float, float] = (-12.0, 6.0)  # not stated, chosen as for the noisy talking face
    beta1: float = 0.5  # released
    schedule: Literal["constant", "cosine"] = "constant"  # released
    frames: int = 16  # released
    clips: int = 1_000_000
    check_clips: int = 24

    def __post_init__(self):
        super().__post_init__()
        if self.size % 16:
            raise ValueError(f"pictures are halved four times, so {self.size} pixels do not fit")

    @property
    def constant(self) -> bool:
        """Whether the learning rate stays at its peak."""
        return self.schedule == "constant"

    @property
    def betas(self) -> tuple[float, float]:
        """Of Adam."""
        return self.beta1, 0.999


PAPER = AtvgnetRecipe(
    name="paper",
    corpus="lrw",  # paper
    learning_rate=2e-4,  # released
    warmup=0,
    weight_decay=0.0,  # released: stated and never used
    clip_norm=float("inf"),  # none is mentioned
    average=0.0,  # likewise
    batch=10,  # released, of stage two; 16 of stage one
    seconds=1.16,  # the whole clips of LRW
    steps=250_000,  # released: five passes of stage two over LRW's training split
)
SYNTH = AtvgnetRecipe(
    name="synth",
    corpus="base",
    learning_rate=1e-3,  # five times the paper's, for a fiftieth of its steps
    warmup=100,
    weight_decay=0.0,
    clip_norm=100.0,  # the discriminator's gradients are that large in the beginning
    schedule="cosine",
    precision="bf16-mixed",  # more than twice as fast on processors that know it
    batch=4,
    seconds=1.16,
    steps=4_000,  # a little over an hour of one processor; the noisy talking face has as long
    validate_every=1_000,
    clips=2_000,  # the same clips as the noisy talking face
    sound_widths=(16, 32, 64, 64, 64),
    sound_connected=(192, 96),
    point_connected=(64, 96),
    hidden=96,
    width=12,
    blocks=3,
    dropout=0.1,  # a net this narrow has little to spare
    attention_start=-3.0,  # begins with the example as it is, and not under a veil that a short training must lift
    judge_width=12,
    finder_widths=(12, 24, 48, 64),
    adversary=0.1,  # a tenth, chosen because a training this short is given to what is measured first
)
RECIPES: Mapping[str, AtvgnetRecipe] = {recipe.name: recipe for recipe in (SYNTH, PAPER)}

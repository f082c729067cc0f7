"""V-CAFE: a recogniser that cleans what it hears by what it sees.

Source: Hong et al. 2022 (V-CAFE) at the sizes of MUTUD's section on speech recognition. Order of things: two
front-ends at 25 Hz; cross-modal attention, by which every step of the sound gathers what the lips show; from that a
mask, by which the sound's features are raised; both side by side through one layer; a Conformer encoder (Gulati et al.
2020) and a Transformer decoder (Vaswani et al. 2017), with a CTC layer (Graves et al. 2006) at the encoder's end.

Deviations: torchaudio's Conformer has no relative positions, so sines are added to its input; its depthwise
convolutions see beyond the end of a padded clip, so clips are answered one by one; the lip encoder is the one of the
enhancement nets, which pads time on the left only. Stated nowhere and chosen: no bias before a norm, ReLU for the lips.

Conventions: waves `[B, T]` at 16 kHz with `length` `[B]` in samples; mouths `[B, F, 88, 88]` uint8; features
`[B, S, D]` at 25 Hz, the step s belonging to picture s; `valid` `[B, S]` bool. Names of the state dict: `backbone.*`
and `video.*`.

Contents: `AudioFront`, `CrossModalAttention`, `NoiseMask`, `LipFront`, `Backbone`, `Vcafe`, `VcafeAudio`,
`all_of`.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...systems.judges.hearing import BANDS, LogMel
from ...systems.nn.video import VideoEncoder, fit_frames
from .conformer import Encoder, TextDecoder
from .recipe import VcafeRecipe
from .text import EDGE, TOKENS

FRAMES_PER_STEP = 4  # log-mel frames, 100 a second
CHARACTERS_PER_SECOND = 15  # of ordinary English, for counting what a sentence costs


class AudioFront(nn.Module):
    """Log-mel frames at 100 Hz to features at 25 Hz: two convolutions of stride 2 and one residual block.

    Args:
        widths: channels of the convolutions; the second is that of the block.
        dim: D.
        dropout: before the last layer.
    """

    def __init__(self, widths: tuple[int, int], dim: int, dropout: float):
        super().__init__()
        layers, last = [], 1
        for width in widths:
            layers += [nn.Conv2d(last, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.PReLU(width)]
            last = width
        self.convolutions = nn.Sequential(*layers)
        self.first, self.second = (nn.Conv2d(last, last, 3, 1, 1, bias=False) for _ in range(2))
        self.norm_first, self.norm_second = nn.BatchNorm2d(last), nn.BatchNorm2d(last)
        self.bend_first, self.bend_second = nn.PReLU(last), nn.PReLU(last)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(last * BANDS // FRAMES_PER_STEP, dim)

    def forward(self, mel: Tensor) -> Tensor:
        """`[B, M, 80]` to `[B, ceil(M / 4), D]`."""
        maps = self.convolutions(mel[:, None])
        inner = self.norm_second(self.second(self.bend_first(self.norm_first(self.first(maps)))))
        maps = self.bend_second(inner + maps)  # [B, C, S, 20]
        return self.out(self.drop(maps.transpose(1, 2).flatten(2)))


class CrossModalAttention(nn.Module):
    """One head: every step of the sound asks all pictures (V-CAFE, visual context)."""

    def __init__(self, dim: int):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, f_a: Tensor, f_v: Tensor, valid: Tensor) -> Tensor:
        """`[B, S, D]` each, and which pictures there are, `[B, S]`; gives `[B, S, D]`."""
        match = self.query(f_a) @ self.key(f_v).transpose(1, 2) / math.sqrt(f_a.shape[-1])
        match = match.masked_fill(~valid[:, None], float("-inf"))
        return torch.softmax(match.float(), -1).to(f_a.dtype) @ self.value(f_v)


class NoiseMask(nn.Module):
    """Visual context to a mask between 0 and 1 for every feature of the sound."""

    def __init__(self, dim: int):
        super().__init__()
        self.first, self.second = nn.Conv1d(dim, dim, 3, padding=1), nn.Conv1d(dim, dim, 1)

    def forward(self, context: Tensor) -> Tensor:
        """`[B, S, D]` to `[B, S, D]`."""
        return torch.sigmoid(self.second(F.relu(self.first(context.transpose(1, 2))))).transpose(1, 2)


class LipFront(VideoEncoder):
    """The lip encoder without a projection: D is the width of its last stage."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__(widths, widths[-1])
        self.project = nn.Identity()


class Backbone(nn.Module):
    """All of the recogniser but the lips.

    Args:
        recipe: sizes; with `watches` False the sound's features are encoded as they are.
    """

    def __init__(self, recipe: VcafeRecipe):
        super().__init__()
        dim = recipe.video_widths[-1]
        self.recipe, self.dim = recipe, dim
        self.mel = LogMel()
        self.audio = AudioFront(recipe.audio_widths, dim, recipe.front_dropout)
        if recipe.watches:
            self.attend, self.mask = CrossModalAttention(dim), NoiseMask(dim)
        self.fuse = nn.Sequential(nn.Dropout(recipe.front_dropout), nn.Linear(dim * (1 + recipe.watches), dim))
        self.encoder = Encoder(dim, recipe)
        self.decoder = TextDecoder(recipe, len(TOKENS))
        self.ctc = nn.Linear(recipe.dim, len(TOKENS))

    def listen(self, wave: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Audio features and which of them there are."""
        mel, mask = self.mel(wave, length)
        f_a = self.audio(mel.to(self.fuse[1].weight.dtype))
        valid = mask[:, ::FRAMES_PER_STEP] > 0
        valid[:, 0] = True  # a clip too short for one frame is still a clip
        return f_a * valid[..., None], valid

    def encode(self, f_a: Tensor, f_v: Tensor | None, valid: Tensor) -> Tensor:
        """The encoder's memory `[B, S, dim]` of features of both sides, or of the sound's alone."""
        joined = f_a
        if f_v is not None:
            mask = self.mask(self.attend(f_a, f_v, valid) * valid[..., None])
            joined = torch.cat([f_a * mask + f_a, f_v], -1)
        return self.encoder(self.fuse(joined) * valid[..., None], valid)

    def ctc_scores(self, memory: Tensor) -> Tensor:
        """Log probabilities of the characters at every step, `[B, S, 41]` float32."""
        return F.log_softmax(self.ctc(memory).float(), -1)

    def spell(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """What counting and timing run: CTC scores, and one decoder pass over a sentence of ordinary length.

        A search with a beam of b runs the decoder over b such sentences, a character at a time.
        """
        steps = max(1, memory.shape[1] * CHARACTERS_PER_SECOND // 25)
        text = torch.full((len(memory), steps), EDGE, dtype=torch.long, device=memory.device)
        return self.ctc_scores(memory), self.decoder(text, memory)


class Vcafe(nn.Module):
    """The audio-visual recogniser."""

    def __init__(self, recipe: VcafeRecipe):
        super().__init__()
        self.backbone = Backbone(recipe)
        self.video = LipFront(recipe.video_widths)

    def memory(self, wave: Tensor, mouth: Tensor, length: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode both; gives `[B, S, dim]` and `valid`. A video that ends early stays at its last picture."""
        return self.memory_of(wave, self.video(mouth), length)

    def memory_of(self, wave: Tensor, f_v: Tensor, length: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The same with pictures that the lip encoder has seen already, `[B, F, D]`."""
        f_a, valid = self.backbone.listen(wave, all_of(wave) if length is None else length)
        return self.backbone.encode(f_a, fit_frames(f_v, f_a.shape[1], 1), valid), valid

    def forward(self, wave: Tensor, mouth: Tensor) -> tuple[Tensor, Tensor]:
        """What is counted and timed, see `Backbone.spell`."""
        return self.backbone.spell(self.memory(wave, mouth)[0])


class VcafeAudio(nn.Module):
    """The recogniser that only listens."""

    def __init__(self, recipe: VcafeRecipe):
        super().__init__()
        self.backbone = Backbone(recipe)

    def memory(self, wave: Tensor, length: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode; gives `[B, S, dim]` and `valid`."""
        f_a, valid = self.backbone.listen(wave, all_of(wave) if length is None else length)
        return self.backbone.encode(f_a, None, valid), valid

    def forward(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """What is counted and timed, see `Backbone.spell`."""
        return self.backbone.spell(self.memory(wave)[0])


def all_of(wave: Tensor) -> Tensor:
    """`[B]`: clips that fill their batch."""
    return torch.full((len(wave),), wave.shape[1], device=wave.device)

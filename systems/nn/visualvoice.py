"""VisualVoice's net: a complex mask from a U-Net over time and frequency, with the lips beside its bottleneck.

Source: Gao and Grauman 2021, "VisualVoice: audio-visual speech separation with cross-modal consistency", CVPR, the
third backbone of MUTUD (Table IV, "original architecture details"). The counts of the U-Net are the published ones:
46,135,682 parameters with identity and lips, 45,545,858 with lips, 43,186,562 with neither.

Conventions: waves `[B, T]` at 16 kHz; spectra `[B, 2, F, 257]`, real and imaginary part in dimension 1, window 25 ms,
hop 10 ms, frame n centred on sample 160 n. F is a multiple of four: the U-Net halves time twice, so its bottleneck has
one step for every four frames, 25 a second, the rate of the pictures. T is padded with zeros to as many frames, and
what is too much is cut again. The highest of the 257 bins is not seen and comes out as zero.

Not causal: the convolutions over time are centred. Output before t depends on no sound from t + `LOOKAHEAD` on.

Contents: `analyse`, `synthesise`, `LOOKAHEAD`, `LOOKAHEAD_OF_LIPS`, `VisualVoiceUnet`, `VisualVoice`.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .gcrn import Enhanced
from .video import fit_frames
from .visualvoice_video import FACE_DIM, PICTURES_AHEAD, FaceNet, LipNet

FFT, WINDOW, HOP = 512, 400, 160
FRAMES_PER_STEP = 4  # of the bottleneck
BOUND = 5.0  # of a mask, either part
OUTER = 2  # layers at either end that halve or double time; the others change frequency alone

# Frame 4q + 1 is written by the bottleneck's steps up to q + 1. The twelve convolutions before and the six after it
# look one step ahead each, and the outer layers reach six frames beyond a step's first one: 81 frames ahead in all.
# Both the frame that is written and the last one that is heard last half a window, 199 samples, to either side.
LOOKAHEAD = (81 * HOP + 2 * (WINDOW // 2 - 1) + 1) / 16000  # s
# The same frame begins 39 samples before its picture q and is written by pictures up to q + 1 + 6 and what the lip net
# sees ahead of those; the last one ends 40 ms after it began.
LOOKAHEAD_OF_LIPS = ((7 + PICTURES_AHEAD + 1) * 4 * HOP + 39) / 16000  # s


def analyse(wave: Tensor) -> Tensor:
    """Spectra of waves: `[B, T]` to `[B, 2, F, 257]`, F the next multiple of four from ceil(T / 160) + 1 on."""
    wave = wave.float()
    frames = -(-wave.shape[1] // HOP) + 1
    frames += -frames % FRAMES_PER_STEP
    padded = F.pad(wave, (0, (frames - 1) * HOP - wave.shape[1]))
    spectrum = torch.stft(
        padded, FFT, HOP, WINDOW, _window(wave), center=True, pad_mode="constant", return_complex=True
    )
    return torch.stack([spectrum.real, spectrum.imag], 1).transpose(2, 3)


def synthesise(spectrum: Tensor, length: int) -> Tensor:
    """Waves of spectra: `[B, 2, F, 257]` to `[B, length]`; the inverse of `analyse` for length = T."""
    real, imaginary = spectrum.float().transpose(2, 3).unbind(1)
    wave = torch.istft(torch.complex(real, imaginary), FFT, HOP, WINDOW, _window(real), center=True)
    return wave[:, :length]


def _window(like: Tensor) -> Tensor:
    return torch.hann_window(WINDOW, device=like.device, dtype=like.dtype)


class VisualVoiceUnet(nn.Module):
    """Noisy speech, and features beside it, to enhanced speech by a bounded complex mask.

    Args:
        channels: widths of the eight encoder layers, outermost first.
        beside: features per bottleneck step that are laid beside the audio's; 0 for a net that only listens.
    """

    frames_per_picture = 1  # K, steps of the bottleneck
    analyse, synthesise = staticmethod(analyse), staticmethod(synthesise)

    def __init__(self, channels: Sequence[int], beside: int = 0):
        super().__init__()
        self.dim = channels[-1]
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for i, (before, width) in enumerate(zip((2, *channels[:-1]), channels, strict=True)):
            halves = i < OUTER
            first = _leaky(nn.Conv2d(before, width, 4, 2, 1) if halves else nn.Conv2d(before, width, 3, 1, 1))
            rest = () if halves else (*_leaky(nn.Conv2d(width, width, 3, 1, 1)), nn.MaxPool2d((1, 2)))
            self.encoder.append(nn.Sequential(*first, *rest))
        wide = self.dim + beside
        for i, width in reversed(list(enumerate(channels[:-1]))):
            doubles = i < OUTER - 1
            conv = nn.ConvTranspose2d(wide, width, 4, 2, 1) if doubles else nn.Conv2d(wide, width, 3, 1, 1)
            before = () if doubles else (nn.Upsample(scale_factor=(1, 2)),)
            self.decoder.append(nn.Sequential(*before, conv, nn.BatchNorm2d(width), nn.ReLU(inplace=True)))
            wide = 2 * width
        self.decoder.append(nn.ConvTranspose2d(wide, 2, 4, 2, 1))

    def encode(self, spec: Tensor) -> tuple[Tensor, ...]:
        """`[B, 2, F, 257]` to itself and the maps of the eight encoder layers; the last is `[B, D, F / 4, 1]`."""
        skips, maps = [spec], spec[..., :-1]
        for layer in self.encoder:
            maps = layer(maps)
            skips.append(maps)
        return tuple(skips)

    def features(self, maps: Tensor) -> Tensor:
        """Maps of the bottleneck `[B, D, F / 4, 1]` as features `[B, F / 4, D]`."""
        return maps[..., 0].transpose(1, 2)

    def decode(self, skips: Sequence[Tensor], beside: Tensor | None = None) -> Tensor:
        """What `encode` gave, and features beside it, to a spectrum `[B, 2, F, 257]`.

        `beside` `[n B, F / 4, D']` may hold several candidates for one encoding, as in `FusedGcrn.decode`.
        """
        if beside is not None:
            times = beside.shape[0] // skips[0].shape[0]
            if times > 1:
                skips = [torch.cat([skip] * times) for skip in skips]
        maps = skips[-1] if beside is None else torch.cat([beside.transpose(1, 2)[..., None], skips[-1]], 1)
        maps = self.decoder[0](maps)
        for layer, skip in zip(self.decoder[1:], skips[-2:0:-1], strict=True):
            maps = layer(torch.cat([maps, skip], 1))
        real, imaginary = F.pad(BOUND * maps.float().tanh(), (0, 1)).unbind(1)
        heard_real, heard_imaginary = skips[0].unbind(1)
        return torch.stack(
            [real * heard_real - imaginary * heard_imaginary, real * heard_imaginary + imaginary * heard_real], 1
        )

    def forward(self, wave: Tensor) -> Enhanced:
        """Enhance `[B, T]` by listening alone."""
        spec = self.decode(self.encode(analyse(wave)))
        return Enhanced(synthesise(spec, wave.shape[1]), spec, analyse)


class VisualVoice(nn.Module):
    """Noisy speech and mouth crops, and by choice the speaker's face, to enhanced speech.

    Args:
        channels: widths of the U-Net's encoder layers.
        lip_widths: channels of the lip net, see `LipNet`.
        face: whether a picture of the face is taken too.
    """

    def __init__(self, channels: Sequence[int], lip_widths: Sequence[int], face: bool = False):
        super().__init__()
        self.backbone = VisualVoiceUnet(channels, channels[-1] + (FACE_DIM if face else 0))
        self.video = LipNet(lip_widths, self.backbone.dim)
        self.face = FaceNet() if face else None

    def forward(self, noisy: Tensor, mouth: Tensor, face: Tensor | None = None) -> Enhanced:
        """Enhance `[B, T]` with crops `[B, F, 88, 88]` uint8, F made to fit, and faces `[B, 3, 224, 224]`."""
        skips = self.backbone.encode(analyse(noisy))
        beside = fit_frames(self.video(mouth), skips[-1].shape[2], 1)
        if self.face is not None:
            beside = torch.cat([self.face(face)[:, None].expand(-1, beside.shape[1], -1), beside], 2)
        spec = self.backbone.decode(skips, beside)
        return Enhanced(synthesise(spec, noisy.shape[1]), spec, analyse)


def _leaky(conv: nn.Conv2d) -> tuple[nn.Module, ...]:
    return conv, nn.BatchNorm2d(conv.out_channels), nn.LeakyReLU(0.2, inplace=True)

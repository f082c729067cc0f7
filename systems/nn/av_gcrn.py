"""The audio-visual net: a gated recurrent U-Net that is shown the lips.

Source: MUTUD section IV-B, the model that MUTUD is derived from and that bounds what it can reach.

Contents: `AvGcrn`.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from .gcrn import Enhanced, FusedGcrn
from .stft import frames_of, istft, stft
from .video import VideoEncoder, fit_frames


class AvGcrn(nn.Module):
    """Noisy speech and mouth crops to enhanced speech.

    Args:
        channels: widths of the five audio encoder layers.
        video_widths: channels of the lip encoder's four stages.
    """

    def __init__(self, channels: Sequence[int], video_widths: Sequence[int]):
        super().__init__()
        self.backbone = FusedGcrn(channels)
        self.video = VideoEncoder(video_widths, self.backbone.dim)

    def forward(self, noisy: Tensor, mouth: Tensor) -> Enhanced:
        """Enhance `[B, T]` with crops `[B, F, 88, 88]` uint8; F is made to fit by repeating the last or cutting."""
        features = fit_frames(self.video(mouth), frames_of(noisy.shape[1]), self.backbone.frames_per_picture)
        spec = self.backbone.decode(self.backbone.encode(stft(noisy)), features)
        return Enhanced(istft(spec, noisy.shape[1]), spec)

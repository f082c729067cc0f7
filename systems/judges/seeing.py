"""What the judges that see share: a small residual net over pictures of faces.

Blocks of 4 × 4 pixels are laid out as 48 features, then come residual convolutions (He et al. 2016) at 32 × 32, 16 × 16
and 8 × 8. Norms are over groups of channels (Wu and He 2018), so that a picture's answer hangs on no other picture.

Conventions: pictures `[B, 3, 128, 128]` float32, 0 to 255.

Contents: `FaceTrunk`, `to_square`.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .faces import SIZE

PATCH = 4
LEAST_SIDE = 32


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.norm = nn.GroupNorm(8, inputs)
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.between = nn.GroupNorm(8, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(F.relu(self.between(self.first(F.relu(self.norm(x))))))
        return y + self.skip(x)


class FaceTrunk(nn.Module):
    """Pictures to maps at three scales.

    Args:
        widths: channels at 32 × 32, 16 × 16 and 8 × 8, multiples of 8.
    """

    def __init__(self, widths: tuple[int, int, int]):
        super().__init__()
        a, b, c = widths
        self.first = nn.Conv2d(3 * PATCH**2, a, 3, 1, 1)
        self.fine = _Block(a, a)
        self.middle = _Block(a, b, 2)
        self.coarse = nn.Sequential(_Block(b, c, 2), _Block(c, c))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`[B, a, 32, 32]`, `[B, b, 16, 16]`, `[B, c, 8, 8]`."""
        x = F.pixel_unshuffle((pictures - 128) / 64, PATCH).contiguous(memory_format=torch.channels_last)
        fine = self.fine(self.first(x))
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)


def to_square(frames: np.ndarray, judge: str) -> tuple[Tensor, float]:
    """Any pictures in the form that the nets take.

    A picture that is not square gets its last row or column repeated; then it is resized with smoothing.

    Args:
        frames: `[F, H, W, 3]` uint8 RGB, or `[F, H, W, 1]` grey.
        judge: named in the message.

    Returns:
        `[F, 3, 128, 128]` float32, and by how much lengths in it are larger than in the picture that was given.

    Raises:
        ValueError: another shape or type, or sides below 32 pixels.
    """
    known = frames.ndim == 4 and frames.dtype == np.uint8 and frames.shape[3] in (1, 3)
    if not known or min(frames.shape[1:3]) < LEAST_SIDE:
        raise ValueError(
            f"{judge} takes pictures [F, H, W, 1 or 3] uint8 of {LEAST_SIDE} pixels a side or more, not "
            f"{list(frames.shape)} {frames.dtype}"
        )
    pictures = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float().expand(-1, 3, -1, -1)
    height, width = frames.shape[1:3]
    side = max(height, width)
    if height != width:
        pictures = F.pad(pictures, (0, side - width, 0, side - height), mode="replicate")
    if side != SIZE and len(frames):
        pictures = F.interpolate(pictures, size=SIZE, mode="bilinear", antialias=True, align_corners=False)
    return pictures, SIZE / side

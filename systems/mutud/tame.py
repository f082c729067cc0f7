"""TAME: video features recalled from audio features through a pair of codebooks.

Source: MUTUD section III-B. One audio codebook C^a and one video codebook C^v, each of K blocks of N codes: K audio
frames fall on one picture, and the k-th of them is related to the k-th blocks.

Conventions: audio features `[B, T, D]`; audio frame t uses block t mod K. A clip of whole pictures has one spectral
frame more than K per picture (its window is centred on the end of the clip): frame K T_v uses block 0 and the loss sums
of eqs 6 to 8, which end at K T_v - 1, leave it out. Video features `[B, T_v, D]`. Distributions sum to 1 over the last
dimension, N.

Contents: `Tame`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Tame(nn.Module):
    """Both codebooks and the linear layer of eq. 5.

    Batch norm is part of that layer. It is asked in two roles: for the audio recall (eq. 5) and, in training only, for
    the video's recall of itself (eq. 6), whose values are spread differently. The running statistics are those of the
    audio recall alone, because only that one is deployed; in training each role is normalised by its own batch.

    Args:
        dim: D.
        frames: K, audio frames per picture.
        codes: N.
        tau: softmax temperature (a factor, as in eqs 3 and 4).
    """

    def __init__(self, dim: int, frames: int, codes: int, tau: float):
        super().__init__()
        # Unit normal, not stated: the cosine ignores a code's length, and batch norm the scale of what is recalled.
        self.audio_codes = nn.Parameter(torch.randn(frames, codes, dim))
        self.video_codes = nn.Parameter(torch.randn(frames, codes, dim))
        self.linear, self.norm = nn.Linear(dim, dim), nn.BatchNorm1d(dim)
        self.frames, self.tau = frames, tau

    def recall_from_audio(self, f_a: Tensor) -> tuple[Tensor, Tensor]:
        """Eqs 2, 4, 5.

        Args:
            f_a: `[B, T, D]`.

        Returns:
            The estimate of the video features `[B, T, D]`, and q `[B, T, N]`.
        """
        frames = f_a.shape[1]
        groups = F.pad(f_a, (0, 0, 0, -frames % self.frames)).unflatten(1, (-1, self.frames))
        q = torch.softmax(self.tau * torch.einsum("bgkd,knd->bgkn", _unit(groups), _unit(self.audio_codes)), -1)
        mixed = torch.einsum("bgkn,knd->bgkd", q, self.video_codes).flatten(1, 2)[:, :frames]
        estimate = self.norm(self.linear(mixed).flatten(0, 1)).unflatten(0, (-1, frames))
        return estimate, q.flatten(1, 2)[:, :frames]

    def recall_of_frame(self, f_a: Tensor, frame: Tensor) -> Tensor:
        """The estimate of `recall_from_audio` for one frame of a stream.

        Args:
            f_a: `[1, 1, D]`.
            frame: `[1]` int64, its number.
        """
        audio_codes, video_codes = (
            c.index_select(0, frame % self.frames)[0] for c in (self.audio_codes, self.video_codes)
        )
        q = torch.softmax(self.tau * _unit(f_a[0]) @ _unit(audio_codes).T, -1)
        return self.norm(self.linear(q @ video_codes))[None]

    def recall_from_video(self, f_v: Tensor) -> tuple[Tensor, Tensor]:
        """Eqs 1, 3 and the recall of eq. 6: every picture asks all K blocks. Training only.

        Args:
            f_v: `[B, T_v, D]`.

        Returns:
            The recalls `[B, T_v, K, D]`, and p `[B, T_v, K, N]`.
        """
        p = torch.softmax(self.tau * torch.einsum("btd,knd->btkn", _unit(f_v), _unit(self.video_codes)), -1)
        mixed = self.linear(torch.einsum("btkn,knd->btkd", p, self.video_codes))
        flat = mixed.flatten(0, 2)
        if self.training:
            recalls = F.batch_norm(flat, None, None, self.norm.weight, self.norm.bias, training=True, eps=self.norm.eps)
        else:
            recalls = self.norm(flat)
        return recalls.view_as(mixed), p


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors.float(), dim=-1)

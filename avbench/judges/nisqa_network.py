"""The networks of NISQA: frames, then time, then pooling.

Source: Mittag et al. 2021, section 3, and Mittag and Möller 2020, section 3; numbers come from the arguments in the
official files. Names of layers are those in the files, less the `model` in their middle.

    nisqa.tar       CNN with adaptive pooling → two layers of self-attention → attention pooling, five times
    nisqa_tts.tar   CNN with fixed pooling → bidirectional LSTM → its last step in each direction

Conventions: one recording at a time, without filling up. For judging only: no dropout, and the normalisation of
batches is folded into the convolutions before it.

Contents: `build_network`, `Network`, `Frames`, `SelfAttention`, `Recurrence`, `AttentionPool`, `LastSteps`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

MELS, LENGTH = 48, 15
LAYERS = range(1, 7)
BATCH = 64  # windows in one call of the CNN: they stay in the cache of a core, and a long recording in memory

Pools = Mapping[int, Callable[[torch.Tensor], torch.Tensor]]


def build_network(arguments: Mapping[str, Any]) -> "Network":
    """The network that a file describes, without its weights.

    Raises:
        ValueError: none of the official files describes such a network.
    """
    kinds = tuple(arguments[name] for name in ("cnn_model", "td", "td_2", "pool"))
    size = arguments["ms_n_mels"], arguments["ms_seg_length"]
    if size != (MELS, LENGTH) or arguments["td_sa_pos_enc"] or arguments["double_ended"]:
        raise ValueError(f"it wants windows of {size}, positions or a reference")
    channels = [arguments[f"cnn_c_out_{i}"] for i in (1, 2, 3, 3, 3, 3)]
    if kinds == ("adapt", "self_att", "skip", "att") and arguments["cnn_fc_out_h"] is None:
        sizes = {layer: arguments[f"cnn_pool_{i}"] for i, layer in ((1, 1), (2, 2), (3, 4))}
        pools = {layer: partial(F.adaptive_max_pool2d, output_size=tuple(size)) for layer, size in sizes.items()}
        rows, columns = sizes[4]
        frames = Frames(channels, pools, (3, columns), (1, 0), channels[-1] * rows, None)
        wide = arguments["td_sa_d_model"]
        shape = arguments["td_sa_nhead"], arguments["td_sa_h"], arguments["td_sa_num_layers"]
        heads = 5 if arguments["dim"] else 1
        return Network(
            frames,
            SelfAttention(frames.width, wide, *shape),
            [AttentionPool(wide, arguments["pool_att_h"]) for _ in range(heads)],
        )
    if kinds == ("standard", "lstm", "skip", "last_step_bi"):
        pools = {layer: partial(F.max_pool2d, kernel_size=2, padding=(0, int(layer == 1))) for layer in (1, 2, 4)}
        frames = Frames(channels, pools, (3, 3), (1, 1), channels[-1] * 6 * 2, arguments["cnn_fc_out_h"])
        wide = arguments["td_lstm_h"]
        return Network(frames, Recurrence(frames.width, wide, arguments["td_lstm_num_layers"]), [LastSteps(2 * wide)])
    raise ValueError(f"it wants a network of the kind {', '.join(map(str, kinds))}")


class Network(nn.Module):
    """Windows `[N, 1, 48, 15]` to as many outputs as there are heads, `[heads]`."""

    def __init__(self, frames: "Frames", time: nn.Module, heads: Sequence[nn.Module]):
        super().__init__()
        self.cnn, self.time_dependency, self.pool_layers = frames, time, nn.ModuleList(heads)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Judge one recording."""
        vectors = torch.cat([self.cnn(part) for part in windows.split(BATCH)])
        sequence = self.time_dependency(vectors)
        return torch.cat([head(sequence) for head in self.pool_layers])

    def take(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Load the weights of a file and fold the normalisation of batches.

        Raises:
            RuntimeError: layers are missing, too many, or of another shape.
        """
        renamed = {name.replace(".model.", "."): value for name, value in weights.items()}
        if len(self.pool_layers) == 1:
            renamed = {re.sub(r"^pool\.", "pool_layers.0.", name): value for name, value in renamed.items()}
        self.load_state_dict(renamed, strict=True)
        self.eval()
        self.cnn.fold()


class Frames(nn.Module):
    """Six convolutions of each window, with maxima taken after the first, the second and the fourth.

    Args:
        channels: outputs of each.
        pools: what takes the maxima, by layer.
        last: kernel of the sixth.
        margin: zeros around its input.
        flat: how many numbers come out of it.
        out: width of a linear layer behind it, or None for none.
    """

    def __init__(
        self,
        channels: Sequence[int],
        pools: Pools,
        last: tuple[int, int],
        margin: tuple[int, int],
        flat: int,
        out: int | None,
    ):
        super().__init__()
        self.pools = pools
        for layer, (before, after) in zip(LAYERS, zip([1, *channels], channels, strict=False), strict=True):
            kernel, padding = (last, margin) if layer == 6 else ((3, 3), (1, 1))
            setattr(self, f"conv{layer}", nn.Conv2d(before, after, kernel, padding=padding))
            setattr(self, f"bn{layer}", nn.BatchNorm2d(after))
        self.fc_out = nn.Linear(flat, out) if out else nn.Identity()
        self.width = out or flat

    def fold(self) -> None:
        """Merge the normalisation of batches into the convolutions before it."""
        for layer in LAYERS:
            merged = fuse_conv_bn_eval(getattr(self, f"conv{layer}"), getattr(self, f"bn{layer}"))
            setattr(self, f"conv{layer}", merged)
            setattr(self, f"bn{layer}", nn.Identity())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[N, 1, 48, 15]` to `[N, width]`."""
        for layer in LAYERS:
            x = F.relu(getattr(self, f"bn{layer}")(getattr(self, f"conv{layer}")(x)))
            if layer in self.pools:
                x = self.pools[layer](x)
        return self.fc_out(x.flatten(1))


class SelfAttention(nn.Module):
    """A linear layer, then blocks of self-attention over all windows; no positions are told."""

    def __init__(self, width: int, wide: int, heads: int, hidden: int, layers: int):
        super().__init__()
        self.linear, self.norm1 = nn.Linear(width, wide), nn.LayerNorm(wide)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(wide, heads, hidden, dropout=0.0, batch_first=True) for _ in range(layers)
        )

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """`[N, width]` to `[N, wide]`."""
        x = self.norm1(self.linear(vectors))[None]
        for layer in self.layers:
            x = layer(x)
        return x[0]


class Recurrence(nn.Module):
    """A bidirectional LSTM over all windows."""

    def __init__(self, width: int, wide: int, layers: int):
        super().__init__()
        self.lstm = nn.LSTM(width, wide, layers, batch_first=True, bidirectional=True)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """`[N, width]` to `[N, 2 · wide]`, forward before backward."""
        return self.lstm(vectors[None])[0][0]


class AttentionPool(nn.Module):
    """The mean of a sequence, weighted by a small network, then a number."""

    def __init__(self, wide: int, hidden: int):
        super().__init__()
        self.linear1, self.linear2, self.linear3 = nn.Linear(wide, hidden), nn.Linear(hidden, 1), nn.Linear(wide, 1)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        """`[N, wide]` to `[1]`."""
        weights = torch.softmax(self.linear2(F.relu(self.linear1(sequence))), dim=0)
        return self.linear3((weights * sequence).sum(dim=0))


class LastSteps(nn.Module):
    """What each direction of an LSTM ends with, then a number."""

    def __init__(self, wide: int):
        super().__init__()
        self.linear = nn.Linear(wide, 1)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        """`[N, wide]` to `[1]`."""
        half = sequence.shape[1] // 2
        return self.linear(torch.cat((sequence[-1, :half], sequence[0, half:])))

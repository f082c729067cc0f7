"""Enhancement hop by hop: 10 ms in, 10 ms out, with a state in between.

Only two things cross from one spectral frame of these nets to the next: the LSTM, and the overlap of the windows. So a
net that goes on from its state gives what it gives to the whole clip at once, up to rounding. MUTUD's TAME has to know
besides which of its K blocks is next.

The transform is written as products with matrices here, so that the same module becomes an ONNX graph of products and
LSTMs, which every runtime has.

Conventions: hop n are samples 160 n to 160 n + 159. With hop n comes the answer to hop n - 1, because a window covers
two hops: sound is answered 20 ms after it began to be heard, of which 10 ms are the hop itself.

Contents: `HopNet`, `checked_hop`, `HopStream`.
"""

import copy
import math

import numpy as np
import torch
from torch import Tensor, nn

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError
from avbench.signal.audio import RATE

from .gcrn import Gcrn, State
from .stft import BINS, HOP, WINDOW


class _OneFrame(nn.Module):
    """An LSTM for one frame: the library's own packs its weights anew at every call, which takes most of the time."""

    def __init__(self, lstm: nn.LSTM):
        super().__init__()
        self.weights = nn.ParameterList([lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0])

    def forward(self, frame: Tensor, state: State) -> tuple[Tensor, State]:
        """`[B, 1, D]` to the same."""
        hidden, cells = torch.lstm_cell(frame[:, 0], (state[0][0], state[1][0]), *self.weights)
        return hidden[:, None], (hidden[None], cells[None])


class HopNet(nn.Module):
    """One hop through a net that listens.

    Args:
        net: a `Gcrn`, or something with a `backbone` and a `tame`, like MUTUD as it is deployed.
    """

    def __init__(self, net: nn.Module):
        super().__init__()
        if not isinstance(getattr(net, "backbone", net), Gcrn):
            raise UsageError(f"A {type(net).__name__} looks ahead further than a hop: it can not be streamed.")
        self.net = copy.deepcopy(net)
        self.backbone: Gcrn = getattr(self.net, "backbone", self.net)
        self.tame = getattr(self.net, "tame", None)
        for layer in (self.backbone.lstm.first, self.backbone.lstm.second):
            for i, lstm in enumerate(layer):
                layer[i] = _OneFrame(lstm)
        angle = torch.arange(WINDOW, dtype=torch.float64)[:, None] * torch.arange(BINS) * (2 * math.pi / WINDOW)
        window = torch.hann_window(WINDOW, dtype=torch.float64).sqrt()[:, None]
        # The inverse of a real transform counts every bin twice, but for the first and the last.
        twice = torch.full((BINS,), 2.0 / WINDOW, dtype=torch.float64)
        twice[0] = twice[-1] = 1.0 / WINDOW
        forth = torch.stack([window * angle.cos(), -window * angle.sin()])
        back = torch.stack([(window * angle.cos() * twice).T, -(window * angle.sin() * twice).T])
        self.register_buffer("forth", forth.float(), persistent=False)  # [2, 320, 161]
        self.register_buffer("back", back.float(), persistent=False)  # [2, 161, 320]

    def beginning(self) -> tuple[Tensor, ...]:
        """The state before the first hop: last hop `[1, 160]`, overlap `[1, 160]`, frame `[1]`, two of the LSTMs."""
        like = self.forth
        silence, lstm = like.new_zeros(1, HOP), like.new_zeros(4, 1, self.backbone.dim // 2)
        return silence, silence.clone(), torch.zeros(1, dtype=torch.int64, device=like.device), lstm, lstm.clone()

    def forward(
        self, hop: Tensor, past: Tensor, overlap: Tensor, frame: Tensor, hidden: Tensor, cells: Tensor
    ) -> tuple[Tensor, ...]:
        """Answer the hop before this one.

        Args:
            hop: `[1, 160]`.
            past: the hop before it.
            overlap: what the last window left for it.
            frame: `[1]` int64, frames before this one.
            hidden: of the LSTMs.
            cells: likewise.

        Returns:
            The answer `[1, 160]`, and the state after it in the order of `beginning`.
        """
        spec = (torch.cat([past, hop], 1) @ self.forth).transpose(0, 1)[:, :, None]  # [1, 2, 1, 161]
        answer, (hidden, cells) = self._answer(spec, frame, (hidden, cells))
        wave = (answer[:, :, 0].transpose(0, 1) @ self.back).sum(0)
        return wave[:, :HOP] + overlap, hop, wave[:, HOP:], frame + 1, hidden, cells

    def _answer(self, spec: Tensor, frame: Tensor, state: State) -> tuple[Tensor, State]:
        skips = self.backbone.encode(spec)
        if self.tame is None:
            return self.backbone.go_on(skips, state)
        estimate = self.tame.recall_of_frame(self.backbone.features(skips[-1]), frame)
        return self.backbone.go_on(skips, state, estimate)


def checked_hop(samples: np.ndarray) -> np.ndarray:
    """`[160]` float32. Raises `UsageError` for another number of samples, or values that are not finite."""
    samples = np.asarray(samples, np.float32)
    if samples.shape != (HOP,):
        raise UsageError(f"A hop has {HOP} samples, not {list(samples.shape)}.")
    if not np.isfinite(samples).all():
        raise UsageError("A hop holds samples that are NaN or infinite.")
    return samples


class HopStream:
    """A stream of hops; see `avbench.types.Stream`.

    Args:
        net: in evaluation mode.
        device: where it runs.
    """

    rate, hop, late = RATE, HOP, HOP

    def __init__(self, net: nn.Module, device: str = "cpu"):
        self._step = HopNet(net).eval().to(device)
        self.begin()

    def begin(self) -> None:
        """Forget what was heard."""
        self._state = self._step.beginning()

    def push(self, samples: np.ndarray) -> np.ndarray:
        """The answer to the hop before this one, `[160]` float32; silence for the first.

        Args:
            samples: `[160]` float.

        Raises:
            UsageError: another number of samples, or values that are not finite; the stream can go on after it.
        """
        samples = checked_hop(samples)
        with exact_arithmetic(), torch.inference_mode():
            hop = torch.from_numpy(samples[None]).to(self._step.forth.device)
            answer, *state = self._step(hop, *self._state)
        first, self._state = int(self._state[2]) == 0, tuple(state)
        # What a net answers to the silence before the first sample is no part of the answer.
        return np.zeros(HOP, np.float32) if first else answer[0].cpu().numpy()

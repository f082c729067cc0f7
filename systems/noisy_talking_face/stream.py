"""A face that speaks while it listens: any length of speech in constant memory, equal to the whole clip at once.

Three things cross from frame to frame: the states of the three LSTMs. The convolutions over speech are computed again
over a margin of 48 ms on either side of what is new, and the context layer waits for the 136 ms that follow a frame.

So a frame can be shown 181 ms after what it shows begins to be heard: 136 ms of context, 43.4 ms of the convolutions
themselves, 1.9 ms of the filter that brings 16 kHz to 8. In pieces of 40 ms that is with the fifth piece.

Conventions: sound at 16 kHz; frame f shows the 40 ms that begin at f / 25 s.

Contents: `LOOKAHEAD`, `FaceStream`.
"""

import numpy as np
import torch

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError

from .model import CONTEXT, EVERY, REACH, STRIDE, Generator
from .signals import LATE, drawn_noise, halve

RATE, FRAME = 16000, 640
STEP = 2 * STRIDE  # samples at 16 kHz to a feature
MARGIN = -(-(2 * REACH + LATE + 1) // STEP)  # features at the ends of a piece that its ends would spoil
LOOKAHEAD = (STEP * CONTEXT + 2 * REACH + LATE) / RATE
MOST = 64  # frames that are made at once


class FaceStream:
    """Speech in pieces of any length, frames as soon as they can be made.

    Args:
        generator: in evaluation mode.
        face: `[1, 3, S, S]`, -1 to 1, on the generator's device.
        seed: of the drawn noise.

    Attributes:
        rate: Hz of what is heard.
        hop: samples to a frame.
        lookahead: seconds from when what a frame shows begins to be heard until the frame can be made.
    """

    rate, hop, lookahead = RATE, FRAME, LOOKAHEAD

    def __init__(self, generator: Generator, face: torch.Tensor, seed: int):
        self._net, self._seed, self._device = generator, seed, face.device
        with exact_arithmetic(), torch.inference_mode():
            self._seen, self._state = generator.look(face), generator.beginning(face)
        self._sound = np.zeros(0, np.float32)  # from sample `_begin` of the speech on
        self._begin = self._heard = 0  # samples; features that are known
        self._known = torch.zeros(1, CONTEXT, generator.recipe.speech_channels[-1], device=self._device)
        self.made = 0  # frames
        halve(np.zeros(2, np.float32))  # what it takes is loaded now, and not while somebody speaks

    def push(self, samples: np.ndarray) -> torch.Tensor:
        """The frames that can be made now, `[n, 3, S, S]`, -1 to 1.

        Args:
            samples: `[T]` float32.

        Raises:
            UsageError: values that are not finite; the stream can go on after it.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1 or not np.isfinite(samples).all():
            raise UsageError("Speech is one channel of finite samples.")
        self._sound = np.concatenate([self._sound, samples])
        return self._frames(max(self._heard, (self._begin + len(self._sound)) // STEP - MARGIN), last=False)

    def finish(self) -> torch.Tensor:
        """The frames that are left, after the last sample: the last one is filled with silence."""
        missing = -(self._begin + len(self._sound)) % FRAME
        self._sound = np.concatenate([self._sound, np.zeros(missing, np.float32)])
        return self._frames((self._begin + len(self._sound)) // STEP, last=True)

    def _frames(self, features: int, last: bool) -> torch.Tensor:
        """What the features up to a number allow."""
        with exact_arithmetic(), torch.inference_mode():
            self._hear(features)
            if last:
                self._known = torch.nn.functional.pad(self._known, (0, 0, 0, CONTEXT))
            ready = max(0, (self._known.shape[1] - 2 * CONTEXT - 1) // EVERY + 1)
            size = self._net.recipe.size
            made = [torch.zeros(0, 3, size, size, device=self._device)]
            for first in range(0, ready, MOST):
                made.append(self._speak(min(MOST, ready - first)))
            return torch.cat(made)

    def _hear(self, features: int) -> None:
        """Compute the features up to a number and let go of the sound that no later one needs."""
        if features <= self._heard:
            return
        first = max(0, self._heard - MARGIN)
        piece = torch.from_numpy(halve(self._sound[first * STEP - self._begin :]))[None].to(self._device)
        new = self._net.speech.features(piece)[:, self._heard - first : features - first]
        self._known = torch.cat([self._known, new], 1)
        self._heard = features
        keep = max(0, features - MARGIN) * STEP
        self._sound, self._begin = self._sound[keep - self._begin :], keep

    def _speak(self, count: int) -> torch.Tensor:
        """The next frames; the features behind them that no later frame needs are let go."""
        window = self._known[:, : (count - 1) * EVERY + 2 * CONTEXT + 1]
        drawn = torch.from_numpy(drawn_noise(self._seed, self.made, count, self._net.recipe.noise))[None]
        heard = self._net.speech.in_context(window)
        frames, self._state = self._net.speak(heard, self._seen, drawn.to(self._device), self._state)
        self._known, self.made = self._known[:, count * EVERY :], self.made + count
        return frames[0]

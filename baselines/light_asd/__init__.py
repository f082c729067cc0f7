"""Light-ASD with the weights that its authors publish: a detector of active speakers for real films.

Source: Liao et al. 2023, "A light weight model for active speaker detection", CVPR; weights trained on
AVA-ActiveSpeaker, published under the MIT licence (94.06 % mAP on its validation part, by their account). The net is
`net.py`; it is not trained here. avbench does not ship the weights: `--weights` names the file, or
`light-asd/pretrain_AVA_CVPR.model` lies in the folder that AVBENCH_ASSETS names.

Faces: the authors bring AVA's boxes to 112 × 112 whole; of other films they bring a wider crop around a detected face
to 224 × 224 and show the net its middle 112 × 112. Tracks of 224 × 224 are cut so, all others brought to 112 × 112.

Contents: `ASSET`, `LightAsdDetector`, `FAMILY`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import BadFile, MissingResource, UnknownName
from avbench.judges.assets import VARIABLE, Asset, digest_of, find
from avbench.judges.weights import read_torch
from avbench.registry import Family
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.types import Card, Inputs, Prediction

VERSION = "light-asd-1"
ASSET = Asset(
    name="light-asd/pretrain_AVA_CVPR.model",
    sha256="d44bc3ea7baa8e0946fa3921311714a630ed8b90a1928fab0dbe30d918909317",
    bytes=4_175_289,
    licence="MIT",
    note="the repository Junhua-Liao/Light-ASD, weight/pretrain_AVA_CVPR.model",
)
RATE, FPS, SIDE, WHOLE = 16000, 25, 112, 224
GREY = (0.299, 0.587, 0.114)
STEPS = 4  # MFCC frames per picture


class LightAsdDetector:
    """A `System` with the published weights.

    Args:
        weights: their file; None for initial weights, to count and time.
    """

    def __init__(self, weights: Path | None):
        self._module, self._device = None, "cpu"
        self._weights = weights
        self.card = Card(
            id="light-asd",
            title="Light-ASD, weights of its authors",
            paper="Liao et al. 2023, CVPR",
            inputs=frozenset({"audio", "face"}),
            output="scores",
            rate=RATE,
            causal=False,
            lookahead=0.0,
            licence="MIT (weights)",
            training="not trained: initial weights, good for counting and timing only"
            if weights is None
            else "trained by its authors on AVA-ActiveSpeaker",
            finished=weights is not None,
        )
        named = "untrained" if weights is None else digest_of(weights)
        self.digest = hashlib.sha256(f"{VERSION}\x1f{named}".encode()).hexdigest()

    def load(self, device: str) -> None:
        """Build the net and move it to `"cpu"` or `"cuda"`. Raises `BadFile` for a file that does not fit."""
        self._device, self._module = device, self.network().to(device)

    def network(self):
        """A new `nn.Module` in evaluation mode, on the CPU. Raises `BadFile` for a file that does not fit."""
        import torch

        from .net import LightAsd

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module = LightAsd()
        if self._weights is not None:
            try:
                module.load_state_dict(read_torch(self._weights))
            except (RuntimeError, TypeError, AttributeError) as error:
                raise BadFile(f"{self._weights} does not fit Light-ASD: other names or sizes.") from error
        return module.eval().requires_grad_(False)

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one track: noise, and the MFCC of noise."""
        import torch

        maker = torch.Generator().manual_seed(0)
        frames = max(1, round(seconds * FPS))
        face = torch.randint(0, 256, (1, frames, SIDE, SIDE), generator=maker, dtype=torch.uint8)
        return face.to(device), torch.randn(1, STEPS * frames, 13, generator=maker).to(device)

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Score every picture of each; the greater, the surer that this face speaks, 0 being undecided.

        Raises:
            UsageError: an input without a face track or sound, or at other rates.
            BadFile: the weights do not fit.
        """
        from ..egoasd.system import check_track

        if self._module is None:
            self.load(self._device)
        for item in inputs:
            check_track(self.card.id, item, hears=True)
        with exact_arithmetic():
            return [Prediction(scores=self._scores(item)) for item in inputs]

    def _scores(self, item: Inputs) -> np.ndarray:
        import torch

        from ..egoasd.mfcc import Mfcc

        face = torch.from_numpy(_middle(item.face.frames))[None]
        samples = len(face[0]) * SAMPLES_PER_FRAME
        wave = item.audio.samples[:samples]
        wave = torch.from_numpy(np.pad(wave, (0, samples - len(wave))))[None]
        with torch.inference_mode():
            mfcc = Mfcc()(wave, STEPS * face.shape[1])
            return self._module(face.to(self._device), mfcc.to(self._device))[0].cpu().numpy()


def _middle(frames: np.ndarray) -> np.ndarray:
    """`[F, H, W, C]` to `[F, 112, 112]` float32, 0 to 255."""
    import torch
    import torch.nn.functional as F

    grey = frames[..., 0] if frames.shape[3] == 1 else frames @ np.array(GREY)
    grey = grey.astype(np.float32)
    if grey.shape[1:] == (WHOLE, WHOLE):
        edge = (WHOLE - SIDE) // 2
        return np.ascontiguousarray(grey[:, edge : edge + SIDE, edge : edge + SIDE])
    if grey.shape[1:] != (SIDE, SIDE):
        resized = F.interpolate(torch.from_numpy(grey)[:, None], size=(SIDE, SIDE), mode="bilinear", antialias=True)
        grey = resized[:, 0].numpy()
    return np.ascontiguousarray(grey)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    if recipe is not None:
        raise UnknownName("recipe of light-asd", recipe, ())
    if untrained:
        return LightAsdDetector(None)
    if weights is not None:
        return LightAsdDetector(find(ASSET, weights))
    try:
        return LightAsdDetector(find(ASSET))
    except MissingResource as error:
        raise MissingResource(
            f"light-asd has no weights here: get {ASSET.base} from {ASSET.note}, and name it with --weights or put it "
            f"under {ASSET.name} into the folder that {VARIABLE} names."
        ) from error


FAMILY = Family(
    id="light-asd", variants={"": "Light-ASD, weights of its authors"}, create=_create, recipes=lambda variant: {},
    tasks={"asd": ""},
)  # fmt: skip

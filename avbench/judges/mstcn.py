"""A word lip reader for LRW: MS-TCN, with weights that the user supplies.

Source: Martinez et al. 2020, "Lipreading using Temporal Convolutional Networks", ICASSP; weights in the format in which
its authors publish them (`lrw_resnet18_mstcn`), which are for comparison and non-commercial use, so nothing is shipped.

Files, all in the folder of the checkpoint: the checkpoint itself, with its tensors under `model_state_dict`;
`500WordsSortedList.txt`, the words in the order of the labels, one a line; `lrw_resnet18_mstcn.json`, the
configuration, needed only where the activation has no weights of its own (`relu_type` is `relu` or `swish`);
`20words_mean_face.npy`, `[68, 2]`, needed only for pictures that are not crops of a mouth.

Conventions: 29 frames at 25 a second, as LRW has them. Pictures of 96 × 96 pixels are mouths, cut to the 88 × 88 in the
middle; those of 88 × 88 are taken as they are; in all others the judge `dlib` finds the face, and `crop_mouth` cuts.
Grey by ITU-R BT.601, to whole levels; 0 to 1, minus 0.421, over 0.165.

Contents: `Mstcn`, `load_mstcn`, `ROWS`.
"""

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadFile, EstimateFault, MissingResource
from ..signal.mouth_crop import crop_mouth, fill_gaps
from ..types import Video
from .assets import Asset
from .judge import Judge

FRAMES, FPS = 29, 25.0
CROP, INPUT = 96, 88
MEAN, SPREAD = 0.421, 0.165
GREY = (0.299, 0.587, 0.114)

WORDS = "500WordsSortedList.txt"
CONFIGURATION = "lrw_resnet18_mstcn.json"
MEAN_FACE = "20words_mean_face.npy"

CHECKPOINT = Asset(
    name="mstcn/lrw_resnet18_mstcn_video.pth",
    sha256=None,
    bytes=None,
    licence="non-commercial, for comparison",
    note="the authors of Martinez et al. 2020 (repository mpc001/Lipreading_using_Temporal_Convolutional_Networks)",
)


class Mstcn:
    """A network and its words.

    Args:
        network: `[B, 1, F, 88, 88]` to logits, in evaluation mode.
        words: in the order of the logits.
        mean_face: `[68, 2]`, or None where only crops of a mouth can be read.
        device: where the network is.
    """

    def __init__(self, network: Any, words: tuple[str, ...], mean_face: np.ndarray | None, device: str):
        self.words = words
        self._network, self._mean_face, self._device = network, mean_face, device

    def read(self, video: Video) -> str:
        """The word that the lips most probably say; arguments and errors as for `scores`."""
        return self.words[int(np.argmax(self.scores(video)))]

    def scores(self, video: Video) -> np.ndarray:
        """The logit of every word.

        Args:
            video: 29 frames at 25 a second: mouths of 96 × 96 or 88 × 88 pixels, or faces of another size.

        Returns:
            `[words]` float32.

        Raises:
            EstimateFault: another number of frames or rate, or no face in any frame.
            MissingResource: these are faces, and the mean face or the judge `dlib` is not here.
        """
        import torch

        if len(video.frames) != FRAMES or abs(video.fps - FPS) > 1e-3 * FPS:
            raise EstimateFault(
                f"the estimate has {len(video.frames)} frames at {video.fps:g} a second, and the lip reader knows "
                f"words of {FRAMES} frames at {FPS:g}"
            )
        mouths = _grey(self._mouths(video.frames)).astype(np.float32)
        tensor = torch.from_numpy((mouths / 255.0 - MEAN) / SPREAD)
        with torch.inference_mode():
            return self._network(tensor[None, None].to(self._device))[0].float().cpu().numpy()

    def _mouths(self, frames: np.ndarray) -> np.ndarray:
        """`[F, 88, 88, C]`."""
        if frames.shape[1:3] == (INPUT, INPUT):
            return frames
        if frames.shape[1:3] != (CROP, CROP):
            frames = self._cut(frames)
        edge = (CROP - INPUT) // 2
        return frames[:, edge:-edge, edge:-edge]

    def _cut(self, frames: np.ndarray) -> np.ndarray:
        if self._mean_face is None:
            raise MissingResource(
                f"The lip reader mstcn takes pictures of {frames.shape[1]} × {frames.shape[2]} pixels for faces, and "
                f"has no mean face to cut mouths by: put {MEAN_FACE} into the folder of its weights."
            )
        from . import open_judge

        points, found = open_judge("dlib").points(frames)
        if not found.any():
            raise EstimateFault("no frame of the estimate shows a face")
        return crop_mouth(frames, fill_gaps(points, found), self._mean_face)


def _grey(frames: np.ndarray) -> np.ndarray:
    """`[F, H, W, C]` to `[F, H, W]` uint8."""
    return frames[..., 0] if frames.shape[3] == 1 else np.round(frames @ np.array(GREY)).astype(np.uint8)


@dataclass(frozen=True)
class _WithNeighbours(Judge):
    """A judge whose checkpoint needs other files in its folder; they belong to its identity."""

    def files(self, path: Path | str | None = None) -> dict[str, Path]:
        """As of a judge; the word list has to be there, the other files may be."""
        files = super().files(path)
        folder = files[CHECKPOINT.name].parent
        if not (folder / WORDS).is_file():
            raise MissingResource(
                f"The lip reader mstcn has weights and no words: put {WORDS}, the 500 words of LRW in the order of the "
                f"labels, one a line, into {folder}."
            )
        names = (WORDS, CONFIGURATION, MEAN_FACE)
        return files | {f"mstcn/{name}": folder / name for name in names if (folder / name).is_file()}


def load_mstcn(files: Mapping[str, Path], device: str = "cpu") -> Mstcn:
    """Read the files of a lip reader.

    Args:
        files: as `Judge.files` gives them: the checkpoint and what lies in its folder.
        device: `"cpu"` or `"cuda"`.

    Raises:
        MissingResource: nothing says which activation the network has.
        BadFile: a file is not what it should be.
    """
    import torch

    from .mstcn_network import LipReader

    checkpoint = files[CHECKPOINT.name]
    state = _read_state(checkpoint)
    words = tuple(files[f"mstcn/{WORDS}"].read_text("utf-8").split())
    classes = len(state.get("tcn.tcn_output.bias", ()))
    if classes != len(words):
        raise BadFile(f"{checkpoint} tells {classes} words apart, and {WORDS} beside it holds {len(words)}.")
    activation = "prelu" if "frontend3D.2.weight" in state else _activation(files)
    with torch.device("meta"):  # initial values would be thrown away
        network = LipReader(len(words), activation)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise BadFile(f"{checkpoint} does not fit the network resnet18_mstcn: {reason}") from error
    return Mstcn(network.float().eval().to(device), words, _read_mean_face(files.get(f"mstcn/{MEAN_FACE}")), device)


def _read_state(path: Path) -> dict[str, Any]:
    """The tensors of a checkpoint; nothing else in it is unpickled."""
    import torch

    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True)["model_state_dict"])
    except (KeyError, TypeError, ValueError, RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadFile(f"{path} is not a checkpoint with a model_state_dict: {reason}") from error


def _activation(files: Mapping[str, Path]) -> str:
    """The activation by the configuration, where the tensors do not tell."""
    from .mstcn_network import ACTIVATIONS

    path = files.get(f"mstcn/{CONFIGURATION}")
    if path is None:
        raise MissingResource(
            f"The tensors of the lip reader mstcn do not tell relu from swish: put its configuration, {CONFIGURATION}, "
            "into the folder of its weights."
        )
    try:
        name = json.loads(path.read_text("utf-8"))["relu_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(f"{path} is not a configuration with a relu_type.") from error
    if name not in ACTIVATIONS or name == "prelu":
        raise BadFile(f"{path} says relu_type {name!r}, and the tensors beside it fit relu or swish only.")
    return name


def _read_mean_face(path: Path | None) -> np.ndarray | None:
    if path is None:
        return None
    try:
        face = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BadFile(f"{path} is not an array of points.") from error
    if face.shape != (68, 2) or not np.isfinite(face).all():
        raise BadFile(f"{path} must hold 68 points, [68, 2], and holds {list(face.shape)}.")
    return face.astype(np.float64)


ROWS = (
    _WithNeighbours(
        name="mstcn",
        title="Word lip reader for LRW, ResNet-18 and MS-TCN",
        source="Martinez et al. 2020, ICASSP; weights of its authors",
        licence=CHECKPOINT.licence,
        assets=(CHECKPOINT,),
        extra=None,
        load=load_mstcn,
    ),
)

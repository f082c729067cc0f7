"""A short film of the embedded corpus, with sound, to show to people.

Clips of different speakers one after the other: the whole face on the left, the crop of the mouth on the right; of
conversations the whole picture. The file says of itself that it is synthetic (see `data.export.media`).

Contents: `choose`, `sample`.
"""

from pathlib import Path

import numpy as np

from ...errors import UsageError
from ...signal.audio import RATE
from ...signal.files import atomic_write
from ...signal.video import FPS, SAMPLES_PER_FRAME
from ...types import Audio, Clip
from ..export.media import TAG, mp4
from .corpus import SynthDataset

SIDE = 384  # pixels: height of the film; width of the face and of the mouth, each


def choose(dataset: SynthDataset, clips: int) -> list[str]:
    """Ids of the first clips of different speakers, as many as there are."""
    first: dict[str, str] = {}
    for clip_id in dataset.ids:
        first.setdefault(dataset.part.speaker(clip_id), clip_id)
    return list(first.values())[:clips]


def sample(dataset: SynthDataset, path: str | Path, clips: int = 4, seconds: float = 12.0) -> str:
    """Write the film.

    Args:
        dataset: a split of a part that can be seen and heard.
        path: where to; ends in `.mp4`.
        clips: how many at most.
        seconds: length at most; what is longer breaks off.

    Returns:
        What was written, in a sentence without its stop.

    Raises:
        UsageError: another ending, nothing asked for, or a part without pictures.
        MissingResource: no speech engine, no encoder, or clips without sound.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4" or clips < 1 or seconds < 1:
        raise UsageError(f"A sample is a file that ends in .mp4, of at least one clip and one second, not {path}.")
    if dataset.part.picture is None:
        raise UsageError(f"{dataset.name} is for the ear alone: there is nothing to film.")
    chosen, pictures, sound = [], [], []
    left = int(seconds * FPS)
    for clip_id in choose(dataset, clips):
        if left:
            clip = dataset.clip(clip_id)
            seen = _frames(dataset, clip, left)
            heard = dataset.audio(clip).samples[: len(seen) * SAMPLES_PER_FRAME]
            chosen, pictures, sound = [*chosen, clip], [*pictures, seen], [*sound, heard]
            left -= len(seen)
    film = np.concatenate(pictures)
    with atomic_write(path) as handle:
        handle.write(mp4(film, Audio(np.concatenate(sound), RATE), _about(dataset, chosen)))
    return f"{path}: {len(chosen)} clips, {len(film) / FPS:.1f} s, tagged as synthetic"


def _about(dataset: SynthDataset, clips: list[Clip]) -> dict[str, str]:
    said = "; ".join(f"{c.speaker}: {c.text}" for c in clips)
    return {
        "title": f"{dataset.name}, {dataset.split} split",
        "comment": TAG,
        "description": f"{said}. Corpus {dataset.spec.fingerprint}, {dataset.licence}.",
    }


def _frames(dataset: SynthDataset, clip: Clip, most: int) -> np.ndarray:
    """`[F, SIDE, W, 3]` uint8: face and mouth side by side, or the picture of several people."""
    if hasattr(dataset, "canvas"):
        return _scaled(dataset.canvas(clip, 0, min(most, round(clip.seconds * FPS))).frames)
    both = dataset.face(clip).frames[:most], dataset.mouth(clip).frames[:most]
    return np.concatenate([_scaled(frames) for frames in both], axis=2)


def _scaled(frames: np.ndarray) -> np.ndarray:
    import av

    width = 2 * round(SIDE * frames.shape[2] / frames.shape[1] / 2)  # encoders want it even
    colour = frames if frames.shape[-1] == 3 else frames.repeat(3, axis=-1)
    drawn = (av.VideoFrame.from_ndarray(np.ascontiguousarray(f), format="rgb24") for f in colour)
    return np.stack([f.reformat(width, SIDE, interpolation="BICUBIC").to_ndarray() for f in drawn])

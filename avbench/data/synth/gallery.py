"""A picture of the embedded corpus: faces, a sentence as lips and as sound, landmarks.

Contents: `gallery`.
"""

from pathlib import Path

import numpy as np

from .articulation import FPS, track
from .face import make_identity
from .render import landmarks, make_motion, render_face, render_mouth
from .speakers import make_speaker
from .spec import CorpusSpec
from .voice import RATE, Utterance, Voice

_FACES = ("s004", "s009", "s014", "s017", "s058", "s033", "s002", "s025", "s016")
_SPEAKER = "s016"
_SENTENCE = "my brother bought fresh bread at the market."
_BEFORE = 0.16
_AFTER = 0.20
_INK, _LINE, _FAINT = "#20262e", "#2b6c8f", "#8a939d"


def gallery(path: str | Path, *, spec: CorpusSpec | None = None, sentence: str = _SENTENCE) -> Path:
    """Draw the picture, about 1200 × 500 pixels.

    Above, nine speakers in the middle of speech, the last with its 68 landmarks; below, the crops of the mouth over a
    sentence of that speaker, its waveform, phonemes and words.

    Args:
        path: where to write it; the ending says the format (`.png`, `.pdf`, `.svg`).
        spec: of the corpus; the standard one if None.
        sentence: what is said, in words of the lexicon.

    Returns:
        The path.

    Raises:
        MissingResource: no speech engine.
        UnknownName: a word that the lexicon does not hold.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    spec = spec or CorpusSpec()
    with Voice() as voice:
        said = voice.speak(make_speaker(spec, _SPEAKER), sentence, seed=1)
    figure = Figure(figsize=(12, 5), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    _draw_faces(figure, spec, said)
    _draw_sentence(figure, spec, said)
    figure.savefig(path)
    return Path(path)


def _draw_faces(figure, spec, said):
    """A row of faces, the last with landmarks."""
    wide, left, space = 0.103, 0.0135, 0.0055
    for k, name in enumerate(_FACES):
        identity, articulation, motion = _act(spec, name, said)
        at = int(len(motion) * (0.22 + 0.055 * k))
        axes = figure.add_axes((left + k * (wide + space), 0.655, wide, wide * 12 / 5))
        axes.imshow(render_face(identity, articulation, motion)[at], interpolation="bilinear")
        axes.set_axis_off()
        figure.text(left + k * (wide + space) + wide / 2, 0.915, name, ha="center", fontsize=8, color=_FAINT)
        if k == len(_FACES) - 1:
            x, y = landmarks(identity, articulation, motion)[at].T
            axes.plot(x, y, ".", markersize=2.6, color="#ffe14d", markeredgewidth=0)
    figure.text(0.0135, 0.955, "avbench-synth: seeded speakers", fontsize=11, color=_INK, weight="bold")
    figure.text(0.9865, 0.955, "every face and voice is synthetic", fontsize=9, color=_FAINT, ha="right")


def _draw_sentence(figure, spec, said):
    """Crops of the mouth above the waveform, phonemes and words, on one axis of time."""
    identity, articulation, motion = _act(spec, _SPEAKER, said)
    crops = render_mouth(identity, articulation, motion)
    seconds = len(crops) / FPS
    left, wide, count = 0.0135, 0.973, 12
    for k, at in enumerate(np.linspace(0, len(crops), count, endpoint=False) + len(crops) / count / 2):
        axes = figure.add_axes((left + k * wide / count, 0.435, wide / count - 0.004, 0.187))
        axes.imshow(crops[int(at)], cmap="gray", vmin=0, vmax=255, interpolation="bilinear", aspect="equal")
        axes.set_axis_off()

    axes = figure.add_axes((left, 0.02, wide, 0.40))
    sound = np.concatenate([np.zeros(round(_BEFORE * RATE)), said.samples, np.zeros(round(_AFTER * RATE))])
    time = np.arange(len(sound)) / RATE
    axes.fill_between(*_envelope(time, sound), color=_LINE, linewidth=0)
    axes.set_xlim(0, seconds)
    axes.set_ylim(-2.35, 1.15)
    axes.set_axis_off()
    for phoneme in said.phonemes:
        if not phoneme.symbol.startswith("_"):
            start = phoneme.start + _BEFORE
            axes.plot([start, start], [-1.15, 1.0], color=_FAINT, linewidth=0.4)
            axes.text(start + 0.006, -1.45, phoneme.symbol, fontsize=8, color=_INK, family="monospace")
    for word in said.words:
        start, end = word.start + _BEFORE, word.end + _BEFORE
        axes.plot([start + 0.004, end - 0.004], [-1.72, -1.72], color=_LINE, linewidth=1.4)
        axes.text((start + end) / 2, -2.15, word.text, fontsize=10, color=_INK, ha="center")


def _act(spec: CorpusSpec, name: str, said: Utterance):
    """Identity, articulation and motion of a speaker who says what was said."""
    identity = make_identity(spec, make_speaker(spec, name))
    end = _BEFORE + len(said.samples) / RATE
    shifted = [type(p)(p.symbol, p.start + _BEFORE, p.stressed) for p in said.phonemes]
    frames = int((end + _AFTER) * FPS)
    clip = f"{name}-000"
    articulation = track(shifted, end, frames, spec=spec, clip=clip, gain=identity.gain)
    return identity, articulation, make_motion(frames, spec=spec, clip=clip)


def _envelope(time, sound, points=1200):
    """Time, lowest and highest sample of `points` stretches, the loudest at 1."""
    step = max(1, len(sound) // points)
    pieces = sound[: len(sound) // step * step].reshape(-1, step) / max(np.abs(sound).max(), 1e-9)
    return time[: len(pieces) * step : step], pieces.min(1), pieces.max(1)

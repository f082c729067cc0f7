"""How often our judges are right: each one's accuracy on test speakers, whom no training and no choice has met.

    python -m avbench.systems.judges.accuracy [JUDGE…] [--json FILE]

The weights are those that metrics would use. `synth-face` names nothing, so it is asked whether its Fréchet distance
grows with what is wrong with a set of faces: the distance between two halves of the test people's stills, and between
one half and the other after blurring.

Contents: `ACCURACIES`, `main`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from avbench.errors import AvbenchError, UnknownName

PEOPLE = {"synth-landmarks": 40, "synth-face-voice": 120}
CLIPS, STILLS = 400, 800
WORDS, CUT = 2500, 500  # all clips of words, and the first of each
BLURS = (0.5, 1.0, 2.0)  # standard deviations in pixels of 128


def of_asr(judge) -> dict[str, float]:
    """Words wrong in clean sentences of the test speakers, of all words; `n` clips."""
    from avbench.data.dataset import open_dataset
    from avbench.metrics.words import word_error_rate

    dataset = open_dataset("avbench-synth", "test")
    clips = [dataset.clip(i) for i in dataset.ids[:CLIPS]]
    heard = [judge.transcribe(dataset.audio(clip)) for clip in clips]
    return {"n": len(clips), "word_errors": word_error_rate(heard, [clip.text for clip in clips])}


def of_landmarks(judge) -> dict[str, float]:
    """Mean distance in per cent of that of the outer eye corners, of faces as drawn and spoilt; faces missed."""
    from .faces import draw_faces, more_speakers
    from .landmarks import measure
    from .recipe import LANDMARKS

    faces = draw_faces(more_speakers("test", PEOPLE["synth-landmarks"]), 2, 2, "test", LANDMARKS.corpus)
    return {"n": len(faces), **measure(judge.net, faces, LANDMARKS, judge.device)}


def of_face(judge) -> dict[str, float]:
    """Fréchet distances: of one half of the test people's stills to the other, as it is and blurred."""
    from scipy.ndimage import gaussian_filter

    from avbench.data.dataset import open_dataset
    from avbench.metrics.frechet import frechet_distance

    dataset = open_dataset("avbench-synth/faces", "test")
    stills = np.stack([dataset.pictures(dataset.clip(i))[0] for i in dataset.ids[:STILLS]])
    one, other = stills[::2], stills[1::2]
    features = judge.features(one)
    found = {"n": len(one), "other_half": frechet_distance(judge.features(other), features)}
    for sigma in BLURS:
        blurred = gaussian_filter(other.astype(np.float32), (0, sigma, sigma, 0)).round().astype(np.uint8)
        found[f"other_half_blurred_{sigma:g}"] = frechet_distance(judge.features(blurred), features)
    return found


def of_face_voice(judge) -> dict[str, float]:
    """How often a face's own voice is nearer than another's: of pairs of equal gender, and of all pairs."""
    from .couples import make_couples
    from .face_voice import match_share
    from .recipe import FACE_VOICE

    couples = make_couples("test", PEOPLE["synth-face-voice"], 2, 4, FACE_VOICE.corpus, lambda line: None)
    return {"n": len(couples), **match_share(judge.net, couples, judge.device)}


def of_lips(judge) -> dict[str, float]:
    """Words read off the lips of test speakers, and what guessing gives; `n` clips.

    `top1_alike` counts homophenes as right, which lips cannot tell apart. `top1_cut` is of mouths that are cut out of
    the drawn faces, as those of generated faces are, with exact points; of the first `CUT` clips.
    """
    from avbench.data.dataset import open_dataset
    from avbench.data.faces import aligned
    from avbench.data.synth.parts.words import homophenes_of, vocabulary
    from avbench.types import Video

    dataset = open_dataset("avbench-synth/words", "test")
    ids = dataset.ids[:WORDS]
    dataset.prepare(ids, mouth=True)
    clips = [dataset.clip(i) for i in ids]
    read = [judge.read(dataset.mouth(clip)) for clip in clips]
    cut = [Video(aligned(dataset.face(c).frames, dataset.landmarks(c), "mutud"), 25.0) for c in clips[:CUT]]
    return {
        "n": len(clips),
        "top1": float(np.mean([a == clip.text for a, clip in zip(read, clips, strict=True)])),
        "top1_alike": float(np.mean([a in homophenes_of(clip.text) for a, clip in zip(read, clips, strict=True)])),
        "top1_cut": float(np.mean([judge.read(video) == c.text for video, c in zip(cut, clips, strict=False)])),
        "chance": 1 / len(vocabulary()),
        "chance_alike": float(np.mean([len(homophenes_of(word)) for word in vocabulary()])) / len(vocabulary()),
    }


ACCURACIES: dict[str, Callable] = {
    "synth-asr": of_asr,
    "synth-landmarks": of_landmarks,
    "synth-face": of_face,
    "synth-face-voice": of_face_voice,
    "synth-lips": of_lips,
}


def main(arguments: list[str]) -> int:
    """Print what was found, a line for each value."""
    import argparse

    from avbench.evaluation.record import hand_out
    from avbench.judges import judge_identity, open_judge

    parser = argparse.ArgumentParser(prog="python -m avbench.systems.judges.accuracy", description=__doc__)
    parser.add_argument("judges", nargs="*", default=[*ACCURACIES], metavar="JUDGE")
    parser.add_argument("--json", type=Path, help="file for the numbers; - for standard output")
    given = parser.parse_args(arguments)
    rows = []
    for name in given.judges:
        if name not in ACCURACIES:
            raise UnknownName("judge of the embedded corpus", name, ACCURACIES)
        values = ACCURACIES[name](open_judge(name))
        rows.append({"judge": judge_identity(name), "split": "test", "synthetic": True, **values})
        if str(given.json) != "-":
            for key, value in values.items():
                sys.stdout.write(f"{rows[-1]['judge']:28} {key:24} {value:.4g}\n")
    if given.json:
        hand_out({"judges": rows}, given.json)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AvbenchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)

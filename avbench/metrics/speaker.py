"""Likeness of voices: the cosine of two speaker embeddings.

Source: Wan et al. 2018 by the package `resemblyzer`; the mean of the scores over several recordings of the target as in
XFaVoT, whose image-guided conversion is compared with ten utterances of the speaker.

Conventions: −1 to 1, in fact 0 to 1, since no component of an embedding is negative: recordings of LibriSpeech that
have nothing in common have a median of 0.51, so that 0.5 means "another speaker" and not "half alike". Each side may
have any rate and length. With a reference of several recordings the value is the mean of the cosines with each, which
is lower than the cosine with their mean by some 0.05.

Contents: `speaker_similarity`, `ROWS`.
"""

import numpy as np

from ..errors import EstimateFault, ReferenceFault
from ..judges import open_judge
from ..types import Audio
from .kinds import VOICE
from .metric import Metric


def speaker_similarity(estimate: Audio, reference: Audio | tuple[Audio, ...]) -> dict[str, float]:
    """Mean cosine of the estimate's embedding with that of each reference.

    Raises:
        ReferenceFault: a reference holds no voice; found before any fault of the estimate.
        EstimateFault: the estimate holds no voice.
    """
    encoder = open_judge("resemblyzer")
    references = reference if isinstance(reference, tuple) else (reference,)
    try:
        own, *others = encoder.embed((estimate, *references)).astype(np.float64)
    except EstimateFault as fault:
        for each in references:  # only now is it worth asking whose fault it is
            try:
                encoder.trim(each)
            except EstimateFault:
                raise ReferenceFault(f"of a reference: {fault.reason}") from fault
        raise
    return {"spksim": float(np.mean([np.sum(own * other) for other in others]))}


ROWS = (
    Metric(
        name="spksim",
        title="Speaker similarity, cosine of Resemblyzer's embeddings",
        higher_is_better=True,
        low=-1.0,
        high=1.0,
        floor=0.0,
        source="Wan et al. 2018, ICASSP; XFaVoT, section 4",
        implementation="resemblyzer's preparation and weights, batched",
        kind=VOICE,
        shortest=0.5,
        formula=speaker_similarity,
        judge="resemblyzer",
        relevance=0.01,  # the last digit that is printed
    ),
)

"""Quality and naturalness of speech, judged without a reference: NISQA, NISQA-TTS and DNSMOS P.835.

Source: Mittag et al. 2021 (`nisqa`: transmitted speech), Mittag and Möller 2020 (`nisqa-tts`: synthetic and converted
speech), Reddy et al. 2022 (`dnsmos`: overall quality, with that of speech and of background beside it).

Conventions: mean opinion scores, 1 to 5, higher is better. NISQA hears the sound at its own rate and level, neither of
which is changed: state both with the score. It may end below 1 for broken sound, which is reported as 1 and flagged.
DNSMOS hears 16 kHz. What none of the three knows is what should have been said: another voice, other words or a
hallucinated sentence cost nothing.

Contents: `nisqa`, `nisqa_tts`, `dnsmos`, `ROWS`.
"""

import math
from functools import partial
from typing import Any

from ..judges import open_judge
from ..types import Audio
from .kinds import SPEECH
from .metric import Metric, Parts

SHORTEST = 1.0
"""Seconds: what is shorter gets numbers, but none that mean anything."""

FLOOR = 1.0


def nisqa(estimate: Audio, reference: Any = None) -> dict[str, float]:
    """NISQA v2.0, the MOS alone. The reference is not looked at."""
    return {"nisqa": open_judge("nisqa").score(estimate)}


def nisqa_tts(estimate: Audio, reference: Any = None) -> dict[str, float]:
    """NISQA-TTS. The reference is not looked at."""
    return {"nisqa-tts": open_judge("nisqa-tts").score(estimate)}


def dnsmos(estimate: Audio, reference: Any = None) -> dict[str, Parts]:
    """DNSMOS P.835: OVRL as the value, SIG and BAK as parts beside it. The reference is not looked at."""
    found = open_judge("dnsmos").score(estimate)
    return {"dnsmos": {"value": found["ovr"], "raw": found["ovr"], "sig": found["sig"], "bak": found["bak"]}}


_opinion = partial(
    Metric,
    unit="MOS",
    higher_is_better=True,
    low=-math.inf,
    high=math.inf,
    floor=FLOOR,
    kind=SPEECH,
    shortest=SHORTEST,
    relevance=0.1,  # less is within the interval of any panel of listeners that they were fitted to
)

ROWS = (
    _opinion(
        name="nisqa",
        title="NISQA v2.0, predicted quality of transmitted speech",
        source="Mittag et al. 2021, Interspeech, section 3; the authors' nisqa.tar",
        implementation="own, equal to the authors' network within 1e-4",
        formula=nisqa,
        judge="nisqa",
    ),
    _opinion(
        name="nisqa-tts",
        title="NISQA-TTS, predicted naturalness of synthetic speech",
        source="Mittag and Möller 2020, Interspeech, section 3; the authors' nisqa_tts.tar",
        implementation="own, of the authors' file",
        formula=nisqa_tts,
        judge="nisqa-tts",
    ),
    _opinion(
        name="dnsmos",
        title="DNSMOS P.835, predicted overall quality (OVRL)",
        source="Reddy et al. 2022, ICASSP; OVRL of ITU-T P.835 after the polynomial of the authors' script",
        implementation="the authors' ONNX file by onnxruntime",
        rates=(16_000,),
        formula=dnsmos,
        judge="dnsmos",
    ),
)

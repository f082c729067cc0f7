"""Speech enhancement of recorded pairs: noisy speech as others recorded or mixed it, with sound alone, to clean speech.

Source: MUTUD, Table V, the DNS Challenge's evaluation set without reverberation. Systems that need pictures cannot sit
it. Over a corpus that is used to train somebody else's system the numbers of the two say little about each other.
"""

from .task import Task

AVSE_RECORDED = Task(
    name="avse-recorded",
    version=1,
    title="noisy speech that others recorded to speech, no pictures",
    source="MUTUD, Table V",
    dataset="dns-eval",
    noise=None,
    protocol="recorded",
    plan="recorded",
    plans=("recorded",),
    answer="audio",
    kinds=("sound", "speech", "voice", "spoken"),
    metrics=("stoi", "estoi", "si-sdr", "pesq-wb", "pesq-nb"),
    anchors=("noisy", "oracle", "silence"),
    like="avse",
)

"""Audio-visual speech recognition: noisy speech, with or without a video of the mouth, to text.

Source: the recognition experiments of MUTUD (Table VIII): one noise at a time at -15 to 5 dB, word error rate. The
paper takes its noises from DEMAND; here they are those of the embedded bank that no training heard.
"""

from .task import Task

AVSR = Task(
    name="avsr",
    version=1,
    title="noisy speech (+ mouth video) to text",
    source="MUTUD, Table VIII",
    dataset="avbench-synth",
    noise="synth-noise",
    protocol="additive-noise",
    plan="avsr",
    plans=("avsr",),
    answer="text",
    kinds=("text",),
    metrics=("wer",),
    anchors=("oracle", "silence"),
    defaults={"modality": "av"},
)

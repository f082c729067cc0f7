"""Audio-visual speech enhancement: noisy speech, with or without a video of the mouth, to clean speech.

Source: the enhancement experiments of MUTUD (Tables I–V and VII): one talker, additive noises of several kinds at
-15 to 5 dB, judged by intelligibility, quality and distortion. Here on the embedded corpus, so no number of this task
may stand in one column with a published one.
"""

from .task import Task

AVSE = Task(
    name="avse",
    version=1,
    title="noisy speech (+ mouth video) to speech",
    source="MUTUD, Tables I-V and VII",
    dataset="avbench-synth",
    noise="synth-noise",
    protocol="additive-noise",
    plan="3-bn",
    plans=("3-bn", "5-bn", "3-bn-full", "3-bn-unseen", "tiny"),
    answer="audio",
    kinds=("sound", "speech", "voice", "spoken"),
    metrics=("stoi", "estoi", "si-sdr", "pesq-wb"),
    anchors=("noisy", "oracle", "silence"),
    axes={"modality": ("av", "audio", "frozen-face", "wrong-face")},
    defaults={"modality": "av"},
    judges={"espnet": "synth-asr"},
)

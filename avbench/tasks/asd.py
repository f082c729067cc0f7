"""Active-speaker detection: a face of a conversation, with or without its sound: is it this one that speaks?

Source: the detection experiments of MUTUD (Table IX): mean average precision over frames of egocentric video. The
paper's recordings (EasyCom) are noisy as they are; the embedded conversations are mixed with the noise of a cafeteria.
"""

from .task import Task

ASD = Task(
    name="asd",
    version=1,
    title="face track (+ noisy sound) to a score per frame",
    source="MUTUD, Table IX",
    dataset="avbench-synth/conversations",
    noise="synth-noise/unseen",
    protocol="conversation",
    plan="asd",
    plans=("asd",),
    answer="scores",
    kinds=("detection",),
    metrics=("map",),
    anchors=("oracle", "constant"),
    defaults={"modality": "av"},
)

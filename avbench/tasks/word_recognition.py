"""Word recognition: the sound or the mouth video of one word, to the word.

Source: the recognition experiment of CMML (Table 4) on LRW: accuracy of the first guess, by sound and by lips.
"""

from .task import Task

WORD_RECOGNITION = Task(
    name="word-recognition",
    version=1,
    title="speech or mouth video of one word to the word",
    source="CMML, Table 4",
    dataset="avbench-synth/words",
    noise=None,
    protocol="clean",
    plan="words",
    plans=("words",),
    answer="text",
    kinds=("text",),
    metrics=("top1",),
    anchors=("oracle", "silence"),
    defaults={"modality": "av"},
)

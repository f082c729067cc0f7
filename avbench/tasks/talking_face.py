"""Talking faces: noisy speech and one picture of a face, to a film of that face as it speaks.

Source: Eskimez et al. 2020, "End-to-end generation of talking faces from noisy speech", Fig. 5: PSNR, SSIM and the
distance of normalised landmarks against the SNR, one curve for each of five noises. Official runs have steps of 5 dB;
the plans whose names end in `-41` have the paper's 1 dB. `talking-face` stands for LRW (known data), the plans with
`commands` for GRID (a data set that training never saw).
"""

from .task import Task

TALKING_FACE = Task(
    name="talking-face",
    version=1,
    title="noisy speech + one face image to video",
    source="Eskimez et al. 2020, Fig. 5",
    dataset="avbench-synth/words",
    noise="synth-noise/unseen",
    protocol="visual",
    plan="talking-face",
    plans=("talking-face", "talking-face-41", "talking-face-commands", "talking-face-commands-41"),
    answer="video",
    kinds=("frames", "faces", "lips"),
    metrics=("psnr", "ssim", "nlmd", "nlmd-mouth", "lsa"),
    anchors=("true-video", "still-face", "shuffled-audio"),
    judges={"dlib": "synth-landmarks", "mstcn": "synth-lips"},
)

"""Sizes and schedules that the enhancement nets of MUTUD's tables share, free of torch.

Contents: `BACKBONE_1`, `BACKBONE_2`, `MATCHED`, `RESNET18`, `RESNET18_QUARTER`, `VISUALVOICE`, `VISUALVOICE_REDUCED`,
`SHUFFLENET`, `SHUFFLENET_REDUCED`, `LIP_STEPS`, `PAPER_SCHEDULE`, `SYNTH_SCHEDULE`.
"""

# Table VI: 2.978 M parameters and 1.381 G MACs leave only these widths.
BACKBONE_1 = (16, 32, 64, 128, 128)
# Section V-B: the last two layers shrink from 128 to 64; 0.815 M holds only if the third shrinks to 32 as well.
BACKBONE_2 = (16, 32, 32, 64, 64)
# Table VI says 3.627 M and 1.821 G and not how; this widening of the last two layers comes nearest (3.628 M, 1.816 G).
MATCHED = (16, 32, 64, 186, 136)

RESNET18 = (64, 128, 256, 512)
# A sixteenth of the weights, so that weights stay small and a training fits into a night without a GPU; ours.
RESNET18_QUARTER = (16, 32, 64, 128)

# Gao and Grauman 2021: encoder widths of the U-Net; 43,186,562 parameters where it only listens.
VISUALVOICE = (64, 128, 256, 512, 512, 512, 512, 512)
VISUALVOICE_REDUCED = (8, 16, 32, 64, 64, 64, 64, 64)  # an eighth of the widths, a sixty-fourth of the weights; ours
# Ma et al. 2018, Table 5, 1x: first convolution, three stages, last convolution.
SHUFFLENET = (24, 116, 232, 464, 1024)
SHUFFLENET_REDUCED = (16, 32, 64, 128, 128)  # about a quarter; ours

_EPOCH = 131_000 // 64  # section IV-A: about 131,000 training utterances; batch below
# Steps in which a lip encoder learns to read before it is used (`lips.py`): ours, and not tuned; after 265
# steps of a trial its accuracy was still rising.
LIP_STEPS = 1_000

PAPER_SCHEDULE = {
    "name": "paper",
    "corpus": "lrs3",  # section IV-A
    "learning_rate": 1e-4,  # section IV-B, with AdamW
    "warmup": 20 * _EPOCH,  # section IV-B: 20 epochs, then a cosine
    "steps": 100 * _EPOCH,  # not stated, chosen because five times the warm-up leaves the cosine most of the training
    "batch": 64,  # not stated, chosen because it fills one data-centre GPU
    "seconds": 2.0,  # not stated, chosen because it holds most of a phrase
}
SYNTH_SCHEDULE = {
    "name": "synth",
    "corpus": "small",  # 2.5 h of 160 speakers: made in minutes on two cores
    "learning_rate": 1e-3,  # ten times the paper's, chosen because the training is twenty times shorter
    "warmup": 200,  # 5 %, chosen in proportion
    "steps": 4_000,  # chosen because the five rows of one table then take an estimated nine core hours on a CPU
    "batch": 8,  # chosen because more steps teach more than larger ones where hours are few
    "seconds": 2.0,  # as above
    "precision": "bf16-mixed",  # a third faster where the processor has it; spectra and losses stay in float32
}

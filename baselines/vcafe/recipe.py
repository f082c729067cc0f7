"""Every number of V-CAFE's trainings, free of torch.

Source: MUTUD, "Audiovisual Speech Recognition (AVSR)"; Hong et al. 2022, "Visual context-driven audio feature
enhancement for robust end-to-end audio-visual speech recognition" (V-CAFE), whose released configuration (model
dimension 256, 4 heads) differs from MUTUD's text (512, 8), which is followed.

Contents: `VcafeRecipe`, `PAPER`, `SYNTH`.
"""

from dataclasses import dataclass

from avbench.training.recipe import TrainingRecipe

from ...systems.nn.sizes import LIP_STEPS, RESNET18, RESNET18_QUARTER


@dataclass(frozen=True, kw_only=True)
class VcafeRecipe(TrainingRecipe):
    """Sizes and objectives of the recogniser, which learns from whole sentences.

    `seconds` says how many pictures a step of lip reading has: as many as `batch` segments of that length.

    Args:
        video_widths: channels of the lip encoder's four stages; the last is D, features of a step of either front-end.
        audio_widths: channels of the two convolutions on the log-mel spectrum; the second is that of the block.
        dim: features of a step of the encoder and of the decoder.
        heads: of every attention of encoder and decoder.
        feed_forward: width inside their feed-forward parts.
        encoder_layers: of the Conformer.
        kernel: taps of its depthwise convolutions.
        decoder_layers: of the Transformer.
        front_dropout: before the fusion and before the last layer of the audio front-end.
        dropout: in encoder and decoder.
        smoothing: share of a character's target that goes to all characters alike.
        ctc_weight: of the CTC loss; the attention decoder's has one minus that.
        ctc_share: the same for the scores of the beam search.
        beam: hypotheses that the search keeps.
        watches: False leaves out lips, cross-modal attention and mask.
        lip_steps: steps of pre-training in which the lip encoder learns to read visemes, and nothing later; 0 trains it
            with everything else. See `lips`.
        check_clips: validation clips whose words are told.
    """

    video_widths: tuple[int, ...] = RESNET18  # MUTUD: 3-D convolution and ResNet-18
    audio_widths: tuple[int, int] = (128, 256)  # of the authors' earlier memory network; MUTUD: two 2-D convolutions
    dim: int = 512  # MUTUD
    heads: int = 8  # MUTUD
    feed_forward: int = 2048  # MUTUD
    encoder_layers: int = 12  # MUTUD
    kernel: int = 31  # MUTUD
    decoder_layers: int = 6  # MUTUD
    front_dropout: float = 0.3  # V-CAFE's code
    dropout: float = 0.1  # V-CAFE's code
    smoothing: float = 0.1  # V-CAFE's code
    ctc_weight: float = 0.1  # V-CAFE's code
    ctc_share: float = 0.1  # not stated, chosen equal to the training's
    beam: int = 40  # not stated, chosen because it is customary for models of this family
    watches: bool = True
    lip_steps: int = 0
    check_clips: int = 32

    @property
    def pretraining(self) -> tuple[int, ...]:
        """Lips first."""
        return (self.lip_steps,) if self.watches else ()


_EPOCH = 131_000 // 64  # MUTUD section IV-A: about 131,000 training utterances; batch below
PAPER = VcafeRecipe(
    name="paper",
    corpus="lrs3",  # MUTUD section IV-A
    learning_rate=1e-4,  # MUTUD section IV-B states it for enhancement; V-CAFE's own schedule is Noam's
    warmup=25_000,  # V-CAFE's code
    steps=100 * _EPOCH,  # not stated, chosen as for enhancement
    batch=64,  # not stated, chosen because it fills one data-centre GPU
)
SYNTH = VcafeRecipe(
    name="synth",
    corpus="small",
    learning_rate=1e-3,  # ten times the paper's, chosen because the training is that much shorter
    warmup=300,
    steps=4_000,  # chosen for about an hour of one CPU thread
    batch=16,  # every sentence thirty times, no two times in the same noise
    seconds=1.0,
    video_widths=RESNET18_QUARTER,
    audio_widths=(24, 48),  # as narrow as the lips; with them a step of the front-ends costs what the encoder costs
    dim=128,
    heads=4,
    feed_forward=384,
    encoder_layers=4,
    kernel=15,  # 0.6 s: two words; the paper's 1.2 s is half a sentence of the corpus
    decoder_layers=2,
    ctc_weight=0.3,  # Watanabe et al. 2017: CTC finds the alignment sooner, which counts where the training is short
    ctc_share=0.4,
    beam=8,
    lip_steps=LIP_STEPS,
    precision="bf16-mixed",
)

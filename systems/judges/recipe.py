"""Every number of the judges' trainings, free of torch.

Contents: `AsrRecipe`, `FaceRecipe`, `LandmarkRecipe`, `FaceFeatureRecipe`, `FaceVoiceRecipe`, `LipRecipe`, and the
recipes `ASR`, `LANDMARKS`, `FACE`, `FACE_VOICE`, `LIPS`.
"""

from dataclasses import dataclass

from avbench.training.recipe import TrainingRecipe


@dataclass(frozen=True, kw_only=True)
class AsrRecipe(TrainingRecipe):
    """The recogniser.

    Args:
        width: features of a step.
        taps: of each convolution.
        dilations: of each block; together the blocks see 0.6 s to either side: a word and its neighbours.
        dropout: chance that a feature of a block is left out.
        masks: stretches of time, and as many of bands, that are set to zero (Park et al. 2019: 2).
        mask_frames: longest stretch of time, in 10 ms.
        mask_bands: widest stretch of bands.
        check_clips: of the validation speakers; 160 are all.
    """

    width: int = 256
    taps: int = 5
    dilations: tuple[int, ...] = (1, 1, 2, 2, 3)
    dropout: float = 0.1
    masks: int = 2
    mask_frames: int = 12
    mask_bands: int = 12
    check_clips: int = 160


@dataclass(frozen=True, kw_only=True)
class FaceRecipe(TrainingRecipe):
    """What the judges that see share.

    Args:
        widths: channels at 32 × 32, 16 × 16 and 8 × 8.
        speakers: training speakers whose faces are drawn.
        clips: of each; light, background and pose differ between clips.
        frames: of each clip.
        check_speakers: people of the validation; 40 are those of the corpus, more lie beyond it.
    """

    widths: tuple[int, int, int] = (40, 64, 88)
    speakers: int
    clips: int
    frames: int
    check_speakers: int = 40


@dataclass(frozen=True, kw_only=True)
class LandmarkRecipe(FaceRecipe):
    """The point finder.

    Args:
        none: share of the pictures that show no face.
        presence: weight of telling faces from none; the points' loss has weight 10 on halves of the picture.
    """

    none: float = 0.25
    presence: float = 0.1


@dataclass(frozen=True, kw_only=True)
class FaceFeatureRecipe(FaceRecipe):
    """The face features.

    Args:
        visemes: weight of naming the viseme; the loss of the numbers has weight 1.
        people: weight of telling people apart.
    """

    visemes: float = 0.2
    people: float = 0.1


@dataclass(frozen=True, kw_only=True)
class FaceVoiceRecipe(FaceRecipe):
    """The matcher.

    Args:
        voice_width: features of a step of the listening side.
        views: pictures of each person in a step, embedded together.
    """

    voice_width: int = 112
    views: int = 2


@dataclass(frozen=True, kw_only=True)
class LipRecipe(TrainingRecipe):
    """The lip reader.

    Args:
        widths: channels at 22 × 22, 11 × 11 and 6 × 6.
        places: features of each of 6 × 6 places, so that where the lips are is not averaged away.
        width: features of a picture.
        taps: of each convolution over time.
        dilations: of each block; together the blocks see 12 pictures to either side: a word and its neighbours.
        looks: weighted means over time.
        dropout: chance that a feature is left out.
        smoothing: share of the word's target that goes to all words alike (Szegedy et al. 2016: 0.1).
        visemes: weight of naming the viseme of every picture; the words' loss has weight 1.
        speakers: of each word, of at most 60.
        check_speakers: of each word in the validation, of at most 5.
    """

    widths: tuple[int, int, int] = (24, 40, 64)
    places: int = 16
    width: int = 128
    taps: int = 5
    dilations: tuple[int, ...] = (1, 2, 3)
    looks: int = 4
    dropout: float = 0.1
    smoothing: float = 0.1
    visemes: float = 1.0
    speakers: int = 60
    check_speakers: int = 5


# Numbers below are chosen by short trials; README.md tells what they gave.
_SYNTH = {
    "name": "synth",
    "precision": "bf16-mixed",  # twice as fast where the processor has it
    "average": 0.995,  # spans the last few hundred steps, in which the learning rate is all but zero
    "log_every": 50,
    "validate_every": 500,
    "save_every": 250,
}
ASR = AsrRecipe(
    **_SYNTH,
    corpus="base",  # sound only; twice the speakers of `small`, and words that are rare in it
    width=224,  # with 5 blocks 1.7 M weights, so that all judges stay under 4 MiB
    steps=6_000,  # twelve times all clips; a quarter of that gave 3 % word errors in a trial on `small`
    batch=16,  # clips of 4 s on average
    learning_rate=2e-3,
    warmup=150,
)
LANDMARKS = LandmarkRecipe(
    **_SYNTH,
    corpus="small",
    speakers=600,  # beyond the corpus' 320: what differs between faces is what is hard to learn
    clips=3,
    frames=4,
    steps=4_000,  # a tenth of that gave points that were off by 6 % of the distance of the eyes in a trial
    batch=32,
    learning_rate=2e-3,
    warmup=100,
)
FACE = FaceFeatureRecipe(
    **_SYNTH,
    corpus="small",
    speakers=800,  # of 120, the shape of unseen faces was hardly learned in a trial
    clips=3,
    frames=3,
    steps=4_000,  # all that is told was still rising at the 600 steps of a trial
    batch=32,
    learning_rate=2e-3,
    warmup=100,
)
FACE_VOICE = FaceVoiceRecipe(
    **_SYNTH,
    corpus="small",
    widths=(32, 48, 64),  # fewer than the other judges': eight traits are all it has to see
    speakers=1_600,  # of which 320 are the corpus'; with 500 a trial learned faces by heart
    clips=2,
    frames=2,
    check_speakers=120,  # 7,000 pairs of equal gender
    steps=2_500,  # the matching was still rising at the 411 steps of a trial
    batch=48,  # people to choose among
    learning_rate=2e-3,
    warmup=100,
)
LIPS = LipRecipe(
    **(_SYNTH | {"validate_every": 1_000}),  # a thousand clips, each read twice
    corpus="base",
    speakers=36,  # all 320 people of training are among them for some word; 24 more cost 20 core minutes and 3 GB
    check_speakers=2,
    steps=5_000,  # at 0.7 s of a core each, an hour: every clip nine times, no two times alike
    batch=32,
    learning_rate=2e-3,  # a trial on 50 words learned steadily at it
    warmup=200,
)

"""Every number of EgoASD's trainings, free of torch.

Source: MUTUD, "Audiovisual Active Speaker Detection (AV-ASD)", which follows Huh et al. 2025, "Advancing active speaker
detection for egocentric videos" (not to be read here: what MUTUD does not say is chosen). The encoders are those of
SyncNet (Chung and Zisserman 2016, "Out of time: automated lip sync in the wild"), VGG-M on either side.

Contents: `EgoasdRecipe`, `PAPER`, `SYNTH`.
"""

from dataclasses import dataclass

from avbench.training.recipe import TrainingRecipe


@dataclass(frozen=True, kw_only=True)
class EgoasdRecipe(TrainingRecipe):
    """Sizes and objectives of the detector.

    Args:
        audio_widths: channels of the six convolutions on MFCC windows; the last is D, features of a step.
        video_widths: channels of the convolution over space and time and of five over space; the last is D too.
        side: pixels that a face is brought to.
        colours: 3, or 1 for grey.
        hidden: features of the LSTM.
        hears: False leaves out the sound and the pooling of both sides.
        noise: chance that a training segment gets one noise.
        snr: range in dB at which it is added.
        flip: chance of left for right.
        turn: largest angle in degrees.
        blur: chance of a motion blur.
        blur_most: its longest way, as a share of the picture's side.
        check_tracks: validation tracks that are judged.
    """

    audio_widths: tuple[int, ...] = (64, 192, 384, 256, 256, 512)  # SyncNet: 4,875,712 parameters
    video_widths: tuple[int, ...] = (96, 256, 256, 256, 256, 512)  # SyncNet: 7,177,920 parameters
    side: int = 224  # SyncNet
    colours: int = 3  # SyncNet
    hidden: int = 512  # not stated, chosen equal to D
    hears: bool = True
    noise: float = 0.8  # EasyCom is noisy as it is; the embedded conversations are not
    snr: tuple[float, float] = (-5.0, 20.0)  # likewise
    flip: float = 0.5  # MUTUD: horizontal flipping, its chance not stated
    turn: float = 15.0  # MUTUD
    blur: float = 0.3  # MUTUD: motion blur, its chance not stated
    blur_most: float = 0.1  # MUTUD: kernels of 10 to 100 pixels, the size of the faces not stated
    check_tracks: int = 8


PAPER = EgoasdRecipe(
    name="paper",
    corpus="easycom",  # MUTUD, whose net was trained on VoxCeleb2 before
    learning_rate=5e-5,  # MUTUD prints "5^-5", with SGD; AdamW is used here as for all systems
    weight_decay=5e-4,  # MUTUD prints "5^-4"
    warmup=1_000,  # not stated
    steps=50_000,  # not stated
    batch=16,  # not stated
    seconds=4.0,  # not stated
    noise=0.0,  # nothing is said of noise added to EasyCom's
    check_tracks=48,  # of 5 s: as much as the eight embedded ones of 30 s
)
SYNTH = EgoasdRecipe(
    name="synth",
    corpus="small",
    learning_rate=1e-3,
    warmup=150,
    steps=3_000,  # chosen for about an hour of one CPU thread
    batch=8,
    seconds=3.0,  # most turns of the conversations begin or end within as much
    audio_widths=(16, 48, 96, 64, 64, 128),  # a quarter of SyncNet's
    video_widths=(16, 64, 64, 64, 64, 128),  # likewise, and fewer where pictures are large
    side=112,  # as the tracks are drawn
    colours=1,
    hidden=128,
    precision="bf16-mixed",
)

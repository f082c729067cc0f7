"""A batch is a pure function of the step; the mixture is what the recipe says."""

import numpy as np
import pytest
import torch

from avbench.seeds import Draw
from avbench.training.batches import MixtureRecipe, Mixtures, NoiseTracks


class Toy:
    """Four clips whose level and whose mouth's grey level both count the frames."""

    def __len__(self):
        return 4

    def frames(self, index):
        return 30 + 20 * index

    def audio(self, index):
        return np.repeat(100 * (1 + np.arange(self.frames(index))), 640).astype(np.int16)

    def mouth(self, index):
        counted = np.arange(self.frames(index), dtype=np.uint8)[:, None, None]
        return np.broadcast_to(counted, (self.frames(index), 88, 88))

    def visemes(self, index):
        return np.arange(self.frames(index)) % 23


NOISE = NoiseTracks([Draw("noise", k).normals(16000 * (1 + k)).astype(np.float32) for k in range(6)], 32000)
RECIPE = MixtureRecipe(seconds=2.0, batch=6)


def test_pure_in_the_step_and_paired_over_ranks():
    one = Mixtures(Toy(), NOISE, RECIPE, seed="s", video=True)
    again = Mixtures(Toy(), NOISE, RECIPE, seed="s", video=True)
    a, b, c = one.batch(7), again.batch(7), one.batch(8)
    assert all(torch.equal(a[k], b[k]) for k in a) and not torch.equal(a["noisy"], c["noisy"])
    halves = [one.batch(7, rank, 2)["noisy"] for rank in (0, 1)]
    assert torch.equal(torch.stack(halves, 1).flatten(0, 1), a["noisy"])
    without = Mixtures(Toy(), NOISE, RECIPE, seed="s", video=False).batch(7)
    assert torch.equal(without["noisy"], a["noisy"]) and "mouth" not in without


def test_shapes_snr_and_peak():
    batch = Mixtures(Toy(), NOISE, RECIPE, seed="s", video=True).batch(0)
    assert batch["noisy"].shape == (6, 32000) and batch["mouth"].shape == (6, 50, 88, 88)
    assert batch["mouth"].dtype == torch.uint8 and batch["noisy"].abs().max() <= 0.99 + 1e-6
    noise = (batch["noisy"] - batch["clean"]).double()
    snr = 10 * torch.log10(batch["clean"].double().square().mean(1) / noise.square().mean(1))
    assert torch.allclose(snr.float(), batch["snr"], atol=0.01)
    assert (batch["snr"] >= -15).all() and (batch["snr"] < 10).all()


def test_pictures_are_short_pieces_that_match_their_visemes():
    batches = Mixtures(Toy(), NOISE, RECIPE, seed="s", video=True)
    one, other = batches.pictures(-3), batches.pictures(-2)
    assert one["mouth"].shape == (30, 10, 88, 88) and one["mouth"].dtype == torch.uint8  # 6 x 50 frames, as a batch
    assert torch.equal(one["mouth"][:, :, 0, 0].long() % 23, one["viseme"])
    assert not torch.equal(one["viseme"], other["viseme"])
    halves = [batches.pictures(-3, rank, 2)["viseme"] for rank in (0, 1)]
    assert torch.equal(torch.stack(halves, 1).flatten(0, 1), one["viseme"])


def test_without_augmentation_video_and_audio_stay_in_step():
    plain = Mixtures(Toy(), NOISE, RECIPE, seed="s", video=True, augment=False)
    for step in range(3):
        batch = plain.batch(step)
        first = batch["mouth"][:, 0, 0, 0].long()
        assert torch.equal(batch["mouth"][:, :, 0, 0].long(), first[:, None] + torch.arange(50))
        assert torch.equal(batch["viseme"], batch["mouth"][:, :, 0, 0].long() % 23)
        heard = batch["clean"][:, ::640] / batch["clean"][:, :1] * (first[:, None] + 1)
        assert torch.allclose(heard, first[:, None] + 1.0 + torch.arange(50), rtol=1e-4)


def test_no_clip_is_long_enough():
    with pytest.raises(ValueError, match=r"no clip of the corpus lasts 9\.0 s"):
        Mixtures(Toy(), NOISE, MixtureRecipe(seconds=9.0), seed="s", video=False)


def test_noise_tracks_loop_and_have_unit_rms():
    cut = NOISE.cut(0, Draw("cut"), 32000)
    assert len(cut) == 32000 and np.sqrt(np.mean(cut**2)) == pytest.approx(1.0, abs=1e-5)

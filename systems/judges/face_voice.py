"""The matcher `synth-face-voice`: faces and voices in one space, near each other where they belong together.

Source: the symmetric contrastive objective of Radford et al. 2021 (pseudocode in their Fig. 3); Nagrani et al. 2018
first matched faces and voices. Each side names what couples them in the embedded corpus (shape of the face; pitch and
length of the vocal tract within gender; gender and age), and embeddings are made of these few numbers alone. Contrast
moves only what makes them: let through to the encoders, it learned by heart which skin goes with which voice, and what
was right for unseen people fell while the loss did. Half of the batches hold one gender only, so that gender is not all
that is learned.

Most training people lie beyond the corpus' 400: names like s512 give faces and voices by the same rules. None of them
is a validation or test speaker.

Conventions: as in `seeing` and `hearing`; embeddings are `[D]` of length 1, and their inner product is the score.

Contents: `FaceVoiceNet`, `SynthFaceVoice`, `train_face_voice`, `match_share`.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.seeds import Draw, seed_of
from avbench.signal.audio import resample
from avbench.signal.landmarks import COUNT
from avbench.training.loop import Batch
from avbench.types import Audio, Video

from ..nn.course import Course, train_course
from .couples import Couples, make_couples
from .faces import POINT_SPREAD, mean_points
from .hearing import BANDS, RATE, HearingBlock, LogMel, TimeConv
from .recipe import FaceVoiceRecipe
from .seeing import FaceTrunk, to_square
from .speech import pad_waves
from .spoilt_faces import FaceSpoil, spoil_faces

EMBEDDING = 64
PLACES = 20  # features of each of 8 × 8 places
FRAMES = 8  # of a video, evenly spread, are looked at
SHORTEST = 0.2  # seconds
SPOIL = FaceSpoil(shift=4.0, turn=0.08, zoom=0.03, colour=0.1, blur=1.5, noise=10.0)


class FaceVoiceNet(nn.Module):
    """Both encoders.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: FaceVoiceRecipe):
        super().__init__()
        self.trunk = FaceTrunk(recipe.widths)
        self.places = nn.Sequential(nn.ReLU(), nn.Conv2d(recipe.widths[2], PLACES, 1))
        self.look = nn.Sequential(nn.Linear(64 * PLACES, 96), nn.GELU())
        self.points, self.face_traits, self.face = nn.Linear(96, 2 * COUNT), nn.Linear(96, 10), _maker(10)
        width = recipe.voice_width
        self.mel = LogMel()
        self.first = TimeConv(2 * BANDS, width, 3)
        self.blocks = nn.ModuleList(HearingBlock(width, 5, d, 0.1) for d in (1, 2, 3))
        self.listen = nn.Sequential(nn.Linear(2 * width, 96), nn.GELU())
        self.voice_traits, self.voice = nn.Linear(96, 4), _maker(4)
        self.sharpness = nn.Parameter(torch.tensor(2.0))

    def forward(self, pictures: Tensor | None, wave: Tensor | None, length: Tensor | None):
        """Embeddings and traits of either side, None where nothing is given.

        Args:
            pictures: `[B, V, 3, 128, 128]`: V views of each face.
            wave: `[B, T]`.
            length: `[B]` samples.
        """
        face = None if pictures is None else self.see(pictures)
        voice = None if wave is None else self.hear(wave, length)
        return face, voice, self.sharpness.exp()

    def see(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`[B, 64]` of length 1, `[B, 10]`, and the points of each view `[B, V, 136]`."""
        count, views = pictures.shape[:2]
        x = self.look(self.places(self.trunk(pictures.flatten(0, 1))[2]).flatten(1)).unflatten(0, (count, views))
        traits = self.face_traits(x).float().mean(1)
        return F.normalize(self.face(traits.detach()).float(), dim=-1), traits, self.points(x).float()

    def hear(self, wave: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """`[B, 64]` of length 1, and `[B, 4]`."""
        features, mask = self.mel(wave, length)
        steps = features.shape[1] // 2
        mask = mask[:, 1 : 2 * steps : 2]
        x = self.first(features[:, : 2 * steps].reshape(len(wave), steps, 2 * BANDS)) * mask[..., None]
        for block in self.blocks:
            x = block(x, mask)
        count = mask.sum(1)[:, None].clamp_min(1)
        mean = x.float().sum(1) / count
        spread = (((x.float() - mean[:, None]) * mask[..., None]).square().sum(1) / count + 1e-5).sqrt()
        traits = self.voice_traits(self.listen(torch.cat([mean, spread], -1))).float()
        return F.normalize(self.voice(traits.detach()).float(), dim=-1), traits


def _maker(traits: int) -> nn.Module:
    """Traits to an embedding."""
    return nn.Sequential(nn.Linear(traits, EMBEDDING), nn.GELU(), nn.Linear(EMBEDDING, EMBEDDING))


class SynthFaceVoice:
    """The judge: people of the embedded corpus only.

    Args:
        net: in evaluation mode.
        device: where it is.
    """

    def __init__(self, net: FaceVoiceNet, device: str):
        self.net, self.device = net, device

    def embed_face(self, video: Video) -> np.ndarray:
        """`[64]` float64 of length 1: of up to eight of its frames together.

        Raises:
            ValueError: no frame, or sides below 32 pixels.
        """
        if not len(video.frames):
            raise ValueError("synth-face-voice takes video of one frame or more")
        at = np.unique(np.linspace(0, len(video.frames) - 1, FRAMES).round().astype(int))
        pictures, _ = to_square(video.frames[at], "synth-face-voice")
        with torch.inference_mode(), exact_arithmetic():
            return _unit(self.net.see(pictures[None].to(self.device))[0][0])

    def embed_voice(self, audio: Audio) -> np.ndarray:
        """`[64]` float64 of length 1.

        Args:
            audio: finite, of any rate, a fifth of a second or more.

        Raises:
            ValueError: too short, or samples that are not finite.
        """
        if audio.seconds < SHORTEST or not np.isfinite(audio.samples).all():
            raise ValueError(f"synth-face-voice takes {SHORTEST} s or more of finite samples")
        batch = {name: value.to(self.device) for name, value in pad_waves([resample(audio, RATE).samples]).items()}
        with torch.inference_mode(), exact_arithmetic():
            return _unit(self.net.hear(batch["wave"], batch["length"])[0][0])


def _unit(embedding: Tensor) -> np.ndarray:
    found = embedding.double().cpu().numpy()
    return found / np.linalg.norm(found)


def train_face_voice(recipe: FaceVoiceRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    torch.manual_seed(recipe.seed)
    announce = options.get("announce", lambda line: None)
    couples = make_couples("train", recipe.speakers, recipe.clips, recipe.frames, recipe.corpus, announce)
    check = make_couples("validation", recipe.check_speakers, 2, 4, recipe.corpus, announce)

    def batch_of(step: int, rank: int, world: int) -> Batch:
        return batch_at(couples, recipe, (recipe.seed, step, rank), recipe.batch // world)

    def objective(model: nn.Module, batch: Batch, step: int):
        face, voice, sharpness = model(batch["pictures"], batch["wave"], batch["length"])
        scores = sharpness.clamp_max(50.0) * face[0] @ voice[0].T
        own = torch.arange(len(scores), device=scores.device)
        contrast = (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2
        shape, sound = F.mse_loss(face[1], batch["face_traits"]), F.mse_loss(voice[1], batch["voice_traits"])
        points = F.mse_loss(face[2], batch["points"])
        values = {"contrast": contrast.detach(), "face": shape.detach(), "voice": sound.detach()}
        return contrast + shape + sound + points, values | {"points": points.detach()}

    def validate(model: nn.Module, step: int) -> dict[str, float]:
        return match_share(model, check, options.get("device", "cpu"))

    data = f"{len(couples)} training speakers, {recipe.clips} clips and {recipe.clips * recipe.frames} faces of each"
    fingerprint = f"{recipe.speakers} speakers, {recipe.clips} clips, {recipe.frames} frames"
    course = Course("synth-face-voice", FaceVoiceNet(recipe), objective, batch_of, validate, fingerprint, data)
    return train_course(course, recipe, **options)


def batch_at(couples: Couples, recipe: FaceVoiceRecipe, seed: tuple, count: int) -> Batch:
    """Different people, of one gender in half of the batches: two views of each and a piece of one clip."""
    names = ["face-voice", *map(str, seed)]
    draw, torch_draw = Draw(*names), torch.Generator().manual_seed(seed_of(*names) >> 1)
    gender = draw.integer(4)
    pool = [k for k in range(len(couples)) if gender > 1 or couples.male[k] == gender]
    people = draw.sample(pool, min(count, len(pool)))
    views = np.array([[k * couples.views + draw.integer(couples.views) for _ in range(recipe.views)] for k in people])
    pictures, points = couples.faces.pictures[views.ravel()], couples.faces.points[views.ravel()]
    spoilt = spoil_faces(pictures, points, SPOIL, torch_draw)
    placed = (spoilt.points - torch.from_numpy(mean_points())).flatten(1) / POINT_SPREAD
    heard = pad_waves([couples.piece(k, recipe.seconds, draw) for k in people])
    return heard | {
        "pictures": spoilt.pictures.unflatten(0, views.shape), "points": placed.unflatten(0, views.shape),
        "face_traits": torch.from_numpy(couples.face_traits[people]),
        "voice_traits": torch.from_numpy(couples.voice_traits[people]),
    }  # fmt: skip


@torch.no_grad()
def match_share(model: FaceVoiceNet, couples: Couples, device: str) -> dict[str, float]:
    """How often, over all pairs of people, a face's own voice is nearer to it than another's, and the other way round.

    `match_same` is over pairs of equal gender, where one half is chance; `match_all` over all pairs.
    """
    faces = couples.faces.pictures.reshape(len(couples), couples.views, *couples.faces.pictures.shape[1:])
    seen, heard = [], []
    for k in range(len(couples)):
        pictures = torch.from_numpy(faces[k]).permute(0, 3, 1, 2).float()
        seen.append(model.see(pictures[None].to(device))[0][0])
        batch = pad_waves([couples.voices[k][0].astype(np.float32) / 32768])
        heard.append(model.hear(batch["wave"].to(device), batch["length"].to(device))[0][0])
    scores = (torch.stack(seen) @ torch.stack(heard).T).cpu()
    own = scores.diag()
    right = ((own[:, None] > scores).float() + (own[None] > scores).float()) / 2
    other = ~torch.eye(len(couples), dtype=torch.bool)
    male = torch.from_numpy(couples.male.astype(int))
    same = other & (male[:, None] == male[None])
    return {"match_all": float(right[other].mean()), "match_same": float(right[same].mean())}

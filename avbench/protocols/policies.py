"""How each paper mixes speech with noise, in training and in its tests: one place, for batches and for plans alike.

What a paper does not say is marked here with "assumed". A paper's own noises stand in `collection`; `noise` is what
`open_noise` takes for them, or None for a collection that nobody can get; `stand_in` is what takes their place with the
embedded corpus, and a score made with it is no reproduction of the paper's.

Contents: `Mixing`, `Policy`, `POLICIES`, `get_policy`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import UnknownName
from ..seeds import Draw
from .rules import OFFICIAL_SNR, RULES, Rule


@dataclass(frozen=True)
class Mixing:
    """How many noises are added in training, and at which SNR.

    Args:
        least: noises in one mixture.
        most: noises in one mixture; every number from `least` on is as likely.
        low: of the SNR, dB.
        high: of the SNR, dB.
        step: dB between SNRs that are all as likely; None for any number in between, uniformly.
    """

    least: int
    most: int
    low: float
    high: float
    step: float | None = None

    @property
    def levels(self) -> tuple[float, ...] | None:
        """The SNRs that occur; None where any between `low` and `high` does."""
        if self.step is None:
            return None
        return tuple(self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1))

    def draw(self, draw: Draw) -> tuple[int, float]:
        """How many noises, and the SNR in dB, of one mixture."""
        count = draw.integer(self.least, self.most + 1)
        levels = self.levels
        return count, draw.uniform(self.low, self.high) if levels is None else draw.choice(levels)


@dataclass(frozen=True)
class Policy:
    """The noises of one paper.

    Args:
        name: as typed.
        source: where the paper says it.
        collection: the paper's noises, in words.
        noise: name for `open_noise`; None where the collection cannot be had.
        stand_in: embedded noises in the same role, for training and for tests.
        training: how training mixes.
        tests: the rule of each test by the name of its plan.
        snr: of the tests, dB.
        families: of the tests' noises, where the paper names them.
        assumed: what the paper leaves open, and what is done about it.
    """

    name: str
    source: str
    collection: str
    noise: str | None
    stand_in: tuple[str, str]
    training: Mixing
    tests: Mapping[str, Rule]
    snr: tuple[float, ...]
    families: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default_factory=tuple)


MUTUD = Policy(
    name="mutud",
    source="Hong et al., MUTUD, section IV-B: up to 5 noises, -15 to 10 dB; 3-BN and 5-BN at 5, 0, -5, -10, -15 dB",
    collection="noises of the DNS Challenge 2021 (Reddy et al.)",
    noise="dns-noise",
    stand_in=("synth-noise/train", "synth-noise"),
    training=Mixing(1, 5, -15.0, 10.0),
    tests={"3-bn": RULES["3-bn"], "5-bn": RULES["5-bn"]},
    snr=OFFICIAL_SNR,
    assumed=(
        "1 to 5 noises are as likely, and the SNR is uniform",
        "noises of one mixture have equal levels, and the SNR is that of their sum",
        "training and test noises are parted by recording (dns-noise/train, dns-noise/test)",
    ),
)

MUTUD_AVSR = Policy(
    name="mutud-avsr",
    source="Hong et al., MUTUD, section on speech recognition: DEMAND at -15 to 15 dB; tests at 5, 0, -5, -10, -15 dB",
    collection="DEMAND (Thiemann et al.)",
    noise="demand",
    stand_in=("synth-noise/train", "synth-noise"),
    training=Mixing(1, 1, -15.0, 15.0),
    tests={"1-bn": Rule(noises=1)},
    snr=OFFICIAL_SNR,
    assumed=(
        "one environment in each mixture, and a uniform SNR",
        "channel 1; the paper does not part environments into training and test",
    ),
)

TALKING_FACE_NOISES = ("babble", "cafeteria", "motorcycle", "speech-shaped", "factory")
TALKING_FACE_TEST = Rule(protocol="each-noise", noises=1, per_speaker=None, clips=1000, noise="synth-noise/unseen")
TALKING_FACE = Policy(
    name="noisy-talking-face",
    source="Eskimez et al., noise-resilient talking face, section 4: 138 kinds, -6 to 30 dB by 3; "
    "tests with five unseen noises at -10 to 30 dB by 1",
    collection="138 non-stationary noises of the Sound Ideas library, which is sold",
    noise=None,
    stand_in=("synth-noise/train", "synth-noise/unseen"),
    training=Mixing(1, 1, -6.0, 30.0, step=3.0),
    tests={"each-noise": TALKING_FACE_TEST},
    snr=tuple(float(level) for level in range(-10, 31)),
    families=TALKING_FACE_NOISES,
    assumed=(
        "the SNR is that of mean powers over the whole clip, as in the authors' earlier code",
        "where the five test noises come from is not said",
    ),
)

POLICIES: dict[str, Policy] = {policy.name: policy for policy in (MUTUD, MUTUD_AVSR, TALKING_FACE)}


def get_policy(name: str) -> Policy:
    """The policy of that name. Raises `UnknownName`."""
    if name not in POLICIES:
        raise UnknownName("noise policy", name, POLICIES)
    return POLICIES[name]

"""The rules by which plans choose clips and noises, and where the official plans are.

The official plans were drawn once (`python -m avbench.protocols.official`); afterwards the files are what counts.

Contents: `Rule`, `RULES`, `OFFICIAL_SNR`, `PLANS`, `draw_plan`, `load_plan`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import MissingResource, UnknownName, UsageError
from ..signal.audio import check_readable
from .additive_noise import AdditiveNoise
from .protocol import Plan

PLANS = Path(__file__).with_name("plans")
OFFICIAL_SNR = (-15.0, -10.0, -5.0, 0.0, 5.0)
TASK = "avse@1"


@dataclass(frozen=True)
class Rule:
    """How a plan chooses its clips and noises.

    Args:
        noises: k.
        per_speaker: the first so many clips of every speaker; None for all. A clip without a speaker counts as one.
        speakers: only so many speakers, evenly spread over the data set's order; None for all.
        noise: the noises of the official plan.
    """

    noises: int = 3
    per_speaker: int | None = 1
    speakers: int | None = None
    noise: str = "synth-noise"


RULES = {
    "3-bn": Rule(),
    "5-bn": Rule(noises=5),
    "3-bn-full": Rule(per_speaker=None),
    "3-bn-unseen": Rule(noise="synth-noise/unseen"),
    "tiny": Rule(speakers=12),
}
"""The rule of every official plan; over other data than its own, a plan of that name is drawn by the same rule."""


def draw_plan(
    name: str,
    dataset: Dataset,
    noise: NoiseSet,
    *,
    rule: Rule | None = None,
    snr: Iterable[float | str] = OFFICIAL_SNR,
    task: str = TASK,
) -> Plan:
    """Draw a plan; the same arguments give the same plan.

    Args:
        name: of the plan, `[a-z0-9._-]+`; if no rule is given, that of an official plan.
        dataset: where clips come from.
        noise: where noises come from.
        rule: how clips and noises are chosen.
        snr: the SNR list it is meant for.
        task: id of the task it is for.

    Raises:
        UnknownName: no rule of that name.
        UsageError: too few kinds of noise, or no clip.
        BadFile, MissingResource: a clip or a noise cannot be had.
    """
    if rule is None:
        if name not in RULES:
            raise UnknownName("plan", name, RULES)
        rule = RULES[name]
    clips = _clips(dataset, rule)
    if not clips:
        raise UsageError(f"{dataset.name} has no clip to draw a plan over.")
    return AdditiveNoise().draw(name, dataset, noise, clips=clips, noises=rule.noises, task=task, snr=snr)


def _clips(dataset: Dataset, rule: Rule) -> list[str]:
    """The first clips of the speakers, then their second ones, and so on."""
    from ..data.synth.corpus import SynthDataset
    from ..data.synth.spec import speaker_of

    by_speaker: dict[str, list[str]] = {}
    for clip_id in dataset.ids:
        # The embedded corpus would make every clip only to say who speaks, which its id says already.
        speaker = speaker_of(clip_id) if isinstance(dataset, SynthDataset) else dataset.clip(clip_id).speaker
        by_speaker.setdefault(speaker or f"clip {clip_id}", []).append(clip_id)
    speakers = list(by_speaker)
    if rule.speakers is not None and rule.speakers < len(speakers):
        speakers = [speakers[i * len(speakers) // rule.speakers] for i in range(rule.speakers)]
    most = rule.per_speaker or max(map(len, by_speaker.values()), default=0)
    return [by_speaker[s][k] for k in range(most) for s in speakers if k < len(by_speaker[s])]


def load_plan(name: str | Path) -> Plan:
    """An official plan by name, or a plan file.

    Raises:
        UnknownName: neither.
        BadFile: not a plan.
        MissingResource: the file cannot be read.
    """
    if name in RULES:
        path = PLANS / f"{name}.jsonl"
        if not path.is_file():
            raise MissingResource(f"This copy of avbench lacks the official plan {name}: install it again.")
    else:
        path = Path(name)
        if path.suffix != ".jsonl" and not path.exists():
            raise UnknownName("plan", str(name), RULES)
        check_readable(path)
    return Plan.parse(path.read_bytes(), str(name))

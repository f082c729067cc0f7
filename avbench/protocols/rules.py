"""The rules by which plans choose clips and noises, and where the official plans are.

The official plans were drawn once (`python -m avbench.protocols.official`); afterwards the files are what counts. Over
a real corpus the same rules draw the plans of the papers' sizes (`Rule.over`); `records` keeps their hashes.

Contents: `Rule`, `RULES`, `AVSE_PLANS`, `OFFICIAL_SNR`, `PLANS`, `draw_plan`, `clips_of`,
`is_committed`, `load_plan`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import MissingResource, UnknownName, UsageError
from ..seeds import seed_of
from ..signal.audio import check_readable
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
        noise: the noises of the official plan; None for a plan without noise.
        clips: at most so many clips, the first of all speakers before their second ones; None for all.
        protocol: by which they are drawn.
        order: of the clips that `clips` counts: `"speakers"` in turn, `"dataset"` (its own), `"hash"` of their names.
        dataset: of the official plan.
        task: that the plan is for.
        snr: that the plan is for; empty without noise.
        options: for the protocol's `draw`.
        corpora: what the paper's own plan is drawn over: corpora that users bring, as `open_dataset` calls them.
        real: what of this rule is otherwise over these; all clips, unless it says how many.
    """

    noises: int = 3
    per_speaker: int | None = 1
    speakers: int | None = None
    noise: str | None = "synth-noise"
    clips: int | None = None
    protocol: str = "additive-noise"
    order: str = "speakers"
    dataset: str = "avbench-synth"
    task: str = TASK
    snr: tuple[float | str, ...] = OFFICIAL_SNR
    options: Mapping[str, Any] = field(default_factory=dict)
    corpora: tuple[str, ...] = ()
    real: Mapping[str, Any] = field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        """Its plan is over the embedded corpus and so committed; others are drawn over what the user has."""
        return self.dataset.startswith("avbench-synth")

    def over(self, dataset: Dataset) -> "Rule":
        """The rule over this data set: of what users bring every clip is taken, or as many as the paper has.

        What it says of clips and speakers is meant for the embedded corpus.
        """
        if dataset.name.startswith("avbench-synth"):
            return self
        return replace(self, **{"per_speaker": None, "speakers": None, "clips": None, **self.real})


AVSE_PLANS = ("3-bn", "5-bn", "3-bn-full", "3-bn-unseen", "tiny")
EVERY_DB = tuple(float(level) for level in range(-10, 31))
EVERY_5_DB = EVERY_DB[::5]
_WORDS = Rule(
    protocol="clean", noises=0, noise=None, snr=(), task="word-recognition@1", dataset="avbench-synth/words",
    per_speaker=None, clips=1000, order="dataset", corpora=("lrw", "lrw-1000"),
)  # fmt: skip
_TALKING = Rule(
    protocol="visual", noises=1, noise="synth-noise/unseen", snr=EVERY_5_DB, task="talking-face@1",
    dataset="avbench-synth/words", corpora=("lrw", "grid"), real={"clips": 1000, "order": "hash"},
)  # fmt: skip
_COMMANDS = replace(_TALKING, dataset="avbench-synth/commands", per_speaker=10)
_GUIDED = Rule(
    protocol="guided", noises=0, noise=None, snr=(), per_speaker=None, task="image-translation@1",
    dataset="avbench-synth/faces+avbench-synth/voices", options={"source": "face", "kind": "translation"},
    corpora=("celeba-hq+vctk",),
)  # fmt: skip
_COUPLES = {"dataset": "avbench-synth/couples", "corpora": ("grid", "lrs3+lip2wav")}
_CONVERSION = {"task": "voice-conversion@1", "options": {"source": "voice", "kind": "conversion"}}


def _paired(content: str, identity: str) -> Rule:
    return replace(
        _WORDS, protocol="paired", clips=250, task=f"{content}-to-{identity}@1", corpora=("lrw",),
        options={"content": content, "identity": identity}, real={"clips": 1000, "order": "hash"},
    )  # fmt: skip


def _preference(rule: Rule) -> Rule:
    return replace(rule, options={**rule.options, "kind": "preference"}, per_speaker=None)


RULES: dict[str, Rule] = {
    "3-bn": Rule(),
    "5-bn": Rule(noises=5),
    "3-bn-full": Rule(per_speaker=None),
    "3-bn-unseen": Rule(noise="synth-noise/unseen"),
    "tiny": Rule(speakers=12),
    "recorded": Rule(
        protocol="recorded", noises=0, noise=None, snr=(), task="avse-recorded@1", dataset="dns-eval",
        per_speaker=None, order="dataset", corpora=("dns-eval", "voicebank-demand"),
    ),
    "avsr": Rule(noises=1, per_speaker=4, task="avsr@1", corpora=("lrs3",)),
    "asd": Rule(
        protocol="conversation", noises=1, noise="synth-noise/unseen", snr=(-5.0, 0.0, 5.0, 10.0, "clean"),
        task="asd@1", dataset="avbench-synth/conversations", options={"families": ("cafeteria",)},
        corpora=("easycom/conversations",), real={"noise": None, "snr": ()},
    ),
    "words": _WORDS,
    "face-to-face": _paired("face", "face"),
    "voice-to-face": _paired("voice", "face"),
    "voice-to-voice": _paired("voice", "voice"),
    "face-to-voice": _paired("face", "voice"),
    "talking-face": _TALKING,
    "talking-face-41": replace(_TALKING, snr=EVERY_DB),
    "talking-face-commands": _COMMANDS,
    "talking-face-commands-41": replace(_COMMANDS, snr=EVERY_DB),
    "image-translation": replace(_GUIDED, per_speaker=5, real={"per_speaker": None}),
    "image-translation-couples": replace(_GUIDED, per_speaker=2, **_COUPLES),
    "image-translation-cpr": _preference(_GUIDED),
    "image-translation-couples-cpr": _preference(replace(_GUIDED, **_COUPLES)),
    "voice-conversion": replace(_GUIDED, **_CONVERSION),
    "voice-conversion-couples": replace(_GUIDED, **_CONVERSION, **_COUPLES),
    "voice-conversion-cpr": _preference(replace(_GUIDED, **_CONVERSION)),
    "voice-conversion-couples-cpr": _preference(replace(_GUIDED, **_CONVERSION, **_COUPLES)),
}  # fmt: skip
"""The rule of every official plan; over other data than its own, a plan of that name is drawn by the same rule."""


def draw_plan(
    name: str,
    dataset: Dataset,
    noise: NoiseSet | None,
    *,
    rule: Rule | None = None,
    snr: Iterable[float | str] | None = None,
    task: str | None = None,
) -> Plan:
    """Draw a plan; the same arguments give the same plan.

    Args:
        name: of the plan, `[a-z0-9._-]+`; if no rule is given, that of an official plan.
        dataset: where clips come from.
        noise: where noises come from; None for a plan without noise.
        rule: how clips and noises are chosen.
        snr: the SNR list it is meant for; the rule's unless given.
        task: id of the task it is for; the rule's unless given.

    Raises:
        UnknownName: no rule of that name.
        UsageError: too few kinds of noise, no clip, or none that the protocol can use.
        BadFile, MissingResource: a clip or a noise cannot be had.
    """
    if rule is None:
        if name not in RULES:
            raise UnknownName("plan", name, RULES)
        rule = RULES[name]
    clips = clips_of(dataset, rule)
    if not clips:
        raise UsageError(f"{dataset.name} has no clip to draw a plan over.")
    from . import get_protocol

    protocol = get_protocol(rule.protocol)
    how = {"clips": clips, "noises": rule.noises, "task": rule.task if task is None else task, **rule.options}
    plan = protocol.draw(name, dataset, noise, snr=rule.snr if snr is None else snr, **how)
    if not plan.rows:
        raise UsageError(f"{dataset.name} has no clip that a plan of the protocol {protocol.name} can be drawn over.")
    return plan


def clips_of(dataset: Dataset, rule: Rule) -> list[str]:
    """The first clips of the speakers, then their second ones, and so on; or another order."""
    from .people import person_of

    if rule.order == "hash":
        return sorted(dataset.ids, key=lambda clip: (seed_of("clip of a plan", clip), clip))[: rule.clips]
    if rule.order == "dataset":
        return list(dataset.ids[: rule.clips])
    by_speaker: dict[str, list[str]] = {}
    for clip_id in dataset.ids:
        by_speaker.setdefault(person_of(dataset, clip_id) or f"clip {clip_id}", []).append(clip_id)
    speakers = list(by_speaker)
    if rule.speakers is not None and rule.speakers < len(speakers):
        speakers = [speakers[i * len(speakers) // rule.speakers] for i in range(rule.speakers)]
    most = rule.per_speaker or max(map(len, by_speaker.values()), default=0)
    return [by_speaker[s][k] for k in range(most) for s in speakers if k < len(by_speaker[s])][: rule.clips]


def is_committed(name: str, sha256: str) -> bool:
    """The official plan of this name is shipped, and has this hash."""
    return name in RULES and RULES[name].embedded and load_plan(name).sha256 == sha256


def load_plan(name: str | Path) -> Plan:
    """An official plan by name, or a plan file.

    Raises:
        UnknownName: neither.
        BadFile: not a plan.
        MissingResource: the file cannot be read, or the plan is one that is drawn over what the user has.
    """
    if name in RULES:
        if not RULES[name].embedded:
            raise MissingResource(
                f"The plan {name} is over {RULES[name].dataset} and not shipped: `avbench plan draw {name} --dataset "
                f"{RULES[name].dataset}` writes it, and then name the file."
            )
        path = PLANS / f"{name}.jsonl"
        if not path.is_file():
            raise MissingResource(f"This copy of avbench lacks the official plan {name}: install it again.")
    else:
        path = Path(name)
        if path.suffix != ".jsonl" and not path.exists():
            raise UnknownName("plan", str(name), RULES)
        check_readable(path)
    return Plan.parse(path.read_bytes(), str(name))

"""Is this machine fit to judge: what is installed, which judges have weights, does it give the golden scores?

Green means that nothing which is here disagrees. What is absent is listed with the way to get it, and is no fault.

Contents: `examine`, `Report`, `Extra`, `Sighting`.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from .. import __version__
from ..errors import AvbenchError, BadFile
from ..metrics import METRICS, PersistentPool
from ..metrics.golden import Replay, replay
from .provenance import machine

TIMEOUT = 600.0


@dataclass(frozen=True)
class Extra:
    """The packages of one extra.

    Args:
        name: of the extra, or `core`.
        packages: version by name; None where it is not installed.
        unfit: `"pesq 0.0.3 (==0.0.4 is needed)"` for each that is of another version than avbench asks for.
    """

    name: str
    packages: dict[str, str | None]
    unfit: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [name for name, version in self.packages.items() if version is None]

    @property
    def remedy(self) -> str:
        """How to complete it; empty where nothing is missing or unfit."""
        if not self.missing and not self.unfit:
            return ""
        return "pip install avbench" if self.name == "core" else f"pip install 'avbench[{self.name}]'"


@dataclass(frozen=True)
class Sighting:
    """A judge, and where its weights are.

    Args:
        name: of the judge.
        status: `here`; `absent`; `wrong` where a file is not what its name says.
        identity: name and digest, or None.
        files: paths of its weights; empty for a judge without files of its own.
        licence: of the weights.
        reason: a sentence where it is not here: how to get it.
    """

    name: str
    status: str
    identity: str | None
    files: tuple[str, ...]
    licence: str
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What was found."""

    machine: dict[str, Any]
    extras: list[Extra]
    judges: list[Sighting]
    golden: list[Replay]

    @property
    def green(self) -> bool:
        """Nothing that is here disagrees."""
        return not self.faults

    @property
    def faults(self) -> list[str]:
        """A sentence for everything that disagrees."""
        wrong = [one.reason for one in self.judges if one.status == "wrong"]
        return wrong + [one.reason for one in self.golden if one.status == "differs"]

    def document(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "avbench": __version__,
            "green": self.green,
            "faults": self.faults,
            "machine": self.machine,
            "extras": [
                {"name": e.name, "packages": e.packages, "unfit": list(e.unfit), "remedy": e.remedy}
                for e in self.extras
            ],
            "judges": [{**asdict(one), "files": list(one.files)} for one in self.judges],
            "golden": [asdict(one) for one in self.golden],
        }


def examine(tell: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """Look at this machine.

    Args:
        tell: called with how many metrics have been replayed, and how many there are.
    """
    return Report(machine(), extras(), judges(), golden(list(METRICS), tell))


def extras() -> list[Extra]:
    """Installed versions of what avbench asks for, by extra; `core` comes first."""
    from packaging.requirements import Requirement

    groups: dict[str, dict[str, str | None]] = {"core": {}}
    unfit: dict[str, list[str]] = {"core": []}
    for text in metadata.requires("avbench") or ():
        need = Requirement(text)
        name = _extra_of(need)
        if need.marker is not None and not need.marker.evaluate({"extra": name}):
            continue  # for another platform or version of Python
        group = "core" if not name else name
        version = _version(need.name)
        groups.setdefault(group, {})[need.name] = version
        if version is not None and not need.specifier.contains(version, prereleases=True):
            unfit.setdefault(group, []).append(f"{need.name} {version} ({need.specifier} is needed)")
    return [Extra(name, packages, tuple(unfit.get(name, ()))) for name, packages in groups.items()]


def _extra_of(need: Any) -> str:
    """The extra that a requirement belongs to; empty for none."""
    names = metadata.metadata("avbench").get_all("Provides-Extra") or []
    if need.marker is None or need.marker.evaluate({"extra": ""}):
        return ""
    return next((name for name in names if need.marker.evaluate({"extra": name})), "")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def judges() -> list[Sighting]:
    """Every judge that is known here, with its weights or the way to get them. Nothing is loaded."""
    from ..judges import list_judges

    return [_sighting(name) for name in list_judges()]


def _sighting(name: str) -> Sighting:
    from ..judges import get_judge

    licence = ""
    try:
        judge = get_judge(name)
        licence = judge.licence
        files = tuple(dict.fromkeys(str(path) for path in judge.files().values()))
        return Sighting(name, "here", judge.identity(), files, licence)
    except BadFile as error:
        return Sighting(name, "wrong", None, (), licence, str(error))
    except AvbenchError as error:
        return Sighting(name, "absent", None, (), licence, str(error))


def golden(names: Sequence[str], tell: Callable[[int, int], None]) -> list[Replay]:
    """Replay metrics in a process that may die without taking this one along."""
    found: dict[int, Replay] = {}
    with PersistentPool(1, timeout=TIMEOUT) as pool:
        for outcome in pool.run(_replayed, [(name,) for name in names]):
            name = names[outcome.index]
            fault = outcome.fault
            found[outcome.index] = outcome.value or Replay(
                name, "differs", None, None, f"{name} gives no number here: {fault.reason}"
            )
            tell(len(found), len(names))
    return [found[i] for i in range(len(names))]


def _replayed(name: str) -> Replay:
    """One metric, as a job that other processes can import."""
    return replay([name])[0]

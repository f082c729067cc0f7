"""Where and with what a run was made: never part of its identity, always kept beside it.

Contents: `machine`, `packages`, `commit`, `session`.
"""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from ..processors import usable_processors

PACKAGES = ("numpy", "scipy", "numba", "torch", "soundfile", "soxr", "av", "pesq", "espeakng-loader", "safetensors")


def machine() -> dict[str, Any]:
    """What this machine is: system, processor, cores, memory, GPU where torch is loaded already."""
    facts: dict[str, Any] = {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": usable_processors(),
        "memory_bytes": _memory(),
    }
    torch = sys.modules.get("torch")  # not worth an import of its own
    if torch is not None and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
    return facts


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def packages() -> dict[str, str]:
    """Versions of the packages that may move a score; a package that is not installed is left out."""
    versions = {"avbench": __version__}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def commit() -> dict[str, Any] | None:
    """The commit of the source tree that avbench runs from, or None where it is installed without one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=10)
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if head.returncode or dirty.returncode:
        return None
    return {"commit": head.stdout.strip(), "changed": bool(dirty.stdout.strip())}


def session(**facts: Any) -> dict[str, Any]:
    """One attempt at a run: the facts given, then machine, packages and commit."""
    return {**facts, "machine": machine(), "packages": packages(), "source": commit()}

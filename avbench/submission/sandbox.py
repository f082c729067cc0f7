"""The sandbox: what submitted code can see and do, as a bubblewrap command.

    network    none, not even the loopback of this machine
    files      read-only: the system's libraries, this Python, avbench without data and plans, the submission
               writable: one folder in memory, of limited size, gone with its process
    hidden     everything else: home, /tmp, runs, caches, data sets, the working folder, other processes
    rights     none; no user namespaces, so that none can be had; a few system calls less (`calls`)

What targets are made from is not there: neither the caches nor `avbench.data`, `avbench.protocols`, the systems with
their weights, or the speech synthesiser. That hides the answers of this exam, not the exam: official plans are public,
and a submission may have learnt them by heart. Against that helps a plan that nobody has seen (`avbench plan draw`).

Source: bubblewrap's manual, bwrap(1); version 0.8 or later for --disable-userns and --size.

Contents: `Limits`, `problem`, `shielded`, `HOME`, `PLACE`.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

HOME = Path("/box")
"""The one writable folder."""
PLACE = Path("/submission")
"""Where the submission lies, read-only."""
UNSEEN = ("data", "protocols", "systems", "baselines", "leaderboard", "listening")
MAKERS = ("espeakng_loader",)  # packages that targets are made with
USR = ("bin", "sbin", "lib", "lib32", "lib64")
LOADER = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")


@dataclass(frozen=True)
class Limits:
    """What a submission may take; one of these for each condition of the exam, since each sits in a box of its own.

    Args:
        seconds: for one trial.
        loading: seconds to make the system ready.
        memory: bytes, of all its processes together.
        processes: at a time.
        disk: bytes in its writable folder, which is memory too.
    """

    seconds: float = 60.0
    loading: float = 300.0
    memory: int = 4 << 30
    processes: int = 64
    disk: int = 256 << 20


@lru_cache(maxsize=1)
def problem() -> str | None:
    """Why there is no sandbox here, as half a sentence; None where there is one."""
    if shutil.which("bwrap") is None:
        return "bubblewrap (bwrap) is not installed"
    with tempfile.TemporaryDirectory() as folder:
        command = shielded([sys.executable, "-I", "-S", "-c", ""], Path(folder), Limits(), ())
        try:
            done = subprocess.run(command, env=environment(HOME), capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap cannot be started ({type(error).__name__})"
    if done.returncode == 0:
        return None
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return f"bubblewrap refuses to work here ({said[-1][:200] if said else f'exit code {done.returncode}'})"


def shielded(inner: Sequence[str], submission: Path, limits: Limits, secret: Iterable[Path], filters: int = -1) -> list:
    """The command that runs `inner` in the sandbox.

    Args:
        inner: a command; what it runs must be visible there.
        submission: folder that appears as `PLACE`.
        limits: `disk` is kept here, the others by whoever runs the command.
        secret: folders to be hidden should they lie below a visible one.
        filters: file descriptor of a filter of system calls, see `calls`; -1 for none.
    """
    words: list[str] = [
        "bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534",
        "--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "box",
    ]  # fmt: skip
    seen = visible()
    for path in seen:
        words += ["--ro-bind", str(path), str(path)]
    for name in USR:
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]  # noqa: PTH115
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for name in LOADER:
        words += ["--ro-bind-try", name, name]
    for path in _hidden(seen, secret):
        words += ["--tmpfs", str(path), "--remount-ro", str(path)]
    words += ["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
    words += ["--size", str(1 << 16), "--tmpfs", "/dev/shm", "--remount-ro", "/dev/shm", "--remount-ro", "/dev"]
    words += ["--ro-bind", str(submission), str(PLACE)]
    words += ["--perms", "0700", "--size", str(limits.disk), "--tmpfs", str(HOME), "--chdir", str(HOME)]
    words += ["--remount-ro", "/"]
    if filters >= 0:
        words += ["--seccomp", str(filters)]
    return [*words, "--", *inner]


def environment(home: Path) -> dict[str, str]:
    """All that the process inside gets to know of ours: how many threads it may use, and the language of texts."""
    kept = {name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")}
    names = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR")
    return {
        **kept,
        **dict.fromkeys(names, str(home)),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@lru_cache(maxsize=1)
def visible() -> tuple[Path, ...]:
    """Folders that are needed to run Python and avbench, none below another."""
    import avbench

    wanted = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), Path(sys.base_exec_prefix)]
    link = Path(sys.executable)
    while link.is_symlink():  # a venv's python leads to another one, maybe by way of a third
        link = Path(os.path.normpath(link.parent / link.readlink()))
        wanted.append(link.parents[1])
    wanted += [Path(sysconfig.get_paths()[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    wanted += [Path(p) for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    wanted.append(Path(avbench.__file__).parent)
    here = [path for path in dict.fromkeys(wanted) if path.is_dir() and len(path.parts) > 1]
    return tuple(p for p in here if not any(p != other and p.is_relative_to(other) for other in here))


def _hidden(seen: Sequence[Path], secret: Iterable[Path]) -> list[Path]:
    """Folders below visible ones that must not be: an empty one is laid over each."""
    import avbench

    package = Path(avbench.__file__).parent
    known = [*(package / room for room in UNSEEN), *(place for name in MAKERS for place in _folders(name))]
    for path in (*secret, Path.home(), Path.cwd(), Path(tempfile.gettempdir())):
        path = path.absolute()
        below = any(path.is_relative_to(each) for each in seen)
        if below and not any(each.is_relative_to(path) for each in (*seen, package)):
            known.append(path)
    return [path for path in dict.fromkeys(known) if path.is_dir()]


def _folders(package: str) -> list[Path]:
    found = importlib.util.find_spec(package)
    return [Path(place) for place in (found.submodule_search_locations or ())] if found else []

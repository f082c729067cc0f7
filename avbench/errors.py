"""Errors, and the exit code each one becomes on the command line.

    AvbenchError                 2   one line: what is wrong, what to do
    ├── UsageError               2   a wrong argument, name or combination
    │   └── UnknownName          2   with the nearest valid names
    ├── MissingResource          2   a missing package, library, file, right or space
    ├── BadFile                  2   a file that is there but cannot be used
    ├── VerificationFailed       1   a gate or a verification said no
    └── IncompleteRun            3   a run that holds errors of the machine

    Unscorable                       why one trial has no number under one metric
    ├── EstimateFault                fault of the system: the trial scores the floor
    ├── ReferenceFault               fault of the reference: void for every system alike
    ├── MachineFault                 fault of the machine: retried on resume
    └── NotApplicable                a judge is absent; the text says how to get it

Messages are for people: a full sentence on one line, naming the thing and the remedy.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class AvbenchError(Exception):
    """Anything that ends a command with one line and an exit code."""

    exit_code = 2


class UsageError(AvbenchError):
    """A wrong argument, name or combination of arguments."""


class UnknownName(UsageError):
    """A name that no registry holds.

    Args:
        kind: what was looked for, e.g. `"system"`.
        name: what was given.
        known: every valid name; the nearest ones are shown.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        known = sorted(known)
        near = get_close_matches(name, known, n=3, cutoff=0.5) or known[:8]
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"There is no {kind} called {name!r}.{hint}")
        self.kind, self.name, self.near = kind, name, near
        self._given = kind, name, known

    def __reduce__(self):
        """From one process to another."""
        return UnknownName, self._given


class MissingResource(AvbenchError):
    """Something this machine lacks: a package, a library, a right, space."""


class BadFile(AvbenchError):
    """A file that is there but cannot be used."""


class VerificationFailed(AvbenchError):
    """A gate or a verification said no."""

    exit_code = 1


class IncompleteRun(AvbenchError):
    """A run that still holds errors of the machine; running it again retries them."""

    exit_code = 3


class Unscorable(Exception):
    """Why one trial has no number under one metric.

    `status` is the word that stands in the record; see DESIGN promise 1.
    """

    status = "failed"

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class EstimateFault(Unscorable):
    """Fault of the system: silent, NaN, empty, wrong length or rate, crash. Scores the floor."""

    status = "failed"


class ReferenceFault(Unscorable):
    """Fault of the reference: the trial is void for every system alike."""

    status = "void"


class MachineFault(Unscorable):
    """Fault of the machine: memory, disk, kill. Retried when the run is resumed."""

    status = "error"


class NotApplicable(Unscorable):
    """The metric cannot be had here (a judge is absent); the reason says how to get it."""

    status = "not-applicable"

"""avbench: an evaluation suite for systems that listen to, look at, or produce talking people.

The command line and this package offer the same verbs with the same parameter names::

    import avbench
    runs = avbench.run(system="mutud", task="avse", snr="-15:5")

Importing `avbench` is cheap: every verb is loaded when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_VERBS = {
    "apply": "avbench.evaluation.apply",
    "check": "avbench.evaluation.check",
    "compare": "avbench.evaluation.compare",
    "load_runs": "avbench.evaluation.loaded",
    "measure": "avbench.evaluation.measure",
    "profile": "avbench.efficiency.profile",
    "run": "avbench.evaluation.evaluate",
    "score": "avbench.evaluation.rescore",
    "train": "avbench.training.train",
}

__all__ = ["__version__", *_VERBS]


def __getattr__(name):
    """Load a verb when it is first asked for, so that `import avbench` costs nothing."""
    if name in _VERBS:
        return getattr(import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'avbench' has no attribute {name!r}")

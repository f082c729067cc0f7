"""Packages that are not always there.

A heavy or optional package is imported inside the function that uses it, through `need`, so that importing `avbench`
stays cheap and a missing package ends in one sentence that says how to get it.
"""

from importlib import import_module
from types import ModuleType

from .errors import MissingResource


def need(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a package of an extra, or say how to install it.

    Args:
        module: what to import, e.g. `"resemblyzer"`.
        extra: the extra of `avbench` that holds it, e.g. `"voice"`.
        purpose: what it is wanted for, as the object of "needs … for".

    Raises:
        MissingResource: the package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingResource(
            f"avbench needs the package {module} for {purpose}: pip install 'avbench[{extra}]'."
        ) from error

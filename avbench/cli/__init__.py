"""The command line: one file per verb, each of which parses, calls one public function and prints.

What goes wrong becomes one line on standard error and an exit code: 0 complete, 1 a gate or a verification said no,
2 usage or environment, 3 an incomplete run, 130 interrupted. `--debug`, anywhere, shows the traceback; without it an
unexpected error leaves its traceback in a log file, whose path the line gives.

Only the verb that is called is imported, and heavy packages only by what it calls.

Contents: `VERBS`, `build`, `main`.
"""

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

import typer

from ..errors import AvbenchError, UnknownName

VERBS = {
    "run": "run",
    "measure": "measure",
    "apply": "apply",
    "show": "show",
    "report": "report",
    "compare": "compare",
    "check": "check",
    "score": "score",
    "profile": "profile",
    "list": "list",
    "data": "data",
    "plan": "plan",
    "train": "train",
    "submit": "submit",
    "leaderboard": "leaderboard",
    "doctor": "doctor",
    "listen": "listen",
}
"""Verb to module. A module has a function called like the verb, or a group of sub-verbs called `app`."""

INTERRUPTED = 130
KEPT = {
    **dict.fromkeys(("run", "submit", "data"), "What was done is kept: the same command goes on from there."),
    "plan": "What was rendered is kept: the same command goes on from there.",
    "train": "What was done is kept: the same command with --resume goes on from there.",
}
ANEW = "The same command begins anew."
# Usage errors of the parser; typer's own copy of click or click itself, whichever this typer is built on.
ParserError = typer.BadParameter.__mro__[2]


def build(verbs: Sequence[str] = tuple(VERBS)) -> typer.Typer:
    """The application, with some of its verbs.

    Args:
        verbs: which; their modules are imported.
    """
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Evaluate systems that listen to, look at, or produce talking people.",
    )

    @app.callback()
    def root(
        version: bool = typer.Option(False, "--version", help="Show the version.", is_eager=True, callback=_version),
        debug: bool = typer.Option(False, "--debug", help="Show tracebacks."),
    ) -> None:
        """Evaluate systems that listen to, look at, or produce talking people."""

    for verb in verbs:
        module = import_module(f"{__name__}.{VERBS[verb]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=verb)
        else:
            app.command(name=verb)(getattr(module, verb if verb != "list" else "list_names"))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        sys.stdout.write(f"avbench {__version__}\n")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what was typed after `avbench`; the process's own unless given.

    Returns:
        The exit code.
    """
    words = [*(sys.argv[1:] if arguments is None else arguments)]  # `list` is a verb's module here
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ± shows a question mark, not a traceback
    verb = next((word for word in words if not word.startswith("-")), None)
    try:
        if verb is not None and verb not in VERBS:
            raise UnknownName("command", verb, VERBS)
        code = build([verb] if verb else tuple(VERBS))(words, prog_name="avbench", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # the parser has caught the KeyboardInterrupt itself
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        # Whoever read our output has read enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BaseException as error:
        if debug and not isinstance(error, SystemExit | typer.Exit):
            traceback.print_exc()
        return _report(error, KEPT.get(verb, ANEW))


def _report(error: BaseException, kept: str) -> int:
    """Say in one line what happened, and what is `kept` if it was broken off; returns the exit code."""
    match error:
        case typer.Exit():
            return error.exit_code
        case SystemExit(__context__=BrokenPipeError()):  # the printer's way to say that the reader has read enough
            return 0
        case SystemExit():  # neither we nor the parser raise it, so what we called did
            return _say(f"Something that was called, such as the system, ended the program (exit {error.code}).", 2)
        case AvbenchError():
            return _say(str(error), error.exit_code)
        case KeyboardInterrupt() | typer.Abort():
            return _say(f"Interrupted. {kept}", INTERRUPTED)
        case MemoryError():
            return _say(f"Memory ran out. {kept}", 3)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return _say(f"The disk is full ({error.filename or 'no file named'}): make room and run again.", 2)
        case OSError(errno=errno.EROFS | errno.EACCES):
            return _say(f"{error.filename or 'A file'} may not be written: choose another folder with --out.", 2)
        case ParserError():
            return _say(" ".join(error.format_message().split()).rstrip(".") + ". Try --help.", 2)
        case _:
            return _say(_log(error), 2)


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"avbench: {text}\n")
    return code


def _log(error: BaseException) -> str:
    """Keep the traceback of an error that nobody foresaw; returns the sentence that says where."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    try:
        with tempfile.NamedTemporaryFile("w", prefix="avbench-", suffix=".log", delete=False) as file:
            traceback.print_exception(error, file=file)
        return f"Unexpected error: {text} (traceback in {Path(file.name)}; --debug shows it)"
    except OSError:
        return f"Unexpected error: {text} (--debug shows the traceback)"

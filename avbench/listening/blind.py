"""What a blind test is on disk, and the key that opens it.

    DIR/test.json      what raters see: consent, questions, answers, files; the rule by which raters count; no system
    DIR/media/         sound, pictures and films under opaque names
    DIR/votes.sqlite   what raters answered; made by the server, see `ballot`
    DIR.key.json       beside the folder and not in it: whose answer each trial shows, and which answer is right

The folder can be carried to where the raters are, and the key stays at home. `test.json` is the last file to be
written, so that a folder that has it is whole. Its hash stands in the key and among the votes: a question, a file or a
rule that was changed after the first vote is found out.

Conventions: ids are 16 hex digits, drawn by `avbench.seeds` from the runs and the trial; who has only the folder sees
no order in them. An answer is a short word: `left`, `right`, `same`, or `1` to `5`.

Contents: `KINDS`, `BlindTest`, `open_test`, `key_path`, `open_key`, `write_test`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import BadFile, UsageError
from ..evaluation.identity import digest_of
from ..evaluation.record import read_json, write_json
from ..signal.files import file_digest

FORMAT = 1
KINDS = {
    "cpr": "two faces and one voice: which face belongs to the voice?",
    "mos": "one answer: how good is it, from 1 to 5?",
    "ab": "two answers to one question: which is better?",
}


@dataclass(frozen=True)
class BlindTest:
    """A test as raters see it.

    Args:
        folder: where it is.
        data: what `test.json` says.
    """

    folder: Path
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Of `KINDS`."""
        return self.data["kind"]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that raters are shown and told, and of the rule by which they count."""
        return digest_of(dict(self.data))

    @cached_property
    def trials(self) -> Mapping[str, Mapping[str, Any]]:
        """Every page, checks of attention among them, by id."""
        return {trial["id"]: trial for trial in self.data["trials"]}

    @property
    def checks(self) -> Sequence[str]:
        """Ids of the trials that check attention."""
        return self.data["checks"]

    @property
    def rule(self) -> Mapping[str, Any]:
        """`{"least_checks", "failed_share"}`: which raters count."""
        return self.data["rule"]

    @property
    def votes(self) -> Path:
        """The file of the votes."""
        return self.folder / "votes.sqlite"

    def answers(self, trial: str) -> list[str]:
        """What can be answered to a trial."""
        return [answer["value"] for answer in self.trials[trial]["answers"]]


def open_test(folder: str | Path) -> BlindTest:
    """A test that was built.

    Raises:
        UsageError: there is none in this folder.
        BadFile: a damaged one, or one of a later avbench.
    """
    path = Path(folder) / "test.json"
    if not path.is_file():
        raise UsageError(f"There is no test in {folder}: make one with `avbench listen build RUN… --out {folder}`.")
    data = read_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise BadFile(f"{path} is no test that this avbench can read: build it again.")
    test = BlindTest(Path(folder), data)
    for name, mark in data["media"].items():
        if file_digest(test.folder / "media" / name) != mark:
            raise BadFile(f"{test.folder}/media/{name} is not the file that the test was built with: build it again.")
    return test


def key_path(folder: str | Path) -> Path:
    """Where the key of a test lies unless it was put elsewhere."""
    folder = Path(folder).resolve()
    return folder.with_name(f"{folder.name}.key.json")


def open_key(test: BlindTest, path: Path | None = None) -> dict[str, Any]:
    """The key of a test.

    Args:
        test: whose.
        path: where it is; beside the folder unless given.

    Raises:
        UsageError: no key there, or that of another test.
    """
    path = path or key_path(test.folder)
    if not path.is_file():
        raise UsageError(f"The key of {test.folder} is not at {path}: say where it is with --key.")
    key = read_json(path)
    if not isinstance(key, dict) or key.get("test") != test.digest:
        raise UsageError(
            f"{path} is not the key of {test.folder}: it belongs to another test, or one of the two was changed."
        )
    return key


def write_test(folder: Path, data: Mapping[str, Any], key: Mapping[str, Any], where: Path | None = None) -> BlindTest:
    """Write key and test, in this order; the media are there already."""
    test = BlindTest(folder, {"format": FORMAT, **data})
    write_json(where or key_path(folder), {"format": FORMAT, "test": test.digest, **key})
    write_json(folder / "test.json", test.data)
    return test

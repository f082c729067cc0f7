"""Everything that is wrong with a submission, at once; and a folder made into an archive.

Nothing of a submission is run, imported, unpacked or decoded here: names, sizes, the card and the heads of weights tell
enough. Whether code works says `avbench submit score --dry-run`, in the sandbox.

Contents: `Report`, `validate`, `pack`, `sound_submission`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..errors import AvbenchError, BadFile, UsageError
from .archive import Listing, look, write
from .card import CARD, SubmissionCard, missing_packages, read_card
from .contents import files_of_code, files_of_outputs

LARGEST_CARD = 64 << 10


@dataclass(frozen=True)
class Report:
    """What is to be said of a submission.

    Args:
        path: of the archive or folder.
        errors: why it is refused, a sentence each; none where it may be scored.
        notes: what its maker should know.
        card: where it has no fault.
        listing: the files.
    """

    path: Path
    errors: tuple[str, ...]
    notes: tuple[str, ...]
    card: SubmissionCard | None
    listing: Listing | None

    @property
    def kind(self) -> str | None:
        """`code` or `outputs`; None where the card does not say."""
        return None if self.card is None else "outputs" if self.card.entry is None else "code"

    def document(self) -> dict:
        """The same as JSON."""
        files = self.listing.entries if self.listing else {}
        return {
            "submission": str(self.path), "ok": not self.errors, "kind": self.kind,
            "name": self.card and self.card.name, "files": len(files),
            "bytes": sum(entry.size for entry in files.values()), "errors": list(self.errors),
            "notes": list(self.notes),
        }  # fmt: skip


def validate(submission: str | Path) -> Report:
    """Look at an archive, or at the folder that is to become one.

    Nothing in it is believed, and none of it is run.

    Args:
        submission: its path.

    Returns:
        Every error at once, a sentence each.
    """
    path = Path(submission)
    try:
        listing = look(path)
    except BadFile as error:
        return Report(path, (str(error),), (), None, None)
    errors, notes, card = [*listing.faults], [], None
    if CARD not in listing.entries:
        errors.append(f"There is no {CARD} at the top: `avbench submit new DIR` writes one.")
    elif listing.entries[CARD].size > LARGEST_CARD:
        errors.append(f"{CARD} has more than {LARGEST_CARD >> 10} KiB.")
    else:
        try:
            card, faults = read_card(listing.read(CARD, LARGEST_CARD + 1))
            errors += faults
        except BadFile as error:
            errors.append(str(error))
    errors += _files(listing, card)
    if card is not None:
        notes += missing_packages(card)
    return Report(path, tuple(dict.fromkeys(errors)), tuple(notes), card, listing)


def _files(listing: Listing, card: SubmissionCard | None) -> list[str]:
    try:
        if card is not None and card.entry is None:
            return files_of_outputs(listing, card)
        if card is None and any(name.startswith("outputs/") for name in listing.entries):
            return []  # which files are wanted only the card could say
        return files_of_code(listing, card)
    except AvbenchError as error:  # such as an SNR where the task has no noise
        return [str(error)]


def pack(folder: str | Path, out: str | Path | None = None) -> Path:
    """Make a folder into an archive; hidden files, caches and tests are left out. Equal files give equal bytes.

    Args:
        folder: with a card.
        out: the archive; `<name>.zip` here unless given.

    Raises:
        UsageError: it is no folder.
        BadFile: it has faults; the first of them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder} to pack.")
    report = sound_submission(folder)
    out = Path(f"{report.card.name}.zip") if out is None else Path(out)
    if out.suffix != ".zip":
        raise UsageError(f"An archive is a .zip file, not {out}.")
    write(report.listing, out)
    return out


def sound_submission(submission: str | Path) -> Report:
    """`validate`, where faults are an end.

    Raises:
        BadFile: it has some; the first is told, and how many more.
    """
    report = validate(submission)
    if report.errors:
        more = len(report.errors) - 1
        rest = f" (and {more} more: `avbench submit validate {submission}` lists them)" if more else ""
        raise BadFile(f"{submission} is refused: {report.errors[0].rstrip('.')}{rest}.")
    return report


def digest_of(folder: Path, listing: Listing) -> str:
    """SHA-256 over names and contents of unpacked files, whatever archive they came in."""
    digest = hashlib.sha256()
    for name in sorted(listing.entries):
        with (folder / name).open("rb") as file:
            digest.update(name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()

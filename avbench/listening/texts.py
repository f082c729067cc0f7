"""What raters are told and asked, word for word; all of it stands in the test's hash.

The five words are those of ITU-T P.800, annex B. Whoever needs another consent text, as an ethics board may, gives a
file of paragraphs; another question, likewise, is a word on the command line.

Contents: `CONSENT`, `QUESTIONS`, `ANSWERS`, `consent_of`.
"""

from pathlib import Path

from ..errors import BadFile, UsageError

CONSENT = (
    "You are asked to judge {pages} short pages with sounds, pictures or films. Some were recorded, some were made or "
    "changed by computer programs: faces and voices may be synthetic.",
    "Taking part is voluntary. You may stop at any page and go on later, or never, and need not say why.",
    "Only your answers are kept, under a random code. You are not asked for your name or anything else about you, and "
    "nobody can tell from the answers who gave them, so they cannot be taken out again later.",
    "Some pages check attention: they say so, and what they ask is easy. The answers of whoever fails too many of them "
    "are left out.",
    "Please use headphones, in a quiet place, at a level that is comfortable and stays as it is.",
)

QUESTIONS = {
    ("cpr", "audio"): "Which of the two faces belongs to the voice?",
    ("cpr", "video"): "Which of the two faces belongs to the voice?",
    ("mos", "audio"): "How good does this sound?",
    ("mos", "video"): "How good does this look?",
    ("ab", "audio"): "Which of the two sounds better?",
    ("ab", "video"): "Which of the two looks better?",
}

ANSWERS = {
    "cpr": (("left", "Left"), ("right", "Right")),
    "mos": (("5", "Excellent"), ("4", "Good"), ("3", "Fair"), ("2", "Poor"), ("1", "Bad")),
    "ab": (("left", "A"), ("same", "No difference"), ("right", "B")),
}
"""Value and label, in the order in which they are shown."""


def consent_of(path: Path | None, pages: int) -> list[str]:
    """Paragraphs of the consent text.

    Args:
        path: a text file whose paragraphs have empty lines between them; the text above unless given.
        pages: how many the test has.

    Raises:
        UsageError, BadFile: the file is not there, empty, or no text.
    """
    if path is None:
        return [paragraph.format(pages=pages) for paragraph in CONSENT]
    if not path.is_file():
        raise UsageError(f"There is no consent text {path}.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text: {error}.") from error
    found = [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]
    if not found:
        raise UsageError(f"The consent text {path} is empty.")
    return found

r"""Templates into pages: escaping, the policy that a page carries, and a folder that appears whole.

Names come from other people. Jinja2 escapes every value in a page; JSON for the script stands in a script element that
is not executed, with `<`, `>` and `&` as `\u003c` and so on, so no value can close it. Each page names the scripts and
styles that may run in a Content-Security-Policy, by hash or as files beside it: what slipped through would not run.

Conventions: equal data give equal bytes; no page says when it was made.

Contents: `GENERATOR`, `Pages`, `json_for_page`, `script_file`, `slug`, `fresh_folder`.
"""

import base64
import errno
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import UsageError
from ...evaluation.conditions import shown
from ...signal.files import refusal

HERE = Path(__file__).parent
GENERATOR = f"avbench {__version__}"
MARK = '<meta name="generator" content="avbench '
OURS = frozenset({"index.html", "assets", "media", "data", "run", "system", "task", "compare"})
REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
_CLOSERS = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def json_for_page(value: Any) -> str:
    r"""JSON that may stand in a script element; refuses NaN and infinity.

    Example:
        >>> json_for_page("</script>")
        '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_CLOSERS)


def script_file(name: str, value: Any) -> str:
    """A script that hands a document to the page: a file opened from a disk may load scripts, but not read JSON."""
    return f"avbench.give({json_for_page(name)},{json_for_page(value)});\n"


def slug(name: str) -> str:
    """A name as a file name: readable, of `[a-z0-9._-]`, and different for different names.

    Example:
        >>> slug("mutud/scratch")
        'mutud--scratch'
        >>> slug("Mutud") == slug("mutud")
        False
    """
    plain = re.sub(r"[^a-z0-9._-]", "-", name.replace("/", "--"))[:80].strip(".-") or "x"
    if plain == name.replace("/", "--") and "--" not in name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


class Pages:
    """Makes pages of templates.

    Args:
        inline: style and script stand in every page, which then needs no other file; else in `assets/`.
    """

    def __init__(self, inline: bool):
        self.inline = inline

    @cached_property
    def _environment(self):
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"shown": shown, "json": _json_filter, "slug": slug, "count": count_of}
        return environment

    @cached_property
    def assets(self) -> dict[str, str]:
        """Style and script, by file name."""
        return {path.name: path.read_text(encoding="utf-8") for path in sorted((HERE / "static").iterdir())}

    def page(self, template: str, root: str = "", **values: Any) -> str:
        """One page.

        Args:
            template: its file.
            root: from the page to the folder of `assets`, e.g. `"../"`.
            values: what the template shows.
        """
        from markupsafe import Markup

        assets = {name: Markup(text) for name, text in self.assets.items()}
        return self._environment.get_template(template).render(
            inline=self.inline,
            assets=assets,
            policy=self._policy,
            root=root,
            generator=GENERATOR,
            **values,
        )

    @cached_property
    def _policy(self) -> str:
        """The page's own files, and inline what has these hashes."""
        first = _hash(self.assets["theme.js"])
        own = "'self' file:"
        if self.inline:
            scripts, styles = f"{first} {_hash(self.assets['site.js'])}", _hash(self.assets["site.css"])
        else:
            scripts, styles = f"{first} {own}", own
        media = f"img-src {own} data:; media-src {own}"
        return f"default-src 'none'; script-src {scripts}; style-src {styles}; {media}; base-uri 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json_filter(value: Any):
    from markupsafe import Markup

    return Markup(json_for_page(value))


def count_of(number: int, one: str, many: str | None = None) -> str:
    """`1 trial`, `2,000 trials`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """A folder that takes the name `out` only if the block ends well, in place of pages that stood there before.

    Raises:
        UsageError: there is something else than pages of ours.
        MissingResource: disk full, no right to write.
    """
    out = Path(out)
    _refuse_foreign(out)
    aside = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.resolve().parent))
        made = aside / "pages"
        made.mkdir()
        yield made
        if out.exists():
            out.rename(aside / "old")
        made.rename(out)
    except OSError as error:
        if error.errno not in REFUSED:  # of something else than writing here
            raise
        raise refusal(error, out) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file, and pages need a folder: choose another one.")
    names = {path.name for path in out.iterdir()}
    index = out / "index.html"
    ours = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")[:2000]
    if names and not (ours and names <= OURS):
        raise UsageError(f"{out} holds other files than pages of avbench: choose another folder.")

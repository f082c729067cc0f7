"""The embedded corpus written as a corpus that people know: same folders, same names, same kinds of files.

For trying out adapters, loaders and whole experiments before the corpus itself is at hand. What is inside stays
synthetic, and every film, sound and picture says so in its metadata.

Contents: `LAYOUTS`, `find_layout`, `MARKER`, `OWN_LICENCE`, `is_export`. One file per corpus; `write` does the work.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UnknownName

if TYPE_CHECKING:
    from .layout import Layout

LAYOUTS = {
    "grid": ("grid", "GRID"),
    "lrw": ("lrw", "LRW"),
    "lrs3": ("lrs3", "LRS3"),
    "vctk": ("vctk", "VCTK"),
    "celeba-hq": ("celeba_hq", "CELEBA_MASK_HQ"),
    "celeba-hq/stargan-v2": ("celeba_hq", "STARGAN_V2"),
}
"""Name of a layout, the module of this folder that has it, and its name there."""

OWN_LICENCE = "Apache-2.0 (the embedded corpus, exported)"

MARKER = "avbench-export.json"
"""File in an exported folder that says what it is."""


def is_export(root: Path) -> bool:
    """Whether a folder holds an export, so that whatever is measured on it is synthetic."""
    return (root / MARKER).is_file()


def find_layout(name: str) -> "Layout":
    """A layout by its name.

    Raises:
        UnknownName: no such layout.
    """
    if name not in LAYOUTS:
        raise UnknownName("layout", name, LAYOUTS)
    module, own = LAYOUTS[name]
    return getattr(import_module(f".{module}", __package__), own)

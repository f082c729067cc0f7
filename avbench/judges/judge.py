"""What a judge is: a frozen pretrained model that a metric needs.

A judge is a row: what it is called, where it comes from, which files it is made of, how they become an object that
answers. The object is an adapter with one or two methods (see the adapter's own file).

Contents: `Judge`, `Load`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MissingResource
from .assets import Asset, find, identity_of

Load = Callable[[Mapping[str, Path], str], Any]
"""`(files, device) -> adapter`; `files` are paths by the name of the asset."""


@dataclass(frozen=True)
class Judge:
    """A pretrained model by name.

    Args:
        name: as typed, and as it stands in results.
        title: one line for people.
        source: paper, and whose weights.
        licence: of the weights.
        assets: the files it needs; the first is the one that a user's single path stands for. Empty where the weights
            are code or the adapter finds them itself.
        extra: the extra of avbench that holds its packages, or None where it needs none.
        load: makes the adapter; imports heavy packages itself.
        instead: other complete sets of files with the same content, tried in order where `assets` are not here.
        resolve: turns what the user gives into a path, e.g. a model-zoo name; it never downloads. None: it is a path.
        fetch: `(name, folder) -> path`: downloads, when asked to, what `resolve` then finds under that name. None: what
            can be downloaded are the assets.
    """

    name: str
    title: str
    source: str
    licence: str
    assets: tuple[Asset, ...]
    extra: str | None
    load: Load
    instead: tuple[tuple[Asset, ...], ...] = ()
    resolve: Callable[[str], Path] | None = None
    fetch: Callable[[str, Path | str], Path] | None = None

    def files(self, path: Path | str | None = None) -> dict[str, Path]:
        """Where its files are, by the name of the asset.

        Args:
            path: a folder that holds them, or a file that stands for the first asset (the others are then looked for
                in the usual places); None looks for all of them in the usual places.

        Raises:
            MissingResource: one is nowhere; the sentence says how to get it.
            BadFile: a known one is not what its name says.
        """
        if path is not None and self.resolve is not None:
            path = self.resolve(str(path))
        path = None if path is None else Path(path)
        refused = None
        stands_for_first = path is not None and not path.is_dir()
        for assets in (self.assets, *(() if stands_for_first else self.instead)):
            try:
                return self._files_of(assets, path)
            except MissingResource as error:
                refused = refused or error
        raise refused

    def _files_of(self, assets: tuple[Asset, ...], path: Path | None) -> dict[str, Path]:
        if path is None or (path.is_dir() and len(assets) > 1):
            return {asset.name: self._find_either(asset, path) for asset in assets}
        first, *others = assets
        return {first.name: find(first, path, self.name)} | {a.name: find(a, None, self.name) for a in others}

    def _find_either(self, asset: Asset, folder: Path | None) -> Path:
        """In the folder given; what another package ships need not lie in it."""
        if folder is not None and asset.package is not None:
            try:
                return find(asset, folder, self.name)
            except MissingResource:
                folder = None
        return find(asset, folder, self.name)

    def identity(self, path: Path | str | None = None) -> str:
        """Name and digest of its files, e.g. `nisqa@7ec4cf93`. Arguments and errors as for `files`."""
        files = self.files(path)
        return f"{self.name}@{identity_of(files)[:8]}" if files else self.name

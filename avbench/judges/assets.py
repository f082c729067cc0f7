"""Weights of judges: where a file is, whether it is the right one, how to get it.

A file is looked for in this order: the path that the user gives; the folder that `AVBENCH_ASSETS` names; the package
that ships it, where one does. Nothing is ever downloaded except by `fetch_asset`, which `avbench doctor --fetch` calls.

Conventions: an asset is named by its path inside the folder, e.g. `"nisqa/nisqa.tar"`. A digest is SHA-256 in
hexadecimal; that of a folder covers the names and digests of all files in it. Each file is hashed once per process.

Contents: `Asset`, `VARIABLE`, `find`, `digest_of`, `check`, `identity_of`, `fetch_asset`.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from ..errors import BadFile, MissingResource
from ..signal.files import atomic_write

VARIABLE = "AVBENCH_ASSETS"
BLOCK = 1 << 20
PATIENCE = 60.0  # seconds without a byte before a download is given up

_digests: dict[tuple[str, int, int], str] = {}


@dataclass(frozen=True)
class Asset:
    """One file of weights, known by name and digest.

    Args:
        name: path inside the asset folder, with forward slashes.
        sha256: its digest in full, or the first eight or more digits where no more of it is published; None where
            every user has a file of their own.
        bytes: its size, or None.
        licence: of the weights, SPDX identifier or a few words.
        url: where it can be downloaded from, or None where nobody offers it.
        note: where the user gets it, after the words "get it from"; may be empty where `fetch_asset` gets it.
        package: who ships it: `"lpips:weights/v0.1/alex.pth"`, a package and the path in its folder, or None.
    """

    name: str
    sha256: str | None
    bytes: int | None
    licence: str
    url: str | None = None
    note: str = ""
    package: str | None = None

    @property
    def fetchable(self) -> bool:
        """Whether avbench may download it: somebody offers it, and to commercial users too."""
        return self.url is not None and not {"NC", "NonCommercial"} & set(re.split(r"[^A-Za-z]", self.licence))

    @property
    def base(self) -> str:
        """The name without its folder."""
        return self.name.rpartition("/")[2]


def find(asset: Asset, path: Path | str | None = None, judge: str | None = None) -> Path:
    """Where an asset is.

    Args:
        asset: what is wanted.
        path: a file to take instead, whatever its digest; or a folder that holds the asset under its name or the end
            of it, likewise unchecked.
        judge: who wants it; named in the message.

    Raises:
        MissingResource: it is nowhere; the sentence says how to get it.
        BadFile: it is there, and not the file that its name says.
    """
    if path is not None:
        return _given(asset, Path(path))
    folder = os.environ.get(VARIABLE)
    for place in (Path(folder) / asset.name if folder else None, _packaged(asset)):
        if place is not None and place.is_file():
            check(asset, place)
            return place
    whom = f"The judge {judge} has no weights here: {asset.name} is missing" if judge else f"{asset.name} is missing"
    raise MissingResource(f"{whom}. {_remedy(asset, judge)}")


def check(asset: Asset, path: Path) -> None:
    """Refuse a file that is not the asset. Raises `BadFile`."""
    found = digest_of(path)
    if asset.sha256 is not None and not found.startswith(asset.sha256):
        raise BadFile(
            f"{path} is not the file that its name says: its SHA-256 begins with {found[:8]}, and "
            f"{asset.sha256[:8]} is expected. Remove it and get it again."
        )


def digest_of(path: Path | str) -> str:
    """SHA-256 of a file, or of a folder's files and their names; hashed once per process.

    Raises:
        MissingResource: there is no such file.
        BadFile: it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        return identity_of({p.relative_to(path).as_posix(): p for p in inside})
    try:
        facts = path.stat()
        key = (str(path.resolve()), facts.st_size, facts.st_mtime_ns)
        if key not in _digests:
            with path.open("rb") as file:
                _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return _digests[key]
    except FileNotFoundError:
        raise MissingResource(f"There is no file {path}.") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from error


def identity_of(files: Mapping[str, Path]) -> str:
    """One SHA-256 for several files: that of the file itself where there is one only."""
    if len(files) == 1:
        return digest_of(next(iter(files.values())))
    lines = "".join(f"{name} {digest_of(files[name])}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def fetch_asset(asset: Asset, folder: Path | str) -> Path:
    """Download an asset into a folder, verify it, and only then give it its name.

    Args:
        asset: a fetchable one.
        folder: laid out as `AVBENCH_ASSETS`; made where missing.

    Returns:
        The file; one that is already there and right is kept.

    Raises:
        MissingResource: it is not fetchable, the server does not answer, or the disk is full.
        BadFile: what came is not the file.
    """
    target = Path(folder) / asset.name
    if target.is_file():
        check(asset, target)
        return target
    if not asset.fetchable:
        raise MissingResource(f"{asset.name} is not downloaded for you ({asset.licence}). {_by_hand(asset)}")
    hasher = hashlib.sha256()
    try:
        with urlopen(asset.url, timeout=PATIENCE) as answer, atomic_write(target) as file:
            while block := _next_block(answer, asset.url):
                hasher.update(block)
                file.write(block)
            if asset.sha256 is None or not hasher.hexdigest().startswith(asset.sha256):
                raise BadFile(
                    f"What {asset.url} sent is not {asset.name}: its SHA-256 begins with {hasher.hexdigest()[:8]}. "
                    "Try again, or get the file elsewhere."
                )
    except (URLError, TimeoutError) as error:
        if isinstance(error, HTTPError):  # it holds the connection
            error.close()
        raise MissingResource(f"{asset.url} could not be fetched: {getattr(error, 'reason', error)}.") from error
    return target


def _next_block(answer, url: str) -> bytes:
    """Read on; a connection that breaks is not a fault of the disk."""
    try:
        return answer.read(BLOCK)
    except Exception as error:  # http.client raises several unrelated kinds
        raise MissingResource(f"{url} could not be fetched to its end: {error}.") from error


def _given(asset: Asset, path: Path) -> Path:
    if path.is_dir() and asset.name:
        parts = asset.name.split("/")
        for start in range(len(parts)):
            place = path.joinpath(*parts[start:])
            if place.exists():
                return place
        raise MissingResource(f"The folder {path} holds no {asset.base}.")
    if not path.exists():
        raise MissingResource(f"There is no file {path}.")
    return path


def _packaged(asset: Asset) -> Path | None:
    """The file in the folder of an installed package, which is not imported for this."""
    if asset.package is None:
        return None
    module, _, inside = asset.package.partition(":")
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) / inside if places else None


def _remedy(asset: Asset, judge: str | None) -> str:
    if asset.fetchable and judge is not None:
        return f"Run avbench doctor --fetch {judge}, or set {VARIABLE} to the folder that holds {asset.name}."
    return _by_hand(asset)


def _by_hand(asset: Asset) -> str:
    where = f"Get it from {asset.note}" if asset.note else "Get it from whoever offers it"
    return f"{where} and put it there as {asset.name} in the folder that {VARIABLE} names, or give its path."

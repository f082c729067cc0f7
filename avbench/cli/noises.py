"""What `avbench data` does with collections of noises.

Contents: `find`, `prepare_noise_set`, `show_noise_set`.
"""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..data.noises import Collection, CollectionNoise


def find(name: str) -> "Collection | None":
    """The collection that a name like `demand`, `demand/ch05` or `demand:PATH` belongs to; None if to none."""
    from ..data.noises import COLLECTIONS

    return COLLECTIONS.get(name.partition(":")[0].partition("/")[0])


def prepare_noise_set(name: str, path: Path | None, workers: int | None, json: Path | None) -> None:
    """Read a collection, and keep where it lies so that its bare name opens it."""
    from ..data.noises import prepare_noises
    from ..errors import UsageError
    from .terminal import watching

    collection = find(name)
    name, _, given = name.partition(":")
    path = path or (Path(given) if given else None)
    if path is None:
        raise UsageError(f"Say where {name} lies: avbench data prepare {name} PATH. {collection.obtain}")
    with watching() as bars:
        found = prepare_noises(name, path, workers, lambda done, total: bars.advance("files", done, total))
    _show(found, json)


def show_noise_set(name: str, json: Path | None) -> None:
    """Print the card of a collection."""
    from ..data.noises import open_collection

    _show(open_collection(name), json)


def _show(found: "CollectionNoise", json: Path | None) -> None:
    from rich.table import Table

    from ..evaluation.record import hand_out
    from .terminal import printer

    collection = found.collection
    families = Counter(item.family for item in found.items)
    seconds: Counter = Counter()
    for item in found.items:
        seconds[item.family] += item.seconds
    if json is not None:
        card = {
            "noise": found.name, "title": collection.title, "licence": collection.licence,
            "obtain": collection.obtain, "fingerprint": found.fingerprint, "noises": len(found.items),
            "kinds": len({item.kind for item in found.items}), "families": dict(families),
            "hours": sum(seconds.values()) / 3600, "notes": list(found.notes),
        }  # fmt: skip
        hand_out({"noises": [card]}, json)
    console = printer(json)
    lines = (f"{found.name}: {collection.title}.", f"Licence: {collection.licence}", f"Obtain: {collection.obtain}")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    table = Table("family", "noises", "kinds", "minutes")
    for family in families:
        kinds = len({item.kind for item in found.items if item.family == family})
        table.add_row(family, str(families[family]), str(kinds), f"{seconds[family] / 60:.1f}")
    console.print(table)
    for sentence in (f"Fingerprint: {found.fingerprint[:12]}.", *found.notes):
        console.print(sentence, markup=False, soft_wrap=True)

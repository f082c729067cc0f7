"""CelebA-HQ: 30,000 faces of 1024 × 1024 pixels, no sound (Karras et al. 2018).

Two packs are known. CelebAMask-HQ has all pictures in one folder and a mapping to CelebA, whose official partition and
identities hold through it; StarGAN v2's has train and val, each with female and male.

Conventions: the speaker is CelebA's identity, where its list is there; gender is `f` or `m`.

Contents: `CELEBA_HQ`.
"""

from pathlib import Path

from ...errors import AvbenchError
from ..manifest import Entry
from .corpus import Corpus, Survey
from .tree import files, find_root, folders, read_text

PICTURES = 30000
IMAGES = "CelebA-HQ-img"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
ATTRIBUTES = "CelebAMask-HQ-attribute-anno.txt"
PARTITION = "list_eval_partition.txt"
IDENTITIES = "identity_CelebA.txt"
SPLITS = {"0": "train", "1": "validation", "2": "test"}
GENDERS = {"female": "f", "male": "m"}
STARGAN = {"train": "train", "val": "test"}


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "CelebA-HQ",
        f"the folder {IMAGES} (CelebAMask-HQ) or train and val with female and male in them (StarGAN v2)",
        ("CelebAMask-HQ", "celeba_hq", "celeba-hq", "CelebA-HQ"),
        lambda folder: (folder / IMAGES).is_dir() or _is_stargan(folder),
    )
    found = Survey(root)
    if (root / IMAGES).is_dir():
        _mask_pack(found)
    else:
        _stargan_pack(found)
    if len(found.entries) != PICTURES:
        found.missing(f"{len(found.entries)} of {PICTURES} pictures are there.")
    return found


def _is_stargan(folder: Path) -> bool:
    return any(set(GENDERS) & set(folders(folder / part)) for part in STARGAN)


def _mask_pack(found: Survey) -> None:
    rows = _table(found, MAPPING, "without it no picture has a split or a person")
    mapping = {row[0]: row[2] for row in rows[1:] if len(row) >= 3}
    partition = _celeba(found, PARTITION, "so no picture has a split")
    persons = _celeba(found, IDENTITIES, "so nobody knows who is who")
    genders = _genders(_table(found, ATTRIBUTES, "so genders are unknown"))
    for name in files(found.root / IMAGES, ".jpg", ".png"):
        stem = name.rpartition(".")[0]
        if not stem.isdigit():
            found.each("note", "files are not named by a number and are left out", f"{IMAGES}/{name}")
            continue
        origin = mapping.get(str(int(stem)))
        split = SPLITS.get(partition.get(origin, ""))
        if mapping and partition and split is None:
            found.each("missing", "pictures have no line in the mapping or the partition", f"{IMAGES}/{name}")
        found.entries.append(
            Entry(
                id=f"hq-{int(stem):05d}",
                split=split,
                speaker=persons.get(origin),
                picture=f"{IMAGES}/{name}",
                traits={"gender": genders[name]} if name in genders else {},
            )
        )


def _stargan_pack(found: Survey) -> None:
    for part, split in STARGAN.items():
        for gender, letter in GENDERS.items():
            folder = f"{part}/{gender}"
            names = files(found.root / folder, ".jpg", ".png")
            if not names:
                found.missing(f"{folder}/ is absent or empty.", folder)
            found.entries += [
                Entry(
                    id=f"{part}-{gender}-{name.rpartition('.')[0].lower()}",
                    split=split,
                    picture=f"{folder}/{name}",
                    traits={"gender": letter},
                )
                for name in names
            ]


def _table(found: Survey, name: str, lack: str, places: tuple[str, ...] = ("",)) -> list[list[str]]:
    """Blank-separated fields of a text in the root; none, and a note, where it cannot be read."""
    path = next((p for where in places if (p := found.root / where / name).is_file()), None)
    if path is None:
        found.missing(f"{name} is not there, {lack}.", name)
        return []
    try:
        return [line.split() for line in read_text(path).rstrip().splitlines()]
    except AvbenchError as error:
        found.broken(f"{error} It is not used, {lack}.", name)
        return []


def _celeba(found: Survey, name: str, lack: str) -> dict[str, str]:
    """A two-column list of CelebA, in the root, above it, or in CelebA's own folders."""
    rows = _table(found, name, f"put CelebA's list into {found.root}; {lack}", ("", "..", "Eval", "Anno"))
    for number, row in enumerate(rows, start=1):
        if row and len(row) != 2:
            found.each("broken", f"lines of {name} are not the name of a CelebA picture and a number", f"line {number}")
    return dict(row for row in rows if len(row) == 2)


def _genders(rows: list[list[str]]) -> dict[str, str]:
    """From the attribute `Male`: line 1 a count, line 2 names, then a file name and ±1 for each."""
    if len(rows) < 3 or "Male" not in rows[1]:
        return {}
    at = rows[1].index("Male") + 1
    return {row[0]: "m" if row[at] == "1" else "f" for row in rows[2:] if len(row) > at}


CELEBA_HQ = Corpus(
    name="celeba-hq",
    title="CelebA-HQ: 30,000 faces, pictures only",
    obtain="CelebAMask-HQ from its authors' page, with list_eval_partition.txt and identity_CelebA.txt of CelebA; or "
    "StarGAN v2's pack by its download script.",
    licence="non-commercial research only",
    layout="""\
CelebA-HQ-img/0.jpg … 29999.jpg           CelebAMask-HQ; beside it
CelebA-HQ-to-CelebA-mapping.txt           which picture of CelebA each one is
CelebAMask-HQ-attribute-anno.txt          for the gender
list_eval_partition.txt, identity_CelebA.txt   of CelebA: split and person
    or
train/female/000012.jpg, train/male/, val/female/, val/male/     StarGAN v2""",
    splits=(
        "CelebA's official partition through the mapping: 24,183 train, 2,993 validation, 2,824 test. Of StarGAN v2's "
        "pack val is the test split, as its authors use it, and there is no validation split."
    ),
    survey=survey,
    unconfirmed=(
        "format of the attribute file beyond its first two lines",
        "numbering of StarGAN v2's pictures: no person can be told from it",
    ),
)

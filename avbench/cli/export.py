"""`avbench data export`: the embedded corpus in the layout of one that people know.

Contents: `export`.
"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

NAMES = {"synth": "avbench-synth"}


def export(
    name: Annotated[str, Argument(metavar="CORPUS", help="synth, or its control avbench-synth-rho0.")],
    out: Annotated[Path, Argument(metavar="DIR", help="A new folder, or one in which the same was begun.")],
    layout: Annotated[
        str, Option("--as", metavar="LAYOUT", help="grid, lrw, lrs3, vctk, celeba-hq or celeba-hq/stargan-v2.")
    ],
    size: Annotated[str, Option(help="tiny, small or base.")] = "tiny",
    split: Annotated[
        list[str] | None, Option("--split", help="Only train, validation or test (may be repeated); all unless given.")
    ] = None,
    limit: Annotated[int | None, Option(min=1, help="Only the first so many clips of each split.")] = None,
    workers: Annotated[
        int | None, Option(min=1, help="Processes; else as many as processors and clips are worth.")
    ] = None,
    json: Annotated[Path | None, Option(help="File for the result; - for standard output.")] = None,
) -> None:
    """Write the embedded corpus in another corpus' layout on disk, to try adapters and loaders on.

    Example: avbench data export synth --as grid corpora/grid
    """
    from functools import partial

    from ..data.export.write import export as write
    from ..data.synth.parts.names import SPECS
    from ..errors import UnknownName
    from ..evaluation.record import hand_out
    from .terminal import printer, watching

    corpus = NAMES.get(name, name)
    if corpus not in SPECS:
        raise UnknownName("corpus that can be exported", name, [*NAMES, *SPECS])
    with watching() as bars:
        done = write(
            layout,
            out,
            size=size,
            splits=split,
            limit=limit,
            spec=SPECS[corpus],
            workers=workers,
            progress=partial(bars.advance, "clips"),
            say=bars.note,
        )
    if json is not None:
        counts = {"clips": done.clips, "written": done.written, "kept": done.kept, "bytes": done.size}
        hand_out({"out": str(out), "layout": layout, "corpus": done.corpus, **counts}, json)
    said = f"{out}: {done.clips} clips; {done.written} files written ({done.size / 1e6:.1f} MB), {done.kept} kept."
    printer(json).print(
        f"{said} Synthetic, and tagged as such. Next: avbench data prepare {done.corpus} {out}",
        markup=False,
        soft_wrap=True,
    )

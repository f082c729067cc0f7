"""`avbench apply`: use a system on the user's own files."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def apply(
    system: Annotated[str, Option(help="System, see `avbench list systems`.")],
    inputs: Annotated[list[Path], Argument(metavar="IN…", help="Sound files, or video files with sound.")],
    out: Annotated[Path, Option(help="Folder for the answers, called like the inputs, with .wav.")],
    task: Annotated[str, Option(help="Picks the variant that a bare system name means.")] = "avse",
    recipe: Annotated[str | None, Option(help="Whose weights.")] = None,
    weights: Annotated[Path | None, Option(help="A file of weights instead.")] = None,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    stream: Annotated[
        bool, Option("--stream", help="Hop by hop, as live sound comes; says how long hops took.")
    ] = False,
) -> None:
    """Let a system answer sound files: same rate, length and number of channels, as 32-bit float wav."""
    from .terminal import printer, watching

    with watching():
        from ..evaluation import apply as library

        done = library.apply(system, inputs, out, task, recipe, weights, device, stream)
    console = printer()
    for one in done:
        how = f" ({'; '.join(one.conversions)})" if one.conversions else ""
        console.print(f"{one.input} -> {one.output}{how}", markup=False, soft_wrap=True)
        if one.hops is not None:
            console.print(
                f"  {one.hops.hops} hops of {one.hops.hop:g} ms took {one.hops.median:.2f} ms (median), "
                f"{one.hops.p95:.2f} ms (95 of 100), {one.hops.worst:.2f} ms (worst); "
                f"algorithmic latency {one.hops.algorithmic:g} ms",
                markup=False,
                soft_wrap=True,
            )

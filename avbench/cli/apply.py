"""`avbench apply`: use a system on the user's own files."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def apply(
    system: Annotated[str, Option(help="System, see `avbench list systems`.")],
    inputs: Annotated[
        list[Path] | None, Argument(metavar="IN…", help="Sound files, or video files with sound.")
    ] = None,
    *,
    out: Annotated[Path, Option(help="Folder for the answers, called like the inputs.")],
    given: Annotated[
        list[str] | None,
        Option("--in", metavar="NAME=FILE", help="Files that belong together: speech, video, face, voice, image."),
    ] = None,
    task: Annotated[str | None, Option(help="Picks the variant that a bare system name means.")] = None,
    recipe: Annotated[str | None, Option(help="Whose weights.")] = None,
    weights: Annotated[Path | None, Option(help="A file of weights instead.")] = None,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    stream: Annotated[
        bool, Option("--stream", help="Hop by hop, as live sound comes; says how long hops took.")
    ] = False,
) -> None:
    """Let a system answer sound files, as 32-bit float wav, or files by name: speech and a face become a film."""
    from .terminal import printer, watching

    with watching():
        from ..evaluation import apply as library

        done = library.apply(
            system, inputs or (), out=out, given=given or (), task=task, recipe=recipe, weights=weights,
            device=device, stream=stream,
        )  # fmt: skip
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

"""`avbench plan`: draw, verify and render plans."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

app = Typer(no_args_is_help=True, help="Draw, verify and render plans.")

Plan = Annotated[str, Argument(metavar="PLAN", help="Official plan by name (3-bn, tiny, …), or a .jsonl file.")]
Data = Annotated[str | None, Option(help="Data set, or folder:PATH, which a plan over a folder needs. Else its own.")]
Noise = Annotated[str | None, Option(help="Noise set, or folder:PATH, which a plan over a folder needs. Else its own.")]
Snr = Annotated[str | None, Option(metavar="SNRS", help="A:B[:STEP], a list a,b,c, or clean, in dB.")]
Json = Annotated[Path | None, Option(help="File for the result; - for standard output.")]


@app.command()
def draw(
    name: Annotated[str, Argument(metavar="NAME", help="Of the new plan; an official name draws by its rule.")],
    dataset: Annotated[str, Option(help="Data set, or folder:PATH.")] = "avbench-synth",
    noise: Annotated[str | None, Option(help="Noise set, or folder:PATH. Else that of the rule.")] = None,
    noises: Annotated[int | None, Option(min=1, help="Noises of different kinds in each mixture.")] = None,
    per_speaker: Annotated[int | None, Option(min=0, help="First clips of each speaker; 0 for all.")] = None,
    speakers: Annotated[int | None, Option(min=1, help="Only so many speakers.")] = None,
    snr: Snr = None,
    out: Annotated[Path | None, Option(help="The file, .jsonl. Else NAME.jsonl here.")] = None,
    json: Json = None,
) -> None:
    """Draw a plan, and write its text and its record (NAME.pcm.json) of what it sounds like.

    Example: avbench plan draw mine --dataset folder:speech --noise folder:noise --noises 2
    """
    from dataclasses import replace

    from ..data.dataset import open_dataset
    from ..data.noise import open_noise
    from ..errors import UsageError
    from ..evaluation.conditions import parse_snr
    from ..protocols import RULES, draw_plan, hash_plan, write_records
    from ..protocols.protocol import NAME
    from ..protocols.rules import OFFICIAL_SNR
    from ..signal.files import atomic_write
    from .terminal import watching

    if not NAME.fullmatch(name):
        raise UsageError(f"A plan is named with a-z 0-9 . _ - only, not {name!r}.")
    path = out or Path(f"{name}.jsonl")
    if path.suffix != ".jsonl":
        raise UsageError(f"A plan is a .jsonl file, not {path}.")
    rule = RULES.get(name, RULES["3-bn"])
    given = {"noises": noises, "speakers": speakers, "noise": noise}
    rule = replace(rule, **{key: value for key, value in given.items() if value is not None})
    if per_speaker is not None:
        rule = replace(rule, per_speaker=per_speaker or None)
    with watching() as bars:
        data, noise_set = open_dataset(dataset), open_noise(rule.noise)
        _tell(bars, data, noise_set)
        plan = draw_plan(name, data, noise_set, rule=rule, snr=parse_snr(snr) if snr else OFFICIAL_SNR)
        record = hash_plan(plan, data, noise_set, lambda done, total: bars.advance("rendering", done, total))
        write_records(path.with_suffix(".pcm.json"), {name: record})
        with atomic_write(path) as handle:
            handle.write(plan.content)
    _answer(
        {"plan": name, "file": str(path), "rows": len(plan.rows), "plan_sha256": plan.sha256},
        f"{path}: {len(plan.rows)} rows, sha256 {plan.sha256}",
        json,
    )


@app.command()
def verify(plan: Plan, dataset: Data = None, noise: Noise = None, json: Json = None) -> None:
    """Say whether this machine makes the sound that the plan was published with: exact, equivalent or different.

    A different plan ends with exit code 1, and the first item that differs is named.
    Example: avbench plan verify tiny
    """
    from dataclasses import asdict

    from ..errors import VerificationFailed
    from ..protocols import load_plan, read_record, verify_plan
    from .terminal import watching

    with watching() as bars:
        found = load_plan(plan)
        record = read_record(plan, found)
        data, noises = _open(found, dataset, noise)
        _tell(bars, data, noises)
        report = verify_plan(found, data, noises, record, lambda done, total: bars.advance("rendering", done, total))
    _answer(asdict(report), f"{report.plan}: {report.verdict}. {report.detail}", json)
    if report.verdict == "different":
        raise VerificationFailed(f"The plan {report.plan} does not sound as published: {report.first} differs.")


@app.command()
def render(
    plan: Plan,
    out: Annotated[Path, Option(help="New folder for the sound files and manifest.tsv.")],
    snr: Snr = None,
    limit: Annotated[int | None, Option(min=1, help="Only the first N clips of the plan.")] = None,
    video: Annotated[bool, Option("--video", help="Write the mouths too, as .npy.")] = False,
    dataset: Data = None,
    noise: Noise = None,
    json: Json = None,
) -> None:
    """Write the inputs of a plan as <trial-id>.wav, for a system that runs elsewhere; cut short, it can go on.

    Its answers, under the same names in another folder, are judged by `avbench run --system outputs:DIR`.
    Example: avbench plan render tiny --snr -5,0 --out inputs
    """
    from ..evaluation.conditions import parse_snr
    from ..protocols import get_protocol, load_plan, render_plan
    from .terminal import watching

    with watching() as bars:
        found = load_plan(plan)
        data, noises = _open(found, dataset, noise)
        _tell(bars, data, noises)
        manifest = render_plan(
            found,
            get_protocol(found.header["protocol"]),
            data,
            noises,
            out,
            snr=parse_snr(snr) if snr else None,
            limit=limit,
            video=video,
            progress=lambda done, total: bars.advance("rendering", done, total),
        )
    written = [entry for entry in manifest if entry["pcm"] != "void"]
    void = f"; {len(manifest) - len(written)} void" if len(written) < len(manifest) else ""
    answer = {"plan": found.name, "out": str(out), "trials": manifest}
    _answer(answer, f"{out}: {len(written)} files{void}", json)


def _open(plan, dataset: str | None, noise: str | None):
    """The data set and the noises of a plan, or others in their place."""
    from ..data.dataset import open_dataset
    from ..data.noise import open_noise
    from ..errors import UsageError

    for option, given in (("dataset", dataset), ("noise", noise)):
        if given is None and str(plan.header[option]).startswith("folder:"):
            raise UsageError(
                f"The plan {plan.name} was drawn over a folder, and a plan does not keep where that lies: "
                f"name it with --{option} folder:PATH."
            )
    return open_dataset(dataset or plan.header["dataset"]), open_noise(noise or plan.header["noise"])


def _tell(bars, *sets) -> None:
    """Notes on what was left out of a folder."""
    for one in sets:
        notes: Sequence[str] = getattr(one, "notes", ())
        for sentence in notes:
            bars.note(sentence)


def _answer(value: dict, sentence: str, json: Path | None) -> None:
    from ..evaluation.record import hand_out
    from .terminal import printer

    if json is not None:
        hand_out(value, json)
    printer(json).print(sentence, markup=False, soft_wrap=True)

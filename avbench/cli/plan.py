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
Workers = Annotated[int | None, Option(min=1, help="Processes; else as many as processors and rows are worth.")]
Json = Annotated[Path | None, Option(help="File for the result; - for standard output.")]


@app.command()
def draw(
    name: Annotated[str, Argument(metavar="NAME", help="Of the new plan; an official name draws by its rule.")],
    dataset: Annotated[str | None, Option(help="Data set, NAME+NAME, or folder:PATH. Else that of the rule.")] = None,
    noise: Annotated[str | None, Option(help="Noise set, or folder:PATH. Else that of the rule.")] = None,
    noises: Annotated[int | None, Option(min=1, help="Noises of different kinds in each mixture.")] = None,
    per_speaker: Annotated[int | None, Option(min=0, help="First clips of each speaker; 0 for all.")] = None,
    speakers: Annotated[int | None, Option(min=1, help="Only so many speakers.")] = None,
    clips: Annotated[int | None, Option(min=1, help="Only so many clips.")] = None,
    each: Annotated[bool, Option("--each-noise", help="Every clip with every family of noise in turn.")] = False,
    snr: Snr = None,
    video: Annotated[bool, Option("--video", help="Let the record cover the mouths too.")] = False,
    workers: Workers = None,
    out: Annotated[Path | None, Option(help="The file, .jsonl. Else NAME.jsonl here.")] = None,
    json: Json = None,
) -> None:
    """Draw a plan, and write its text and its record (NAME.pcm.json) of what it sounds like.

    Example: avbench plan draw mine --dataset folder:speech --noise folder:noise --noises 2
    """
    from dataclasses import replace
    from functools import partial

    from ..data.dataset import open_dataset
    from ..data.noise import open_noise
    from ..errors import UsageError
    from ..evaluation.conditions import parse_snr
    from ..protocols import RULES, draw_plan, hash_plan, write_records
    from ..protocols.protocol import NAME
    from ..protocols.records import said
    from ..protocols.workers import sensible
    from ..signal.files import atomic_write
    from .terminal import watching

    if not NAME.fullmatch(name):
        raise UsageError(f"A plan is named with a-z 0-9 . _ - only, not {name!r}.")
    path = out or Path(f"{name}.jsonl")
    if path.suffix != ".jsonl":
        raise UsageError(f"A plan is a .jsonl file, not {path}.")
    _refuse_task(name)
    rule = RULES.get(name, RULES["3-bn"])
    dataset = dataset or rule.dataset
    given = {"noises": noises, "speakers": speakers, "noise": noise, "clips": clips}
    if each:
        given |= {"protocol": "each-noise", "noises": 1 if noises is None else noises}
    with watching() as bars:
        data = open_dataset(dataset)
        if name in RULES:
            rule = rule.over(data)
        if rule.noise is None and (noise or noises):
            raise UsageError(f"The plan {name} adds no noise over {dataset}, so it takes no --noise and no --noises.")
        rule = replace(rule, **{key: value for key, value in given.items() if value is not None})
        if per_speaker is not None:
            rule = replace(rule, per_speaker=per_speaker or None)
        noise_set = None if rule.noise is None else open_noise(rule.noise)
        _tell(bars, data, noise_set)
        plan = draw_plan(name, data, noise_set, rule=rule, snr=parse_snr(snr) if snr else None)
        changed = any(v is not None for v in (noises, per_speaker, speakers, clips, snr)) or each
        if not changed and not data.synthetic and (about_it := said(plan, dataset)):
            bars.note(about_it)
        count = sensible(len(plan.rows), workers)
        watch = partial(bars.advance, "rendering")
        record = hash_plan(plan, data, noise_set, watch, video=video, workers=count)
        write_records(path.with_suffix(".pcm.json"), {name: record})
        with atomic_write(path) as handle:
            handle.write(plan.content)
    _answer(
        {"plan": name, "file": str(path), "rows": len(plan.rows), "plan_sha256": plan.sha256},
        f"{path}: {len(plan.rows)} rows, sha256 {plan.sha256}",
        json,
    )


@app.command()
def verify(
    plan: Plan,
    dataset: Data = None,
    noise: Noise = None,
    video: Annotated[bool, Option(help="Compare the pictures too, where the record has them.")] = True,
    workers: Workers = None,
    json: Json = None,
) -> None:
    """Say whether this machine makes the sound, and the pictures, that the plan was published with.

    The answer is exact, equivalent or different.

    A different plan ends with exit code 1, and the first item that differs is named.
    Example: avbench plan verify tiny
    """
    from dataclasses import asdict
    from functools import partial

    from ..errors import VerificationFailed
    from ..protocols import load_plan, read_record, verify_plan
    from ..protocols.workers import sensible
    from .terminal import watching

    with watching() as bars:
        found = load_plan(plan)
        record = read_record(plan, found)
        data, noises = _open(found, dataset, noise)
        _tell(bars, data, noises)
        watch, count = partial(bars.advance, "rendering"), sensible(len(found.rows), workers)
        report = verify_plan(found, data, noises, record, watch, video=video, workers=count)
    _answer(asdict(report), f"{report.plan}: {report.verdict}. {report.detail}", json)
    if report.verdict == "different":
        raise VerificationFailed(f"The plan {report.plan} is not as published: {report.first} differs.")


@app.command()
def render(
    plan: Plan,
    out: Annotated[Path, Option(help="New folder for the sound files and manifest.tsv.")],
    snr: Snr = None,
    limit: Annotated[int | None, Option(min=1, help="Only the first N clips of the plan.")] = None,
    video: Annotated[bool, Option("--video", help="Write the mouths too, as .npy.")] = False,
    settings: Annotated[
        list[str] | None, Option("--set", metavar="AXIS=V[,V…]", help="Another axis, e.g. modality=av,wrong-face.")
    ] = None,
    workers: Workers = None,
    dataset: Data = None,
    noise: Noise = None,
    json: Json = None,
) -> None:
    """Write the inputs of a plan as <trial-id>.wav, for a system that runs elsewhere; cut short, it can go on.

    Its answers, under the same names in another folder, are judged by `avbench run --system outputs:DIR`.
    Example: avbench plan render tiny --snr -5,0 --out inputs
    """
    from functools import partial

    from ..evaluation.conditions import parse_settings, parse_snr
    from ..protocols import get_protocol, load_plan, render_plan
    from ..protocols.workers import sensible
    from .terminal import watching

    with watching() as bars:
        found = load_plan(plan)
        data, noises = _open(found, dataset, noise)
        _tell(bars, data, noises)
        protocol = get_protocol(found.header["protocol"])
        manifest = render_plan(
            found,
            protocol,
            data,
            noises,
            out,
            snr=parse_snr(snr) if snr else None,
            axes=parse_settings(protocol, settings or ()),
            limit=limit,
            video=video,
            workers=sensible(len(found.first(limit)), workers),
            progress=partial(bars.advance, "rendering"),
        )
    written = [entry for entry in manifest if "void" not in entry.values()]
    void = f"; {len(manifest) - len(written)} void" if len(written) < len(manifest) else ""
    answer = {"plan": found.name, "out": str(out), "trials": manifest}
    _answer(answer, f"{out}: {len(written)} trials{void}", json)


def _refuse_task(name: str) -> None:
    """A task that is no plan would be drawn by the rule of plans that have no rule. Raises `UsageError`."""
    from ..errors import UsageError
    from ..protocols import RULES
    from ..tasks import TASKS

    if name in TASKS and name not in RULES:
        plans = [plan for plan, rule in RULES.items() if rule.task.partition("@")[0] == name]
        raise UsageError(f"{name} is a task and no plan: draw {' or '.join(plans)}, or give it a name of its own.")


def _open(plan, dataset: str | None, noise: str | None):
    """The data set and the noises of a plan, or others in their place."""
    from ..data.dataset import open_dataset
    from ..data.noise import open_noise
    from ..errors import UsageError

    for option, given in (("dataset", dataset), ("noise", noise)):
        if given is None and "folder:" in str(plan.header.get(option)):
            raise UsageError(
                f"The plan {plan.name} was drawn over a folder, and a plan does not keep where that lies: "
                f"name it with --{option} folder:PATH."
            )
    if plan.header.get("noise") is None:
        if noise is not None:
            raise UsageError(f"The plan {plan.name} adds no noise, so it takes no --noise.")
        return open_dataset(dataset or plan.header["dataset"]), None
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

"""MUTUD's Table V: speech that was recorded or mixed by others, with sound alone, answered and judged in one go.

    python -m avbench.systems.mutud.recordings dns-eval --out DIR              a corpus of pairs, once it is prepared
    python -m avbench.systems.mutud.recordings NOISY --clean CLEAN --out DIR   two folders
    python -m avbench.systems.mutud.recordings NOISY --out DIR                 noisy speech whose clean side nobody has

    [--system S,…] [--metrics M,…] [--judge NAME=PATH]… [--by-snr] [--limit N]

No noise is drawn and no SNR set: what is there is what the systems get, at its own rate, the mean of its channels.
`DIR/noisy`, `DIR/clean` and a folder for each system keep what was heard, wanted and answered, as 32-bit float wav, so
that `avbench measure DIR/SYSTEM DIR/clean --metrics …` judges it again; `DIR/recordings.json` keeps the scores, and
`python -m avbench.systems.mutud.tables V DIR` prints them beside the paper's.

A clean file belongs to the noisy one of the same name below its folder; else to those of its `fileid_` number (DNS
Challenge), or whose name begins with its own and an underscore (NOIZEUS: `sp01.wav`, `sp01_car_sn0.wav`). The SNR of
`--by-snr` is the one that names tell (`_snr15_`, `_sn0`): it is what the corpus says, and not measured.

Contents: `Recording`, `gather`, `judge`, `main`.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from avbench.data.corpora.dns_eval import file_number
from avbench.data.dataset import open_dataset
from avbench.errors import AvbenchError, BadFile, MissingResource, UsageError
from avbench.evaluation.apply import apply
from avbench.evaluation.identity import folder_name
from avbench.evaluation.measure import Measured, measure
from avbench.evaluation.pairing import SOUND, Side
from avbench.evaluation.record import hand_out
from avbench.evaluation.statistics import difference
from avbench.registry import open_system
from avbench.signal.audio import read_audio, write_wav
from avbench.types import Audio

SYSTEMS = "mutud,gcrn,gcrn/matched"
PAIRED, ALONE = ("stoi", "estoi", "si-sdr", "pesq-wb"), ("dnsmos",)
NARROW = {"pesq-wb": "pesq-nb"}  # sound of telephones has no wide band to be judged
RECORDED = "recordings.json"


@dataclass(frozen=True)
class Recording:
    """One question.

    Args:
        id: name of its files.
        noisy: what is heard.
        clean: what is wanted, or None where nobody has it.
        snr: in dB, as the corpus tells, or None.
        cluster: what belongs together: the speaker where a corpus knows her, else the clean file, else the file.
    """

    id: str
    noisy: Audio
    clean: Audio | None
    snr: float | None
    cluster: str


def gather(source: str, clean: Path | None = None, limit: int | None = None) -> list[Recording]:
    """Every recording of a corpus or a folder, in the order of their names.

    Args:
        source: a prepared corpus, such as `dns-eval`, or a folder of noisy speech.
        clean: of a folder, that of the clean speech.
        limit: the first so many.

    Raises:
        UsageError, UnknownName: neither; or a corpus named together with a folder.
        MissingResource, BadFile: not prepared, unreadable, no clean partner, or one of another length or rate.
    """
    if not Path(source).is_dir():
        if clean is not None:
            raise UsageError(f"{source} is no folder, so it takes no --clean: a corpus knows its own.")
        return _of_corpus(source, limit)
    noisy = Side.of(source, "estimate").things(SOUND)
    if not noisy:
        raise BadFile(f"The folder {source} holds no sound.")
    wanted = None if clean is None else Side.of(clean, "reference").things(SOUND)
    last = [PurePath(name).name for name in noisy]
    short = len(set(last)) == len(last)
    found = []
    for name, thing in list(noisy.items())[:limit]:
        partner = None if wanted is None else wanted[_partner(name, wanted)].path
        key = PurePath(name).name if short else name.replace("/", "-")
        heard, target = read_audio(thing.path), None if partner is None else read_audio(partner)
        if target is not None and (len(heard.samples), heard.rate) != (len(target.samples), target.rate):
            raise BadFile(f"{thing.path} and {partner} differ in length or rate, so they are no pair.")
        found.append(Recording(key, heard, target, snr_of(name), key if partner is None else str(partner)))
    return found


def _of_corpus(name: str, limit: int | None) -> list[Recording]:
    data = open_dataset(name)
    if not hasattr(data, "sound"):
        raise UsageError(
            f"{name} holds no noisy speech of its own: `avbench run --dataset {name}` mixes noises into it."
        )
    found = []
    for clip in [data.clip(clip_id) for clip_id in data.ids[:limit]]:
        snr = clip.traits.get("snr")
        try:
            noisy, clean = data.sound(clip, "noisy"), data.audio(clip)
        except MissingResource:
            if clip.traits.get("subset") != "real_recordings":
                raise
            noisy, clean = data.audio(clip), None  # a corpus keeps what has no clean side as the clip's own sound
        found.append(Recording(clip.id, noisy, clean, None if snr is None else float(snr), clip.speaker or clip.id))
    return found


def _partner(name: str, clean: Mapping[str, Any]) -> str:
    """Name of the clean file of a noisy one; see the head of this file."""
    if name in clean:
        return name
    last = PurePath(name).name
    number = file_number(f"{last}.wav")
    fits = [c for c in clean if number is not None and file_number(f"{PurePath(c).name}.wav") == number]
    fits = fits or [c for c in clean if last == PurePath(c).name]
    fits = fits or [c for c in clean if last.startswith(f"{PurePath(c).name}_")]
    if len(fits) != 1:
        raise BadFile(f"{name} has {len(fits) or 'no'} clean partner{'s' if fits else ''}: name the clean files alike.")
    return fits[0]


def snr_of(name: str) -> float | None:
    """What a file's name says of its SNR, or None.

    Example:
        >>> snr_of("clnsp1_snr3_train_1_snr15_tl-21_fileid_158"), snr_of("sp01_car_sn0"), snr_of("p287_001")
        (15.0, 0.0, None)
    """
    told = re.findall(r"_snr?(-?\d+(?:\.\d+)?)(?=_|$)", name)
    return float(told[-1]) if told else None


def judge(
    source: str,
    out: Path,
    clean: Path | None = None,
    system: str = SYSTEMS,
    metrics: str | None = None,
    judges: Sequence[str] = (),
    by_snr: bool = False,
    limit: int | None = None,
) -> dict[str, Any]:
    """Let systems answer recordings, and judge their answers and the noisy speech itself.

    Args:
        source: as of `gather`.
        out: folder for what is kept.
        clean: as of `gather`.
        system: names, separated by commas.
        metrics: likewise; STOI, ESTOI, SI-SDR and PESQ unless given (narrow-band PESQ for sound under 16 kHz), or
            DNSMOS where there is no clean speech.
        judges: as of `measure`.
        by_snr: values for every SNR that names tell, besides those of all.
        limit: the first so many.

    Returns:
        What `recordings.json` holds: `source`, `synthetic` (false), `recordings`, `seconds`, `rate`, `systems`
        `[{"system", "digest"}]`, `rows` as of `avbench run --json`, and `differences` of the first system from each
        other, `[{"a", "b", "metric", "difference", "ci95", "n"}]`, paired, with an interval from ten clusters on.

    Raises:
        AvbenchError: see `gather`, `apply`, `measure`.
    """
    names = [name.strip() for name in system.split(",") if name.strip()]
    opened = [open_system(name) for name in names]  # says what is missing before anything is done
    recordings = gather(source, clean, limit)
    if any((out / part).exists() for part in ("noisy", "clean", RECORDED)):
        raise UsageError(f"{out} holds recordings already: choose another --out.")
    paired = recordings[0].clean is not None
    rates = sorted({r.noisy.rate for r in recordings})
    asked = metrics or ",".join(NARROW.get(m, m) if rates[0] < 16000 else m for m in (PAIRED if paired else ALONE))
    for one in recordings:
        write_wav(out / "noisy" / f"{one.id}.wav", one.noisy)
        if one.clean is not None:
            write_wav(out / "clean" / f"{one.id}.wav", one.clean)
    files = [out / "noisy" / f"{one.id}.wav" for one in recordings]
    rows, scores = [], {}
    for name in ("noisy", *names):
        folder = out / folder_name(name)
        if name != "noisy":
            _answer(name, files, folder)
        found = measure(folder, out / "clean" if paired else None, asked, judge=judges, workers=1)
        rows += _rows(name, found, {one.id: one.snr for one in recordings} if by_snr else {})
        scores[name] = {(s["metric"], s["name"]): s["value"] for s in found.scores if s["status"] in ("ok", "failed")}
    document = {
        "source": source,
        "synthetic": False,
        "recordings": len(recordings),
        "seconds": round(sum(one.noisy.seconds for one in recordings), 3),
        "rate": rates,
        "systems": [{"system": name, "digest": one.digest} for name, one in zip(names, opened, strict=True)],
        "rows": rows,
        "differences": _differences(names, scores, {one.id: one.cluster for one in recordings}),
    }
    hand_out(document, out / RECORDED)
    return document


def _answer(system: str, files: Sequence[Path], folder: Path) -> None:
    """Answer all; a file that got no answer is told, and counts as failed when its folder is judged."""
    try:
        apply(system, files, out=folder)
    except BadFile as fault:
        if not folder.is_dir():
            raise
        sys.stderr.write(f"avbench: {fault}\n")


def _rows(system: str, found: Measured, snr: Mapping[str, float | None]) -> list[dict[str, Any]]:
    """Values of all recordings, then of those of each SNR."""
    keys = ("metric", "value", "unit", "n", "failed", "total")
    rows = [{"system": system, "condition": {}} | {key: row[key] for key in keys} for row in found.pooled]
    for level in sorted({value for value in snr.values() if value is not None}):
        for metric in [row["metric"] for row in found.pooled]:
            scores = [s for s in found.scores if s["metric"] == metric and snr[s["name"]] == level]
            counted = [s["value"] for s in scores if s["status"] in ("ok", "failed")]
            failed = sum(s["status"] == "failed" for s in scores)
            total = sum(s["status"] != "void" for s in scores)
            value = sum(counted) / len(counted) if counted else None
            unit = scores[0]["unit"]
            held = {"metric": metric, "value": value, "unit": unit, "n": len(counted) - failed}
            rows.append({"system": system, "condition": {"snr": level}} | held | {"failed": failed, "total": total})
    return rows


def _differences(
    names: Sequence[str], scores: Mapping[str, Mapping[tuple[str, str], float]], clusters: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The first system minus the noisy speech and each other system, over what both have a value of."""
    found = []
    for other in ("noisy", *names[1:]):
        a, b = scores[names[0]], scores[other]
        for metric in dict.fromkeys(metric for metric, _ in a):
            both = [key for key in a if key[0] == metric and key in b]
            if both:
                one = difference([a[k] for k in both], [b[k] for k in both], [clusters[k[1]] for k in both])
                ci95 = list(one.ci95) if one.ci95 else None
                held = {"a": names[0], "b": other, "metric": metric, "difference": one.mean, "ci95": ci95}
                found.append(held | {"n": len(both)})
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    from rich.console import Console

    from .tables import print_recordings

    what = __doc__.split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m avbench.systems.mutud.recordings", description=what)
    parser.add_argument("source", help="a prepared corpus such as dns-eval, or a folder of noisy speech")
    parser.add_argument("--clean", type=Path, help="folder of the clean speech")
    parser.add_argument("--out", type=Path, required=True, help="folder for answers and scores")
    parser.add_argument("--system", default=SYSTEMS, help="systems that only listen, separated by commas")
    parser.add_argument("--metrics", help="see `avbench list metrics`")
    parser.add_argument("--judge", action="append", default=[], metavar="NAME=PATH", help="weights of a judge")
    parser.add_argument("--by-snr", action="store_true", help="values for every SNR that names tell, too")
    parser.add_argument("--limit", type=int, help="the first so many")
    given = parser.parse_args(arguments)
    try:
        found = judge(
            given.source, given.out, given.clean, given.system, given.metrics, given.judge, given.by_snr, given.limit
        )
    except AvbenchError as fault:
        sys.stderr.write(f"avbench: {fault}\n")
        return fault.exit_code
    Console(emoji=False, soft_wrap=True).print("\n".join(print_recordings(found)), markup=False, highlight=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

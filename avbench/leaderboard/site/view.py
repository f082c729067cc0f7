"""What the page of a run says of it beside its results: badges, tiles, facts, sessions.

Contents: `about`, `tiles_of`, `badges_of`, `card_facts`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...evaluation.runs import Run
from .cost import cost_facts, sessions_of
from .results import EXTREMES, Card, facts_of

Badge = tuple[str, str]


def about(run: Run) -> dict[str, Any]:
    """Everything that a template shows of a run by itself."""
    card = run.head["card"] or {}
    over = run.head["clusters"]
    some = any(row["ci95"] for row in run.rows)
    note = f"± is half of the 95 % interval over {over}." if some else f"No intervals: fewer than ten {over}."
    return {
        "system": run.system,
        "task": run.identity["task"],
        "dataset": run.identity["dataset"]["name"],
        "title": card.get("title", "a row that the runner makes from the trial itself"),
        "paper": card.get("paper", ""),
        "badges": badges_of(run),
        "intervals": note,
        "cost": cost_facts(run),
        "facts": facts_of(run),
        "card": card_facts(run),
        "sessions": [_session(s) for s in sessions_of(run)],
        "trials": len(run.trials),
    }


def badges_of(run: Run) -> list[Badge]:
    """What a reader must know before the first number; the second word is the colour."""
    badges = [(run.kind, "warn" if run.head["synthetic"] else "")]
    if run.anchor:
        return [*badges, ("anchor", "")]
    badges.append(("official exam", "good") if run.head["official"] else ("unofficial exam", "warn"))
    if run.unranked and run.unranked != "unofficial":
        badges.append((f"unranked: {run.unranked}", "bad"))
    if run.sound not in (None, "exact"):
        badges.append((f"sound {run.sound}", "warn"))
    card = run.head["card"]
    badges.append((f"causal, {1000 * card['lookahead']:g} ms ahead" if card["causal"] else "not causal", ""))
    return badges


def card_facts(run: Run) -> list[tuple[str, str]]:
    """The card of the system, and what identifies it."""
    named, card = run.identity["system"], run.head["card"]
    facts = [("name", named["name"]), ("digest", named["digest"])]
    if card is None:
        return facts
    facts += [("what it is", card["title"]), ("paper", card["paper"] or "–"), ("takes", ", ".join(card["inputs"]))]
    facts += [("recipe", named["recipe"] or "–"), ("training", card["training"] or "–"), ("licence", card["licence"])]
    ahead = f"yes, {1000 * card['lookahead']:g} ms ahead" if card["causal"] else "no"
    return [*facts, ("causal", ahead), ("trained on synthetic data alone", "yes" if card["synthetic"] else "no")]


def tiles_of(cards: Sequence[Card], system: str) -> list[dict[str, str]]:
    """For each metric the value over all trials, and what the anchor made of the input has."""
    tiles = []
    for card in cards:
        lines = [line for line in card.lines if not line.setting]
        line = next(one for one in lines if one.entry.name == system)
        others = [one for one in lines if one.entry.anchor and one.entry.name not in {system, *EXTREMES}]
        beside = [f"{one.entry.name} {one.cells[-1].text}" for one in others if one.cells[-1].sort is not None]
        value = line.cells[-1]
        note = " · ".join([*beside, f"{line.coverage} trials"])
        tiles.append(
            {"metric": card.metric, "title": card.title, "unit": card.unit, "value": value.text, "half": value.half,
             "note": note}
        )  # fmt: skip
    return tiles


def _session(session: Mapping[str, Any]) -> dict[str, Any]:
    facts = [("device", session.get("device", "–")), ("trials", f"{session.get('trials_done', 0):,}")]
    seconds = ", ".join(f"{name} {value:g} s" for name, value in session.get("seconds", {}).items())
    machine = ", ".join(f"{name} {value}" for name, value in session.get("machine", {}).items() if value)
    packages = ", ".join(f"{name} {version}" for name, version in session.get("packages", {}).items())
    source = session.get("source") or {}
    commit = f"{source['commit'][:12]}{', changed' if source.get('changed') else ''}" if source.get("commit") else "–"
    facts += [("times", seconds or "–"), ("machine", machine or "–"), ("packages", packages or "–"), ("source", commit)]
    return {"title": session.get("started", "a session"), "facts": facts}

"""The site of a leaderboard: an index, a page for each task, system and run, and one to compare two systems.

    index.html                  all boards and all systems
    task/<task>.html            boards of a task: tables, curves, quality against cost, what papers printed; also of
                                tasks that nobody has sat here and papers have
    system/<system>.html        card, cost, results and runs of a system
    run/<run>.html              the page that `report` makes, with its trials in data/<run>.js
    compare/<board>.html        two systems of a board on every trial, and side by side on one
    data/, media/, assets/      trials as scripts; sound and films; style and script

Everything is a file beside the others: pages open from a disk. A hundred runs do not fit into memory beside each other,
so each is read, written and let go of.

Contents: `build_site`.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...evaluation.conditions import shown
from ...evaluation.identity import digest_of
from ...evaluation.runs import Run
from ...tasks import TASKS
from ..board import ALL, Board, Row
from ..published import Published
from ..texts import cost_texts, notes, place_text, source_of, value_of
from .boards import axes_of_board, clouds_of, entries_of_board, judged_of_board, published_of
from .chosen import choose
from .cost import cost_facts, cost_of
from .media import Shelf
from .pages import Pages, fresh_folder, script_file, slug
from .report import run_values, takes_of
from .results import cards_of, legend_of
from .takes import Stage
from .view import badges_of, card_facts

LEADERS = 5  # systems of a board that the index shows
NOTHING = Published({}, (), {})


def build_site(boards: Sequence[Board], out: str | Path, media: bool = True, published: Published = NOTHING) -> Path:
    """Write the site of some boards.

    Args:
        boards: as `build_boards` gives them.
        out: folder; pages that stand there are replaced.
        media: sound and films of the examples, of runs that have their answers.
        published: what papers have printed, for pages of tasks without a board.

    Returns:
        The index.

    Raises:
        UsageError: something else than pages stands there.
        MissingResource: the disk refuses.
    """
    out = Path(out)
    with fresh_folder(out) as made:
        Site(boards, made, media, published).write()
    return out / "index.html"


class Site:
    """Makes the pages of some boards.

    Args:
        boards: what is shown.
        folder: where the pages are put.
        media: also sound and films.
        published: what papers have printed.
    """

    def __init__(self, boards: Sequence[Board], folder: Path, media: bool, published: Published = NOTHING):
        self.boards, self.folder, self.media, self.published = boards, folder, media, published
        sat = {board.name for board in boards}
        self.unsat = sorted({task for table in published.tables for task in table.tasks} - sat)
        self.pages = Pages(inline=False)
        self.names = {id(board): self._board_name(board) for board in boards}
        self.costs: dict[int, dict[str, float]] = {}
        self.cost_facts: dict[int, list[tuple[str, str]]] = {}

    def _board_name(self, board: Board) -> str:
        parts = [board.task, board.dataset["name"], board.plan["name"]]
        marks = [board.plan["sha256"], board.dataset["fingerprint"], (board.noise or {}).get("fingerprint", "")]
        asked = [[list(pair) for pair in condition] for condition in board.conditions]
        return f"{slug('-'.join(parts))[:80]}-{digest_of([*parts, *marks, asked])[:8]}"

    def write(self) -> None:
        """Every page."""
        for name, text in self.pages.assets.items():
            self._put(f"assets/{name}", text)
        for board in self.boards:
            also = self._shared(board)
            for row in board.everyone:
                self._run(board, row, also)
        for task in dict.fromkeys([*(board.name for board in self.boards), *self.unsat]):
            self._task(task)
        for board in self.boards:
            self._compare(board)
        systems = {row.system: None for board in self.boards for row in board.rows}
        for system in systems:
            self._system(system)
        self._index(list(systems))

    def _put(self, path: str, text: str) -> None:
        where = self.folder / path
        where.parent.mkdir(exist_ok=True)
        where.write_text(text, encoding="utf-8")

    def _page(self, path: str, template: str, **values: Any) -> None:
        self._put(path, self.pages.page(template, root="../" if "/" in path else "", **values))

    def _shared(self, board: Board) -> list[str]:
        """Examples that every run of a board shows, so that two can be heard beside each other."""
        first = next((row.run for row in board.rows if row.run.folder is not None), None)
        if first is None or not self.media:
            return []
        return [trial["trial"] for group in choose(first) for _, trial in group.trials]

    def _run(self, board: Board, row: Row, also: Sequence[str]) -> None:
        run, name = row.run, run_name(row.run)
        beside = [other.run for other in board.anchors if other.run.exam == run.exam and other.run is not run]
        held = {trial["trial"] for trial in run.trials}
        takes, stage = {}, Stage()
        if self.media:
            shelf = Shelf(self.folder, name)
            takes, stage = takes_of(run, beside, shelf, also=[trial for trial in also if trial in held])
        values = run_values(run, beside, takes, stage)
        document = values.pop("document")
        system = "" if run.anchor else f"../system/{slug(run.system)}.html"
        links = {"task": f"../task/{slug(board.name)}.html", "system": system}
        self._page(f"run/{name}.html", "run.html", data_name=name, links=links, document=None, **values)
        self._put(f"data/{name}.js", script_file(name, document))
        self.costs[id(row)], self.cost_facts[id(row)] = cost_of(run), cost_facts(run)
        for kept in ("record", "trials"):
            vars(run).pop(kept, None)

    def _task(self, task: str) -> None:
        boards = [board for board in self.boards if board.name == task]
        shown_boards = [self._board(board) for board in boards]
        published = published_of(task, boards, self.published)
        self._page(f"task/{slug(task)}.html", "task.html", title=task, task=task, lead=_lead(task), boards=shown_boards,
                   published=published)  # fmt: skip

    def _board(self, board: Board) -> dict[str, Any]:
        links = {row.key: f"../run/{run_name(row.run)}.html" for row in board.everyone}
        entries = entries_of_board(board, links)
        costs = {row.key: self.costs[id(row)] for row in board.rows}
        return {
            "name": self.names[id(board)],
            "title": f"{board.dataset['name']}, {board.plan['name']}",
            "kind": board.kind,
            "synthetic": board.synthetic,
            "official": any(row.run.head["official"] for row in board.everyone),
            "facts": [*board.facts, ("intervals over", board.clusters)],
            "notes": notes(board),
            "legend": legend_of(entries),
            "hidden": sum(not entry.drawn for entry in entries),
            "cards": cards_of(entries, judged_of_board(board), axes_of_board(board)),
            "clouds": clouds_of(board, costs),
            "systems": len(board.rows),
        }

    def _compare(self, board: Board) -> None:
        runs = [{"name": row.label, "data": run_name(row.run), "anchor": row.anchor} for row in board.everyone]
        self._page(
            f"compare/{self.names[id(board)]}.html", "compare.html", title=f"Compare · {board.name}", board=board,
            task_link=f"../task/{slug(board.name)}.html", runs=runs,
        )  # fmt: skip

    def _rows_of(self, system: str) -> list[tuple[Board, Row]]:
        return [(board, row) for board in self.boards for row in board.rows if row.system == system]

    def _system(self, system: str) -> None:
        rows = self._rows_of(system)
        weights = []
        for digest, group in _by_digest(rows).items():
            costs = dict.fromkeys(fact for row in group for fact in self.cost_facts[id(row)])
            mark = f" of the weights {digest[:12]}"
            weights.append({"mark": mark, "facts": card_facts(group[0].run), "cost": list(costs)})
        if len(weights) == 1:
            weights[0]["mark"] = ""
        card = {what: _common(row.card.get(what, "") for _, row in rows) for what in ("title", "paper")}
        results = [_result(board, row, self.names[id(board)]) for board, row in rows]
        self._page(
            f"system/{slug(system)}.html", "system.html", title=system, system=system, card=card, weights=weights,
            results=results, badges=_common_badges(rows),
        )  # fmt: skip

    def _index(self, systems: Sequence[str]) -> None:
        boards = [_leaders(board, self.names[id(board)]) for board in self.boards]
        listed = []
        for system in systems:
            rows = self._rows_of(system)
            every = [_cost_of_weights(group) for group in _by_digest(rows).values()]
            costs = [_common(texts) for texts in zip(*every, strict=True)]
            tasks = ", ".join(dict.fromkeys(board.name for board, _ in rows))
            title = _common(row.card.get("title", "") for _, row in rows)
            listed.append({"name": system, "title": title, "tasks": tasks, "runs": len(rows),
                           "costs": costs, "link": f"system/{slug(system)}.html"})  # fmt: skip
        printed = [_unsat(task, self.published) for task in self.unsat]
        self._page("index.html", "index.html", title="Leaderboards", boards=boards, systems=listed, printed=printed)


def _lead(task: str) -> str:
    """One line on a task."""
    return TASKS[task].title if task in TASKS else ""


def _unsat(task: str, published: Published) -> dict[str, Any]:
    """What the index says of a task that nobody has sat here."""
    tables = published.of_task(task)
    copied = [source_of(table, published) for table in tables if table.numbers]
    text = "; ".join(copied) or "not available"
    return {"task": task, "title": _lead(task), "tables": text, "link": f"task/{slug(task)}.html"}


def _by_digest(rows: Sequence[tuple[Board, Row]]) -> dict[str, list[Row]]:
    """Rows of one system by the weights that were scored."""
    found: dict[str, list[Row]] = {}
    for _, row in rows:
        found.setdefault(row.run.identity["system"]["digest"], []).append(row)
    return found


def _common(texts: Iterable[str]) -> str:
    """What all say, or that they say several things."""
    found = set(texts)
    return found.pop() if len(found) == 1 else "several"


def _cost_of_weights(rows: Sequence[Row]) -> tuple[str, str, str]:
    """What is known of the cost of one set of weights."""
    return cost_texts(next((row for row in rows if row.cost), rows[0]))


def run_name(run: Run) -> str:
    """What the page of a run is called; different for different runs."""
    parts = [run.task, run.identity["plan"]["name"], run.system]
    return f"{slug('-'.join(map(str, parts)))[:80]}-{digest_of(run.identity)[:8]}"


def _leaders(board: Board, name: str) -> dict[str, Any]:
    """What the index shows of a board."""
    column = board.columns[0] if board.columns else None
    rows = []
    for row in board.rows[:LEADERS] if column else ():
        value = value_of(column, row.cell(column, ALL))
        link = f"run/{run_name(row.run)}.html"
        rows.append({"rank": place_text(row, column), "name": row.label, "value": value, "link": link,
                     "unranked": row.unranked or ""})  # fmt: skip
    return {
        "task": board.name,
        "title": board.title,
        "about": f"{board.dataset['name']}, {board.plan['name']}",
        "kind": board.kind,
        "synthetic": board.synthetic,
        "metric": column.name if column else "",
        "rows": rows,
        "more": max(0, len(board.rows) - LEADERS),
        "link": f"task/{slug(board.name)}.html#{name}",
        "compare": f"compare/{name}.html",
    }


def _result(board: Board, row: Row, name: str) -> dict[str, Any]:
    """A line of the page of a system: what it has on one board."""
    values = [(c.name, value_of(c, row.cell(c, ALL)), place_text(row, c)) for c in board.columns]
    axes: Mapping[str, Sequence[Any]] = row.run.identity["axes"]
    return {
        "task": board.name,
        "about": f"{board.dataset['name']}, {board.plan['name']}",
        "link": f"../task/{slug(board.name)}.html#{name}",
        "run": f"../run/{run_name(row.run)}.html",
        "label": row.label,
        "axes": "; ".join(f"{axis} {', '.join(map(shown, held))}" for axis, held in axes.items()),
        "unranked": row.unranked or "",
        "values": values,
        "digest": row.run.identity["system"]["digest"],
    }


def _common_badges(rows: Sequence[tuple[Board, Row]]) -> list[tuple[str, str]]:
    """Badges that all runs of a system have."""
    every = [badges_of(row.run) for _, row in rows]
    return [badge for badge in every[0] if all(badge in one for one in every)]

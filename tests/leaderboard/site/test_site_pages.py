"""The site without a browser: every page that is linked is there, names stay text, memory is let go."""

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from made_runs import made_exam, made_run

from avbench.evaluation.kept import keep
from avbench.evaluation.runs import Run
from avbench.leaderboard.board import build_boards
from avbench.leaderboard.published import Published, read_published
from avbench.leaderboard.site import build_site
from avbench.leaderboard.site.boards import clouds_of, entries_of_board, published_of
from avbench.leaderboard.site.cost import cost_facts

HOSTILE = "</script><img src=x onerror=alert(1)>/../../up"


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.tags, self.handlers = [], set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            if name in ("href", "src"):
                self.links.append(value)
            if name == "id":
                self.ids.add(value)
            if name.startswith("on") or name == "style":
                self.handlers.append((tag, name))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two systems, a hostile one that was kept as a file, three anchors; and papers beside them."""
    folder = tmp_path_factory.mktemp("runs")
    runs = made_exam(folder / "runs", clips=12)
    made_run(folder / "evil", f"evil{HOSTILE}", gain=3.0, clips=12, title=HOSTILE, paper=HOSTILE, training=HOSTILE)
    keep(folder / "evil", folder / "kept.json")
    boards = build_boards([*runs, Run(None, kept=folder / "kept.json")], read_published())
    return boards, build_site(boards, folder / "site").parent


def pages(folder):
    return {path: Links(path.read_text()) for path in sorted(folder.rglob("*.html"))}


def test_there_is_a_page_for_everything(site):
    _, folder = site
    count = {name: len(list((folder / name).glob("*.html"))) for name in ("task", "system", "run", "compare")}
    assert count == {"task": 1, "system": 3, "run": 6, "compare": 1}
    assert sorted(p.stem for p in (folder / "data").iterdir()) == sorted(p.stem for p in (folder / "run").iterdir())


def test_every_link_leads_somewhere_beside_the_page(site):
    _, folder = site
    found = pages(folder)
    for path, page in found.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            assert not parts.scheme and not parts.netloc, f"{path}: {link}"
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file() and target.is_relative_to(folder.resolve()), f"{path}: {link}"
            if parts.fragment:
                assert parts.fragment in found[folder / target.relative_to(folder.resolve())].ids, f"{path}: {link}"


def test_names_of_others_stay_text(site):
    _, folder = site
    for path, page in pages(folder).items():
        assert not page.handlers, path
        assert "x" not in page.links, path
    for path in (folder / "data").iterdir():
        assert re.fullmatch(r"[a-z0-9._-]+\.js", path.name)
        assert "<" not in path.read_text()
    assert any("&lt;img src=x" in path.read_text() for path in (folder / "system").iterdir())


def test_tables_say_what_the_board_says(site):
    boards, folder = site
    text = (folder / "task" / "avse.html").read_text()
    (board,) = boards
    for row in board.everyone:
        for column in board.columns:
            value = row.cell(column).value * (100 if column.metric.percent else 1)
            assert f">{value:.{column.metric.digits}f}<" in text, (row.label, column.name)
    for word in ("synthetic", "oracle", "official plan", "What papers have printed", board.plan["sha256"][:12]):
        assert word in text, word
    measured, published = text.partition('id="published"')[::2]
    assert "LRS3" not in measured and "Table I" in published  # never in one column


def test_data_of_a_run_are_a_script_that_hands_them_over(site):
    _, folder = site
    path = next((folder / "data").glob("avse-3-bn-mutud-*.js"))
    found = re.fullmatch(r"avbench\.give\((\".*?\"),(\{.*\})\);\n", path.read_text(), re.S)
    assert json.loads(found[1]) == path.stem
    assert len(json.loads(found[2])["rows"]) == 60


def test_equal_boards_give_equal_sites(site, tmp_path):
    boards, folder = site
    again = build_site(boards, tmp_path / "again").parent

    def content(where):
        return {str(p.relative_to(where)): hashlib.sha256(p.read_bytes()).hexdigest() for p in where.rglob("*.*")}

    assert content(again) == content(folder)


def test_runs_are_let_go_of(site):
    boards, _ = site
    for board in boards:
        assert all("trials" not in vars(row.run) for row in board.everyone)


def test_no_boards_make_an_empty_site(tmp_path):
    index = build_site([], tmp_path / "site")
    assert "Leaderboards" in index.read_text()


def test_what_only_papers_have_measured_has_a_page_too(tmp_path):
    published = read_published()
    boards = build_boards([made_run(tmp_path / "a", "mutud", clips=12)], published)
    folder = build_site(boards, tmp_path / "site", media=False, published=published).parent
    tasks = {path.stem: path.read_text() for path in (folder / "task").iterdir()}
    assert set(tasks) == {"avse"} | {task for table in published.tables for task in table.tasks}
    assert "No run of this task" in tasks["avsr"] and "No run of this task" not in tasks["avse"]
    (wer,) = (n for n in published.numbers if n.task == "avsr" and n.row == "MUTUD" and n.condition == {"snr": "-15"})
    assert f"<td>{wer.printed}</td>" in tasks["avsr"] and f"{wer.dataset}; {wer.protocol}" in tasks["avsr"]
    assert "curves without printed values" in tasks["talking-face"]
    assert 'href="task/avsr.html"' in (folder / "index.html").read_text()
    assert all(not links.handlers for links in pages(folder).values())


def test_two_boards_of_one_task_and_two_runs_of_one_name(tmp_path):
    runs = [
        made_run(tmp_path / "a", "twin", clips=12),
        made_run(tmp_path / "b", "twin", clips=12, axes={"snr": [0, 5]}),
    ]
    boards = build_boards(runs, Published({}, (), {}))
    folder = build_site(boards, tmp_path / "site").parent
    assert len(list((folder / "run").iterdir())) == 2 and len(list((folder / "system").iterdir())) == 1


def test_two_versions_keep_their_own_pages(tmp_path):
    runs = [made_run(tmp_path / v, "twin", clips=12, version=v, gain=g) for v, g in (("0.1.0", 3.0), ("0.2.0", 9.0))]
    (board,) = build_boards(runs, Published({}, (), {}))
    folder = build_site([board], tmp_path / "site", media=False).parent
    text = (folder / "task" / "avse.html").read_text()
    links = dict(re.findall(r'<a href="\.\./(run/[^"]+)">(twin[^<]*)</a>', text))
    assert sorted(links.values()) == ["twin (avbench 0.1.0)", "twin (avbench 0.2.0)"]
    for link, label in links.items():
        assert label.split()[-1].strip(")") in (folder / link).read_text()


def test_links_and_costs_go_by_run_and_not_by_label(tmp_path):
    runs = [made_run(tmp_path / v, "twin", clips=12, version=v, gain=g) for v, g in (("0.1.0", 3.0), ("0.2.0", 9.0))]
    (board,) = build_boards(runs, Published({}, (), {}))
    board = replace(board, rows=tuple(replace(row, label="one") for row in board.rows))
    entries = entries_of_board(board, {row.key: row.key for row in board.rows})
    assert [entry.link for entry in entries] == [row.key for row in board.rows]


def test_what_may_not_be_ranked_is_grey_and_no_front_leads_over_it(tmp_path):
    made = [("noisy", 0.0, {"anchor": True}), ("best", 9.0, {"finished": False}), ("cheap", 3.0, {}), ("dear", 6.0, {})]
    runs = [made_run(tmp_path / name, name, gain=gain, clips=24, **how) for name, gain, how in made]
    (board,) = build_boards(runs, Published({}, (), {}))
    macs = {"best": 1e6, "cheap": 1e8, "dear": 1e9}
    cloud = clouds_of(board, {row.key: {"macs": macs[row.system]} for row in board.rows})[0]["figure"]
    classes = dict(re.findall(r'<g class="series (\w+)" data-series="(\w+)"', cloud))
    assert classes == {"anchor": "best", "c0": "dear", "c1": "cheap"}
    assert cloud.count('class="front"') == 1, "from cheap to dear"


def test_colours_are_those_of_the_board(tmp_path):
    runs = [made_run(tmp_path / name, name, gain=gain, clips=24) for name, gain in (("a", 9.0), ("b", 6.0), ("c", 3.0))]
    (board,) = build_boards(runs, Published({}, (), {}))
    board = replace(board, rows=(replace(board.rows[0], cells={}), *board.rows[1:]))
    cloud = clouds_of(board, {row.key: {"macs": 1e6} for row in board.rows})[0]["figure"]
    drawn = {entry.name: entry.classes for entry in entries_of_board(board, {})}
    assert {name: c for c, name in re.findall(r'<g class="series (\w+)" data-series="(\w+)"', cloud)} == {
        name: drawn[name] for name in ("b", "c")
    }


def test_costs_and_cards_of_other_weights_are_told_apart(tmp_path):
    costs = [{"macs": 2e8, "parameters": count} for count in (1_000_000, 2_000_000)]
    runs = [
        made_run(
            tmp_path / str(i), "twin", clips=12, plan=f"plan-{i}", digest=str(i) * 64, cost=cost, title=f"made {i}"
        )
        for i, cost in enumerate(costs)
    ]
    folder = build_site(build_boards(runs, Published({}, (), {})), tmp_path / "site", media=False).parent
    line = next(line for line in (folder / "index.html").read_text().split("\n") if 'href="system/' in line)
    assert "<td>several</td><td>0.200 G</td>" in line and "1.000 M" not in line and "made 0" not in line
    (page,) = (folder / "system").glob("*.html")
    for i, count in enumerate(("1 M (1,000,000)", "2 M (2,000,000)")):
        own = page.read_text().split(f"Cost of the weights {str(i) * 12}</h2>")[1].split("</div>")[0]
        assert count in own
        assert f"made {i}" in page.read_text().split(f"Card of the weights {str(i) * 12}</h2>")[1].split("</div>")[0]


def test_a_time_of_a_busy_machine_is_not_shown(tmp_path):
    cost = {"macs": 2e8, "rtf": 0.4, "latency_ms": {"median": 400.0, "p95": 500.0}, "machine": "m", "load": 5.68}
    shown = dict(cost_facts(made_run(tmp_path / "a", "a", clips=12, cost=cost)))
    assert "– (timed while 5.68 processes" in shown["latency for a second, one thread"]
    assert "seconds of computing for a second" not in shown and "multiply-accumulates for a second" in shown
    calm = dict(cost_facts(made_run(tmp_path / "b", "a", clips=12, cost={**cost, "load": 0.5})))
    assert calm["latency for a second, one thread"].startswith("400.0 ms")


def test_every_board_stands_beside_what_was_published(tmp_path):
    runs = [
        made_run(tmp_path / f"{name}-{plan}", name, clips=12, plan=plan)
        for plan in ("3-bn", "3-bn-again")
        for name in ("gcrn", "mutud")
    ]
    boards = build_boards(runs, read_published())
    pairs = published_of("avse", boards, read_published())["pairs"]
    assert {one.plan["name"] for _, _, one in pairs} == {"3-bn", "3-bn-again"}
    text = (build_site(boards, tmp_path / "site", media=False).parent / "task" / "avse.html").read_text()
    assert "measured on avbench-synth, 3-bn (" in text and "measured on avbench-synth, 3-bn-again (" in text

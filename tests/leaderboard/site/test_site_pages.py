"""The site without a browser: every page that is linked is there, names stay text, memory is let go."""

import hashlib
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from made_runs import made_exam, made_run

from avbench.evaluation.kept import keep
from avbench.evaluation.runs import Run
from avbench.leaderboard.board import build_boards
from avbench.leaderboard.published import Published, read_published
from avbench.leaderboard.site import build_site

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


def test_two_boards_of_one_task_and_two_runs_of_one_name(tmp_path):
    runs = [
        made_run(tmp_path / "a", "twin", clips=12),
        made_run(tmp_path / "b", "twin", clips=12, axes={"snr": [0, 5]}),
    ]
    boards = build_boards(runs, Published({}, (), {}))
    folder = build_site(boards, tmp_path / "site").parent
    assert len(list((folder / "run").iterdir())) == 2 and len(list((folder / "system").iterdir())) == 1

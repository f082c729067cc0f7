"""A real server: many raters at once, a kill in the middle, and requests that no page would send."""

import asyncio
import re
import threading
import time

import heard
import pytest

from avbench.cli import main
from avbench.listening import build_test, tally
from avbench.listening.ballot import Ballot, rater_of
from avbench.listening.blind import open_key
from avbench.listening.order import order_for
from avbench.seeds import Draw

httpx = pytest.importorskip("httpx", reason="needs httpx, to play raters")
RATERS = 23


@pytest.fixture
def test_folder(tmp_path):
    return build_test([heard.speech_run(tmp_path / "run", "alpha")], "mos", tmp_path / "test", trials=4)


class Rater(threading.Thread):
    """Answers every page over HTTP, every other one twice, and tries again where the server does not answer."""

    def __init__(self, number, where, test, key, acknowledged):
        super().__init__(daemon=True)
        self.where, self.test, self.key, self.acknowledged = where, test, key, acknowledged
        self.draw, self.failure, self.seen = Draw("rater", number), None, []

    def ask(self, method, path, **form):
        """A reply, however often the server must be asked for it; each try has a fresh connection after a failure."""
        until = time.monotonic() + 60
        while True:
            try:
                return self.client.request(method, self.where["url"] + path, data=form or None)
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.05)

    def run(self):
        try:
            with httpx.Client(follow_redirects=False, timeout=30, verify=False) as self.client:
                self.code = re.search(r'name="code" value="([^"]+)"', self.ask("GET", "").text)[1]
                assert self.ask("POST", "begin", code=self.code, consent="yes").status_code == 303
                while found := re.search(r'name="trial" value="([^"]+)"', self.ask("GET", "trial").text):
                    trial = found[1]
                    answer = self.key["checks"].get(trial) or str(1 + self.draw.integer(5))
                    for _ in range(1 + len(self.seen) % 2):  # every other one twice
                        assert self.ask("POST", "vote", trial=trial, answer=answer).status_code == 303
                    self.seen.append(trial)
                    self.acknowledged[rater_of(self.code), trial] = answer
        except BaseException as error:
            self.failure = error


def test_23_raters_at_once_and_a_kill_in_the_middle_lose_no_vote_and_count_none_twice(test_folder, server):
    first = server(test_folder.folder)
    where, acknowledged, key = {"url": first.url}, {}, open_key(test_folder)
    raters = [Rater(number, where, test_folder, key, acknowledged) for number in range(RATERS)]
    for rater in raters:
        rater.start()
    total = RATERS * len(test_folder.trials)
    until = time.monotonic() + 120
    while len(acknowledged) < total // 3:
        assert time.monotonic() < until and not any(rater.failure for rater in raters)
        time.sleep(0.01)
    first.end(kill=True)
    before = dict(acknowledged)
    kept = {(rater, trial): answer for rater, trial, answer in Ballot(test_folder).votes()}
    assert before.items() <= kept.items() and len(kept) < total  # what was acknowledged at the kill is on the disk
    second = server(test_folder.folder, first.port)
    assert second.url == first.url
    for rater in raters:
        rater.join(timeout=120)
    assert [rater.failure for rater in raters if rater.failure] == []
    votes = Ballot(test_folder).votes()
    assert len(votes) == total == len(acknowledged)
    assert {(rater, trial): answer for rater, trial, answer in votes} == acknowledged
    for rater in raters:
        assert rater.seen == order_for(test_folder, rater_of(rater.code))
    found = tally(test_folder.folder)
    trials = [item for item in acknowledged.items() if item[0][1] in key["trials"]]
    assert found.raters == {"counted": RATERS, "failed_checks": 0, "early": 0, "votes": len(trials), "left_out": 0}
    (whole,) = [row for row in found.rows if row["condition"] == {}]
    assert whole["value"] == pytest.approx(sum(int(answer) for _, answer in trials) / len(trials))


class Client:
    """The pages without a server between; keeps cookies."""

    def __init__(self, test):
        from avbench.listening.server import application

        self.runner = asyncio.Runner()
        transport = httpx.ASGITransport(application(test))
        self.session = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    def get(self, path, **given):
        return self.runner.run(self.session.get(path, **given))

    def post(self, path, data=None):
        return self.runner.run(self.session.post(path, data=data))

    def end(self):
        self.runner.run(self.session.aclose())
        self.runner.close()


@pytest.fixture
def open_client():
    pytest.importorskip("starlette", reason="needs the extra listen")
    opened = []

    def start(test):
        opened.append(Client(test))
        return opened[-1]

    yield start
    for each in opened:
        each.end()


@pytest.fixture
def client(test_folder, open_client):
    return open_client(test_folder)


def begin(client):
    code = re.search(r'name="code" value="([^"]+)"', client.get("/").text)[1]
    for _ in range(2):  # a double click makes one rater
        reply = client.post("/begin", data={"code": code, "consent": "yes"})
        assert reply.status_code == 303 and reply.headers["location"] == "/trial"
    return code


def test_consent_comes_first(client, test_folder):
    page = client.get("/")
    assert all(paragraph[:40] in page.text for paragraph in test_folder.data["consent"])
    for path in ("/trial", "/pause"):
        assert client.get(path).headers["location"] == "/"
    assert client.post("/vote", data={"trial": "x", "answer": "1"}).headers["location"] == "/"
    code = re.search(r'name="code" value="([^"]+)"', page.text)[1]
    assert client.post("/begin", data={"code": code}).status_code == 400  # without the tick
    assert client.post("/begin", data={"code": "guess", "consent": "yes"}).status_code == 400
    assert Ballot(test_folder).votes() == [] and not Ballot(test_folder).knows(rater_of(code))
    begin(client)
    assert "1 of 10" in client.get("/trial").text and client.get("/").headers["location"] == "/trial"


def test_a_cookie_lasts_and_a_code_brings_a_rater_back(client, test_folder):
    code = begin(client)
    cookie = client.post("/resume", data={"code": code.upper().replace("-", " ")}).headers["set-cookie"]
    assert "Max-Age=2592000" in cookie and "HttpOnly" in cookie and test_folder.digest[:8] in cookie
    assert code in client.get("/pause").text
    trial = re.search(r'name="trial" value="([^"]+)"', client.get("/trial").text)[1]
    client.post("/vote", data={"trial": trial, "answer": "3"})
    assert client.post("/leave").headers["location"] == "/"
    client.session.cookies.clear()
    assert client.get("/trial").headers["location"] == "/"
    assert client.post("/resume", data={"code": "aaaa-aaaa-aaaa"}).status_code == 400
    assert client.post("/resume", data={"code": code}).headers["location"] == "/trial"
    assert "2 of 10" in client.get("/trial").text


def test_what_no_page_sends_changes_nothing(client, test_folder):
    begin(client)
    trial = next(iter(test_folder.trials))
    for form in ({}, {"trial": trial}, {"trial": trial, "answer": "6"}, {"trial": "../key", "answer": "1"}):
        assert client.post("/vote", data=form).status_code == 400
    assert client.post("/vote", data={"trial": trial, "answer": "1" * 9000}).status_code == 413
    crowded = client.post("/vote", data={"trial": trial, "answer": "1"} | {f"more{k}": "1" for k in range(15)})
    assert crowded.status_code == 400 and "too many fields" in crowded.text
    assert client.get("/vote").status_code == 405
    for path in ("media/../test.json", "media/test.json", "media/%2e%2e%2ftest.json", "static/../server.py",
                 "votes.sqlite", "test.json", "static/base.html", "media/..%2f..%2ftest.key.json"):  # fmt: skip
        assert client.get(f"/{path}").status_code == 404
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert Ballot(test_folder).votes() == []
    page = client.get("/trial")
    assert (
        "script-src 'self'" in page.headers["content-security-policy"] and page.headers["cache-control"] == "no-store"
    )
    media = re.search(r'src="(/media/[^"]+)"', page.text)[1]
    part = client.get(media, headers={"range": "bytes=0-3"})
    assert part.status_code == 206 and part.content == b"RIFF"


def test_texts_of_others_are_escaped(tmp_path, open_client):
    (tmp_path / "consent.txt").write_text("<script>alert(1)</script>")
    run = heard.speech_run(tmp_path / "run", "alpha")
    ask = '"><img src=x onerror=alert(2)>'
    test = build_test([run], "mos", tmp_path / "test", trials=4, question=ask, consent=tmp_path / "consent.txt")
    client = open_client(test)
    assert "<script>alert" not in client.get("/").text and "&lt;script&gt;alert" in client.get("/").text
    begin(client)
    for _ in range(10):
        page = client.get("/trial").text
        assert "<img src=x" not in page
        trial = re.search(r'name="trial" value="([^"]+)"', page)[1]
        client.post("/vote", data={"trial": trial, "answer": "1"})
    assert "Thank you" in client.get("/trial").text


def test_a_taken_port_and_a_folder_without_a_test_are_said(test_folder, server, tmp_path, capsys):
    running = server(test_folder.folder)
    assert main(["listen", "serve", str(test_folder.folder), "--port", str(running.port)]) == 2
    assert f"The port {running.port} is taken: choose another with --port" in capsys.readouterr().err
    assert main(["listen", "serve", str(tmp_path)]) == 2
    assert "There is no test in" in capsys.readouterr().err
    assert httpx.get(running.url).status_code == 200 and running.url.startswith("http://127.0.0.1:")


def test_without_the_extra_it_says_what_to_install(test_folder, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    assert main(["listen", "serve", str(test_folder.folder), "--port", "0"]) == 2
    assert "avbench[listen]" in capsys.readouterr().err

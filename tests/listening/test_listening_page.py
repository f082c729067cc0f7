"""The pages in a real browser, by keyboard alone."""

import shutil
import time
from pathlib import Path

import heard
import pytest

from avbench.listening import build_test
from avbench.listening.ballot import Ballot
from avbench.listening.blind import open_key

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium, to drive a browser")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip("needs Debian's chromium and chromium-driver", allow_module_level=True)


@pytest.fixture
def browser(tmp_path):
    """Opens browsers that share a profile, as one browser that is closed and opened again."""
    from selenium.webdriver.chrome.service import Service

    opened = []

    def start(dark=False, width=1100):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--mute-audio"):
            options.add_argument(word)
        options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        opened.append(driver)
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        return driver

    yield start
    for driver in opened:
        driver.quit()


def press(driver, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    for key in keys:
        ActionChains(driver).send_keys(key).perform()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.02)
    return found


def script(driver, text):
    return driver.execute_script(f"return {text}")


def trial_of(driver):
    return script(driver, "document.querySelector('[name=trial]')?.value")


def answer(driver, key, players=(" ",)):
    """Listen to the end, answer by a key, go on by Enter; returns the trial."""
    trial = until(lambda: trial_of(driver))
    for number, player in enumerate(players, 1):
        press(driver, player)
        until(lambda n=number: script(driver, "document.querySelectorAll('.player.done').length") >= n)
    press(driver, key)
    press(driver, "\ue007")
    until(lambda: trial_of(driver) != trial)
    return trial


def consent(driver, url):
    driver.get(url)
    until(lambda: script(driver, "document.activeElement.name") == "consent")  # a tick and Enter, no mouse
    press(driver, " ", "\ue007")
    until(lambda: trial_of(driver))


def test_a_rater_goes_through_ratings_by_keyboard_and_comes_back(tmp_path, server, browser):
    test = build_test([heard.speech_run(tmp_path / "run", "alpha")], "mos", tmp_path / "test", trials=2)
    url, driver = server(test.folder).url, browser()
    consent(driver, url)
    # Nothing goes on before it was heard, nor before there is an answer.
    first = trial_of(driver)
    press(driver, "4", "\ue007")
    assert trial_of(driver) == first and "to the end" in script(driver, "document.querySelector('#status').textContent")
    said = {answer(driver, "4"): "4"}
    said[answer(driver, "2")] = "2"
    driver.quit()
    driver = browser()
    driver.get(url)  # the cookie has outlived the browser
    assert "3 of 8" in script(driver, "document.querySelector('header').textContent")
    for _ in range(6):
        said[answer(driver, "5")] = "5"
    assert "Thank you" in driver.page_source and first in said
    assert {trial: vote for _, trial, vote in Ballot(test).votes()} == said and len(said) == 8
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
    press(driver, "\ue004", "\ue007")  # the next person: tab, enter
    until(lambda: "Begin" in driver.page_source)


@pytest.mark.slow
def test_triplets_by_arrow_keys_and_a_code_for_another_browser(tmp_path, server, browser, people):
    run = heard.triplet_run(tmp_path / "run", "alpha")
    test = build_test([run], "cpr", tmp_path / "test", trials=2, dataset=people)
    url, driver = server(test.folder).url, browser(dark=True, width=390)
    consent(driver, url)
    assert script(driver, "document.documentElement.scrollWidth") <= 390  # nothing sticks out of a phone
    assert script(driver, "[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    said = {answer(driver, "\ue014"): "right", answer(driver, "\ue012"): "left"}
    driver.get(url + "pause")
    code = script(driver, "document.querySelector('.code').textContent")
    driver.delete_all_cookies()
    driver.get(url)
    assert "Begin" in driver.page_source
    driver.find_element("css selector", "summary").click()
    driver.find_element("css selector", "#code").send_keys(code, "\ue007")
    until(lambda: trial_of(driver))
    assert "3 of 10" in script(driver, "document.querySelector('header').textContent")
    assert {trial: vote for _, trial, vote in Ballot(test).votes()} == said
    dark = script(driver, "getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(23, 24, 27)"


@pytest.mark.slow
def test_two_answers_are_compared_and_a_double_click_is_one_vote(tmp_path, server, browser):
    runs = [heard.speech_run(tmp_path / name, name, gain) for name, gain in (("alpha", 1), ("beta", 3))]
    test = build_test(runs, "ab", tmp_path / "test", trials=2)
    driver = browser()
    consent(driver, server(test.folder).url)
    first = answer(driver, "\ue015", players=("a", "b"))
    second = until(lambda: trial_of(driver))
    script(driver, "document.querySelectorAll('.player').forEach(p => p.classList.add('done'))")
    press(driver, "\ue014")
    script(driver, "[1, 2].forEach(() => document.querySelector('#vote button').click())")
    until(lambda: trial_of(driver) not in (None, second))
    votes = {trial: vote for _, trial, vote in Ballot(test).votes()}
    assert votes == {first: "same", second: "right"}
    assert set(votes) <= set(open_key(test)["trials"]) | set(test.checks)


@pytest.mark.slow
def test_a_film_plays(tmp_path, server, browser, people):
    run = heard.speech_run(tmp_path / "run", "alpha", answer="video", clips=3)
    test = build_test([run], "mos", tmp_path / "test", trials=2, dataset=people)
    driver = browser()
    consent(driver, server(test.folder).url)
    played = 0
    for _ in range(len(test.trials)):
        film = script(driver, "document.querySelectorAll('video').length")
        answer(driver, "3", players=(" ",) if film else ())
        played += film
    assert played == 2 and "Thank you" in driver.page_source


def test_pages_work_without_a_script(tmp_path, server):
    page = (Path(__file__).parents[2] / "avbench" / "listening" / "page" / "trial.html").read_text()
    assert 'method="post" action="/vote"' in page and 'type="submit"' in page and "onclick" not in page

"""Pages in a real browser: no complaint, keys suffice, light and dark, hostile names do nothing, players play."""

import time

import numpy as np
import pytest
from browsers import chromium, complaints, open_page
from made_runs import made_exam, made_run

from avbench.leaderboard.board import build_boards
from avbench.leaderboard.published import Published, read_published
from avbench.leaderboard.site import build_site, report
from avbench.signal.audio import write_wav
from avbench.types import Audio

RATE = 16000
AXES = {"snr": [-5, 0, 5]}
HOSTILE = (
    "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    "<svg onload=\"document.title='taken'\">'\"`${1}{{1}}"
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two systems with answers, three anchors, and a system whose every name is hostile."""
    folder = tmp_path_factory.mktemp("runs")
    found = made_exam(folder, clips=50, axes=AXES)
    clip = np.arange(2 * RATE) / RATE
    for i, system in enumerate(("gcrn", "mutud", "noisy", "oracle")):
        tone = Audio((0.3 * np.sin(2 * np.pi * 300 * (i + 1) * clip)).astype(np.float32), RATE)
        for trial in found[0].trials:
            write_wav(folder / system / "predictions" / f"{trial['trial']}.wav", tone, "PCM_16")
    hostile = made_run(folder / "evil", f"evil{HOSTILE}", gain=3.0, clips=50, axes=AXES, title=HOSTILE, paper=HOSTILE,
                       training=HOSTILE, licence=HOSTILE, reason=HOSTILE, broken=3)  # fmt: skip
    return [*found, hostile]


@pytest.fixture(scope="module")
def page(runs, tmp_path_factory):
    return report(runs[0], tmp_path_factory.mktemp("page") / "page")


@pytest.fixture(scope="module")
def site(runs, tmp_path_factory):
    boards = build_boards(runs, Published({}, (), {}))
    return build_site(boards, tmp_path_factory.mktemp("site") / "site").parent


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def keys(*names):
    from selenium.webdriver.common.keys import Keys

    return [getattr(Keys, name, name) for name in names]


def press(browser, *names):
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(*keys(*names)).perform()


def tab_to(browser, selector, most=200):
    """Press Tab until what is selected has the focus, as somebody without a mouse would."""
    for _ in range(most):
        press(browser, "TAB")
        if browser.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return browser.switch_to.active_element
    raise AssertionError(f"Tab never came to {selector}")


def column(browser, number, table="#trial-table table"):
    script = (
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(r => r.cells[arguments[1]].textContent)"
    )
    return browser.execute_script(script, table, number)


def until(question, seconds=10.0):
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def test_a_page_opens_from_the_disk_without_complaint(browser, page):
    for dark, width in ((False, None), (True, None), (False, 390)):
        open_page(browser, page, dark, width)
        assert len(column(browser, 0)) == 100
        assert complaints(browser) == []
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.execute_script(wide) <= 0, "the page is wider than the window"
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_trials_sort_by_keyboard(browser, page):
    open_page(browser, page)
    tab_to(browser, "#trial-table th:nth-child(5) button")
    press(browser, "ENTER")
    rising = [float(text) for text in column(browser, 4)]
    assert rising == sorted(rising)
    press(browser, "SPACE")
    falling = [float(text) for text in column(browser, 4)]
    assert falling == sorted(falling, reverse=True) and falling[0] > rising[-1]
    head = browser.find_element("css selector", "#trial-table th:nth-child(5)")
    assert head.get_attribute("aria-sort") == "descending"


def test_the_small_tables_sort_too(browser, page):
    open_page(browser, page)
    tab_to(browser, ".card table[data-sortable] th:nth-child(2) button")
    press(browser, "ENTER")
    rows = "document.querySelector('.card table[data-sortable]').tBodies[0].rows"
    values = browser.execute_script(f"return [...{rows}].map(r => +r.cells[1].dataset.sort)")
    assert len(values) == 4 and values == sorted(values, reverse=True)  # the best first, where higher is better


def show_failures(browser):
    browser.execute_script("document.querySelector('[data-show]').focus()")
    press(browser, "ENTER")


def test_the_trials_filter_and_page(browser, page):
    open_page(browser, page)
    count = browser.find_element("css selector", "#trial-table [role=status]")
    assert count.text == "150 trials"
    on = browser.find_element("xpath", "//div[@class='pager']/button[text()='Next']")
    on.click()
    assert len(column(browser, 0)) == 50 and not on.is_enabled()
    tab_to(browser, "#trial-search")
    press(browser, "s002")
    assert until(lambda: count.text.startswith("6 of 150"))
    assert set(column(browser, 2)) == {"s002"}
    show_failures(browser)
    assert set(column(browser, 8)) == {"failed"} and count.text == "9 of 150 trials"


def test_a_trial_opens_by_key_and_says_why_it_failed(browser, page):
    open_page(browser, page)
    show_failures(browser)
    tab_to(browser, "#trial-table button.open")
    press(browser, "ENTER")
    detail = browser.find_element("css selector", "tr.detail")
    assert "the estimate is silent" in detail.text
    press(browser, "ENTER")
    assert not browser.find_elements("css selector", "tr.detail")


def test_sound_plays_and_another_goes_on_where_it_was(browser, page):
    open_page(browser, page)
    script = "return [...document.querySelectorAll('[role=tabpanel]:not([hidden]) .play')]"
    first, second = browser.execute_script(script)[:2]
    browser.execute_script("arguments[0].focus()", first)
    press(browser, "ARROW_RIGHT", "ARROW_RIGHT", "SPACE")
    about = "return arguments[0].parentNode.querySelector('.about').textContent"
    assert until(lambda: float(browser.execute_script(about, first).split()[0]) > 1.1), "it did not play on from 1 s"
    second.click()
    assert until(lambda: second.get_attribute("aria-pressed") == "true")
    assert first.get_attribute("aria-pressed") == "false"
    assert until(lambda: float(browser.execute_script(about, second).split()[0]) >= 1.0)
    second.click()
    assert complaints(browser) == []


def test_examples_change_by_arrow_keys(browser, page):
    open_page(browser, page)
    tab = tab_to(browser, "[role=tab]")
    assert (tab.text, tab.get_attribute("aria-selected")) == ("0 dB", "true")
    press(browser, "ARROW_RIGHT")
    assert browser.switch_to.active_element.text == "5 dB"
    shown = browser.execute_script("return document.querySelector('[role=tabpanel]:not([hidden])').dataset.tab")
    assert shown == "5 dB"


def test_pictures_are_fetched_when_they_are_needed(browser, page):
    open_page(browser, page)
    fetched = "return performance.getEntriesByType('resource').filter(e => e.name.includes('/media/')).length"
    all_of = len(list((page.parent / "media").iterdir()))
    assert all_of == 3 * 9 * 2 and browser.execute_script(fetched) < all_of / 4


def background(browser):
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3]) / 3


def test_light_and_dark_follow_the_system_and_the_switch(browser, page):
    open_page(browser, page)
    assert background(browser) > 200
    open_page(browser, page, dark=True)
    assert background(browser) < 60
    tab_to(browser, "#theme")
    press(browser, "ENTER")
    assert browser.switch_to.active_element.text == "Theme: light" and background(browser) > 200
    browser.refresh()
    assert background(browser) > 200  # it was remembered
    browser.find_element("id", "theme").click()
    browser.find_element("id", "theme").click()
    assert background(browser) < 60


def test_hostile_names_do_nothing(browser, runs, site, tmp_path):
    pages = [report(runs[-1], tmp_path / "page"), *sorted(site.rglob("*.html"))]
    assert len(pages) == 13
    for page in pages:
        open_page(browser, page)
        until(lambda: browser.execute_script("return document.readyState") == "complete")
        assert browser.title != "taken", page
        assert browser.execute_script("return document.querySelectorAll('img[src=x], svg[onload]').length") == 0, page
        assert complaints(browser) == [], page


def test_two_systems_side_by_side(browser, site):
    open_page(browser, next((site / "compare").iterdir()))
    assert until(lambda: "150 trials in common" in browser.find_element("id", "compare").text)
    assert len(browser.find_elements("css selector", "circle.dot")) == 150
    sides = browser.find_elements("css selector", ".side")
    assert [side.find_element("css selector", "b").text for side in sides] == ["mutud", "gcrn"]
    assert [len(side.find_elements("css selector", ".play")) for side in sides] == [3, 1]
    table = "#compare table"
    differences = [float(text) for text in column(browser, 3, table)]
    assert differences == sorted(differences, reverse=True)
    tab_to(browser, "[data-column=difference]")
    press(browser, "ENTER")
    rising = [float(text) for text in column(browser, 3, table)]
    assert rising == sorted(rising) and rising[0] < differences[0]
    assert browser.switch_to.active_element.get_attribute("data-column") == "difference"
    assert complaints(browser) == []


def test_no_page_is_wider_than_a_telephone(browser, runs, tmp_path):
    published = read_published()
    index = build_site(build_boards(runs, published), tmp_path / "site", media=False, published=published)
    wide = {}
    try:
        for path in [index, *sorted((index.parent / "task").iterdir()), *(index.parent / "compare").iterdir()]:
            open_page(browser, path, width=400)
            browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
            wide[path.name] = browser.execute_script("return document.documentElement.scrollWidth")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert len(wide) > 10 and {name: width for name, width in wide.items() if width > 400} == {}

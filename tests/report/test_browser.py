"""The page in a real browser: phone, keyboard, print, no network, no script."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.report.html import write_html

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
MM = 96 / 25.4
A4, LETTER, MARGIN = (210.0, 297.0), (215.9, 279.4), 12.0

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning"),
              pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed at /usr/bin/chromium: the page was not opened in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as p:
        made = p.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture(scope="module")
def urls(tmp_path_factory, named, relative, empty):
    folder = tmp_path_factory.mktemp("pages")
    for name, a in (("named", named), ("relative", relative), ("empty", empty)):
        write_html(a, folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in ("named", "relative", "empty")}


@pytest.fixture
def open_page(browser):
    opened = []

    def build(url, **options):
        context = browser.new_context(**options)
        opened.append(context)
        page = context.new_page()
        page.said = []
        page.asked = []
        page.on("console", lambda m: page.said.append(m.text))
        page.on("pageerror", lambda e: page.said.append(str(e)))
        page.on("request", lambda r: page.asked.append(r.url))
        page.goto(url)
        return page

    yield build
    for context in opened:
        context.close()


@pytest.mark.parametrize("name", ["named", "relative", "empty"])
@pytest.mark.parametrize("width", [1440, 768, 360, 320])
def test_no_sideways_scroll(open_page, urls, name, width):
    """Checklist 23: "360 px phone: no sideways scroll"; WCAG reflow at 320 CSS px."""
    page = open_page(urls[name], viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_request_no_violation_no_error(open_page, urls):
    """Checklist 29: "the page makes no request"."""
    page = open_page(urls["named"])
    page.keyboard.press("o")
    page.keyboard.press("?")
    assert [u for u in page.asked if not u.startswith(("file:", "data:"))] == []
    assert len([u for u in page.asked if u.startswith("file:")]) == 1
    assert page.said == []


def test_complete_without_script(open_page, urls):
    """ "complete with scripts off: script adds comfort, never content"."""
    dead = open_page(urls["named"], java_script_enabled=False)
    live = open_page(urls["named"])
    comfort = live.evaluate("document.getElementById('comfort').innerText")
    words = " ".join(live.inner_text("body").replace(comfort, "").split())
    assert " ".join(dead.inner_text("body").split()) == words


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_every_finding_is_reachable_by_tab(open_page, urls, named):
    """Checklist 22: "Keyboard only: every finding and level reachable"."""
    page = open_page(urls["named"])
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    reachable = set(page.evaluate(
        "[...document.querySelectorAll('[id^=f-]')].filter(e => e.tabIndex === 0 && e.offsetParent !== null).map(e => e.id)"
    ))  # fmt: skip
    assert reachable == {f"f-{f.id}" for f in named.all_findings()}
    page.focus("#f-L3-01")
    page.keyboard.press("Tab")
    assert focused(page) != "f-L3-01"


def test_j_and_k_walk_through_the_findings(open_page, urls, named):
    """Keys: "`j/k` next finding, `[`/`]` level"."""
    page = open_page(urls["named"])
    positive = [
        f.id
        for v in named.levels.values()
        if v.abnormal
        for f in v.findings.values()
        if f.state.value in ("present", "indeterminate")
    ]
    walked = []
    for _ in positive:
        page.keyboard.press("j")
        walked.append(focused(page).removeprefix("f-"))
    assert sorted(walked) == sorted(positive)
    page.keyboard.press("k")
    assert focused(page) == f"f-{walked[-2]}"
    page.keyboard.press("]")
    assert focused(page).startswith("h-")


def test_focus_is_visible(open_page, urls):
    page = open_page(urls["named"])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert (style, width) == ("solid", "3px")


def test_keys_can_be_switched_off(open_page, urls):
    """WCAG 2.1.4: "single keys can be switched off"."""
    page = open_page(urls["named"])
    page.get_by_role("button", name="Keys: on").click()
    page.keyboard.press("o")
    assert not page.evaluate("document.body.classList.contains('show-plain')")
    page.get_by_role("button", name="Keys: off").click()
    page.keyboard.press("o")
    assert page.evaluate("document.body.classList.contains('show-plain')")


def test_plain_copy_shows_on_focus_without_script(open_page, urls):
    page = open_page(urls["named"], java_script_enabled=False)
    picture = page.locator(".picture").nth(1)
    assert not picture.locator(".plain").is_visible()
    picture.focus()
    assert picture.locator(".plain").is_visible()
    assert not picture.locator(".marked").is_visible()


def test_map_rows_lead_to_their_level_and_open_it(open_page, urls):
    """ "Click or Enter opens the level"."""
    page = open_page(urls["named"])
    page.locator("svg.spine-map a[href='#level-T12']").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('level-T12').open")
    assert page.evaluate("location.hash") == "#level-T12"


def test_below_480_px_the_map_is_a_list(open_page, urls):
    page = open_page(urls["named"], viewport={"width": 400, "height": 800})
    assert page.locator(".map-list").is_visible()
    assert not page.locator("svg.spine-map").is_visible()
    page.set_viewport_size({"width": 900, "height": 800})
    assert page.locator("svg.spine-map").is_visible()


@pytest.mark.parametrize("paper", [A4, LETTER], ids=["A4", "Letter"])
@pytest.mark.parametrize("name", ["named", "relative", "empty"])
def test_page_one_fits_one_sheet(open_page, urls, name, paper):
    """Checklist 3: "page 1 fits one sheet"; 24: nothing cut in print."""
    width, height = ((side - 2 * MARGIN) * MM for side in paper)
    page = open_page(urls[name], viewport={"width": int(width), "height": int(height)})
    page.emulate_media(media="print")
    assert page.evaluate("document.querySelector('.page-one').getBoundingClientRect().height") <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= int(width)


def test_folded_parts_print_open_and_pictures_side_by_side(open_page, urls):
    """ "folded parts print open", "side by side in print"; with scripts off."""
    page = open_page(urls["named"], java_script_enabled=False, viewport={"width": 703, "height": 1000})
    page.emulate_media(media="print")
    assert page.locator("details#level-T12 table").bounding_box()["height"] > 50
    picture = page.locator(".picture").nth(1)
    left, right = picture.locator(".marked").bounding_box(), picture.locator(".plain").bounding_box()
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


def test_prints_to_pdf_with_text(open_page, urls, tmp_path):
    """Checklist 24: A4 and Letter print."""
    page = open_page(urls["named"])
    for paper in ("A4", "Letter"):
        page.pdf(path=tmp_path / f"{paper}.pdf", format=paper, tagged=True, outline=True)
        content = (tmp_path / f"{paper}.pdf").read_bytes()
        assert content.startswith(b"%PDF")
        assert b"/Font" in content
        assert len(content) <= 5_000_000


def test_dark_mode_follows_the_system_and_never_prints(open_page, urls):
    page = open_page(urls["named"], color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_text_at_200_per_cent_does_not_scroll_sideways(open_page, urls):
    """ "text zoom 200 %"."""
    page = open_page(urls["named"], viewport={"width": 1280, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280

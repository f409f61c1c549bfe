"""The review desk in a real browser against a real server: keys alone, nothing lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.desk import CHROMIUM, Desk, browsing, fill, logged_in, serving

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        import os

        said = "These tests need Chromium: apt-get install chromium."
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("desk")
    store = fill(home, 1_600)
    with serving(home, store) as running:
        yield running
    store.close()


def ready(page: Page) -> None:
    page.wait_for_selector(".amount", timeout=30_000)


def settled(page: Page) -> None:
    """Wait until everything decided here is with the server."""
    expect(page.locator("#saving")).to_have_text("", timeout=30_000)


def current(page: Page) -> str:
    return page.locator("section[aria-label=Payment] h2").first.inner_text()


def decide(page: Page, key: str) -> None:
    """Press a key for a card; a reason is the second key."""
    ready(page)
    before = current(page)
    page.keyboard.press(key)
    if key in "xd":
        page.keyboard.press("1")
    expect(page.locator("#desk")).not_to_contain_text(before, timeout=30_000)


def test_keys_alone_decide_and_everything_arrives_once(browser: Browser, desk: Desk) -> None:
    page = logged_in(browser, desk)
    page.evaluate("window.mice = 0; addEventListener('mousedown', () => window.mice++)")
    before = len(desk.verdicts())
    for number in range(20):
        ready(page)
        has_proposal = page.locator("button.strong", has_text="accept").count() > 0
        key = "x" if number % 10 == 9 or not has_proposal else "1" if number % 10 == 8 else "a"
        if key == "1" and page.locator(".candidate").count() == 0:
            key = "a"
        decide(page, key)
    settled(page)
    assert page.evaluate("window.mice") == 0
    given = desk.verdicts()[before:]
    assert len(given) == 20
    assert max(Counter(one[1] for one in given).values()) == 1, "a case was decided twice"
    assert desk.broken() == []
    page.context.close()


def test_what_is_decided_offline_is_sent_later_and_survives_a_reload(browser: Browser, desk: Desk) -> None:
    page = logged_in(browser, desk)
    ready(page)
    page.wait_for_timeout(1_500)  # let some cards come
    before = len(desk.verdicts())
    page.context.set_offline(True)
    for _ in range(3):
        decide(page, "x")
    assert page.locator("#saving").inner_text() == "saving 3"
    assert len(desk.verdicts()) == before
    page.context.set_offline(False)
    page.reload()
    settled(page)
    assert len(desk.verdicts()) == before + 3
    assert desk.broken() == []
    page.context.close()


def test_a_key_held_down_or_pressed_twice_decides_once_each(browser: Browser, desk: Desk) -> None:
    page = logged_in(browser, desk)
    ready(page)
    page.wait_for_timeout(1_000)
    before = len(desk.verdicts())
    page.keyboard.down("x")
    page.keyboard.down("x")  # a repeat of the key that is held
    page.keyboard.up("x")
    page.keyboard.press("1")
    page.keyboard.press("1")
    settled(page)
    given = desk.verdicts()[before:]
    assert max(Counter(one[1] for one in given).values()) == 1
    assert desk.broken() == []
    page.context.close()


def test_undo_brings_the_case_back_by_new_entries(browser: Browser, desk: Desk) -> None:
    page = logged_in(browser, desk)
    ready(page)
    page.select_option("#order", "confidence")
    ready(page)
    for _ in range(10):
        if page.locator("button.strong", has_text="accept").count():
            break
        decide(page, "j")
    waiting = desk.waiting()
    decide(page, "a")
    settled(page)
    assert desk.waiting() == waiting - 1
    page.keyboard.press("u")
    page.wait_for_timeout(300)
    settled(page)
    assert desk.waiting() == waiting
    assert desk.broken() == []
    page.context.close()


def test_two_people_never_hold_the_same_case(browser: Browser, desk: Desk) -> None:
    pages = [logged_in(browser, desk, name) for name in ("ana", "bo")]
    for page in pages:
        ready(page)
    assert current(pages[0]) != current(pages[1])
    for page in pages:
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_accessible(browser: Browser, desk: Desk, scheme: str) -> None:
    page = logged_in(browser, desk, scheme=scheme)
    ready(page)
    for keys in ("", "?", "s", "x", "h", "/"):
        if keys:
            page.keyboard.press(keys)
            page.wait_for_timeout(200)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{keys or 'card'}: {found.generate_report()}"
        if keys:
            page.keyboard.press("Escape")
    for path in ("queues", "dashboard"):
        page.goto(f"{desk.url}/review/{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    page.context.close()


def test_names_and_texts_never_run(browser: Browser, desk: Desk) -> None:
    """What a payer wrote is text: the pages allow no script but their own, and draw nothing as markup."""
    page = logged_in(browser, desk)
    answer = page.request.get(f"{desk.url}/review")
    rule = answer.headers["content-security-policy"]
    assert "script-src 'self'" in rule
    assert "unsafe" not in rule
    source = page.request.get(f"{desk.url}/review/static/desk.js").text()
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in source
    page.context.close()


def test_script_and_style_are_small_and_our_own(desk: Desk, browser: Browser) -> None:
    page = logged_in(browser, desk)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{desk.url}/review")
    ready(page)
    assert all(url.startswith(desk.url) for url in asked)
    size = sum(
        len(page.request.get(f"{desk.url}/review/static/{name}").body()) for name in ("desk.js", "review.css")
    )
    assert size <= 100_000
    page.context.close()

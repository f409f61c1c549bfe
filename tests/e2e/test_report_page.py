"""The report in a real browser, from a file and without a network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features.report import write_report
from tests.made_output import made_output

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path(os.environ.get("TIEOUT_CHROMIUM") or "/usr/bin/chromium")
HOW_TO_GET_IT = "needs `pip install playwright` and `apt-get install chromium` (or TIEOUT_CHROMIUM)"
# The middle ones keep Chromium from calling its makers, which a test machine without a network cannot.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROBE = (
    "<img src=x onerror='window.hit=1'><script>window.hit=1</script></script><script>window.hit=1</script>"
)
SIZES = ((1280, 900), (1920, 1080), (390, 844))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if find_spec("playwright") is None or not CHROMIUM.exists():
        assert not os.environ.get("CI"), HOW_TO_GET_IT
        pytest.skip(HOW_TO_GET_IT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    book, output, truth = made_output(
        800, 5, payer_name=PROBE, remittance=f"{PROBE} RE 2025 40000", booking_date="2020-01-01"
    )
    return write_report(book, output, folder, truth).as_uri()


@contextmanager
def opened(
    browser: Browser, address: str, size: tuple[int, int] = SIZES[0], scheme: str = "light"
) -> Iterator[Page]:
    """Open the page offline; any request, error or console message fails the test."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        offline=True,
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if request.url != address else None)
    page.goto(address)
    yield page
    assert said == []
    assert page.evaluate("window.hit") is None
    context.close()


def wait_for_rows(page: Page, said: str) -> None:
    """Wait until the search, which runs a moment after the last key, says how many rows it found."""
    from playwright.sync_api import expect

    expect(page.locator("#found")).to_have_text(re.compile(said))


def found(page: Page) -> int:
    """How many rows the filters leave."""
    said = page.inner_text("#found").split(" ")[0]
    return int(said.replace(",", ""))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_every_width_in_light_and_dark(
    browser: Browser, report: str, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, report, size, scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        background = page.evaluate("getComputedStyle(document.body).backgroundColor || ''")
        root = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        light = sum(int(part) for part in (root or background)[4:-1].split(",")[:3])
        assert (light < 200) == (scheme == "dark")


def test_theme_can_be_turned(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        page.click("#theme")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before


def test_search_filter_sort_and_pages(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        assert found(page) == 800
        page.fill("#find", "P-700123")
        wait_for_rows(page, r"1 of 800")
        page.click("#clear")
        page.select_option("#f-outcome", label="Automatic")
        automatic = found(page)
        assert 600 < automatic < 800
        page.click("#rows thead button[data-sort=conf]")
        shown = page.locator("#rows tbody tr.row td:nth-child(6)").all_inner_texts()
        values = [float(text.split(" %")[0].replace("> ", "")) for text in shown]
        assert values == sorted(values)
        assert page.locator("#rows thead th[aria-sort=ascending]").count() == 1
        page.click("#next")
        assert page.inner_text("#place").startswith("101")
        page.select_option("#f-right", "false")
        assert found(page) < automatic


def test_reason_leads_to_its_payments(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        row = page.locator("#review tbody tr").first
        expected = int(row.locator("td").nth(1).inner_text().replace(",", ""))
        row.locator("button").click()
        assert found(page) == expected


def test_evidence_opens_by_keyboard_and_shows_hostile_text_as_text(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "find"
        page.keyboard.type("P-700000")
        wait_for_rows(page, r"1 of 800")
        button = page.locator("#rows tbody tr.row button")
        button.focus()
        page.keyboard.press("Enter")
        assert button.get_attribute("aria-expanded") == "true"
        evidence = page.inner_text("#rows .evidence")
        assert "<img src=x" in evidence
        assert page.locator("#rows .evidence img, #rows .evidence script").count() == 0
        page.keyboard.press("Enter")
        assert page.locator("#rows .evidence").count() == 0


def test_document_number_is_marked_in_the_text(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        page.select_option("#f-outcome", label="For review")
        page.fill("#find", "thank you")
        wait_for_rows(page, r"\d\d? of 800")
        row = page.locator("#rows tbody tr.row").first
        number = row.locator("td").nth(6).inner_text().split(" ")[0]
        row.locator("button").click()
        assert page.inner_text("#rows .evidence .said mark") == number


def test_scales_of_the_picture(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        assert page.locator("#histogram .tail").is_visible()
        page.uncheck("#scale-tail")
        page.check("#scale-log")
        assert page.locator("#histogram .even-log").is_visible()
        assert page.locator("#histogram .view:visible").count() == 1


def test_every_control_has_a_name_and_text_stands_out(browser: Browser, report: str) -> None:
    with opened(browser, report) as page:
        nameless = page.evaluate(
            """[...document.querySelectorAll('button, select, input')].filter((e) => !(
              e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label')
              || document.querySelector(`label[for="${e.id}"]`))).length"""
        )
        assert nameless == 0
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for name in ("--ink", "--ink-2", "--ink-3", "--link", "--good", "--bad"):
                assert page.evaluate(CONTRAST, name) >= 4.5, (scheme, name)


CONTRAST = """(name) => {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  probe.style.backgroundColor = 'var(--paper)';
  document.body.append(probe);
  const seen = getComputedStyle(probe);
  const light = (text) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = text.match(/[\\d.]+/g).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pair = [light(seen.color), light(seen.backgroundColor)].sort((x, y) => y - x);
  probe.remove();
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}"""

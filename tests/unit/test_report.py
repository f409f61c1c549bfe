"""The report: hostile text stays text, sizes are bounded, figures add up, and nothing leaves the page."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.outputs import write_match
from features.pipeline import MatchResult
from features.report import evidence, write_report
from features.report.ageing import ageing_rows
from features.report.facts import money_rows, outcome_counts, reason_rows, unapplied_rows
from features.report.guarantee import guarantee_of
from features.report.page import content_hash
from features.report.tables import Output, decided
from features.report.words import certainty, money, share
from tests.made_output import made_output

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><img src=x onerror=alert(1)>",
    "\"'`><svg/onload=alert(1)>",
    "{{7*7}}{% raw %}${7*7}",
    "javascript:alert(1)",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "line\u2028separator\u2029paragraph",
    "\u202egnp.exe\u2066",
    "=cmd|'/c calc'!A0",
    "nul\x01bell\x07",
)


def page_of(tmp_path: Path, *, truth: bool = False, payments: int = 60, **over: str) -> str:
    book, output, known = made_output(payments, 5, **over)
    write_report(book, output, tmp_path, known if truth else None)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, dict[str, list[object]]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    parsed: dict[str, dict[str, list[object]]] = json.loads(found.group(1))
    return parsed


def without_varying(page: str) -> str:
    return re.sub(r'<div id="varies".*?</div>', "", page, flags=re.DOTALL)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_becomes_markup(tmp_path: Path, text: str) -> None:
    page = page_of(tmp_path, payer_name=text, remittance=text, end_to_end_id=text[:30])
    assert page.count("<script") == 2
    assert page.count("</script") == 2
    assert "<img" not in page
    assert "onload=" not in page or text not in page.split('id="data"')[0]
    said = data_of(page)["d"]
    shown = said["text"][said["id"].index("P-700000")]
    # The reader may fold white space; what matters is that the words come back whole, as data.
    assert isinstance(shown, str)
    assert shown.split() == text.split() or "\x01" in text or "\u2028" in text


def test_names_in_lists_and_tables_are_escaped(tmp_path: Path) -> None:
    book, output, _ = made_output(40, payer_name="<b>bold</b>", booking_date="2020-01-01")
    outcome = pa.array(["review"] + ["auto"] * 39)
    decisions = output.decisions.set_column(
        output.decisions.schema.get_field_index("outcome"), "outcome", outcome
    )
    write_report(
        book, MatchResult(decisions, output.allocations, output.candidates, output.summary), tmp_path
    )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;bold&lt;/b&gt;" in page  # the payment that waits longest
    assert "<b>bold</b>" not in page


def test_marks_that_turn_reading_direction_do_not_reach_the_lists(tmp_path: Path) -> None:
    page = page_of(tmp_path, payer_name="abc\u202egpj.exe", booking_date="2020-01-01")
    assert "\u202e" not in page.split('id="data"')[0]


def test_page_needs_no_network(tmp_path: Path) -> None:
    page = page_of(tmp_path, truth=True)
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", page.split('id="data"')[0])
    assert not re.findall(r"<(?:link|iframe|img|object|embed|base)\b", page)
    assert "@import" not in page
    assert "url(" not in page


def test_policy_of_the_page_allows_its_own_script_and_style_only(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy
    assert "default-src 'none'" in policy.group(1)
    assert "unsafe" not in policy.group(1)
    assert len(script) == len(style) == 1
    assert content_hash(script[0]) in policy.group(1)
    assert content_hash(style[0]) in policy.group(1)
    assert " style=" not in page
    assert not re.findall(r"\son[a-z]+=", page.split('id="data"')[0])


def test_same_input_gives_same_bytes_but_for_timings_and_memory(tmp_path: Path) -> None:
    book, output, truth = made_output(300)
    later = output.summary | {"timings_seconds": {"read": 99.0}, "peak_memory_mib": 1}
    write_report(book, output, tmp_path / "a", truth)
    write_report(
        book,
        MatchResult(output.decisions, output.allocations, output.candidates, later),
        tmp_path / "b",
        truth,
    )
    one, two = ((tmp_path / name / "report.html").read_text(encoding="utf-8") for name in "ab")
    assert one != two
    assert without_varying(one) == without_varying(two)


def test_folder_and_result_give_the_same_page(tmp_path: Path) -> None:
    book, output, _ = made_output(200)
    write_match(output, tmp_path / "out")
    write_report(book, output, tmp_path / "memory")
    write_report(book, tmp_path / "out", tmp_path / "folder")
    pages = [(tmp_path / name / "report.html").read_text(encoding="utf-8") for name in ("memory", "folder")]
    assert pages[0] == pages[1]


def test_page_is_bounded_and_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    book, output, _ = made_output(2_000)
    rows = decided(Output.of(output, tmp_path), book.payments)
    counts = outcome_counts(rows)
    held = evidence.choose(rows, 400)
    assert len(held.rows) == len(set(held.rows.tolist())) == 400
    assert held.held[1:3] == counts[1:3]  # everything that needs a person fits, so it is there
    assert held.total == counts
    tight = evidence.choose(rows, 50)
    waiting = np.flatnonzero(np.isin(rows.outcome, (1, 2)))
    assert sum(tight.held[1:3]) == 40
    assert sum(tight.held) == 50
    assert rows.booking_day[tight.rows[:40]].max() <= np.sort(rows.booking_day[waiting])[39]
    monkeypatch.setattr(evidence.choose, "__defaults__", (400,))
    write_report(book, output, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(data_of(page)["d"]["id"]) == 400
    assert f"of {counts[0]:,} that closed automatically" in page
    assert "decisions.csv beside this page has all of them" in page


def test_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    page = page_of(tmp_path, remittance="x" * 5_000)
    said = data_of(page)["d"]
    at = said["id"].index("P-700000")
    assert len(str(said["text"][at])) == evidence.TEXT_LENGTH
    assert said["cut"][at] == 5_000 - evidence.TEXT_LENGTH


def test_money_is_added_up_by_currency_and_never_across(tmp_path: Path) -> None:
    book, output, _ = made_output(500)
    rows = money_rows(decided(Output.of(output, tmp_path), book.payments))
    exponents = {"JPY": 0, "BHD": 3}
    expected: dict[tuple[str, str], Decimal] = {}
    for payment, decision in zip(book.payments.to_pylist(), output.decisions.to_pylist(), strict=True):
        assert payment["payment_id"] == decision["payment_id"]
        key = (payment["currency"], "out" if payment["amount_minor"] < 0 else "in")
        value = Decimal(abs(payment["amount_minor"])).scaleb(-exponents.get(payment["currency"], 2))
        expected[key] = expected.get(key, Decimal(0)) + value
    got = {
        (row.currency, row.direction): Decimal(row.total).scaleb(-exponents.get(row.currency, 2))
        for row in rows
    }
    assert got == expected
    assert len({row.currency for row in rows}) == 5


def test_unapplied_cash_is_that_of_the_decisions(tmp_path: Path) -> None:
    book, output, _ = made_output(800)
    rows = unapplied_rows(decided(Output.of(output, tmp_path), book.payments))
    said = output.decisions.filter(pc.equal(output.decisions["outcome"], "unmatched"))
    total: dict[str, Decimal] = {}
    for row in said.to_pylist():
        total[row["currency"]] = total.get(row["currency"], Decimal(0)) + Decimal(row["unapplied"])
    exponents = {"JPY": 0, "BHD": 3}
    got = {row.currency: Decimal(sum(row.minor)).scaleb(-exponents.get(row.currency, 2)) for row in rows}
    assert got == {currency: value for currency, value in total.items() if value}


def test_open_balances_are_what_automatic_closes_leave(tmp_path: Path) -> None:
    book, output, _ = made_output(400)
    day = (date(2026, 4, 30) - date(1970, 1, 1)).days
    closed = set(
        output.allocations.filter(pc.equal(output.allocations["outcome"], "auto"))["invoice_id"].to_pylist()
    )
    expected: dict[str, int] = {}
    for item in book.invoices.to_pylist():
        if item["invoice_id"] not in closed and item["type"] == "invoice":
            expected[item["currency"]] = expected.get(item["currency"], 0) + item["amount_minor"]
    rows = ageing_rows(book, Output.of(output, tmp_path), day)
    assert {row.currency: row.total for row in rows} == expected


def test_reasons_count_every_obstacle_and_only_those(tmp_path: Path) -> None:
    book, output, _ = made_output(1_000)
    rows = reason_rows(decided(Output.of(output, tmp_path), book.payments))
    review = output.decisions.filter(pc.equal(output.decisions["outcome"], "review"))["reasons"].to_pylist()
    assert {row.code: row.payments for row in rows} == {
        code: sum(code in said.split(";") for said in review) for code in {r.code for r in rows}
    }
    assert "reference_partial" not in {row.code for row in rows}  # evidence, not an obstacle
    assert sum(row.alone for row in rows) == sum(len(said.split(";")) == 2 for said in review)


def test_empty_run_has_a_page(tmp_path: Path) -> None:
    book, output, truth = made_output(0)
    write_report(book, output, tmp_path, truth)
    assert "There was nothing to decide." in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("summary", "state"),
    [
        ({}, "none"),
        ({"guarantee": {"statement": "none"}}, "none"),
        ({"guarantee": {"statement": "With probability 95 % ...", "certified": True}}, "held"),
        ({"guarantee": {"statement": "Nothing is certified", "certified": False}}, "none"),
        ({"guarantee": {"statement": "Transferred, not certified on your data"}}, "lent"),
    ],
)
def test_guarantee_says_how_strong_it_is(summary: dict[str, object], state: str) -> None:
    assert guarantee_of(summary).state == state


def test_numbers_never_round_up_to_certainty() -> None:
    assert certainty(0.99996) == "99.99 %" or certainty(0.99996).startswith(">")
    assert certainty(0.99994).startswith("99.99") or certainty(0.99994).startswith(">")
    assert certainty(1.0) == "100.00 %"
    assert share(2_999, 3_000) == "> 99.9 %"
    assert share(1, 3_000) == "< 0.1 %"
    assert money(-123_456_789, "JPY") == "\u2212123,456,789"
    assert money(1_234_567, "BHD") == "1,234.567"
    assert money(5, "EUR") == "0.05"

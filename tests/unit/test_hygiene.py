"""Characters that do not show are dropped for matching and written out for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ingest.entry import RemittanceEntry
from features.ingest.hygiene import Oddity, for_matching, for_people, oddities
from features.ingest.limits import DEFAULT
from features.ingest.rows import remittance_row
from features.ingest.source import Source
from features.ingest.titled_csv import read_remittance

CASES = [
    ("ACME\u202eGNP.EXE", "ACMEGNP.EXE", "ACME⟦U+202E⟧GNP.EXE", {Oddity.DIRECTION}),
    ("INV\u200b-\u20601\ufeff", "INV-1", "INV⟦U+200B⟧-⟦U+2060⟧1⟦U+FEFF⟧", {Oddity.HIDDEN}),
    ("Rech\u00adnung", "Rechnung", "Rech⟦U+00AD⟧nung", {Oddity.HIDDEN}),
    ("A\x00B\x1bC", "A B C", "A⟦U+0000⟧B⟦U+001B⟧C", {Oddity.CONTROL}),
    ("two\r\nlines\t here", "two lines here", "two\r\nlines\t here", set()),
    ("\u0410CME", "\u0410CME", "\u0410CME", {Oddity.MIXED_SCRIPTS}),
    ("Müller & Søn", "Müller & Søn", "Müller & Søn", set()),
    ("ООО Ромашка ABC", "ООО Ромашка ABC", "ООО Ромашка ABC", set()),
    ("東京エレクトロン", "東京エレクトロン", "東京エレクトロン", set()),
    ("tag\U000e0041s", "tags", "tag⟦U+E0041⟧s", {Oddity.HIDDEN}),
]


@pytest.mark.parametrize(("text", "matched", "shown", "odd"), CASES)
def test_examples(text: str, matched: str, shown: str, odd: set[Oddity]) -> None:
    assert for_matching(text) == matched
    assert for_people(text) == shown
    assert oddities(text) == odd


@given(st.text())
def test_nothing_odd_is_left_for_matching_or_unseen_for_people(text: str) -> None:
    matched = for_matching(text)
    assert for_matching(matched) == matched
    assert oddities(matched) <= {Oddity.MIXED_SCRIPTS}
    assert oddities(for_people(text)) <= {Oddity.MIXED_SCRIPTS}


def test_the_book_holds_what_shows_and_the_lineage_what_was_there(tmp_path: Path) -> None:
    text = "Payment Ref;Invoice;Paid;Currency;Comment\nE2E-1;INV\u200b-1;10,00;EUR;\u202eskonto\n"
    (tmp_path / "advice.csv").write_text(text, "utf-8")
    source = Source.of_path(tmp_path / "advice.csv")
    (line,) = [one for one in read_remittance(source, DEFAULT) if isinstance(one, RemittanceEntry)]
    row = remittance_row(line, "p1")
    assert (row["reference"], row["reason"]) == ("INV-1", "skonto")
    assert "INV\u200b-1" in row["lineage_raw"]

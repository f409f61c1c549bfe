"""Labels: who outranks whom, what certifies, and what nobody may learn from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.book import Book, book_from_rows
from features.book_schema import INSTANT_TYPE
from features.snapshot import VOTES, Snapshot
from receivables.errors import TieoutError
from training.labels import Answer, Labels, labelled_book, resolve
from training.noise import agreement, estimate_noise

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCEPT = Answer((("I1", 10_000, 0),))
OTHER = Answer((("I2", 10_000, 0),))
NOTHING = Answer((), "nothing")


def book(**allocation: object) -> Book:
    return book_from_rows(
        {
            "invoices": [
                {
                    "invoice_id": name,
                    "customer_id": "C",
                    "currency": "EUR",
                    "amount": "100.00",
                    "issue_date": "2026-01-01",
                }
                for name in ("I1", "I2")
            ],
            "payments": [
                {"payment_id": "P1", "booking_date": "2026-02-01", "currency": "EUR", "amount": "100.00"},
                {"payment_id": "P2", "booking_date": "2026-02-02", "currency": "EUR", "amount": "100.00"},
            ],
            "allocations": [
                {
                    "payment_id": "P1",
                    "invoice_id": "I1",
                    "amount": "100.00",
                    "decided_at": "2026-02-03T00:00:00Z",
                }
                | allocation
            ],
        }
    )


def said(
    reviewer: str, answer: Answer, *, payment: str = "P1", hours: int = 0, **more: object
) -> dict[str, Any]:
    row = {
        "vote_id": f"{payment}-{reviewer}-{hours}",
        "payment_id": payment,
        "reviewer": reviewer,
        "source": "ambiguous",
        "pi": 1.0,
        "answer": answer.to_json(),
        "known_at": NOON + timedelta(hours=hours),
        "is_blind": False,
        "is_bulk": False,
    }
    return row | more


def resolved(*votes: dict[str, Any], of: Book | None = None) -> Labels:
    return resolve(pa.Table.from_pylist(list(votes), schema=VOTES), of or book())


def test_one_vote_is_a_label_that_nobody_checked() -> None:
    label = resolved(said("ana", OTHER)).labels["P1"]
    assert (label.answer, label.is_checked) == (OTHER, False)


def test_two_blind_votes_that_agree_are_checked_and_two_open_ones_are_not() -> None:
    blind = resolved(said("ana", ACCEPT, is_blind=True), said("bo", ACCEPT, hours=1, is_blind=True))
    assert blind.labels["P1"].is_checked
    assert not resolved(said("ana", ACCEPT), said("bo", ACCEPT, hours=1)).labels["P1"].is_checked


def test_bulk_accepts_never_certify() -> None:
    votes = [said(who, ACCEPT, is_blind=True, is_bulk=True) for who in ("ana", "bo")]
    assert not resolved(*votes).labels["P1"].is_checked


def test_a_disagreement_is_no_label_until_somebody_settles_it() -> None:
    votes = [said("ana", ACCEPT, is_blind=True), said("bo", OTHER, is_blind=True)]
    open_case = resolved(*votes)
    assert (dict(open_case.labels), open_case.disputed) == ({}, ("P1",))
    settled = resolved(*votes, said("cleo", OTHER, hours=2, source="adjudication"))
    assert settled.labels["P1"].answer == OTHER
    assert settled.labels["P1"].is_checked
    assert settled.labels["P1"].source == "ambiguous", "why it was asked does not change"


def test_the_last_word_of_a_reviewer_counts() -> None:
    assert resolved(said("ana", ACCEPT), said("ana", NOTHING, hours=1)).labels["P1"].answer == NOTHING


def test_a_reversal_voids_what_was_said_before_it() -> None:
    undone = book(reversed_at="2026-03-02T00:00:00Z")
    assert not resolved(said("ana", ACCEPT), of=undone).labels
    assert resolved(said("ana", OTHER, hours=48), of=undone).labels["P1"].answer == OTHER


def test_a_chargeback_voids_what_was_said_before_it() -> None:
    sound = book()
    taken = sound.payments.slice(1)
    for name, value in (("kind", "chargeback"), ("related_payment_id", "P1")):
        at = taken.schema.get_field_index(name)
        taken = taken.set_column(at, name, pa.array([value], pa.string()))
    at = taken.schema.get_field_index("known_at")
    taken = taken.set_column(at, "known_at", pa.array([NOON + timedelta(days=1)], INSTANT_TYPE))
    charged = replace(sound, payments=pa.concat_tables([sound.payments.slice(0, 1), taken]))
    assert not resolved(said("ana", ACCEPT), of=charged).labels


def test_weights_are_clipped_and_what_that_takes_away_is_told() -> None:
    labels = resolved(said("ana", ACCEPT, pi=0.01, source="audit"))
    assert labels.labels["P1"].weight == 20.0
    assert labels.clipped == 1
    assert labels.weight_lost == pytest.approx(0.8)


def test_a_label_replaces_the_history_of_its_payment_and_says_where_it_came_from(tmp_path: Path) -> None:
    labels = resolved(
        said("ana", OTHER, is_blind=True, source="audit", pi=0.05),
        said("bo", OTHER, hours=1, is_blind=True, source="audit", pi=0.05),
        said("ana", NOTHING, payment="P2"),
    )
    out = labelled_book(Snapshot("id", tmp_path, NOON, book(), VOTES.empty_table()), labels)
    (row,) = out.allocations.to_pylist()
    assert (row["invoice_id"], row["source"], row["pi"]) == ("I2", "audit", 0.05)
    assert row["checked_by"] is not None
    assert dict(
        zip(out.payments["payment_id"].to_pylist(), out.payments["resolution"].to_pylist(), strict=True)
    ) == {
        "P1": None,
        "P2": "nothing",
    }


def test_nothing_is_learnt_from_a_dispute(tmp_path: Path) -> None:
    labels = resolved(said("ana", ACCEPT), said("bo", NOTHING))
    out = labelled_book(Snapshot("id", tmp_path, NOON, book(), VOTES.empty_table()), labels)
    assert out.allocations.num_rows == 0
    assert out.payments["resolution"].to_pylist()[0] == "pending"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lines":[["I1"]]}', '{"lines":[],"resolution":"maybe"}'])
def test_an_answer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TieoutError):
        Answer.from_json(text)


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(), st.integers()), max_size=5))
def test_an_answer_survives_being_written_in_any_order_of_lines(lines: list[tuple[str, int, int]]) -> None:
    text = Answer(tuple(sorted(lines))).to_json()
    assert Answer.from_json(text).to_json() == text


def test_reviewers_errors_are_recovered_from_double_votes_alone() -> None:
    rng = np.random.default_rng(8)
    true = {"ana": 0.99, "bo": 0.97, "cleo": 0.85}
    votes = []
    for number in range(4_000):
        for who in rng.choice(list(true), 2, replace=False).tolist():
            right = rng.random() < true[who]
            votes.append((f"P{number}", who, "right" if right else f"wrong{rng.integers(3)}"))
    noise = estimate_noise(votes)
    for who, accuracy in true.items():
        assert noise.accuracy[who] == pytest.approx(accuracy, abs=0.02)
    assert noise.error_rate == pytest.approx(np.mean([1 - one for one in true.values()]), abs=0.01)


def test_agreement_is_shown_beside_what_chance_gives() -> None:
    votes = [(f"P{n}", who, ACCEPT.to_json()) for n in range(98) for who in ("ana", "bo")]
    votes += [("Q1", "ana", NOTHING.to_json()), ("Q1", "bo", ACCEPT.to_json())]
    found = agreement(votes)
    assert (found.pairs, found.agreed) == (99, 98)
    assert found.by_chance > 0.98
    assert found.kappa < 0.1, "skewed answers agree by themselves"

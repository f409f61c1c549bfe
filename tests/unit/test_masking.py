"""Card numbers never reach the store; document numbers and structured references do."""

from __future__ import annotations

from features.book import book_from_rows
from serving.masking import without_card_numbers

CARD = "4111 1111 1111 1111"


def test_free_texts_are_masked_and_references_are_not() -> None:
    rows = {
        "invoices": [
            {
                "invoice_id": "I", "customer_id": "C", "currency": "EUR", "amount": "1",
                "issue_date": "2026-03-01",
            }
        ],
        "payments": [
            {
                "payment_id": "P-1", "booking_date": "2026-03-31", "currency": "EUR", "amount": "1.00",
                "payer_name": f"A. B. {CARD}", "remittance": f"card {CARD} for 2026-000123",
                "structured_reference": "4111111111111111",
            },
            {"payment_id": "P-2", "booking_date": "2026-03-31", "currency": "EUR", "amount": "1.00"},
        ],
        "remittance_lines": [{"payment_id": "P-1", "reason": CARD, "reference": "4111111111111111"}],
    }  # fmt: skip
    book = without_card_numbers(book_from_rows(rows))
    assert book.payments["payer_name"].to_pylist() == ["A. B. 4111 11** **** 1111", None]
    assert book.payments["remittance"].to_pylist() == ["card 4111 11** **** 1111 for 2026-000123", None]
    assert book.payments["structured_reference"].to_pylist()[0] == "4111111111111111"
    assert book.remittance_lines["reason"].to_pylist() == ["4111 11** **** 1111"]
    assert book.remittance_lines["reference"].to_pylist() == ["4111111111111111"]


def test_a_book_without_cards_stays_itself() -> None:
    rows = {"payments": [{"payment_id": "P", "booking_date": "2026-03-31", "currency": "EUR", "amount": "1"}]}
    book = book_from_rows({**rows, "invoices": []})
    assert without_card_numbers(book).payments.equals(book.payments)

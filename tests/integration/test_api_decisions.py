"""A system's own decision over HTTP, and its undoing."""

from __future__ import annotations

import pytest

from tests.service import INVOICE, PAYMENT, Service


@pytest.fixture
def waiting(service: Service) -> Service:
    """A payment that names nothing, beside two items."""
    service.post(
        "/v1/invoices", {"invoices": [INVOICE, INVOICE | {"invoice_id": "INV-9", "amount": "500.00"}]}
    )
    payment = PAYMENT | {"remittance": "thanks", "payer_name": "SOMEBODY ELSE", "amount": "700.00"}
    service.post("/v1/payments", {"payments": [payment]})
    assert service.get("/v1/payments/P-1").json()["state"] in ("review", "unmatched")
    return service


def open_amount(service: Service, invoice: str) -> str:
    return str(service.get(f"/v1/invoices/{invoice}").json()["open_amount"])


LINES = [{"invoice_id": "INV-9", "amount": "500.00"}, {"invoice_id": "INV-2026-004217", "amount": "200"}]


def test_a_decision_is_posted_and_closes_the_case(waiting: Service) -> None:
    answer = waiting.post("/v1/payments/P-1/allocations", {"allocations": LINES, "reason": "by phone"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["decided_by"].startswith("key:")
    assert open_amount(waiting, "INV-9") == "0.00"
    assert open_amount(waiting, "INV-2026-004217") == "1034.50"
    assert waiting.get("/v1/payments/P-1").json()["state"] == "applied"
    assert waiting.get("/v1/cases").json()["cases"] == []
    again = waiting.post("/v1/payments/P-1/allocations", {"allocations": LINES})
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")


def test_a_reversal_is_new_entries_and_the_payment_waits_again(waiting: Service) -> None:
    waiting.post("/v1/payments/P-1/allocations", {"allocations": LINES})
    before = waiting.get("/v1/payments/P-1").json()
    allocation = before["allocations"][0]["allocation_id"]
    answer = waiting.post(f"/v1/allocations/{allocation}/reverse", {"reason": "wrong customer"}, key="r")
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["reversed"]) == 2
    assert open_amount(waiting, "INV-9") == "500.00"
    after = waiting.get("/v1/payments/P-1").json()
    assert len(after["entries"]) > len(before["entries"])
    assert {one["entry_id"] for one in before["entries"]} <= {one["entry_id"] for one in after["entries"]}
    assert waiting.post(
        f"/v1/allocations/{allocation}/reverse", {"reason": "wrong customer"}, key="r"
    ).content == (answer.content)
    twice = waiting.post(f"/v1/allocations/{allocation}/reverse", {"reason": "again"})
    assert (twice.status_code, twice.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([{"invoice_id": "INV-9", "amount": "500.01"}], 409),
        ([{"invoice_id": "INV-2026-004217", "amount": "700.01"}], 422),
        ([{"invoice_id": "INV-404", "amount": "1.00"}], 404),
        ([{"invoice_id": "INV-9", "amount": "1.001"}], 422),
        ([{"invoice_id": "INV-9", "amount": "1e3"}], 422),
        ([{"invoice_id": "INV-9", "amount": "1"}, {"invoice_id": "INV-9", "amount": "2"}], 422),
    ],
)
def test_what_cannot_be_posted_changes_nothing(waiting: Service, lines: list[object], status: int) -> None:
    before = waiting.get("/v1/payments/P-1").json()
    answer = waiting.post("/v1/payments/P-1/allocations", {"allocations": lines})
    assert answer.status_code == status, answer.text
    assert answer.json()["mend"]
    assert waiting.get("/v1/payments/P-1").json() == before
    assert open_amount(waiting, "INV-9") == "500.00"


def test_another_book_decides_nothing_here(waiting: Service) -> None:
    answer = waiting.post("/v1/payments/P-1/allocations", {"allocations": LINES}, "other")
    assert answer.status_code == 404


def test_a_verdict_from_another_front_end_counts_once(waiting: Service) -> None:
    (case,) = waiting.get("/v1/cases").json()["cases"]
    said = {"verdict_id": "v-1", "version": case["version"], "said": "split", "said_by": "ana"}
    said["allocations"] = LINES
    path = f"/v1/cases/{case['case_id']}/verdict"
    moved = waiting.post(path, said | {"verdict_id": "v-0", "version": case["version"] + 1}, key="v0")
    assert (moved.status_code, moved.json()["code"]) == (409, "case_moved")
    answer = waiting.post(path, said, key="v1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "closed"
    again = waiting.post(path, said, key="v2")
    assert (again.json()["decision_id"], again.json()["again"]) == (answer.json()["decision_id"], True)
    assert open_amount(waiting, "INV-9") == "0.00"
    assert waiting.post("/v1/cases/nowhere/verdict", said, key="v3").status_code == 404
    bare = waiting.post(path, said | {"verdict_id": "v-9", "said": "none", "allocations": []}, key="v4")
    assert bare.status_code in (409, 422)

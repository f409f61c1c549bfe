"""What the API promises, over HTTP against the real application."""

from __future__ import annotations

import json

import pytest

from tests.service import INVOICE, PAYMENT, Service


def take(service: Service, **tables: object) -> None:
    for name, rows in tables.items():
        answer = service.post(f"/v1/{name.replace('_', '-')}", {name: rows})
        assert answer.status_code == 200, answer.text


def test_a_stateless_match_decides_and_writes_nothing(service: Service) -> None:
    answer = service.post("/v1/match", {"payments": [PAYMENT], "invoices": [INVOICE]})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    (decision,) = said["decisions"]
    assert decision["outcome"] == "auto"
    assert decision["allocations"][0]["amount"] == "1234.50"
    assert decision["customer_id"] == "C-100"
    assert "reference_exact" in decision["reasons"]
    assert decision["candidates"][0]["chosen"] is True
    assert service.get("/v1/decisions").json()["decisions"] == []


def test_a_number_is_read_by_its_digits(service: Service) -> None:
    """The last zero of a number is a digit too, and a float would not keep seventeen of them."""
    invoice = INVOICE | {"amount": 0}
    body = json.dumps({"payments": [PAYMENT | {"amount": 0}], "invoices": [invoice]})
    text = body.replace('"amount": 0', '"amount": 12345678901.10')
    answer = service.http.post(
        "/v1/match", content=text, headers=service.headers(**{"content-type": "application/json"})
    )
    assert answer.json()["decisions"][0]["allocated"] == "12345678901.10"


def test_bad_rows_are_named_and_good_ones_go_on(service: Service) -> None:
    bad = PAYMENT | {"payment_id": "P-2", "amount": "99.999"}
    answer = service.post("/v1/match", {"payments": [PAYMENT, bad], "invoices": [INVOICE]})
    (problem,) = answer.json()["problems"]
    assert (problem["table"], problem["row"], problem["field"]) == ("payments", 2, "amount")
    assert problem["code"] == "too_many_decimals"
    assert len(answer.json()["decisions"]) == 1


def test_a_looser_policy_costs_the_guarantee(service: Service) -> None:
    body = {"payments": [PAYMENT], "invoices": [INVOICE]}
    tight = service.post("/v1/match", body | {"policy": {"max_auto_amount": {"EUR": "100.00"}}}).json()
    assert tight["decisions"][0]["outcome"] == "review"
    assert tight["guarantee"] != "none"
    loose = service.post("/v1/match", body | {"policy": {"tolerance_percent": "5"}}).json()
    assert loose["guarantee"] == "none"


def test_what_is_taken_is_matched_at_once_posted_and_told(service: Service) -> None:
    take(service, invoices=[INVOICE])
    answer = service.post("/v1/payments", {"payments": [PAYMENT]}).json()
    assert answer["results"] == [{"row": 1, "id": "P-1", "status": "accepted", "problems": []}]
    assert answer["matching"] == "done"
    assert answer["decisions"][0]["outcome"] == "auto"
    payment = service.get("/v1/payments/P-1").json()
    assert payment["state"] == "applied"
    assert payment["unapplied"] == "0.00"
    assert payment["allocations"][0]["entry_id"] in {entry["entry_id"] for entry in payment["entries"]}
    assert service.get("/v1/invoices/INV-2026-004217").json()["open_amount"] == "0.00"
    feed = service.get("/v1/decisions").json()
    assert [one["payment_id"] for one in feed["decisions"]] == ["P-1"]
    assert service.get(f"/v1/decisions?after={feed['next']}").json()["decisions"] == []


def test_a_match_against_the_store_writes_nothing(service: Service) -> None:
    take(service, invoices=[INVOICE])
    answer = service.post("/v1/match", {"payments": [PAYMENT]}).json()
    assert answer["decisions"][0]["outcome"] == "auto"
    assert answer["decisions"][0]["allocations"][0]["invoice_id"] == "INV-2026-004217"
    assert service.get("/v1/payments/P-1").status_code == 404
    assert service.get("/v1/invoices/INV-2026-004217").json()["open_amount"] == "1234.50"


def test_sending_rows_again_changes_nothing(service: Service) -> None:
    take(service, invoices=[INVOICE], payments=[PAYMENT])
    again = service.post("/v1/payments", {"payments": [PAYMENT]}).json()
    assert again["results"][0]["status"] == "unchanged"
    assert service.post("/v1/invoices", {"invoices": [INVOICE]}).json()["counts"] == {"unchanged": 1}
    assert len(service.get("/v1/decisions").json()["decisions"]) == 1


def test_each_row_of_a_batch_has_its_own_answer(service: Service) -> None:
    rows = [
        INVOICE,
        INVOICE | {"invoice_id": "INV-2", "amount": "1,5x"},
        INVOICE | {"invoice_id": "INV-3", "currency": None},
        INVOICE | {"invoice_id": "INV-4"},
    ]
    results = service.post("/v1/invoices", {"invoices": rows}).json()["results"]
    assert [one["status"] for one in results] == ["accepted", "rejected", "rejected", "accepted"]
    assert results[1]["problems"][0]["field"] == "amount"
    assert results[2]["problems"][0]["code"] == "missing_value"
    assert all(problem["mend"] for one in results for problem in one["problems"])


def test_a_payment_without_an_item_waits_for_one(service: Service) -> None:
    """A late invoice re-opens what it explains."""
    first = service.post("/v1/payments", {"payments": [PAYMENT]}).json()
    assert first["decisions"][0]["outcome"] == "unmatched"
    assert [case["payment_id"] for case in service.get("/v1/cases").json()["cases"]] == ["P-1"]
    later = service.post("/v1/invoices", {"invoices": [INVOICE]}).json()
    assert [one["outcome"] for one in later["decisions"]] == ["auto"]
    assert later["decisions"][0]["replaces"] == first["decisions"][0]["decision_id"]
    assert service.get("/v1/cases").json()["cases"] == []


def test_matching_can_wait(service: Service) -> None:
    take(service, invoices=[INVOICE])
    answer = service.post("/v1/payments?match=later", {"payments": [PAYMENT]}).json()
    assert (answer["matching"], answer["decisions"]) == ("later", [])
    assert service.get("/v1/payments/P-1").json()["state"] == "new"


TABLES = {
    "customers": {"customer_id": "C-100", "name": "Nordlicht Maschinenbau GmbH"},
    "customer_accounts": {"customer_id": "C-100", "account": "DE89370400440532013000"},
    "own_accounts": {"account": "DE02120300000000202051"},
    "fx_rates": {"date": "2026-03-30", "base": "EUR", "quote": "USD", "rate": "1.0812"},
    "instalments": {"invoice_id": "INV-2026-004217", "due_date": "2026-04-02", "amount": "600.00"},
    "remittance_lines": {"payment_id": "P-1", "reference": "INV-2026-004217", "amount": "1234.50"},
    "allocations": {"payment_id": "P-0", "invoice_id": "INV-0", "amount": "310.00"},
}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_takes_rows_once(service: Service, table: str) -> None:
    past = INVOICE | {"invoice_id": "INV-0", "amount": "310.00", "issue_date": "2026-01-05"}
    take(service, invoices=[INVOICE, past])
    old = PAYMENT | {"payment_id": "P-0", "amount": "310.00", "remittance": "x", "booking_date": "2026-02-01"}
    service.post("/v1/payments?match=later", {"payments": [PAYMENT, old]})
    path = f"/v1/{table.replace('_', '-')}"
    for status in ("accepted", "unchanged"):
        answer = service.post(path, {table: [TABLES[table]]})
        assert answer.status_code == 200, answer.text
        assert [one["status"] for one in answer.json()["results"]] == [status], answer.text


def test_a_row_that_says_nothing_is_rejected(service: Service) -> None:
    for table in ("allocations", "payments", "fx_rates"):
        answer = service.post(f"/v1/{table.replace('_', '-')}", {table: [{}, {"unknown": "x"}]}).json()
        assert [one["status"] for one in answer["results"]] == ["rejected", "rejected"]
        assert answer["results"][0]["problems"][0]["code"] == "missing_value"
    bodies: list[dict[str, object]] = [{"payments": [{}]}, {"payments": [{}], "invoices": [INVOICE]}]
    for body in bodies:
        answer = service.post("/v1/match", body).json()
        assert (answer["decisions"], answer["problems"][0]["code"]) == ([], "missing_value")


def test_a_row_about_nothing_we_know_is_rejected(service: Service) -> None:
    line = {"payment_id": "P-404", "reference": "x", "amount": "1.00"}
    results = service.post("/v1/remittance-lines", {"remittance_lines": [line]}).json()["results"]
    assert results[0]["status"] == "rejected"
    assert results[0]["problems"][0]["mend"]


def test_the_feed_is_read_in_pages(service: Service) -> None:
    payments = [PAYMENT | {"payment_id": f"P-{n}", "remittance": f"nothing {n}"} for n in range(7)]
    take(service, payments=payments)
    seen, cursor, more = [], "", True
    while more:
        page = service.get(f"/v1/decisions?limit=3{cursor}").json()
        seen += [one["seq"] for one in page["decisions"]]
        cursor, more = f"&after={page['next']}", page["has_more"]
    assert seen == list(range(1, 8))


def test_cases_are_read_in_pages_largest_first(service: Service) -> None:
    payments = [
        PAYMENT | {"payment_id": f"P-{n}", "remittance": f"nothing {n}", "amount": f"{n}00.00"}
        for n in range(1, 6)
    ]
    take(service, payments=payments)
    seen, cursor = [], ""
    while True:
        page = service.get(f"/v1/cases?limit=2{cursor}").json()
        seen += [one["payment_id"] for one in page["cases"]]
        if page["next"] is None:
            break
        cursor = f"&after={page['next']}"
    assert seen == ["P-5", "P-4", "P-3", "P-2", "P-1"]
    case = service.get("/v1/cases").json()["cases"][0]
    assert service.get(f"/v1/cases/{case['case_id']}").json() == case


def test_ids_may_hold_any_text(service: Service) -> None:
    odd = INVOICE | {"invoice_id": "2026/0042 ä?#"}
    take(service, invoices=[odd])
    assert service.get("/v1/invoices/2026%2F0042%20%C3%A4%3F%23").json()["invoice_id"] == "2026/0042 ä?#"

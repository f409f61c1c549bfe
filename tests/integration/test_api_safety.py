"""Who may do what, and what a retry, a flood or a broken request gets."""

from __future__ import annotations

import concurrent.futures
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from features.book import Book
from serving.app import ROUTERS
from serving.auth.apikeys import Scope
from serving.model_slot import ModelSlot
from serving.row_states import Intake
from serving.store.store import Transaction
from tests.service import INVOICE, PAYMENT, Service, running

OPEN_ROUTES = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/webhooks/stripe/{source_id}",
    "/v1/webhooks/standard/{source_id}",
    "/review",
    "/review/login",
    "/review/logout",
    "/review/static/{name}",
}
"""Operations ask for the port or a token, events for a signature, the desk's front door for a login;
everything else for a key, or for a person with a permission."""


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


# --------------------------------------------------------------------------- keys


def test_every_route_asks_for_a_scope_or_says_why_not() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    bare = {
        route.path_format
        for route in routes
        if not any(
            one.own_oauth_scopes or hasattr(one.call, "permission") for one in route.dependant.dependencies
        )
    }
    assert bare == OPEN_ROUTES


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer tieout_abcdefghijkm_" + "A" * 43],
)
def test_without_a_key_nothing_is_told(service: Service, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = service.http.get("/v1/decisions", headers=headers)
    assert code(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_does_what_its_scopes_say_and_no_more(service: Service, scope: Scope) -> None:
    key = {"authorization": f"Bearer {service.key(frozenset({scope}))}", "idempotency-key": "1"}
    calls = {
        Scope.READ: service.http.get("/v1/decisions", headers=key),
        Scope.MATCH: service.http.post(
            "/v1/match", json={"payments": [PAYMENT], "invoices": []}, headers=key
        ),
        Scope.INGEST: service.http.post("/v1/invoices", json={"invoices": [INVOICE]}, headers=key),
        Scope.ADMIN: service.http.get("/v1/webhook-sources", headers=key),
    }
    for asked, answer in calls.items():
        if asked is scope:
            assert answer.status_code == 200
        else:
            assert code(answer) == (403, "forbidden")


def test_an_expired_key_and_a_revoked_one_are_out_of_force(service: Service) -> None:
    from serving.store.key_rows import revoke_key

    key = service.key(frozenset({Scope.READ}), expires_at=service.clock() + timedelta(hours=1))
    headers = {"authorization": f"Bearer {key}"}
    assert service.http.get("/v1/decisions", headers=headers).status_code == 200
    service.clock.pass_by(hours=1)
    assert service.http.get("/v1/decisions", headers=headers).status_code == 401
    lasting = service.key(frozenset({Scope.READ}))
    headers = {"authorization": f"Bearer {lasting}"}
    assert service.http.get("/v1/decisions", headers=headers).status_code == 200
    with service.runtime.store.transaction("acme") as tx:
        assert revoke_key(tx, lasting.split("_")[1], service.clock())
    assert service.http.get("/v1/decisions", headers=headers).status_code == 401


def test_the_store_keeps_no_secret_of_a_key(service: Service, tmp_path: Path) -> None:
    secret = service.keys["acme"].rpartition("_")[2].encode()
    assert all(secret not in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())


def test_a_book_does_not_see_another(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]}, "acme")
    service.post("/v1/payments?match=later", {"payments": [PAYMENT]}, "acme")
    assert code(service.get("/v1/payments/P-1", "other")) == (404, "not_found")
    assert code(service.get("/v1/invoices/INV-2026-004217", "other")) == (404, "not_found")
    assert service.get("/v1/cases", "other").json()["cases"] == []
    # the same id in another book is another payment, and matches nothing of the first book
    theirs = service.post("/v1/payments", {"payments": [PAYMENT]}, "other").json()
    assert theirs["decisions"][0]["outcome"] == "unmatched"
    assert (
        service.post("/v1/match", {"payments": [PAYMENT]}, "other").json()["decisions"][0]["allocations"]
        == []
    )
    assert service.get("/v1/payments/P-1", "acme").json()["state"] == "new"
    feed = service.get("/v1/decisions", "other").json()
    assert code(service.get(f"/v1/decisions?after={feed['next']}", "acme")) == (400, "bad_cursor")


# --------------------------------------------------------------------------- retries


def test_the_same_key_and_request_get_the_same_bytes(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    first = service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")
    service.clock.pass_by(days=400)
    again = service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert len(service.get("/v1/decisions").json()["decisions"]) == 1


def test_the_same_key_with_another_request_is_refused(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]}, key="k")
    other = service.post("/v1/invoices", {"invoices": [INVOICE | {"amount": "1.00"}]}, key="k")
    assert code(other) == (422, "idempotency_key_reused")
    assert code(service.post("/v1/customers", {"customers": [{"customer_id": "C"}]}, key="k"))[0] == 422
    assert service.get("/v1/invoices/INV-2026-004217").json()["amount"] == "1234.50"
    # another book's key is another key
    assert service.post("/v1/invoices", {"invoices": [INVOICE]}, "other", key="k").status_code == 200


@pytest.mark.parametrize("key", ["", "with space", "ümlaut", "x" * 256])
def test_a_request_that_writes_needs_a_usable_key(service: Service, key: str) -> None:
    given = {"idempotency-key": key} if key else {}
    headers = [(name.encode(), value.encode()) for name, value in (service.headers() | given).items()]
    answer = service.http.post("/v1/invoices", json={"invoices": [INVOICE]}, headers=headers)
    assert code(answer) in {(400, "idempotency_key_missing"), (422, "invalid_request")}


def test_a_refused_request_leaves_its_key_free(service: Service) -> None:
    assert service.post("/v1/invoices", {"invoices": "x"}, key="k").status_code == 422
    assert service.post("/v1/invoices", {"invoices": [INVOICE]}, key="k").status_code == 200


def test_one_key_sent_many_times_at_once_has_one_effect(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    start = threading.Barrier(8)

    def send(_: int) -> httpx.Response:
        start.wait()
        return service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    done = [one for one in answers if one.status_code == 200]
    assert {one.content for one in done} == {done[0].content}
    for one in answers:
        if one.status_code != 200:
            assert code(one) == (409, "idempotency_in_flight")
            assert one.headers["retry-after"]
    assert len(service.get("/v1/decisions").json()["decisions"]) == 1
    assert len(service.get("/v1/payments/P-1").json()["allocations"]) == 1


# --------------------------------------------------------------------------- broken and too much


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", (400, "bad_json")),
        (b'{"payments": NaN}', (400, "bad_json")),
        (b'{"payments": [], "payments": []}', (400, "bad_json")),
        (b"\xff\xfe", (400, "bad_json")),
        (b"[" * 100_000, (400, "bad_json")),
        (b'{"payments": [{"amount": ' + b"9" * 5_000 + b"}]}", (400, "bad_json")),
        (b'{"payments": [{"amount": 1e999999999}]}', (422, "invalid_request")),
        (b'{"payments": [{"amount": true}]}', (422, "invalid_request")),
        (b'{"payments": [{"payer_name": "\\ud800"}]}', (422, "invalid_request")),
        (b'{"payments": [{"payer_name": "a\\u0000b"}]}', (422, "invalid_request")),
        (b'{"payments": [], "invoices": []}', (422, "invalid_request")),
        (b'{"payments": [{}], "unknown": 1}', (422, "invalid_request")),
        (b"null", (422, "invalid_request")),
        (
            b'{"payments": [{"payment_id": "P"}], "policy": {"nonsense": 1}, "invoices": []}',
            (422, "invalid_policy"),
        ),
    ],
)
def test_a_broken_request_is_a_problem_with_its_mend(
    service: Service, body: bytes, said: tuple[int, str]
) -> None:
    headers = service.headers(**{"content-type": "application/json"})
    answer = service.http.post("/v1/match", content=body, headers=headers)
    assert code(answer) == said, answer.text
    assert answer.json()["mend"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_problem_points_to_the_field(service: Service) -> None:
    answer = service.post("/v1/match", {"payments": [PAYMENT, {"amount": True}], "invoices": []})
    assert answer.json()["errors"][0]["pointer"].startswith("/payments/1/amount")


def test_unknown_paths_and_methods_are_problems(service: Service) -> None:
    assert code(service.http.get("/v2")) == (404, "not_found")
    wrong = service.http.put("/v1/match")
    assert code(wrong) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


def test_every_answer_carries_safe_headers_and_the_callers_request_id(service: Service) -> None:
    answer = service.http.get("/v2", headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]
    forged = service.http.get("/healthz", headers={"x-request-id": "a b\tc"})
    assert forged.headers["x-request-id"] != "a b\tc"


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_too_large_is_refused_before_it_is_read(
    tmp_path: Path, slot: ModelSlot, *, is_chunked: bool
) -> None:
    with running(tmp_path, slot, body_bytes=10_000) as service:
        body = json.dumps({"payments": [PAYMENT | {"remittance": "x" * 20_000}], "invoices": []}).encode()
        content: Any = iter([body[:5_000], body[5_000:]]) if is_chunked else body
        answer = service.http.post("/v1/match", content=content, headers=service.headers())
        assert code(answer) == (413, "body_too_large")
        assert service.post("/v1/match", {"payments": [PAYMENT], "invoices": []}).status_code == 200


def test_a_key_over_its_rate_waits(tmp_path: Path, slot: ModelSlot) -> None:
    with running(tmp_path, slot, rate_limit="3/minute") as service:
        answers = [service.get("/v1/decisions") for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert code(answers[3]) == (429, "rate_limited")
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert service.get("/v1/decisions", "other").status_code == 200


def test_an_address_that_guesses_keys_is_slowed_down(tmp_path: Path, slot: ModelSlot) -> None:
    with running(tmp_path, slot, failed_logins="3/minute") as service:
        wrong = {"authorization": "Bearer wrong"}
        assert [service.http.get("/v1/cases", headers=wrong).status_code for _ in range(4)] == [
            401,
            401,
            401,
            429,
        ]


def test_what_takes_too_long_is_ended_and_its_retry_gets_the_answer(
    tmp_path: Path, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import serving.ingest
    import serving.intake

    held, go_on = threading.Event(), threading.Event()
    inner = serving.ingest.ingest_rows

    def slow(tx: Transaction, book: Book, now: datetime) -> Intake:
        held.set()
        go_on.wait(20)
        return inner(tx, book, now)

    monkeypatch.setattr(serving.intake, "ingest_rows", slow)
    with running(tmp_path, slot, request_seconds=0.5) as service:
        first = service.post("/v1/invoices?match=later", {"invoices": [INVOICE]}, key="k")
        assert code(first) == (504, "time_limit")
        assert held.is_set()
        busy = service.post("/v1/invoices?match=later", {"invoices": [INVOICE]}, key="k")
        assert code(busy) == (409, "idempotency_in_flight")
        go_on.set()
        for _ in range(100):
            again = service.post("/v1/invoices?match=later", {"invoices": [INVOICE]}, key="k")
            if again.status_code == 200:
                break
        assert again.json()["counts"] == {"accepted": 1}
        assert again.headers["idempotency-replayed"] == "true"

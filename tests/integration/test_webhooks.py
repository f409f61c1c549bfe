"""Signed events, both ways: verified, once, guarded, retried."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from serving.model_slot import ModelSlot
from serving.settings import Settings
from serving.webhooks.guard import ForbiddenTargetError, check_url, judged
from serving.webhooks.relay import MOST_WAIT, Relay, wait_seconds
from tests.service import INVOICE, PAYMENT, Service, running

STRIPE_SECRET = "whsec_of_stripe_for_tests"  # noqa: S105 - made up
STANDARD_SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four b.").decode()
CHARGE = {
    "id": "evt_1",
    "type": "charge.succeeded",
    "data": {
        "object": {
            "id": "ch_1", "object": "charge", "amount": 123450, "amount_captured": 123450, "captured": True,
            "currency": "eur", "created": 1774958400, "description": "INV-2026-004217",
            "billing_details": {"name": "NORDLICHT MASCHINENBAU"},
        }
    },
}  # fmt: skip


@dataclass
class Receiver:
    """An endpoint on loopback that answers as it is told."""

    url: str
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status = made.answers.pop(0) if made.answers else 200
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("location", made.url)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def open_service(tmp_path: Path, slot: ModelSlot) -> Iterator[Service]:
    with running(tmp_path, slot, webhooks_private=True) as made:
        yield made


def relay(service: Service, **changes: object) -> Relay:
    settings: Settings = service.runtime.settings.model_copy(update=changes)
    return Relay(service.runtime.store, settings, service.clock, random.Random(1))


def subscribe(service: Service, url: str, **body: object) -> str:
    answer = service.post("/v1/webhook-endpoints", {"url": url, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["endpoint_id"])


def decide_one(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    assert service.post("/v1/payments", {"payments": [PAYMENT]}).json()["matching"] == "done"


# --------------------------------------------------------------------------- out


def test_a_decision_reaches_its_endpoint_signed_and_once(open_service: Service) -> None:
    with receiving() as receiver:
        endpoint = subscribe(open_service, receiver.url)
        decide_one(open_service)
        assert relay(open_service).run() == 1
        assert relay(open_service).run() == 0
    ((headers, body),) = receiver.got
    secret = open_service.get(f"/v1/webhook-endpoints/{endpoint}/secret").json()["secret"]
    at = open_service.clock()
    assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], at, body.decode())
    event = json.loads(body)
    assert event["type"] == "decision.made"
    assert event["data"] == open_service.get("/v1/decisions").json()["decisions"][0]


def test_another_book_hears_nothing(open_service: Service) -> None:
    with receiving() as receiver:
        open_service.post("/v1/webhook-endpoints", {"url": receiver.url}, "other")
        decide_one(open_service)
        assert relay(open_service).run() == 0
    assert receiver.got == []


def test_a_failed_delivery_is_tried_again_with_the_same_id(open_service: Service) -> None:
    with receiving() as receiver:
        receiver.answers = [500, 429, 302, 200]
        subscribe(open_service, receiver.url)
        decide_one(open_service)
        for _ in range(4):
            relay(open_service).run()
            relay(open_service).run()  # too early: nothing is due
            open_service.clock.pass_by(days=1)
        relay(open_service).run()
    assert len(receiver.got) == 4
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1


def test_an_endpoint_that_never_answers_is_given_up(open_service: Service) -> None:
    with receiving() as receiver:
        receiver.answers = [500] * 9
        subscribe(open_service, receiver.url)
        decide_one(open_service)
        for _ in range(9):
            relay(open_service, webhook_attempts=3).run()
            open_service.clock.pass_by(days=1)
    assert len(receiver.got) == 3


def test_a_removed_endpoint_hears_no_more(open_service: Service) -> None:
    with receiving() as receiver:
        endpoint = subscribe(open_service, receiver.url)
        path = f"/v1/webhook-endpoints/{endpoint}"
        assert open_service.http.delete(path, headers=open_service.headers()).status_code == 204
        assert open_service.http.delete(path, headers=open_service.headers()).status_code == 404
        decide_one(open_service)
        assert relay(open_service).run() == 0
    assert receiver.got == []


def test_two_relays_share_the_work(open_service: Service) -> None:
    with receiving() as receiver:
        subscribe(open_service, receiver.url)
        decide_one(open_service)
        threads = [threading.Thread(target=relay(open_service).run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(receiver.got) == 1


def test_waits_are_jittered_and_bounded() -> None:
    dice = random.Random(3)
    waits = [[wait_seconds(tried, dice) for _ in range(200)] for tried in (1, 5, 40)]
    assert max(waits[0]) <= 5.0
    assert min(waits[1]) < 20 < max(waits[1]) <= 80
    assert max(waits[2]) <= MOST_WAIT


# --------------------------------------------------------------------------- the guard


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/",
        "https://[::ffff:192.168.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://user:word@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://",
        "https://example.com:x/",
    ],
)
def test_webhooks_do_not_go_inside(service: Service, url: str) -> None:
    with pytest.raises(ForbiddenTargetError):
        check_url(url, private=False)
    answer = service.post("/v1/webhook-endpoints", {"url": url})
    assert answer.status_code == 422
    assert answer.json()["code"] in ("forbidden_target", "invalid_request")


def test_a_name_is_judged_by_every_address_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the connection goes to the very address that was judged: a second look-up is never made."""
    found = [("93.184.216.34", 443), ("10.0.0.1", 443)]

    def resolve(*_given: object, **_named: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(ForbiddenTargetError):
        judged("rebinding.example", 443, private=False)
    found.pop()
    assert judged("public.example", 443, private=False) == "93.184.216.34"


def test_a_delivery_to_a_name_inside_is_refused_when_it_is_made(service: Service) -> None:
    """The name passed registration; at delivery it resolves to loopback."""
    subscribe(service, "https://localhost/hook")
    decide_one(service)
    assert relay(service).run() == 0
    with service.runtime.store.looking() as connection:
        from sqlalchemy import select

        from serving.store.schema import webhook_delivery

        error = connection.execute(select(webhook_delivery.c.last_error)).scalar_one()
    assert error == "forbidden_target"


def test_only_network_errors_are_swallowed_by_the_guard() -> None:
    with pytest.raises(httpcore.ConnectError):
        judged("no-such-name.invalid", 443, private=False)


# --------------------------------------------------------------------------- in


def source(service: Service, kind: str, secret: str) -> str:
    answer = service.post("/v1/webhook-sources", {"kind": kind, "secret": secret})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["path"])


def stripe_headers(body: bytes, at: int, secret: str = STRIPE_SECRET) -> dict[str, str]:
    sign = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={at},v0=00,v1={'0' * 64},v1={sign}", "content-type": "application/json"}


def send_charge(
    service: Service,
    path: str,
    event: object = CHARGE,
    *,
    late: int = 0,
    secret: str = STRIPE_SECRET,
    body: bytes | None = None,
) -> httpx.Response:
    signed = json.dumps(event).encode()
    at = int((service.clock() + timedelta(seconds=late)).timestamp())
    return service.http.post(path, content=body or signed, headers=stripe_headers(signed, at, secret))


def test_a_charge_of_stripe_is_matched_once_for_ever(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    path = source(service, "stripe", STRIPE_SECRET)
    assert send_charge(service, path).json()["status"] == "taken"
    assert send_charge(service, path).json()["status"] == "duplicate"
    service.clock.pass_by(days=1_000)
    assert send_charge(service, path).json()["status"] == "duplicate"
    payment = service.get("/v1/payments/ch_1").json()
    assert payment["amount"] == "1234.50"
    assert payment["decision"]["allocations"][0]["invoice_id"] == "INV-2026-004217"


@pytest.mark.parametrize(
    "changes",
    [{"secret": "another"}, {"late": -301}, {"late": 301}, {"body": b'{"id": "evt_2"}'}],
)
def test_a_charge_not_signed_by_its_sender_is_refused(service: Service, changes: dict[str, Any]) -> None:
    path = source(service, "stripe", STRIPE_SECRET)
    answer = send_charge(service, path, **changes)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert service.get("/v1/payments/ch_1").status_code == 404


def test_events_that_move_no_money_are_taken_and_ignored(service: Service) -> None:
    path = source(service, "stripe", STRIPE_SECRET)
    answer = send_charge(service, path, CHARGE | {"type": "customer.created"})
    assert answer.json()["status"] == "ignored"


def test_an_event_that_cannot_be_taken_is_not_taken_at_all(service: Service) -> None:
    """It may come again once it is mended: its id is still free."""
    path = source(service, "stripe", STRIPE_SECRET)
    broken = json.loads(json.dumps(CHARGE))
    broken["data"]["object"]["currency"] = "xxq"
    answer = send_charge(service, path, broken)
    assert (answer.status_code, answer.json()["code"]) == (422, "event_rejected")
    assert send_charge(service, path).json()["status"] == "taken"


def test_a_sender_that_was_removed_is_unknown(service: Service) -> None:
    path = source(service, "stripe", STRIPE_SECRET)
    removed = service.http.delete(f"/v1/webhook-sources/{path.rpartition('/')[2]}", headers=service.headers())
    assert removed.status_code == 204
    assert send_charge(service, path).status_code == 404


def standard_headers(body: bytes, service: Service, message_id: str = "m1") -> dict[str, str]:
    at = service.clock()
    sign = Webhook(STANDARD_SECRET).sign(message_id, at, body.decode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1,bm90IHRoaXM= {sign}",
    }


def test_a_standard_event_brings_a_payment(service: Service) -> None:
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    path = source(service, "standard", STANDARD_SECRET)
    body = json.dumps({"type": "payment.received", "data": PAYMENT}).encode()
    headers = standard_headers(body, service)
    assert service.http.post(path, content=body, headers=headers).json()["status"] == "taken"
    assert service.http.post(path, content=body, headers=headers).json()["status"] == "duplicate"
    assert service.get("/v1/payments/P-1").json()["state"] == "applied"
    tampered = body.replace(b"1234.50", b"9234.50")
    answer = service.http.post(path, content=tampered, headers=headers)
    assert answer.json()["code"] == "bad_signature"


def test_a_secret_that_signs_nothing_is_refused(service: Service) -> None:
    answer = service.post("/v1/webhook-sources", {"kind": "standard", "secret": "not base64 at all !!"})
    assert answer.json()["code"] == "bad_webhook_secret"


def test_the_store_keeps_no_secret_of_a_sender(service: Service, tmp_path: Path) -> None:
    source(service, "stripe", STRIPE_SECRET)
    assert all(STRIPE_SECRET.encode() not in one.read_bytes() for one in tmp_path.iterdir() if one.is_file())

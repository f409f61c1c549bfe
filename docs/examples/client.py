"""A small client of the API, to copy: keys, retries that are safe, pages, and the check of our webhooks.

It needs httpx and standardwebhooks. `python client.py http://127.0.0.1:3000 tieout_...` plays one round.
"""

# ruff: noqa: INP001, T201 - an example to copy, with a command line of its own

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

import httpx
from standardwebhooks.webhooks import Webhook

TRIES = 5
AGAIN = (409, 429, 502, 503, 504)


class ProblemError(Exception):
    """The API refused: `code` is stable, `mend` says what to do."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']} {problem['mend']}")
        self.code: str = problem["code"]
        self.problem = problem


class Tieout:
    """Calls of the API, as a billing system makes them."""

    def __init__(self, address: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=60)

    def __enter__(self) -> Self:
        """Use it in a with block."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of connections."""
        self._http.close()

    def match(self, **tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Decide payments; nothing is written."""
        return self._call("POST", "/v1/match", dict(tables))

    def send(
        self, table: str, rows: Sequence[Mapping[str, Any]], intent: str | None = None
    ) -> dict[str, Any]:
        """Send up to 500 rows. The intent names them for ever: keep it, and a crash here doubles nothing."""
        path = f"/v1/{table.replace('_', '-')}"
        return self._call("POST", path, {table: list(rows)}, intent or str(uuid.uuid4()))

    def payment(self, payment_id: str) -> dict[str, Any]:
        """Read a payment."""
        return self._call("GET", f"/v1/payments/{quote(payment_id, safe='')}")

    def allocate(self, payment_id: str, lines: Sequence[Mapping[str, Any]], intent: str) -> dict[str, Any]:
        """Decide a payment yourself."""
        body = {"allocations": list(lines)}
        return self._call("POST", f"/v1/payments/{payment_id}/allocations", body, intent)

    def decisions(self, after: str | None = None) -> Iterator[tuple[dict[str, Any], str]]:
        """Follow the feed: each decision with the cursor to keep once it is dealt with."""
        while True:
            page = self._call("GET", "/v1/decisions" + (f"?after={after}" if after else ""))
            for decision in page["decisions"]:
                yield decision, page["next"]
            if not page["has_more"]:
                return
            after = page["next"]

    def _call(self, method: str, path: str, body: object = None, intent: str | None = None) -> dict[str, Any]:
        """Send, and send again what may be sent again: the key makes that safe."""
        headers = {"idempotency-key": intent} if intent else {}
        for tried in range(1, TRIES + 1):
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                if tried == TRIES:
                    raise
            else:
                if answer.is_success:
                    return dict(answer.json())
                if answer.status_code not in AGAIN or tried == TRIES:
                    raise ProblemError(answer.json())
            time.sleep(min(30.0, 0.2 * 2**tried))
        raise AssertionError("unreachable")


def verified(secret: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Check that an event is ours and fresh; raises `WebhookVerificationError`."""
    return dict(Webhook(secret).verify(body, dict(headers)))


def main(address: str, key: str) -> None:
    """Play one round: an invoice, a payment that names it, the decision from the feed."""
    invoice = {
        "invoice_id": "INV-2026-000042", "customer_id": "C-7", "customer_name": "Harbour Foods Ltd",
        "currency": "EUR", "amount": "650.00", "issue_date": "2026-03-01",
    }  # fmt: skip
    payment = {
        "payment_id": "P-42", "booking_date": "2026-03-28", "currency": "EUR", "amount": "650.00",
        "payer_name": "HARBOUR FOODS", "remittance": "INV-2026-000042",
    }  # fmt: skip
    with Tieout(address, key) as tieout:
        tieout.send("invoices", [invoice], intent="invoices-of-2026-03-01")
        taken = tieout.send("payments", [payment], intent="statement-61-line-1")
        print(taken["results"][0]["status"], taken["matching"])
        for decision, _cursor in tieout.decisions():
            print(decision["payment_id"], decision["outcome"], decision["confidence"], decision["reasons"])


if __name__ == "__main__":
    main(*sys.argv[1:3])

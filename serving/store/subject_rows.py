"""The rows of personal data: the wrapped key of each subject, and where its texts stand in clear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, update

from serving.store.schema import (
    block_key,
    customer,
    customer_account,
    customer_name,
    idempotency,
    invoice,
    outbox,
    payment,
    remittance_line,
    session,
    subject_key,
    webhook_delivery,
)
from serving.store.store import Transaction

__all__ = [
    "aged_rows", "destroy_key", "erase_customer", "erase_payments", "payments_of_customer",
    "payments_of_payer", "put_key", "remove_aged", "wrapped_key",
]  # fmt: skip

_PAYMENT_TEXTS: Final = ("payer_name", "payer_account", "remittance", "structured_reference", "end_to_end_id")
_LINE_TEXTS: Final = ("reference", "customer_reference", "reason")
_AT_ONCE: Final = 500


def wrapped_key(tx: Transaction, subject: str) -> bytes | None:
    """Read the wrapped key of a subject; None when there is none, or none any more."""
    query = select(subject_key.c.wrapped_key).where(
        subject_key.c.book_id == tx.book_id, subject_key.c.subject == subject
    )
    return tx.connection.execute(query).scalar()


def put_key(tx: Transaction, subject: str, wrapped: bytes, now: datetime) -> None:
    """Write the first key of a subject, or a new one after an erasure."""
    fresh = {"wrapped_key": wrapped, "created_at": now, "erased_at": None}
    insertion = tx.upsert(subject_key).values(book_id=tx.book_id, subject=subject, **fresh)
    tx.connection.execute(insertion.on_conflict_do_update(index_elements=["book_id", "subject"], set_=fresh))


def destroy_key(tx: Transaction, subject: str, now: datetime) -> bool:
    """Destroy the key of a subject; say whether there was one."""
    change = update(subject_key).where(
        subject_key.c.book_id == tx.book_id,
        subject_key.c.subject == subject,
        subject_key.c.wrapped_key.is_not(None),
    )
    return bool(tx.connection.execute(change.values(wrapped_key=None, erased_at=now)).rowcount)


def payments_of_customer(tx: Transaction, customer_id: str) -> list[tuple[str, str | None, str | None]]:
    """List a customer's payments, each with the payer's account and name."""
    is_theirs = or_(payment.c.customer_id == customer_id, payment.c.settled_customer_id == customer_id)
    return _payments(tx, is_theirs)


def payments_of_payer(
    tx: Transaction, account: str | None, name: str | None
) -> list[tuple[str, str | None, str | None]]:
    """List the payments of a payer by account, else by name."""
    if account:
        return _payments(tx, payment.c.payer_account == account)
    return _payments(tx, and_(payment.c.payer_account.is_(None), payment.c.payer_name == name))


def _payments(tx: Transaction, rule: ColumnElement[bool]) -> list[tuple[str, str | None, str | None]]:
    query = select(payment.c.id, payment.c.payer_account, payment.c.payer_name).where(
        payment.c.book_id == tx.book_id, rule
    )
    return [(row.id, row.payer_account, row.payer_name) for row in tx.connection.execute(query)]


def erase_payments(tx: Transaction, ids: Sequence[str]) -> None:
    """Empty the texts of payments and their remittance lines, and drop the keys made from them."""
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        _empty(tx, payment, _PAYMENT_TEXTS, payment.c.id.in_(part))
        _empty(tx, remittance_line, _LINE_TEXTS, remittance_line.c.payment_id.in_(part))
        keys = delete(block_key).where(
            block_key.c.book_id == tx.book_id, block_key.c.side == "P", block_key.c.id.in_(part)
        )
        tx.connection.execute(keys)


def erase_customer(tx: Transaction, customer_id: str) -> None:
    """Empty what names a customer; items and amounts stay, they are the accounts."""
    _empty(tx, customer, ("name", "aliases"), customer.c.id == customer_id)
    _empty(tx, invoice, ("customer_name",), invoice.c.customer_id == customer_id)
    for table in (customer_account, customer_name):
        tx.connection.execute(
            delete(table).where(table.c.book_id == tx.book_id, table.c.customer_id == customer_id)
        )
    # the id of a name's key is the customer, a mark, and the name itself
    is_theirs = or_(
        block_key.c.id == customer_id, block_key.c.id.startswith(f"{customer_id}\x1f", autoescape=True)
    )
    tx.connection.execute(
        delete(block_key).where(block_key.c.book_id == tx.book_id, block_key.c.side == "C", is_theirs)
    )


def _empty(tx: Transaction, table: Table, names: Sequence[str], rule: ColumnElement[bool]) -> None:
    change = update(table).where(table.c.book_id == tx.book_id, rule)
    tx.connection.execute(change.values(dict.fromkeys(names)))


# --------------------------------------------------------------------------- retention


def aged_rows(tx: Transaction, name: str, before: datetime) -> int:
    """Count what a line of the retention plan would remove."""
    table, rule = _aged(tx, name, before)
    return tx.connection.execute(select(func.count()).select_from(table).where(rule)).scalar_one()


def remove_aged(tx: Transaction, name: str, before: datetime) -> int:
    """Remove it; texts of payments are emptied, all else is deleted."""
    table, rule = _aged(tx, name, before)
    if table is payment:
        ids = list(tx.connection.execute(select(payment.c.id).where(rule)).scalars())
        erase_payments(tx, ids)
        return len(ids)
    return tx.connection.execute(delete(table).where(rule)).rowcount


def _aged(tx: Transaction, name: str, before: datetime) -> tuple[Table, Any]:
    rules: dict[str, tuple[Table, ColumnElement[bool]]] = {
        "idempotency": (idempotency, idempotency.c.created_at < before),
        "webhook_delivery": (
            webhook_delivery,
            or_(webhook_delivery.c.delivered_at < before, webhook_delivery.c.given_up_at < before),
        ),
        "outbox": (outbox, outbox.c.sent_at < before),
        "session": (session, session.c.expires_at < before),
        "payment_texts": (
            payment,
            and_(
                payment.c.booking_date < before.date(),
                or_(*(payment.c[text].is_not(None) for text in _PAYMENT_TEXTS)),
            ),
        ),
    }
    table, rule = rules[name]
    return table, and_(table.c.book_id == tx.book_id, rule)

"""The third world as the tables of the contract, all of them text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import pyarrow as pa

from training.worlds.third_types import EXPONENT, Cash, Item, Row, Unit
from training.worlds.third_voice import World

_EPOCH: Final = date(1970, 1, 1).toordinal() * 86_400
_NAMES: Final = {
    "invoices": "invoice_id customer_id currency amount issue_date invoice_number type open_amount due_date customer_name payment_reference purchase_order "
    "discount_percent discount_date discount_base tax_amount issuer_id status known_at",
    "payments": "payment_id booking_date currency amount value_date received_at payer_name payer_account customer_id remittance structured_reference end_to_end_id "
    "transaction_code account original_amount original_currency charges source kind related_payment_id hold resolution known_at",
    "customers": "customer_id customer_number name aliases country parent_id",
    "customer_accounts": "customer_id account known_at",
    "own_accounts": "account issuer_id currency",
    "instalments": "invoice_id due_date amount",
    "remittance_lines": "payment_id reference customer_reference amount deduction reason kind",
    "fx_rates": "date base quote rate source",
    "allocations": "payment_id invoice_id amount write_off reason decided_at decided_by checked_by reversed_at source",
    "truth_kinds": "payment_id kind_of_case related_payment_id customer_id archetype reference_quality",
}


def amount(minor: int, currency: str) -> str:
    """Write minor units as a decimal."""
    places = EXPONENT.get(currency, 2)
    digits = str(abs(minor)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if minor < 0 else text


def day(ordinal: int) -> str:
    """Write a day; empty for none."""
    return date.fromordinal(ordinal).isoformat() if ordinal else ""


def instant(second: int) -> str:
    """Write an instant; empty for none."""
    return datetime.fromtimestamp(second - _EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if second else ""


def _table(name: str, rows: list[tuple[str, ...]]) -> pa.Table:
    names = _NAMES[name].split()
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table(
        {
            title: pa.array([cell or None for cell in column], pa.string())
            for title, column in zip(names, columns, strict=True)
        }
    )


def tables(
    world: World, units: list[Unit], items: list[Item], cash: list[Cash], mistakes: list[tuple[Cash, Row]]
) -> dict[str, pa.Table]:
    """Return every table of the book and its truth."""
    sorts = {id(one): unit.kind.name for unit in units for one in unit.cash}
    people = {one.id: one for unit in units for one in (*unit.customers, unit.payer)}
    links = {(who.id, account): instant(at) for unit in units for who, account, at in unit.links}
    written = [(one, row) for one in cash for row in one.rows] + mistakes
    written.sort(key=lambda pair: (pair[0].id, pair[1].decided, pair[1].item.id))
    rows: dict[str, list[tuple[str, ...]]] = {
        "invoices": [_item(item) for item in items],
        "payments": [_cash(one) for one in cash],
        "customers": [(c.id, c.number, c.name, c.aliases, c.country, c.parent) for _, c in sorted(people.items())],
        "customer_accounts": [(who, account, at) for (who, account), at in sorted(links.items())],
        "own_accounts": [(a.number, issuer.id, a.currency) for issuer in world.issuers for a in issuer.accounts],
        "instalments": [(i.id, day(due), amount(part, i.currency)) for i in items for due, part in i.plan],
        "remittance_lines": [
            (one.id, line.reference, line.customer, amount(line.amount, one.currency), amount(line.deduction, one.currency) if line.deduction else "", line.reason, line.kind)
            for one in cash for line in one.lines
        ],
        "fx_rates": [(day(at), "EUR", code, str(rate), "reference") for at, table in sorted(world.rates.items()) for code, rate in table.items() if code != "EUR"],
        "allocations": [_row(one, row) for one, row in written],
        "truth_kinds": [
            (one.id, one.case, one.related.id if one.related else "", one.customer.id if one.customer else "", sorts.get(id(one), "beside"), one.quality if one.rows else "")
            for one in cash
        ],
    }  # fmt: skip
    return {name: _table(name, content) for name, content in rows.items()}


def _item(item: Item) -> tuple[str, ...]:
    status = item.status if item.status != "open" else "open" if item.open else "settled"
    return (
        item.id, item.customer.id, item.currency, amount(item.amount, item.currency), day(item.day), item.number, item.type,
        amount(0 if status == "void" else item.open, item.currency), day(item.due), item.customer.name, item.reference, item.po,
        f"{item.discount:g}" if item.discount else "", day(item.discount_day) if item.discount else "", amount(item.amount - item.off_base, item.currency) if item.off_base and item.discount else "",
        amount(item.tax, item.currency) if item.tax else "", item.issuer.id, status, instant(item.known),
    )  # fmt: skip


def _cash(one: Cash) -> tuple[str, ...]:
    told = one.customer.id if one.told_customer and one.customer else ""
    original, currency = (amount(*one.original), one.original[1]) if one.original else ("", "")
    return (
        one.id, day(one.day), one.currency, amount(one.amount, one.currency), day(one.value_day), instant(one.received), one.payer, one.payer_account, told,
        one.text, one.structured, one.end_to_end, one.code, one.account.number, original, currency, amount(one.charges, one.currency) if one.charges else "",
        one.source, one.kind, one.related.id if one.told_related and one.related else "", one.hold, one.resolution, instant(one.known),
    )  # fmt: skip


def _row(one: Cash, row: Row) -> tuple[str, ...]:
    currency = row.item.currency
    return (
        one.id, row.item.id, amount(row.amount, currency), amount(row.write_off, currency) if row.write_off else "", row.reason, instant(row.decided), row.by, row.checked,
        instant(row.reversed), "erp" if row.by == "erp-rules" else "desk",
    )  # fmt: skip

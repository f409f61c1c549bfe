"""PayPal: the activity download, the transaction detail report and the settlement report, as CSV.

The activity download has one header, amounts in major units and words for status and type, in the language
of the account; English and German are read. The two reports have sections (CH is the header, SB a row),
amounts in minor units and event codes (T0006). Only what changes the balance and is completed is a payment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from typing import Final

from features.ingest.amount_text import minor_of
from features.ingest.entry import Entry, EntryStatus, PaymentEntry
from features.ingest.gateway import Once, from_units, gross_and_fee, moment
from features.ingest.limits import Limits
from features.ingest.paypal_codes import DONE, WAITING, in_english, kind_of_code, kind_of_type
from features.ingest.problems import Problem
from features.ingest.settled import RowError
from features.ingest.source import Source
from features.ingest.table_text import Row, Table, fold, header_of, records
from features.ingest.text_lines import TextLines, head_lines
from features.ingest.written_dates import DayError, DayOrder, order_of, read_day
from receivables.money import MoneyError, exponent

SOURCE: Final = "paypal"
_ACTIVITY: Final = frozenset({"date", "type", "status", "currency", "gross", "fee", "net", "transaction_id"})
_ZONES: Final = frozenset({"UTC", "GMT", "Etc/UTC"})
_NO_DECIMALS: Final = frozenset({"HUF", "JPY", "TWD"})
"""Currencies that PayPal writes without decimals."""
_SAMPLE: Final = 2_000
"""Rows that are looked at to learn whether day or month comes first."""
_SECTION: Final = re.compile(r'"?(?:RH|FH|SH|CH|SB)"?[,\t]')


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the file is an activity download or a report in sections."""
    return {in_english(title) for title in header_of(head)} >= _ACTIVITY or _in_sections(head)


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the payments with their fees as lines."""
    problems: list[Problem] = []
    if _in_sections(source.head()):
        rows, one = _section_rows(source, limits, problems), _event
    else:
        order = order_of(row["date"] for row in islice(_rows(Table(source, limits, [])), _SAMPLE))
        rows, one = _rows(Table(source, limits, problems)), partial(_activity, order=order)
    seen = Once()
    for row in rows:
        try:
            payment, fee = one(row)
        except MoneyError as error:
            raw = row.first("gross", "gross_transaction_amount")
            yield Problem.at(row.place, "amount", error.code, raw, message=error.message, mend=error.mend)
            continue
        except DayError as error:
            yield Problem.at(row.place, "date", error.code, error.raw)
            continue
        if not seen.is_new(payment):
            continue
        yield payment
        if payment.status is EntryStatus.BOOKED and (fee or payment.structured_reference):
            yield from gross_and_fee(payment, fee, payment.structured_reference or payment.remittance)
    yield from problems


def _in_sections(head: bytes) -> bool:
    lines = head_lines(head, 12)
    return (
        bool(lines)
        and bool(_SECTION.match(lines[0]))
        and any(line.lstrip('"').startswith("CH") for line in lines)
    )


def _section_rows(source: Source, limits: Limits, problems: list[Problem]) -> Iterator[Row]:
    """Give the rows of a report in sections under the header of theirs."""
    text = TextLines(source, limits)
    header: list[str] = []
    account = ""
    for number, cells, raw in records(text, source, limits):
        mark = cells[0].strip() if cells else ""
        if mark == "SH" and len(cells) > 3:
            account = cells[3].strip()
        elif mark == "CH":
            header = [fold(cell) for cell in cells[1:]]
        elif mark == "SB":
            place = source.at(f"line {number}", raw)
            if not header or len(cells) - 1 > len(header):
                problems.append(Problem.at(place, "", "bad_row", raw))
                continue
            values = (cell.strip() for cell in cells[1:])
            yield Row(place, {"account": account, **dict(zip(header, values, strict=False))})
    problems.extend(text.problems())


def _rows(table: Table) -> Iterator[Row]:
    """Give the rows of an activity download under English titles."""
    for row in table.rows():
        yield Row(row.place, {in_english(title): text for title, text in row.cells.items()})


def _activity(row: Row, order: DayOrder) -> tuple[PaymentEntry, int]:
    """Read a row of the activity download: net is gross plus fee, and the fee is negative."""
    currency = row["currency"].upper()
    gross, fee = minor_of(row["gross"], currency), minor_of(row["fee"] or "0", currency)
    if row["net"] and minor_of(row["net"], currency) != gross + fee:
        raise RowError("Gross and fee do not add up to net.")
    status = _status(row["status"])
    if row["balance_impact"].lower() in {"memo", "notiz"}:
        status = EntryStatus.INFORMATIONAL
    day = read_day(row["date"], order)
    payment = PaymentEntry(
        amount_minor=gross,
        currency=currency,
        booking_date=day,
        received_at=_instant(day, row["time"], row.first("timezone", "time_zone")),
        source=SOURCE,
        lineage=row.place,
        payer_name=row["name"] or row["from_email_address" if gross > 0 else "to_email_address"],
        remittance=" ".join(
            filter(None, (row["subject"], row["note"], row["item_title"], row["custom_number"]))
        ),
        structured_reference=row["invoice_number"],
        end_to_end_id=row["transaction_id"],
        transaction_code=row["type"],
        account=row["to_email_address"] if gross > 0 else row["from_email_address"],
        kind=kind_of_type(row["type"], gross),
        related_reference=row["reference_txn_id"],
        bank_reference=row["transaction_id"],
        status=status,
    )
    return payment, -fee


def _event(row: Row) -> tuple[PaymentEntry, int]:
    """Read a row of a report in sections: unsigned minor units with a word for debit or credit."""
    currency = row.first("gross_transaction_currency", "currency").upper()
    exponent(currency)
    if not row["gross_transaction_amount"]:
        raise RowError("The row has no amount.")
    gross = _signed(row["gross_transaction_amount"], row["transaction_debit_or_credit"], currency)
    if row["fee_currency"].upper() not in {"", currency}:
        raise RowError("The fee is in another currency than the payment.")
    fee = _signed(row["fee_amount"], row["fee_debit_or_credit"] or "DR", currency)
    code = row["transaction_event_code"].upper()
    written = row.first("transaction_completion_date", "transaction_initiation_date")
    when = moment(re.sub(r"^(\d{4})/(\d{2})/(\d{2})", r"\1-\2-\3", written))
    if when is None:
        raise RowError(f"The date {written[:40]!r} cannot be read.")
    status = _status(row["transaction_status"])
    if code.startswith("T13"):
        status = EntryStatus.INFORMATIONAL
    payment = PaymentEntry(
        amount_minor=gross,
        currency=currency,
        booking_date=when[0],
        received_at=when[1],
        source=SOURCE,
        lineage=row.place,
        payer_name=" ".join(filter(None, (row["first_name"], row["last_name"]))) or row["payer_s_account_id"],
        remittance=" ".join(
            filter(None, (row["transaction_subject"], row["transaction_note"], row["custom_field"]))
        ),
        structured_reference=row["invoice_id"],
        end_to_end_id=row["transaction_id"],
        transaction_code=code,
        account=row["account"] or SOURCE,
        kind=kind_of_code(code, gross),
        related_reference=row["paypal_reference_id"],
        bank_reference=row["transaction_id"],
        status=status,
    )
    return payment, -fee


def _signed(text: str, word: str, currency: str) -> int:
    if not text:
        return 0
    sign = {"CR": 1, "DR": -1}.get(word.upper())
    if sign is None or not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise RowError(f"{text[:40]!r} {word[:10]!r} is no amount in minor units with CR or DR.")
    return sign * from_units(int(text), 0 if currency in _NO_DECIMALS else 2, currency)


def _status(word: str) -> EntryStatus:
    state = word.lower()
    if state in DONE:
        return EntryStatus.BOOKED
    return EntryStatus.PENDING if state in WAITING else EntryStatus.INFORMATIONAL


def _instant(day: date, time: str, zone: str) -> datetime | None:
    """Give the instant where the zone is UTC; of other names only the offset of the day would be known."""
    if zone not in _ZONES or not re.fullmatch(r"\d{2}:\d{2}:\d{2}", time, re.ASCII):
        return None
    try:
        return datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=UTC)
    except ValueError:
        return None

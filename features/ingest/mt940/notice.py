"""Payment notices: MT103 (customer transfer), MT900 (debit) and MT910 (credit confirmation).

A notice books nothing: the statement does, and counting both would double the money. It is read in full and
given as informational, and the file says so once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from features.ingest.entry import Entry, EntryStatus, PaymentEntry
from features.ingest.mt940.details import account_in, amount_parts, clean, rejoin, told
from features.ingest.mt940.fields import Field
from features.ingest.mt940.statement import own_account
from features.ingest.mt940.statement_line import FieldError, read_amount, read_day
from features.ingest.problems import Problem
from features.ingest.source import Source
from receivables.money import EXPONENTS

READ: Final = frozenset({"103", "900", "910"})
_NOTICE_TAGS: Final = frozenset({"23B", "32A", "50K", "50A", "50F", "59", "59A", "59F", "71A"})
_WIDTH: Final = 35
_MAX_FIELDS: Final = 200
_VALUE: Final = re.compile(r"(\d{6})([A-Z]{3})([\d.]*(?:,\d*)?)")
_NUMBERED: Final = re.compile(r"([1-8])/(.*)")
_ORIGIN: Final = re.compile(r"/ROC/(\S[^/]*)")
_INVOICE_CODE: Final = re.compile(r"/(?:RFB|INV|IPI|ROC)/")


def is_notice_tag(tag: str) -> bool:
    """Say whether a field shows that a message without envelope is no statement."""
    return tag in _NOTICE_TAGS


@dataclass(slots=True)
class Notice:
    """A message that is being read; give it each field, then `finish` it."""

    source: Source
    kind: str
    is_outgoing: bool
    uetr: str = ""
    number: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether no field was given yet."""
        return not self.fields

    def take(self, item: Field) -> None:
        """Take one field; the first of a kind counts."""
        self.number = self.number or item.number
        if len(self.fields) < _MAX_FIELDS:
            self.fields.setdefault(item.tag, item.lines)

    def finish(self) -> Iterator[Entry | Problem]:
        """Give the payment that the message tells of, or say what is wrong with it."""
        raw = "\n".join(f":{tag}:" + "\n".join(lines) for tag, lines in self.fields.items())
        place = self.source.at(f"line {self.number}", raw)
        if self.kind not in READ:
            message = f"This is an MT{self.kind}, which is known and not read."
            mend = "Give the account statement (MT940 or camt.053) instead."
            yield Problem.at(place, "", "unsupported_part", message=message, mend=mend)
            return
        found = _VALUE.fullmatch(clean(self._one("32A")))
        if found is None or found.group(2) not in EXPONENTS:
            code = (
                "missing_value"
                if not self._one("32A")
                else "bad_row"
                if found is None
                else "unknown_currency"
            )
            yield Problem.at(place, "32A", code, self._one("32A"))
            return
        try:
            day, minor = read_day(found.group(1)), read_amount(found.group(3), found.group(2))
        except FieldError as error:
            yield Problem.at(place, "32A", error.code, error.raw)
            return
        sign = -1 if self.kind == "900" or (self.kind == "103" and self.is_outgoing) else 1
        entry = PaymentEntry(
            amount_minor=sign * minor,
            currency=found.group(2),
            booking_date=day,
            value_date=day,
            source=f"mt{self.kind}",
            lineage=place,
            status=EntryStatus.INFORMATIONAL,
            bank_reference=told(self._one("20")),
            uetr=self.uetr,
            transaction_code=clean(self._one("23B")),
        )
        yield self._amounts(self._parties(entry))

    def _one(self, *tags: str) -> str:
        return next((rejoin(self.fields[tag], _WIDTH) for tag in tags if tag in self.fields), "")

    def _party(self, *tags: str) -> tuple[str, str]:
        return read_party(next((self.fields[tag] for tag in tags if tag in self.fields), ()))

    def _parties(self, entry: PaymentEntry) -> PaymentEntry:
        payer, payer_account = self._party("50K", "50F", "50A", "50", "52D", "52A")
        payee, payee_account = self._party("59", "59F", "59A")
        if self.kind != "103":
            other = (payer, payer_account) if self.kind == "910" else self._party("57A", "57D", "58A", "58D")
            return replace(
                entry,
                payer_name=other[0],
                payer_account=other[1],
                account=own_account(self._one("25", "25P"))[0],
                end_to_end_id=told(self._one("21")),
                remittance=clean(self._one("72")),
            )
        name, account, own = (
            (payee, payee_account, payer_account)
            if self.is_outgoing
            else (payer, payer_account, payee_account)
        )
        text = self._one("70")
        origin = _ORIGIN.search(text)
        return replace(
            entry,
            payer_name=name,
            payer_account=account,
            account=own_account(own)[0],
            end_to_end_id="" if origin is None else told(origin.group(1)),
            remittance=clean(_INVOICE_CODE.sub(" ", text).replace("//", " ")),
        )

    def _amounts(self, entry: PaymentEntry) -> PaymentEntry:
        """Add the instructed amount and the sender's charges where they can be read."""
        currency, amount = amount_parts(self._one("33B"))
        sign = 1 if entry.amount_minor >= 0 else -1
        try:
            if currency in EXPONENTS and currency != entry.currency:
                minor = sign * read_amount(amount, currency)
                rate = clean(self._one("36")).replace(",", ".")
                entry = replace(
                    entry, original_amount_minor=minor, original_currency=currency, exchange_rate=rate
                )
            currency, amount = amount_parts(self._one("71F"))
            if currency == entry.currency:
                entry = replace(entry, charges_minor=read_amount(amount, currency))
        except FieldError:
            return entry
        return entry


def read_party(lines: Sequence[str]) -> tuple[str, str]:
    """Read name and account of a party: `/account`, then name and address, numbered in option F."""
    account = ""
    rest = [clean(line) for line in lines if line.strip()]
    if rest and rest[0].startswith("/"):
        account, rest = account_in(rest[0].lstrip("/")), rest[1:]
    names = [
        found.group(2) for line in rest if (found := _NUMBERED.fullmatch(line)) and found.group(1) == "1"
    ]
    if names:
        return clean(" ".join(names)), account
    return (rest[0] if rest else ""), ("" if account == "-" else account)

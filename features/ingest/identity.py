"""Which payments of different files are one and the same, and the permanent id of each.

A payment's id is a hash of what never changes about it: own account, day and amount with the bank's own
reference where there is one, else with all that is told of the payment; and, among equals of one file, how
many came before. So a renamed, zipped or overlapping statement gives the same ids, and two truly equal
payments stay two.

Where the same transaction comes in another format (camt.052, 053, 054, MT940, a CSV export), less or more may
be told of it. Then two payments of one account, day, currency and amount are the same if nothing that both
tell contradicts; each is paired with at most one of each format, so of equal payments the larger count stays.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from features.ingest.entry import PaymentEntry

_ID_DIGITS: Final = 24
_FOLDED: Final = re.compile(r"[\W_]+")
_CAMT: Final = "camt."


class Fate(StrEnum):
    """What becomes of a payment that a file tells of."""

    NEW = "new"
    COPY = "copy"
    PART = "part"
    """Of a line that the book already holds as one payment, bare: it becomes a remittance line of that."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a payment is, and the collective payments of this run that it takes the place of."""

    fate: Fate
    payment_id: str
    replaces: str = ""
    may_fill: bool = False
    """Whether this copy tells what the payment of this run that it is a copy of does not."""


@dataclass(slots=True)
class Known:
    """What the book remembers of a payment, to know it again."""

    payment_id: str
    amount_minor: int
    source: str
    bank_reference: str
    end_to_end_id: str
    structured: str
    name: str
    account: str
    text: str
    is_part: bool
    is_old: bool
    """Whether it stood in the book before this run."""
    met: set[str] = field(default_factory=set)
    """Formats in which a copy of it was met."""

    @property
    def is_collective(self) -> bool:
        """Whether it may stand for a whole batch: a line of which nothing but the amount is told."""
        return not (self.name or self.account or self.end_to_end_id or self.is_part)

    def lacks(self, payment: PaymentEntry) -> bool:
        """Say whether another version tells something that this one does not."""
        pairs = (
            (self.name, payment.payer_name),
            (self.account, payment.payer_account),
            (self.structured, payment.structured_reference),
            (self.end_to_end_id, payment.end_to_end_id),
            (self.text, payment.remittance),
        )
        return any(other and not own for own, other in pairs)


_Day = tuple[str, date, str, int]


class Identities:
    """Every payment met so far, by what it is."""

    def __init__(self) -> None:
        self._ids: dict[str, Known] = {}
        self._days: dict[_Day, list[Known]] = {}
        self._batches: dict[_Day, dict[str, str]] = {}
        """Booked lines whose parts are in the book: their reference and the format they came in."""
        self._equals: Counter[bytes] = Counter()
        self._file = ""
        self._batch_fates: dict[str, tuple[Fate, str]] = {}

    def begin(self, file: str) -> None:
        """Start a file: equal payments are counted anew."""
        self._file = file
        self._equals.clear()
        self._batch_fates.clear()

    def begin_report(self) -> None:
        """Start another report in the same file, where reports repeat each other (camt.052)."""
        self._equals.clear()

    def remember(self, payment_id: str, payment: PaymentEntry) -> None:
        """Take in a payment that the book already holds."""
        self._add(payment_id, payment, is_old=True)

    def take(self, payment: PaymentEntry) -> Verdict:
        """Say whether a payment is new, and give its id."""
        base = permanent_key(payment)
        ordinal = self._equals[base]
        self._equals[base] += 1
        payment_id = hashed_id(base, ordinal)
        known = self._ids.get(payment_id) or self._copy_of(payment)
        if known is not None:
            self._ids[payment_id] = known
            tells_more = known.lacks(payment)
            if known.is_old and known.is_collective and tells_more:
                return Verdict(Fate.PART, known.payment_id)
            return Verdict(Fate.COPY, known.payment_id, may_fill=tells_more and not known.is_old)
        if payment.batch_minor is not None:
            fate, of = self._fate_of_batch(payment)
            if fate is Fate.PART:
                return Verdict(fate, of)
            self._add(payment_id, payment, is_old=False)
            return Verdict(Fate.NEW, payment_id, of)
        if self._is_batch_known(payment):
            return Verdict(Fate.COPY, "")
        self._add(payment_id, payment, is_old=False)
        return Verdict(Fate.NEW, payment_id)

    def named(self, wanted: set[str]) -> dict[str, list[Known]]:
        """Find the payments that carry one of these references."""
        found: dict[str, list[Known]] = {}
        for known in self._all():
            names = {known.bank_reference, known.end_to_end_id, *known.structured.split()}
            for name in names & wanted:
                found.setdefault(name, []).append(known)
        return found

    def _all(self) -> Iterator[Known]:
        for group in self._days.values():
            yield from group

    def _add(self, payment_id: str, payment: PaymentEntry, *, is_old: bool) -> None:
        known = Known(
            payment_id,
            payment.amount_minor,
            payment.source,
            payment.bank_reference,
            payment.end_to_end_id,
            payment.structured_reference,
            fold(payment.payer_name),
            payment.payer_account,
            fold(payment.remittance)[:200],
            payment.batch_minor is not None,
            is_old,
        )
        self._ids[payment_id] = known
        self._days.setdefault(_day(payment, payment.amount_minor), []).append(known)
        if payment.batch_minor is not None:
            parts = self._batches.setdefault(_day(payment, payment.batch_minor), {})
            parts[payment.batch_reference] = payment.source

    def _copy_of(self, payment: PaymentEntry) -> Known | None:
        """Find the same payment as another format tells it; this needs an account."""
        if not payment.account:
            return None
        for known in self._days.get(_day(payment, payment.amount_minor), ()):
            is_other = known.source != payment.source and payment.source not in known.met
            if is_other and is_same(payment, known):
                known.met.add(payment.source)
                return known
        return None

    def _fate_of_batch(self, payment: PaymentEntry) -> tuple[Fate, str]:
        """Say whether the parts of a booked line are new, or belong to a collective payment already known.

        A collective payment that came in this very run gives way to its parts; one that stood in the book
        before stays, for it may have been applied.
        """
        line = payment.lineage.position.rpartition("/")[0]
        if line in self._batch_fates:
            return self._batch_fates[line][0], self._batch_fates[line][1]
        fate, of = Fate.NEW, ""
        assert payment.batch_minor is not None
        for known in self._days.get(_day(payment, payment.batch_minor), ()):
            if not known.is_collective or not _agree(known.bank_reference, payment.batch_reference):
                continue
            if known.source == payment.source and not known.bank_reference:
                continue
            if payment.source in known.met:
                continue
            known.met.add(payment.source)
            fate, of = (Fate.PART if known.is_old else Fate.NEW), known.payment_id
            break
        # Only the first part of a line takes the place of the collective payment.
        self._batch_fates[line] = (fate, of if fate is Fate.PART else "")
        return fate, of

    def _is_batch_known(self, payment: PaymentEntry) -> bool:
        """Say whether a line without details is one whose parts the book already has."""
        if payment.payer_name or payment.payer_account or payment.end_to_end_id:
            return False
        for reference, source in self._batches.get(_day(payment, payment.amount_minor), {}).items():
            if source == payment.source and not (reference and payment.bank_reference):
                continue
            if _agree(reference, payment.bank_reference):
                return True
        return False


def permanent_key(payment: PaymentEntry) -> bytes:
    """Hash what never changes about a payment."""
    day = payment.booking_date.isoformat()
    parts = [fold(payment.account), day, payment.currency, str(payment.amount_minor)]
    if payment.bank_reference:
        parts += ["reference", payment.bank_reference]
    else:
        parts += [
            "content",
            "" if payment.value_date is None else payment.value_date.isoformat(),
            fold(payment.payer_name),
            fold(payment.payer_account),
            fold(payment.remittance),
            fold(payment.structured_reference),
            payment.end_to_end_id,
        ]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).digest()


def hashed_id(base: bytes, ordinal: int) -> str:
    """Give the id of the `ordinal`-th payment with this key."""
    return "p" + hashlib.sha256(base + ordinal.to_bytes(8, "big")).hexdigest()[:_ID_DIGITS]


def fold(text: str) -> str:
    """Leave letters and digits only, in small letters: banks differ in blanks and capitals."""
    return _FOLDED.sub("", text.casefold())


def is_same(payment: PaymentEntry, known: Known) -> bool:
    """Say whether nothing that both tell contradicts; account, day, currency and amount are equal."""
    are_camt = payment.source.startswith(_CAMT) and known.source.startswith(_CAMT)
    if are_camt and not _agree(payment.bank_reference, known.bank_reference):
        return False
    if not (
        _agree(payment.end_to_end_id, known.end_to_end_id)
        and _agree(payment.structured_reference, known.structured)
        and _agree(payment.payer_account, known.account)
    ):
        return False
    if not _overlap(fold(payment.payer_name), known.name):
        return False
    is_named_same = any(
        one and one == other
        for one, other in (
            (payment.bank_reference, known.bank_reference),
            (payment.end_to_end_id, known.end_to_end_id),
            (payment.structured_reference, known.structured),
        )
    )
    return is_named_same or _overlap(fold(payment.remittance)[:200], known.text)


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _overlap(one: str, other: str) -> bool:
    """Say whether two folded texts may be versions of one: one is empty, or lies within the other."""
    if not one or not other:
        return True
    short, long = sorted((one, other), key=len)
    return short in long or (len(short) > 30 and short[:30] in long)


def _day(payment: PaymentEntry, minor: int) -> _Day:
    return fold(payment.account), payment.booking_date, payment.currency, minor

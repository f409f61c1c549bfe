"""A matcher by rules in Odoo's manner: how far reference tokens, the partner and oldest-first go.

``python -m benchmarks.odoo_like BOOK OUT``. Written from the behaviour that Odoo and the OCA module
``account_reconcile_model_oca`` document and test; none of their code. The rules, in order:

1. Partner: what the gateway says; else the one owner of the payer's account; else the first customer whose
   name holds the payer's name; else the first customer all of whose name's words (3 letters or more) stand
   in the text.
2. Words of the text of 4 characters or more, reduced to digits, count when 4 digits remain; a text of one
   word counts as a whole too. Items match by equality with the digit groups, or the whole, of their number,
   structured reference or purchase order. Only the partner's items, when there is a partner; only the
   payment's currency and direction. Most matches first, then due date, issue date, id.
3. A text whose words match nothing proposes nothing. Without words: the partner's items, oldest first;
   without partner: items of exactly the amount.
4. In that order, an item open with exactly the amount stands alone; else items are taken while there is
   room. First with early-payment discounts still in time (exact sums only), then without.
5. Model "perfect match": cash covers the items (a rest stays on account), tolerance 0: closed automatically
   when rule 2 gave the items, suggested otherwise. Model "partial": less cash than the items: suggested.
6. Payments go day by day; an automatic close lowers what the next ones see.

Confidence only ranks: the number and length of the matched tokens, the partner, the exactness of the sum.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.partners import Partners
from benchmarks.peer_book import Answer, Item, Payment, PeerBook, read_peer_book, write_answers

_SIGNIFICANT = 4
_NOT_ALPHANUMERIC = re.compile(r"[^0-9a-zA-Z]")
_NOT_DIGITS_OR_SPACE = re.compile(r"[^0-9\s]")
_ITEMS_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class _Tokens:
    numbers: frozenset[str]
    exact: frozenset[str]

    @property
    def any(self) -> bool:
        return bool(self.numbers or self.exact)


def tokens_of(texts: Iterable[str]) -> _Tokens:
    """Return what rule 2 takes from a payment's texts."""
    numbers: set[str] = set()
    exact: set[str] = set()
    for said in texts:
        words = said.split()
        if len(words) == 1:
            exact.add(said)
        for word in words:
            kept = _NOT_ALPHANUMERIC.sub("", word)
            digits = "".join(c for c in kept if c.isdecimal())
            if len(digits) >= _SIGNIFICANT:
                numbers.add(digits)
    return _Tokens(frozenset(numbers), frozenset(exact))


class _Index:
    """Rule 2's look-ups; what is settled drops out by its balance."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.by_number: dict[str, list[int]] = defaultdict(list)
        self.by_text: dict[str, list[int]] = defaultdict(list)
        self.by_customer: dict[str, list[int]] = defaultdict(list)
        self.by_amount: dict[tuple[str, int], list[int]] = defaultdict(list)
        for at, item in enumerate(items):
            for said in item.texts:
                if said:
                    self.by_text[said].append(at)
                    for digits in set(_NOT_DIGITS_OR_SPACE.sub("", said).split()):
                        self.by_number[digits].append(at)
            self.by_customer[item.customer].append(at)
            self.by_amount[item.currency, item.open].append(at)


def match(book: PeerBook) -> list[Answer]:
    """Answer every payment, day by day."""
    partners, index = Partners(book), _Index(book.items)
    return [_answer(payment, partners.find(payment), index) for payment in book.payments]


def _answer(payment: Payment, partner: str, index: _Index) -> Answer:
    tokens = tokens_of(payment.texts)
    found, evidence = _candidates(payment, partner, tokens, index)
    answer = Answer(payment, customer=partner)
    if not found:
        return answer
    rows, exactness = _take(payment, found)
    if not rows:
        return answer
    cash = sum(c for _, c, _ in rows)
    is_covered = all(c + w == item.open for item, c, w in rows) and cash <= abs(payment.amount)
    sign = 1 if payment.amount > 0 else -1
    answer.rows = [(item, sign * c, sign * w) for item, c, w in rows]
    answer.customer = partner or rows[0][0].customer
    answer.outcome = "auto" if evidence and is_covered else "review"
    answer.confidence = _confidence(evidence, exactness if is_covered else 0, partner)
    if answer.outcome == "auto":
        for item, c, w in rows:
            item.open -= c + w
    return answer


def _candidates(payment: Payment, partner: str, tokens: _Tokens, index: _Index) -> tuple[list[Item], int]:
    """Return the items of rules 2 and 3 in order, and the strength of the textual evidence for the first."""

    def fits(item: Item) -> bool:
        return (
            item.open > 0
            and item.currency == payment.currency
            and item.is_credit == (payment.amount < 0)
            and item.known_day <= payment.day
            and (not partner or item.customer == partner)
        )

    if tokens.any:
        hits: dict[int, int] = defaultdict(int)
        length: dict[int, int] = defaultdict(int)
        for keys, look_up in ((tokens.numbers, index.by_number), (tokens.exact, index.by_text)):
            for key in keys:
                for at in look_up.get(key, ()):
                    hits[at] += 1
                    length[at] = max(length[at], len(key))
        kept = sorted((at for at in hits if fits(index.items[at])), key=lambda at: (-hits[at], at))
        evidence = min(hits[kept[0]], 9) * 10 + min(length[kept[0]], 9) if kept else 0
        return [index.items[at] for at in kept], evidence
    places = (
        index.by_customer.get(partner, [])
        if partner
        else index.by_amount.get((payment.currency, abs(payment.amount)), [])
    )
    return [index.items[at] for at in places if fits(index.items[at])], 0


def _take(payment: Payment, found: list[Item]) -> tuple[list[tuple[Item, int, int]], int]:
    """Return item, cash and discount for rule 4, and how exact the sum is (2 alone, 1 together, 0 not)."""
    cash = abs(payment.amount)
    for with_discount in (True, False):
        rows: list[tuple[Item, int, int]] = []
        room = cash
        for item in found:
            off = (
                item.discount
                if with_discount and payment.day <= item.discount_day and item.discount < item.open
                else 0
            )
            if item.open - off == cash:
                return [(item, cash, off)], 2
            if room > 0 and len(rows) < _ITEMS_AT_MOST:
                rows.append((item, item.open - off, off))
                room -= item.open - off
        if room == 0:
            return rows, 1
        if not with_discount:
            if room < 0:  # the last item is paid in part
                item, part, off = rows[-1]
                rows[-1] = (item, part + room, off)
            return rows, 0
    return [], 0


def _confidence(evidence: int, exactness: int, partner: str) -> float:
    return (evidence * 10 + exactness * 3 + (2 if partner else 0) + 1) / 1000


def main() -> None:
    """Match a book folder into an output folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    write_answers(match(read_peer_book(options.book)), options.out, "odoo-like rules")


if __name__ == "__main__":
    main()

"""Who paid, by simple rules that peers share: what is given, the account, the name, the words of the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict

from benchmarks.peer_book import Payment, PeerBook

_WORDS = re.compile(r"\w{3,}")


class Partners:
    """Customers by account, by a part of their name, and by all words of it."""

    def __init__(self, book: PeerBook) -> None:
        self._accounts = book.account_owner
        self._names = [
            (names[0].lower(), customer) for customer, names in sorted(book.names.items()) if names
        ]
        # One long text of all names: a search for a part of a name is one scan in C.
        self._all_names = "\n".join(name for name, _ in self._names)
        self._starts: list[int] = []
        position = 0
        for name, _ in self._names:
            self._starts.append(position)
            position += len(name) + 1
        self._by_payer: dict[str, str] = {}
        frequency: dict[str, int] = defaultdict(int)
        words = [(sorted(set(_WORDS.findall(name))), customer) for name, customer in self._names]
        for parts, _ in words:
            for word in parts:
                frequency[word] += 1
        self._by_rarest: dict[str, list[tuple[frozenset[str], str]]] = defaultdict(list)
        for parts, customer in words:
            if parts:
                rarest = min(parts, key=lambda w: (frequency[w], w))
                self._by_rarest[rarest].append((frozenset(parts), customer))

    def find(self, payment: Payment) -> str:
        """Return the customer behind a payment, empty when nobody fits."""
        if payment.customer:
            return payment.customer
        owner = self._accounts.get(payment.account, "")
        return owner or self._named(payment.payer.lower()) or self._in_text(payment.texts)

    def _named(self, payer: str) -> str:
        if not payer or "\n" in payer:
            return ""
        if payer not in self._by_payer:
            at = self._all_names.find(payer)
            self._by_payer[payer] = self._names[bisect_right(self._starts, at) - 1][1] if at >= 0 else ""
        return self._by_payer[payer]

    def _in_text(self, texts: tuple[str, ...]) -> str:
        for said in texts:
            words = set(_WORDS.findall(said.lower()))
            for word in sorted(words):
                for parts, customer in self._by_rarest.get(word, ()):
                    if parts <= words:
                        return customer
        return ""

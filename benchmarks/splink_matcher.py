"""Splink 5, trained as its documentation says, with our blocking keys.

``python -m benchmarks.splink_matcher BOOK OUT``. Link-only between payments and open items. Training: the
prior from deterministic rules, u by random sampling, m by expectation maximisation over two blocking rules.
Comparisons follow Splink's own example of linking bank transactions (percentage bands of the amount, one-
sided bands of days), with what this domain adds: references as sets of digit cores, the resolved customer,
the payer's name.

Keys: reference digits; customer; amount with a name word; rare amounts. Hot keys are dropped, as ours are,
or the pairs would not fit. Splink scores pairs and leaves allocation open: pairs are taken by match weight
while the payment has cash and the item is open, further items only of the same customer and at a probability
of 0.5 or more; an early-payment discount in time is written off. The documented probability is the
confidence; 0.999 (which reads: one in a thousand wrong) closes automatically.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.partners import Partners
from benchmarks.peer_book import Answer, Item, Payment, PeerBook, read_peer_book, write_answers

AUTO_PROBABILITY = 0.999
FURTHER_ITEMS = 0.5
HOT_AMOUNT, HOT_CUSTOMER, HOT_REFERENCE = 50, 300, 200
U_PAIRS, EM_PAIRS = 1e7, 1e7
_NUMBER = re.compile(r"\d[\d\-/. ]*\d|\d")
_WORD = re.compile(r"[^\W\d_]{3,}")


def references(texts: Iterable[str]) -> set[str]:
    """Return the digit cores of a text: each run of digits, and runs joined over separators."""
    found: set[str] = set()
    for said in texts:
        for run in _NUMBER.findall(said):
            parts = re.findall(r"\d+", run)
            found.update(p.lstrip("0") for p in (*parts, "".join(parts)))
    return {f for f in found if 4 <= len(f) <= 30}


def _name(names: list[str]) -> str:
    return " ".join(_WORD.findall(" ".join(names[:1]).lower()))


class _Tables:
    """The two inputs, with the same columns."""

    def __init__(self, book: PeerBook) -> None:
        amounts = Counter((i.currency, i.open) for i in book.items)
        crowd = Counter(i.customer for i in book.items)
        item_references = [references(i.texts) for i in book.items]
        named = Counter(r for found in item_references for r in found)
        words = Counter(w for names in book.names.values() for w in set(_name(names).split()))
        self._rare = {a for a, n in amounts.items() if n <= HOT_AMOUNT}
        self._few = {c for c, n in crowd.items() if n <= HOT_CUSTOMER}
        self._hot = {r for r, n in named.items() if n > HOT_REFERENCE}
        self._words = words
        partners = Partners(book)
        self.payments = self._table(
            self._row(str(n), p.currency, abs(p.amount), p.amount < 0, p.day, p.day, references(p.texts),
                      partners.find(p), " ".join(_WORD.findall(p.payer.lower())))
            for n, p in enumerate(book.payments)
        )  # fmt: skip
        self.items = self._table(
            self._row(str(n), i.currency, i.open, i.is_credit, i.due_day, i.known_day, found, i.customer,
                      _name(book.names.get(i.customer, [])))
            for n, (i, found) in enumerate(zip(book.items, item_references, strict=True))
        )  # fmt: skip

    def _row(  # noqa: PLR0913, PLR0917 -- a column each
        self, identity: str, currency: str, amount: int, is_out: bool, day: int, known: int,  # noqa: FBT001
        found: set[str], customer: str, name: str,
    ) -> dict[str, Any]:  # fmt: skip
        lane = f"{currency}{'-' if is_out else '+'}"
        rarest = min(name.split(), key=lambda w: (self._words.get(w, 0), w), default="")
        kept = sorted(found - self._hot)
        return {
            "unique_id": identity,
            "lane": lane,
            "amount": amount / 10_000,
            "day": day,
            "known_day": known,
            "refs": kept or None,
            "customer": customer or None,
            "name": name or None,
            "customer_key": f"{lane}|{customer}" if customer in self._few else None,
            "word_amount": f"{lane}|{amount}|{rarest}" if rarest else None,
            "rare_amount": f"{lane}|{amount}" if (currency, amount) in self._rare else None,
        }

    @staticmethod
    def _table(rows: Iterable[dict[str, Any]]) -> pa.Table:
        schema = pa.schema(
            [
                *((c, pa.string()) for c in ("unique_id", "lane")),
                ("amount", pa.float64()),
                *((c, pa.int32()) for c in ("day", "known_day")),
                ("refs", pa.list_(pa.string())),
                *(
                    (c, pa.string())
                    for c in ("customer", "name", "customer_key", "word_amount", "rare_amount")
                ),
            ]
        )
        return pa.Table.from_pylist(list(rows), schema=schema)


def _settings() -> Any:  # noqa: ANN401 -- splink ships no usable types
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import SettingsCreator
    from splink.blocking_rule_library import CustomRule

    known = "r.known_day <= l.known_day"
    amount = cl.CustomComparison(
        output_column_name="amount",
        comparison_levels=[
            cll.NullLevel("amount"),
            cll.ExactMatchLevel("amount"),
            *(cll.PercentageDifferenceLevel("amount", share) for share in (0.01, 0.03, 0.1, 0.3)),
            cll.ElseLevel(),
        ],
    )
    late = cl.CustomComparison(
        output_column_name="day",
        comparison_levels=[
            cll.NullLevel("day"),
            *(
                {
                    "sql_condition": f"day_l - day_r between {low} and {high}",
                    "label_for_charts": f"{low} to {high}",
                }
                for low, high in ((-3, 3), (-30, 10), (-60, 30), (-120, 90))
            ),
            cll.ElseLevel(),
        ],
    )
    return SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            CustomRule(f"l.refs = r.refs and l.lane = r.lane and {known}", arrays_to_explode=["refs"]),
            CustomRule(f"l.customer_key = r.customer_key and {known}"),
            CustomRule(f"l.word_amount = r.word_amount and {known}"),
            CustomRule(f"l.rare_amount = r.rare_amount and {known}"),
        ],
        comparisons=[
            cl.ArrayIntersectAtSizes("refs", [2, 1]),
            amount,
            cl.ExactMatch("customer"),
            cl.JaroWinklerAtThresholds("name", [0.92, 0.8]),
            late,
        ],
        retain_matching_columns=False,
    )


def predict(tables: _Tables) -> pa.Table:
    """Train on these two tables and return their scored pairs."""
    from splink import DuckDBAPI, Linker, block_on

    database = DuckDBAPI()
    inputs = [
        database.register(tables.payments, dataset_display_name="a_payments"),
        database.register(tables.items, dataset_display_name="b_items"),
    ]
    linker = Linker(inputs, _settings(), log_level=logging.WARNING)
    linker.training.estimate_probability_two_random_records_match(
        ["l.customer_key = r.customer_key and l.amount = r.amount"], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=U_PAIRS, seed=1)
    # Each rule names the compared column too: Splink then leaves its m to the other session.
    for rule in (block_on("customer", "customer_key"), block_on("amount", "rare_amount")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=EM_PAIRS)
    pairs = linker.inference.predict(threshold_match_probability=0.01)
    columns = "unique_id_l, unique_id_r, match_weight, match_probability"
    chosen = pairs.query_sql(f"select {columns} from {{this}}")  # noqa: S608 -- no input in it
    return chosen.as_pyarrow_table()  # type: ignore[no-untyped-call, unused-ignore]


def answers(book: PeerBook, pairs: pa.Table) -> list[Answer]:
    """Turn scored pairs into allocations, best pairs first, no item paid above what is open."""
    ranked: dict[int, list[tuple[float, int, float]]] = defaultdict(list)
    columns = (
        pairs[c].to_pylist() for c in ("unique_id_l", "unique_id_r", "match_weight", "match_probability")
    )
    for payment, item, weight, probability in zip(*columns, strict=True):
        ranked[int(payment)].append((-weight, int(item), probability))
    for found in ranked.values():
        found.sort()
    result = [Answer(p) for p in book.payments]
    for at in sorted(ranked, key=lambda n: (ranked[n][0][0], n)):
        _allocate(result[at], ((book.items[i], p) for _, i, p in ranked[at]))
    return result


def _allocate(answer: Answer, found: Iterable[tuple[Item, float]]) -> None:
    payment: Payment = answer.payment
    cash, sign = abs(payment.amount), 1 if payment.amount > 0 else -1
    for item, probability in found:
        if cash <= 0 or (answer.rows and probability < FURTHER_ITEMS):
            break
        if item.open <= 0 or (answer.rows and (item.customer != answer.customer or item.open > cash)):
            continue
        off = item.discount if payment.day <= item.discount_day and item.open - item.discount == cash else 0
        part = min(cash, item.open)
        answer.confidence = min(answer.confidence, probability) if answer.rows else probability
        answer.customer = item.customer
        answer.rows.append((item, sign * part, sign * off))
        item.open -= part + off
        cash -= part
    if answer.rows:
        answer.outcome = "auto" if answer.confidence >= AUTO_PROBABILITY else "review"


def main() -> None:
    """Match a book folder into an output folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    book = read_peer_book(options.book)
    write_answers(answers(book, predict(_Tables(book))), options.out, "splink 5")


if __name__ == "__main__":
    main()

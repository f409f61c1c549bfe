"""The lower half of the page as the template takes it: cases, cash without items, items without cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.report import charts, facts, words
from features.report.ageing import BUCKETS, ageing_rows
from features.report.tables import Bools, Decided, Output, flat, positions
from receivables.decision import DISMISSALS

if TYPE_CHECKING:
    from features.book import Book

REPEATED: Final = 8
NAME_LENGTH: Final = 80
_AGE_CLASSES: Final = tuple(f"age-{place}" for place in range(len(BUCKETS)))


def cases(book: Book, rows: Decided) -> dict[str, Any]:
    """Say what waits for a person, why, and for which customers."""
    review, unmatched = (int((rows.outcome == o).sum()) for o in (facts.REVIEW, facts.UNMATCHED))
    return {
        "review_words": (
            f"{words.count(review, 'payment has', 'payments have')} a proposal that a person must confirm; a "
            "payment with several reasons counts under each. "
            f"{words.count(unmatched, 'more matches', 'more match')} nothing."
        ),
        "reasons": [
            {
                "code": row.code,
                "sentence": row.sentence,
                "payments": f"{row.payments:,}",
                "alone": f"{row.alone:,}" if row.alone else "",
                "bar": charts.share_bar(
                    (row.payments, review - row.payments),
                    ("review", "rest"),
                    words.share(row.payments, review),
                ),
                "money": words.money_list(row.minor),
            }
            for row in facts.reason_rows(rows)
        ],
        "customers": _customers(book, rows),
    }


def _customers(book: Book, rows: Decided) -> list[dict[str, str]]:
    ranked = facts.customer_rows(rows)
    names = customer_names(book, pa.array([row.customer_id for row in ranked], pa.string())).to_pylist()
    return [
        {
            "id": row.customer_id,
            "name": words.plain(name or row.customer_id)[:NAME_LENGTH],
            "cases": f"{row.cases:,}",
            "money": words.money_list(row.minor),
            "oldest": words.date(row.oldest_day),
        }
        for row, name in zip(ranked, names, strict=True)
    ]


def cash(book: Book, rows: Decided) -> dict[str, Any]:
    """Say which cash settles no item, what was set aside, and what was found twice."""
    repeated, more = _repeated_numbers(book)
    return {
        "unapplied": [
            {
                "currency": row.currency,
                "amounts": [words.money(m, row.currency) if m else "" for m in row.minor],
            }
            for row in facts.unapplied_rows(rows)
        ],
        "aside": [
            row
            for code in (*DISMISSALS, *facts.DUPLICATES)
            if (row := _aside(rows, str(code), facts.with_reason(rows, [code]))) is not None
        ],
        "repeated": repeated,
        "repeated_rest": f"{more:,} more are not shown." if more else "",
    }


def _aside(rows: Decided, code: str, hit: Bools) -> dict[str, str] | None:
    if not hit.any():
        return None
    sums = facts.exact_sums(rows.currency.code[hit], np.abs(rows.amount_minor[hit]), len(rows.currency.words))
    held = {rows.currency.words[c]: int(sums[c]) for c in facts.by_use(rows) if sums[c]}
    return {
        "code": code,
        "sentence": words.sentence(code),
        "payments": f"{int(hit.sum()):,}",
        "money": words.money_list(held),
    }


def _repeated_numbers(book: Book) -> tuple[list[dict[str, str]], int]:
    """List document numbers that one customer's items share: an invoice issued twice looks like this."""
    keys = ["customer_id", "invoice_number", "type"]
    number = np.asarray(flat(book.invoices["invoice_number"]).dictionary_encode().indices)
    is_shared = np.bincount(number)[number] > 1 if len(number) else np.zeros(0, dtype=np.bool_)
    kept = book.invoices.select([*keys, "currency", "amount_minor"]).filter(pa.array(is_shared))
    groups = kept.group_by(keys, use_threads=False).aggregate([([], "count_all")])
    groups = groups.filter(pc.greater(groups["count_all"], 1))
    order = [("count_all", "descending"), *((key, "ascending") for key in keys)]
    groups = groups.sort_by(order)
    top = groups.slice(0, REPEATED)
    names = customer_names(book, flat(top["customer_id"])).to_pylist()
    found = []
    for row, name in zip(top.to_pylist(), names, strict=True):
        same = [pc.equal(kept[key], row[key]) for key in keys]
        items = kept.filter(pc.and_(pc.and_(same[0], same[1]), same[2])).slice(0, 3).to_pylist()
        found.append(
            {
                "number": words.plain(row["invoice_number"])[:NAME_LENGTH],
                "customer": words.plain(name or row["customer_id"])[:NAME_LENGTH],
                "times": f"{row['count_all']:,}",
                "money": " \u00b7 ".join(
                    f"{words.money(item['amount_minor'], item['currency'])}\u00a0{item['currency']}"
                    for item in items
                ),
            }
        )
    return found, groups.num_rows - len(found)


def stays_open(book: Book, output: Output, rows: Decided) -> dict[str, Any]:
    """Age what is still owed."""
    today = output.as_of_day(rows)
    return {
        "as_of": words.date(today) if len(rows) else "the last day of the book",
        "buckets": BUCKETS,
        "ageing": [
            {
                "currency": row.currency,
                "number": f"{row.items:,}",
                "bar": charts.share_bar(
                    row.minor,
                    _AGE_CLASSES,
                    ", ".join(
                        f"{words.share(m, row.total)} {bucket}"
                        for m, bucket in zip(row.minor, BUCKETS, strict=True)
                        if m
                    ),
                ),
                "amounts": [words.money(m, row.currency) if m else "" for m in row.minor],
                "total": words.money(row.total, row.currency),
                "proposed": words.money(row.proposed_minor, row.currency) if row.proposed_minor else "",
                "credit": words.money(row.credit_minor, row.currency) if row.credit_minor else "",
            }
            for row in ageing_rows(book, output, today)
        ],
    }


def customer_names(book: Book, customer: pa.Array) -> pa.Array:
    """Name customers from the customers table, else from an invoice of theirs; null where neither knows."""
    row = positions(customer, flat(book.customers["customer_id"]))
    names = flat(book.customers["name"]).take(pa.array(row, mask=row < 0))
    if names.null_count == 0 or book.invoices["customer_name"].null_count == book.invoices.num_rows:
        return names
    row = positions(customer, flat(book.invoices["customer_id"]))
    return pc.coalesce(names, flat(book.invoices["customer_name"]).take(pa.array(row, mask=row < 0)))

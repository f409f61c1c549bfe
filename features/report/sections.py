"""The upper half of the page as the template takes it: the answer, money by outcome, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.report import certainty as sure
from features.report import charts, facts, words
from features.report.guarantee import guarantee_of, threshold_of, threshold_words
from features.report.tables import OUTCOMES, Decided, Ints, Output, flat, text

if TYPE_CHECKING:
    from features.book import Book
    from features.report.evidence import Verdict

HEADS: Final = ("Automatic", "For review", "Unmatched", "Dismissed")
PAYER_LENGTH: Final = 60


def answer(book: Book, output: Output, rows: Decided, verdict: Verdict | None) -> dict[str, Any]:
    """Say what came out, under which guarantee, and from what."""
    counts, number = facts.outcome_counts(rows), len(rows)
    auto, review, unmatched, dismissed = (f"{n:,}" for n in counts)
    outcomes = [
        {"name": name, "count": f"{n:,}", "words": said, "share": words.share(n, number), "head": head}
        for (name, said), n, head in zip(words.OUTCOME_WORDS.items(), counts, HEADS, strict=True)
    ]
    return {
        "answer": (
            f"{auto} of {words.count(number, 'payment')} ({words.share(counts[0], number)}) "
            "closed automatically."
            if number
            else "There was nothing to decide."
        ),
        "answer_rest": (
            f"{review} have a proposal for a person to review, {unmatched} match nothing that is open, and "
            f"{dismissed} were dismissed: they pay no open item."
            if number
            else "Every payment of the book has an allocation or a resolution already."
        ),
        "truth_words": _truth_words(rows, verdict),
        "guarantee": guarantee_of(output.summary),
        "meta": [
            ("As of", words.date(output.as_of_day(rows)) if number else "\u2013"),
            ("Model", words.plain(_first_word(output, "model"))),
            ("Policy", words.plain(_first_word(output, "policy"))),
            ("Invoices", f"{book.invoices.num_rows:,}"),
            ("Payments in the book", f"{book.payments.num_rows:,}"),
            ("Rows quarantined", f"{book.quarantined:,}"),
        ],
        "outcomes": outcomes,
        "outcome_bar": charts.share_bar(counts, OUTCOMES, _shares(counts)),
    }


def money(rows: Decided) -> dict[str, Any]:
    """Lay out money and numbers of payments by outcome."""
    return {
        "money": [
            {
                "currency": row.currency,
                "direction": row.direction,
                "payments": f"{row.payments:,}",
                "bar": charts.share_bar(row.minor, OUTCOMES, _shares(row.minor)),
                "amounts": [words.money(minor, row.currency) if minor else "" for minor in row.minor],
                "total": words.money(row.total, row.currency),
            }
            for row in facts.money_rows(rows)
        ],
        "kinds": [
            {
                "kind": row.kind.replace("_", " "),
                "payments": f"{row.payments:,}",
                "bar": charts.share_bar(row.counts, OUTCOMES, _shares(row.counts)),
                "counts": [f"{n:,}" if n else "" for n in row.counts],
            }
            for row in facts.kind_rows(rows)
        ],
    }


def confidence(book: Book, output: Output, rows: Decided, verdict: Verdict | None) -> dict[str, Any]:
    """Picture how confidence is distributed and whether it is reliable, and list the ends of the range."""
    even, tail = sure.even_histogram(rows), sure.tail_histogram(rows)
    threshold = threshold_of(output.summary)
    today = output.as_of_day(rows)
    uncertain, waiting = facts.least_certain(rows), facts.longest_waiting(rows)
    return {
        "threshold_words": threshold_words(output.summary),
        "histograms": {
            "tail": charts.histogram(tail, threshold, on_tail=True, log_counts=False),
            "even": charts.histogram(even, threshold, on_tail=False, log_counts=False),
            "tail_log": charts.histogram(tail, threshold, on_tail=True, log_counts=True),
            "even_log": charts.histogram(even, threshold, on_tail=False, log_counts=True),
        },
        "histogram_rows": [
            {
                "label": " to ".join(charts.bin_edges(column, sure.TAIL_BINS, on_tail=True)),
                "counts": [f"{n:,}" if n else "" for n in tail[:, column].tolist()],
            }
            for column in range(sure.TAIL_BINS)
            if tail[:, column].any()
        ],
        "reliability": _reliability(rows, verdict) if verdict is not None else None,
        "uncertain": _listed(
            book, rows, uncertain, [words.certainty(c) for c in rows.confidence[uncertain].tolist()]
        ),
        "waiting": _listed(
            book, rows, waiting, [f"{today - d:,}" for d in rows.booking_day[waiting].tolist()]
        ),
    }


def _reliability(rows: Decided, verdict: Verdict) -> dict[str, Any]:
    judged = np.flatnonzero((verdict.row >= 0) & np.isfinite(rows.confidence))
    bins = sure.reliability_bins(rows.confidence[judged], verdict.is_right[verdict.row[judged]])
    return {
        "words": (
            f"{words.count(len(judged), 'payment')} with known truth in {len(bins)} equally full groups. On "
            "the dashed line, confidence means what it says. Strokes show what chance allows (95 %); a hollow"
            " point had no error. "
            f"Expected calibration error {sure.calibration_error(bins):.4f}."
        ),
        "picture": charts.reliability(bins),
        "rows": [
            {
                "payments": f"{one.payments:,}",
                "stated": words.certainty(one.stated),
                "right": words.certainty(one.right),
                "reach": f"{100 * one.low:.2f} \u2013 {100 * one.high:.2f} %",
            }
            for one in bins
        ],
    }


def _truth_words(rows: Decided, verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    judged = (rows.outcome == facts.AUTO) & (verdict.row >= 0)
    number, wrong = int(judged.sum()), int((~verdict.is_right[verdict.row[judged]]).sum())
    return (
        f"The truth is known for {number:,} of the automatic closes: {wrong:,} "
        f"{'is' if wrong == 1 else 'are'} wrong ({words.share(wrong, number)})."
    )


def _listed(book: Book, rows: Decided, at: Ints, figures: list[str]) -> list[dict[str, str]]:
    row = rows.payment_row[at]
    payers = pc.fill_null(flat(book.payments["payer_name"]).take(pa.array(row, mask=row < 0)), "").to_pylist()
    currencies = [rows.currency.words[code] for code in rows.currency.code[at].tolist()]
    return [
        {
            "id": words.plain(rows.payment_id[i].as_py()),
            "date": words.date(int(rows.booking_day[i])),
            "payer": words.plain(payer)[:PAYER_LENGTH] or "\u2013",
            "amount": words.money(int(rows.amount_minor[i]), currency),
            "currency": currency,
            "figure": figure,
        }
        for i, payer, currency, figure in zip(at.tolist(), payers, currencies, figures, strict=True)
    ]


def _shares(values: tuple[int, ...]) -> str:
    whole = sum(values)
    said = zip(words.OUTCOME_WORDS.values(), values, strict=True)
    return ", ".join(f"{words.share(value, whole)} {what}" for what, value in said if value)


def _first_word(output: Output, column: str) -> str:
    values = text(output.decisions.slice(0, 1), column)
    return str(values[0].as_py()) if len(values) else "\u2013"

"""Weigh proposals: the features of a whole explanation, beside those of its rivals.

Pair scores saturate: two invoices of one customer with one amount both score high. What decides is the set:
how far the next best explanation is behind, who else claims the items, which references stay unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.compare import SCHEMA
from features.frame import F64, I64, codes
from features.join import lookup
from features.rivals import read_claims
from features.sorting import distinct, order_by
from features.threads import beside

if TYPE_CHECKING:
    from features.comparison import Comparison
    from features.hypotheses import Hypotheses
    from features.rivals import Twice

F32 = NDArray[np.float32]

SET_SCHEMA: dict[str, int] = {
    "shape": 0, "items": 0, "solutions": 0, "score_min": 1, "score_mean": 0, "score_max": 0,
    "outside_best": -1, "outside_same_customer": -1, "margin": 1, "outside_free": -1, "margin_free": 1,
    "rival_best": -1, "rival_margin": 1, "rival_earlier": -1, "rivals": 0, "residual_relative": 0,
    "residual_log": 0, "write_off_log": 0, "amount_log": 0, "named_share": 1, "named_used": 1,
    "text_named": 0, "text_stale": 0, "text_stale_customer": 0, "text_unexplained": 0, "text_leftover": 0,
    "text_words": 0, "party_min": 1, "party_margin": 1, "party_name": 1, "party_given": 1,
    "party_alias_other": 0, "party_account_other": 0, "customers": -1, "span_days": 0, "habit_worst": 0,
    "habit_mean": 0, "days_from_due": 0, "days_from_issue": 0, "older_left": 0, "equal_left_older": 0,
    "equal_left_younger": 0, "twins_book": 0, "month_named": 0, "date_named": 0, "all_of_customer": 0,
    "share_of_customer": 0, "history_payments": 0, "history_items": 0, "history_single": 0, "hypotheses": 0,
    "better_exact": 0, "twice_days": 0, "twice_text": 0, "twice_reference": 0, "topics_other": 0,
    "topic_partial": 0, "topic_discount": 0, "topic_several": 0, "topic_advance": 0, "topic_credit": 0,
    "topic_withholding": 0, "known_after": 0, "paid_before": 0, "negative": 0, "credits": 0, "foreign": 0,
    "ref_level_min": 1, "ref_level_max": 0, "ref_length_min": 0, "ref_share_max": 0, "neighbour": 0,
    "hot_serial": 0, "instalment": 0, "own_account": 0, "round_amount": 0,
    "written_min": 1, "clean_min": 1, "account_min": 1, "alias_min": 1, "twins_customer": 0,
    "near_number": 0, "near_number_other": 0, "near_tail": 0, "near_head": 0, "amount_in_text": 0,
    "cash_in_text": 0, "days_off_last": 0, "younger_equal_paid": 0, "discount_days": 0, "amount_zeros": 0,
    "amount_short_zeros": 0, "amount_fraction": 0, "amount_credit_equal": 0, "amount_claims_complete": 0,
    "topic_undo": 0, "topic_refund": 0, "ref_rivals": 0, "amount_withheld": 0,
}  # fmt: skip

NONE = -30.0


def weigh(c: Comparison, pairs: F32, score: F64, h: Hypotheses, twice: Twice) -> F32:  # noqa: PLR0915
    """Return the features of all hypotheses, shape (hypotheses, len(SET_SCHEMA)).

    ``pairs``: the pair matrix; ``score``: its log-odds.
    """
    column = {name: index for index, name in enumerate(SCHEMA)}
    count = len(h.payment)
    out: dict[str, NDArray[Any]] = {}
    if count == 0:
        return np.zeros((0, len(SET_SCHEMA)), np.float32)
    first = h.first_line[:-1]
    lines = np.diff(h.first_line)
    owner = h.owner
    pair = h.pair
    payment = h.payment

    def least(values: NDArray[Any]) -> NDArray[Any]:
        return np.minimum.reduceat(values[pair], first)

    def most(values: NDArray[Any]) -> NDArray[Any]:
        return np.maximum.reduceat(values[pair], first)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return np.add.reduceat(values[pair].astype(np.float64), first) / lines

    def feature(name: str) -> F32:
        return pairs[:, column[name]]

    batch = c.candidates.batch
    when = c.frame.payment_booking[batch].astype(np.int64) * (1 << 32) + np.argsort(np.argsort(batch))
    claims = read_claims(c.payment, c.item, score, when)
    cash = c.frame.payment_amount[batch[payment]]
    laid = np.add.reduceat(h.amount, first)
    residual = np.where(most(c.cash.foreign), 0, cash - laid)
    write_off = np.add.reduceat(h.write_off, first)
    outside, outside_customer, outside_free = _outside(c, score, claims.best, h)
    score_min = least(score)
    out["shape"], out["items"], out["solutions"] = h.shape, np.minimum(lines, 60), np.minimum(h.solutions, 50)
    out["score_min"], out["score_mean"], out["score_max"] = score_min, mean(score), most(score)
    out["outside_best"], out["outside_same_customer"] = outside, outside_customer
    out["margin"] = score_min - outside
    out["outside_free"], out["margin_free"] = outside_free, score_min - outside_free
    out["rival_best"], out["rival_earlier"] = most(claims.best), most(claims.earlier)
    out["rival_margin"], out["rivals"] = least(score - claims.best), most(claims.count)
    scale = np.maximum(np.abs(cash), 1)
    out["residual_relative"] = np.clip(residual / scale, -1.5, 1.5)
    out["residual_log"] = np.sign(residual) * np.log1p(np.abs(residual))
    out["write_off_log"] = np.log1p(np.abs(write_off))
    out["amount_log"] = np.log1p(np.abs(cash))
    level = np.where(feature("ref_covered") > 0, 0, feature("ref_level"))
    named = level >= 3
    out["named_share"] = mean(named)
    text_named = feature("text_named")
    total_named = most(text_named)
    out["text_named"] = total_named
    out["named_used"] = np.where(
        total_named > 0,
        np.minimum(np.add.reduceat(named[pair].astype(np.float64), first) / np.maximum(total_named, 1), 1),
        1,
    )
    for name in ("text_stale", "text_stale_customer", "text_unexplained", "text_leftover", "text_words"):
        out[name] = most(feature(name))
    out["party_min"], out["party_margin"] = least(feature("party_score")), least(feature("party_margin"))
    out["party_name"], out["party_given"] = least(feature("party_name")), least(feature("party_given"))
    out["party_alias_other"] = most(feature("party_alias_other"))
    out["party_account_other"] = most(feature("party_account_other"))
    out["customers"] = 1 + (most(c.customer) != least(c.customer))
    due = c.frame.item_due[c.item].astype(np.float64)
    out["span_days"] = most(due) - least(due)
    habit = feature("habit_score")
    out["habit_worst"], out["habit_mean"] = most(habit), mean(habit)
    out["days_from_due"], out["days_from_issue"] = (
        mean(feature("days_from_due")),
        least(feature("days_from_issue")),
    )
    older = feature("older_open")
    out["older_left"] = most(older) + 1 - lines
    out["equal_left_older"], out["equal_left_younger"] = (
        most(feature("older_equal_open")), most(feature("younger_equal_open")),
    )  # fmt: skip
    out["twins_book"] = most(feature("amount_twins_book"))
    out["month_named"], out["date_named"] = least(feature("month_named")), most(feature("date_named"))
    open_count = feature("customer_open_items")
    out["all_of_customer"] = lines >= least(open_count)
    out["share_of_customer"] = lines / np.maximum(least(open_count), 1)
    for name in ("history_payments", "history_items", "history_single"):
        out[name] = least(feature(name))
    per_payment = np.bincount(payment, minlength=c.payments)
    out["hypotheses"] = per_payment[payment]
    exact = (residual == 0) & (write_off == 0)
    exacts = np.bincount(payment[exact], minlength=c.payments)
    out["better_exact"] = exacts[payment] - exact
    out["twice_days"] = np.minimum(twice.days[payment], 99)
    out["twice_text"], out["twice_reference"] = twice.same_text[payment], twice.same_reference[payment]
    out["topics_other"] = c.texts.about(
        "salary", "tax", "bank_fee", "interest", "transfer", "income", "return", "chargeback"
    )[payment]
    for name in ("partial", "discount", "several", "advance", "credit", "withholding"):
        out[f"topic_{name}"] = c.texts.about(name)[payment]
    out["known_after"] = most(feature("known_after_payment"))
    out["paid_before"] = most(feature("amount_paid_before"))
    out["negative"] = cash < 0
    out["credits"] = np.add.reduceat((c.balance < 0)[pair].astype(np.int64), first)
    out["foreign"] = most(feature("amount_foreign"))
    out["ref_level_min"], out["ref_level_max"] = least(level), most(level)
    out["ref_length_min"], out["ref_share_max"] = least(feature("ref_length")), most(feature("ref_share"))
    out["neighbour"], out["hot_serial"] = most(feature("ref_neighbour")), most(feature("ref_hot_serial"))
    out["instalment"] = most(feature("amount_instalment"))
    out["own_account"] = own_account(c)[payment]
    out["round_amount"] = cash % 10_000 == 0
    for name, column_name in (
        ("written_min", "ref_written"), ("clean_min", "ref_clean"), ("account_min", "party_account"),
        ("alias_min", "party_alias"), ("near_number", "near_number"), ("near_tail", "near_tail"),
        ("near_head", "near_head"), ("amount_in_text", "amount_in_text"), ("discount_days", "discount_days"),
        ("amount_short_zeros", "amount_short_zeros"), ("amount_fraction", "amount_fraction"),
        ("amount_claims_complete", "amount_claims_complete"), ("amount_withheld", "amount_withheld"),
    ):  # fmt: skip
        out[name] = least(feature(column_name))
    for name, column_name in (
        ("twins_customer", "amount_twins_customer"), ("near_number_other", "near_number_other"),
        ("cash_in_text", "cash_in_text"), ("days_off_last", "days_off_last"),
        ("younger_equal_paid", "younger_equal_paid"), ("amount_zeros", "amount_zeros"),
        ("amount_credit_equal", "amount_credit_equal"), ("ref_rivals", "ref_rivals"),
    ):  # fmt: skip
        out[name] = most(feature(column_name))
    out["topic_undo"] = c.texts.about("return", "chargeback")[payment]
    out["topic_refund"] = c.texts.about("refund")[payment]
    del owner
    matrix = np.empty((count, len(SET_SCHEMA)), np.float32, order="F")
    for index, name in enumerate(SET_SCHEMA):
        matrix[:, index] = out[name]
    return matrix


def own_account(c: Comparison) -> NDArray[np.bool_]:
    """Tell which payments of the batch come from one of our own accounts."""
    parties = c.index.reading.parties
    own = codes(parties.accounts, parties.own_accounts) >= 0
    account = parties.account_of_payment[c.candidates.batch]
    return np.append(own, False)[account]


def _outside(c: Comparison, score: F64, rival: F64, h: Hypotheses) -> tuple[F64, F64, F64]:
    """Return for each hypothesis the best score among the pairs it leaves out.

    Three readings: any pair; pairs of the customers inside; any pair after what rivals claim is taken off.
    """
    free = score - np.logaddexp(0, rival)
    inside = _Inside.of(h)

    def any_pair(value: F64) -> F64:
        return _best_left_out(inside, order_by(c.payment, -value), c.payment, c.payments, h.payment, value)

    threads = c.index.reading.threads
    own = beside(lambda: _own_left_out(c, score, h, inside), threads)
    loose = beside(lambda: any_pair(free), threads)
    return any_pair(score), own(), loose()


def _own_left_out(c: Comparison, score: F64, h: Hypotheses, inside: _Inside) -> F64:
    """Return for each hypothesis the best score among the pairs of its customers that it leaves out."""
    by_score = order_by(-score)
    # the customers of each payment as groups: those inside are the first and the last of its lines' customers
    owner = c.payment.astype(np.int64) * max(len(c.frame.customers), 1) + c.customer
    distinct_owners = distinct(owner)
    group = np.searchsorted(distinct_owners, owner)
    by_group = by_score[order_by(group[by_score])]
    of_line = group[h.pair]
    low = np.minimum.reduceat(of_line, h.first_line[:-1])
    high = np.maximum.reduceat(of_line, h.first_line[:-1])
    groups = len(distinct_owners)
    own = _best_left_out(inside, by_group, group, groups, low, score)
    several = np.flatnonzero(low != high)
    others = _best_left_out(inside, by_group, group, groups, high[several], score, several)
    own[several] = np.maximum(own[several], others)
    return own


@dataclass(frozen=True)
class _Inside:
    """Which pairs belong to which hypothesis, for look-up."""

    only: I64  # the one pair of a hypothesis, -1 where it has several
    keys: I64  # (hypothesis, pair) of the hypotheses with several, packed and sorted
    size: np.int64

    @classmethod
    def of(cls, h: Hypotheses) -> _Inside:
        """Arrange the lines of hypotheses."""
        single = np.diff(h.first_line) == 1
        size = np.int64(h.pair.max() + 2)
        many = np.flatnonzero(~single[h.owner])
        only = np.where(single, h.pair[h.first_line[:-1]], -1)
        return cls(only, np.sort(h.owner[many] * size + h.pair[many]), size)

    def has(self, hypothesis: I64, pair: I64) -> NDArray[np.bool_]:
        """Tell whether hypotheses hold pairs."""
        out: NDArray[np.bool_] = self.only[hypothesis] == pair
        many = np.flatnonzero(self.only[hypothesis] < 0)
        _, out[many] = lookup(hypothesis[many] * self.size + pair[many], self.keys)
        return out


def _best_left_out(
    inside: _Inside, order: I64, group: NDArray[np.integer], groups: int, wanted: NDArray[np.integer],
    value: F64, hypothesis: I64 | None = None,
) -> F64:  # fmt: skip
    """Return the largest value in each hypothesis' group of pairs among those it does not hold.

    ``order``: pairs by group, then value falling; ``wanted``: the group of each hypothesis. The best pair
    that is left out is found by stepping over those inside, of which there are few.
    """
    first = np.searchsorted(group[order], np.arange(groups + 1))
    who = np.arange(len(wanted)) if hypothesis is None else hypothesis
    out = np.full(len(wanted), NONE)
    place = first[wanted]
    end = first[wanted + 1]
    open_ = np.arange(len(wanted))
    while len(open_):
        open_ = open_[place[open_] < end[open_]]
        pair = order[place[open_]]
        held = inside.has(who[open_], pair)
        found = open_[~held]
        out[found] = np.maximum(value[pair[~held]], NONE)
        open_ = open_[held]
        place[open_] += 1
    return out

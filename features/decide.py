"""The decision rule over columns: the bulk twin of `receivables.decision`.

One numpy expression a check, in the words of the scalar rule; `tests/property/test_decide_twin.py` holds both
equal. Reasons are bits of a 64-bit mask (the position in `VERDICTS`) and become text once a distinct mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receivables.decision import ANY_LINE, DISMISSALS, GRANTED, UNDOING
from receivables.limits import MoneyLimit
from receivables.policy import PERCENT_DIGITS, CrossCurrency, Dismiss, Overpayment, Partial, Policy, Twins
from receivables.reasons import EVIDENCE, VERDICTS, Reason
from receivables.words import DeductionReason, Outcome, PaymentKind, WriteOffReason

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.uint64]

KINDS: Final = tuple(PaymentKind)
OUTCOMES: Final = tuple(Outcome)
WRITE_OFF_REASONS: Final = tuple(WriteOffReason)
DEDUCTION_REASONS: Final = tuple(DeductionReason)

UNLIMITED: Final = np.iinfo(np.int64).max
NO_CODE: Final = -1
"""The code of "no reason", "not recognised" and "the payment's own currency"."""

_BIT: Final = {reason: np.uint64(1 << place) for place, reason in enumerate(VERDICTS)}
_EVIDENCE_BIT: Final = {reason: np.uint64(1 << place) for place, reason in enumerate(EVIDENCE)}
_OUTCOME: Final = {outcome: np.int8(place) for place, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionColumns:
    """The facts of many payments as arrays of one length; words are codes into the tuples of this module.

    `currency` and `item_currency` are codes into `currencies`, `segment` into `segments`, `dismissal` into
    `receivables.decision.DISMISSALS`; -1 means none. `threshold` is NaN where the policy's own holds.
    """

    currencies: tuple[str, ...]
    segments: tuple[str, ...]
    currency: Ints
    amount_minor: Ints
    confidence: Floats
    kind: Codes
    segment: Ints
    threshold: Floats
    n_items: Ints
    items_named: Bools
    item_currency: Ints
    write_off_minor: Ints
    write_off_base_minor: Ints
    write_off_reason: Codes
    deduction_minor: Ints
    deduction_reason: Codes
    is_partial: Bools
    is_overpaid: Bools
    cross_currency: Bools
    missing_rate: Bools
    has_evidence_beyond_amount: Bools
    equal_explanations: Ints
    twins_interchangeable: Bools
    rows_set_aside: Bools
    payment_held: Bools
    item_disputed: Bools
    item_on_hold: Bools
    days_before_issue: Ints
    days_after_due: Ints
    conflict_lost: Bools
    outside_training: Bools
    model_unavailable: Bools
    original_unknown: Bools
    has_candidates: Bools
    customer_known: Bools
    dismissal: Codes
    duplicate_payment: Bools
    duplicate_line: Bools

    @classmethod
    def filled(
        cls,
        *,
        currencies: Sequence[str],
        segments: Sequence[str] = ("",),
        currency: npt.NDArray[Any],
        **given: npt.NDArray[Any],
    ) -> Self:
        """Build the struct from the columns at hand; the others take the defaults of the scalar facts."""
        size = len(currency)
        columns: dict[str, npt.NDArray[Any]] = {"currency": np.asarray(currency, np.int64)}
        for name, (dtype, default) in _COLUMNS.items():
            column = given.pop(name, None)
            columns[name] = np.full(size, default, dtype) if column is None else np.asarray(column, dtype)
        if given:
            raise TypeError(f"unknown decision columns: {', '.join(sorted(given))}")
        return cls(currencies=tuple(currencies), segments=tuple(segments), **columns)

    def __len__(self) -> int:
        return len(self.currency)


_COLUMNS: Final[dict[str, tuple[type[np.generic], object]]] = {
    "amount_minor": (np.int64, 0),
    "confidence": (np.float64, 0.0),
    "kind": (np.int8, 0),
    "segment": (np.int64, 0),
    "threshold": (np.float64, np.nan),
    "n_items": (np.int64, 0),
    "items_named": (np.bool_, False),
    "item_currency": (np.int64, NO_CODE),
    "write_off_minor": (np.int64, 0),
    "write_off_base_minor": (np.int64, 0),
    "write_off_reason": (np.int8, NO_CODE),
    "deduction_minor": (np.int64, 0),
    "deduction_reason": (np.int8, NO_CODE),
    "is_partial": (np.bool_, False),
    "is_overpaid": (np.bool_, False),
    "cross_currency": (np.bool_, False),
    "missing_rate": (np.bool_, False),
    "has_evidence_beyond_amount": (np.bool_, True),
    "equal_explanations": (np.int64, 0),
    "twins_interchangeable": (np.bool_, False),
    "rows_set_aside": (np.bool_, False),
    "payment_held": (np.bool_, False),
    "item_disputed": (np.bool_, False),
    "item_on_hold": (np.bool_, False),
    "days_before_issue": (np.int64, 0),
    "days_after_due": (np.int64, 0),
    "conflict_lost": (np.bool_, False),
    "outside_training": (np.bool_, False),
    "model_unavailable": (np.bool_, False),
    "original_unknown": (np.bool_, False),
    "has_candidates": (np.bool_, True),
    "customer_known": (np.bool_, True),
    "dismissal": (np.int8, NO_CODE),
    "duplicate_payment": (np.bool_, False),
    "duplicate_line": (np.bool_, False),
}


def decide_columns(facts: DecisionColumns, policy: Policy) -> tuple[Codes, Masks]:
    """Decide every payment: its outcome as a code into `OUTCOMES`, its reasons as a mask over `VERDICTS`."""
    checks = _blockers(facts, policy)
    blockers = _mask(len(facts), checks)
    below = checks[Reason.BELOW_THRESHOLD]
    insists = facts.model_unavailable | facts.duplicate_payment
    unseen = below & ~insists & (facts.confidence < policy.review_threshold)

    outcomes = np.where(unseen, _OUTCOME[Outcome.UNMATCHED], _OUTCOME[Outcome.REVIEW])
    outcomes[blockers == 0] = _OUTCOME[Outcome.AUTO]
    reasons = blockers | _mask(len(facts), _named(facts, policy))

    empty = facts.n_items == 0
    _decide_nothing(
        facts, policy, empty & ~facts.duplicate_payment & (facts.dismissal < 0), outcomes, reasons
    )
    recognised = empty & ~facts.duplicate_payment & (facts.dismissal >= 0)
    _dismiss(facts, policy, recognised, checks, outcomes, reasons)
    _set(empty & facts.duplicate_payment, Outcome.REVIEW, _BIT[Reason.DUPLICATE_PAYMENT], outcomes, reasons)
    _set(facts.duplicate_line, Outcome.DISMISSED, _BIT[Reason.DUPLICATE_STATEMENT_LINE], outcomes, reasons)
    return outcomes, reasons


def reason_texts(reasons: Masks, evidence: Masks | None = None) -> pa.Array:
    """Write each payment's codes as files show them; evidence first, joined by `;`."""
    if evidence is None:
        evidence = np.zeros(len(reasons), np.uint64)
    # Hashing is three times as fast as the sort inside np.unique.
    verdicts, grounds = (pa.array(masks).dictionary_encode() for masks in (reasons, evidence))
    pairs = pa.array(
        grounds.indices.to_numpy().astype(np.int64) * len(verdicts.dictionary) + verdicts.indices.to_numpy()
    ).dictionary_encode()
    texts = [
        ";".join(
            (
                *_codes(grounds.dictionary[pair // len(verdicts.dictionary)].as_py(), EVIDENCE),
                *_codes(verdicts.dictionary[pair % len(verdicts.dictionary)].as_py(), VERDICTS),
            )
        )
        for pair in pairs.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(pairs.indices)


def mask_of(reasons: Sequence[Reason]) -> np.uint64:
    """Give the mask of decision codes as a number."""
    return np.uint64(sum(int(_BIT[reason]) for reason in set(reasons)))


def evidence_mask(columns: dict[Reason, Bools], size: int) -> Masks:
    """Pack columns of evidence into one mask a payment."""
    mask = np.zeros(size, np.uint64)
    for reason, holds in columns.items():
        mask[holds] |= _EVIDENCE_BIT[reason]
    return mask


def _codes(mask: int, codes: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(code for place, code in enumerate(codes) if mask >> place & 1)


def _set(rows: Bools, outcome: Outcome, mask: np.uint64, outcomes: Codes, reasons: Masks) -> None:
    outcomes[rows] = _OUTCOME[outcome]
    reasons[rows] = mask


def _mask(size: int, checks: dict[Reason, Bools]) -> Masks:
    mask = np.zeros(size, np.uint64)
    for reason, holds in checks.items():
        mask[holds] |= _BIT[reason]
    return mask


def _decide_nothing(
    facts: DecisionColumns, policy: Policy, rows: Bools, outcomes: Codes, reasons: Masks
) -> None:
    """Decide the `rows` for which no item is proposed."""
    is_undoing = np.isin(facts.kind, [KINDS.index(kind) for kind in UNDOING])
    is_news = facts.has_candidates & (1.0 - facts.confidence >= policy.review_threshold)
    needs_look = facts.conflict_lost | facts.missing_rate | facts.model_unavailable | is_undoing
    looks = is_news | needs_look | facts.payment_held
    said = _mask(
        len(facts),
        {
            **_kinds(facts),
            Reason.UNIDENTIFIED_PAYER: (facts.amount_minor > 0) & ~facts.customer_known,
            Reason.ON_ACCOUNT: (facts.amount_minor > 0) & facts.customer_known,
            Reason.NO_CANDIDATE: ~facts.has_candidates,
            Reason.MODEL_UNAVAILABLE: facts.model_unavailable,
            Reason.PAYMENT_HOLD: facts.payment_held,
            Reason.CONFLICT_LOST: facts.conflict_lost,
            Reason.MISSING_RATE: facts.missing_rate,
            Reason.ORIGINAL_UNKNOWN: is_undoing,
        },
    )
    outcomes[rows] = np.where(looks, _OUTCOME[Outcome.REVIEW], _OUTCOME[Outcome.UNMATCHED])[rows]
    reasons[rows] = said[rows]


def _dismiss(
    facts: DecisionColumns,
    policy: Policy,
    rows: Bools,
    checks: dict[Reason, Bools],
    outcomes: Codes,
    reasons: Masks,
) -> None:
    """Decide the `rows` recognised as lines that pay nothing."""
    recognised = _mask(len(facts), {kind: checks[kind] for kind in DISMISSALS})
    if policy.dismiss is Dismiss.OFF:
        outcomes[rows] = _OUTCOME[Outcome.UNMATCHED]
        reasons[rows] = recognised[rows]
        return
    blockers = _mask(len(facts), {reason: stands for reason, stands in checks.items() if reason in ANY_LINE})
    sure = rows & (blockers == 0)
    outcomes[sure] = _OUTCOME[Outcome.DISMISSED]
    unseen = checks[Reason.BELOW_THRESHOLD] & ~facts.model_unavailable
    unseen &= facts.confidence < policy.review_threshold
    unsure = rows & (blockers != 0)
    outcomes[unsure] = np.where(unseen, _OUTCOME[Outcome.UNMATCHED], _OUTCOME[Outcome.REVIEW])[unsure]
    reasons[rows] = (recognised | blockers)[rows]


def _blockers(facts: DecisionColumns, policy: Policy) -> dict[Reason, Bools]:
    """Evaluate what stands between each proposal and posting by itself."""
    equal = facts.equal_explanations > 0
    ungranted = _ungranted(facts)
    item_currency = np.where(facts.item_currency < 0, facts.currency, facts.item_currency)
    write_off = np.abs(facts.write_off_minor)
    disputed = facts.deduction_reason == DEDUCTION_REASONS.index(DeductionReason.DISPUTED)
    too_much = write_off > _tolerances(facts, policy, item_currency)
    if policy.overpayment is not Overpayment.WRITE_OFF_WITHIN_TOLERANCE:
        too_much |= facts.write_off_minor < 0
    limits = policy.max_items_per_payment
    auto_write_off = np.array(
        [_bounded(policy.auto_write_off_minor(code)) for code in facts.currencies], np.int64
    )
    amount = np.abs(facts.amount_minor)
    return {
        **{kind: facts.dismissal == place for place, kind in enumerate(DISMISSALS)},
        Reason.DUPLICATE_PAYMENT: facts.duplicate_payment,
        Reason.MODEL_UNAVAILABLE: facts.model_unavailable,
        Reason.OUTSIDE_TRAINING: facts.outside_training,
        Reason.ROWS_SET_ASIDE: facts.rows_set_aside,
        Reason.PAYMENT_HOLD: facts.payment_held,
        Reason.DISPUTED_ITEM: facts.item_disputed,
        Reason.ITEM_ON_HOLD: facts.item_on_hold,
        Reason.CONFLICT_LOST: facts.conflict_lost,
        Reason.MISSING_RATE: facts.missing_rate,
        Reason.CROSS_CURRENCY: facts.cross_currency & (policy.cross_currency is CrossCurrency.REVIEW),
        Reason.ORIGINAL_UNKNOWN: facts.original_unknown,
        Reason.AMOUNT_ABOVE_LIMIT: amount > _by_currency(policy.max_auto_amount, facts)[facts.currency],
        Reason.FOUR_EYES_REQUIRED: amount > _by_currency(policy.four_eyes_amount, facts)[facts.currency],
        Reason.WRITE_OFF_OUTSIDE_TOLERANCE: ungranted & too_much,
        Reason.WRITE_OFF_ABOVE_LIMIT: ungranted & (write_off > auto_write_off[item_currency]),
        Reason.DEDUCTION_DISPUTED: (facts.deduction_minor != 0) & disputed,
        Reason.OVERPAYMENT_REVIEW: facts.is_overpaid & (policy.overpayment is not Overpayment.ON_ACCOUNT),
        Reason.PARTIAL_REVIEW: _partial(facts) & (policy.partial is Partial.REVIEW),
        Reason.TOO_EARLY: facts.days_before_issue > _days(policy.early_days),
        Reason.TOO_LATE: facts.days_after_due > _days(policy.late_days),
        Reason.AMOUNT_ONLY: ~facts.has_evidence_beyond_amount & policy.require_evidence_beyond_amount,
        Reason.TWINS: equal & facts.twins_interchangeable & (policy.twins is Twins.REVIEW),
        Reason.EQUAL_EXPLANATIONS: equal & ~facts.twins_interchangeable,
        Reason.TOO_MANY_ITEMS: facts.n_items > np.where(facts.items_named, limits.named, limits.unnamed),
        Reason.BELOW_THRESHOLD: ~(facts.confidence >= _thresholds(facts, policy)),
    }


def _named(facts: DecisionColumns, policy: Policy) -> dict[Reason, Bools]:
    """Evaluate what each proposal is and leaves behind."""
    written_off = facts.write_off_minor != 0
    why = np.where(
        facts.write_off_reason < 0, WRITE_OFF_REASONS.index(WriteOffReason.OTHER), facts.write_off_reason
    )
    deducted = facts.deduction_minor != 0
    short = DEDUCTION_REASONS.index(DeductionReason.SHORT_PAYMENT)
    withheld = facts.deduction_reason == DEDUCTION_REASONS.index(DeductionReason.WITHHOLDING)
    equal = facts.equal_explanations > 0
    return {
        **_kinds(facts),
        Reason.OVERPAYMENT_ON_ACCOUNT: facts.is_overpaid & (policy.overpayment is Overpayment.ON_ACCOUNT),
        Reason.PARTIAL_PAYMENT: _partial(facts) & (policy.partial is Partial.ALLOW),
        Reason.TWINS_OLDEST: equal & facts.twins_interchangeable & (policy.twins is Twins.OLDEST),
        **{
            Reason(f"write_off_{name}"): written_off & (why == place)
            for place, name in enumerate(WRITE_OFF_REASONS)
        },
        Reason.DEDUCTION_WITHHOLDING: deducted & withheld,
        Reason.DEDUCTION_SHORT_PAYMENT: deducted
        & ((facts.deduction_reason < 0) | (facts.deduction_reason == short)),
    }


def _kinds(facts: DecisionColumns) -> dict[Reason, Bools]:
    return {
        Reason.RETURN_OF_PAYMENT: facts.kind == KINDS.index(PaymentKind.RETURN),
        Reason.CHARGEBACK: facts.kind == KINDS.index(PaymentKind.CHARGEBACK),
        Reason.REPRESENTMENT: facts.kind == KINDS.index(PaymentKind.REPRESENTMENT),
        Reason.REFUND: facts.kind == KINDS.index(PaymentKind.REFUND),
    }


def _ungranted(facts: DecisionColumns) -> Bools:
    granted = np.isin(facts.write_off_reason, [WRITE_OFF_REASONS.index(reason) for reason in GRANTED])
    result: Bools = (facts.write_off_minor != 0) & ~granted
    return result


def _partial(facts: DecisionColumns) -> Bools:
    withheld = facts.deduction_reason == DEDUCTION_REASONS.index(DeductionReason.WITHHOLDING)
    result: Bools = facts.is_partial | ((facts.deduction_minor != 0) & ~withheld)
    return result


def _tolerances(facts: DecisionColumns, policy: Policy, item_currency: Ints) -> Ints:
    """Give each row the largest write-off nobody has to grant, exactly as `Policy.tolerance_minor` does."""
    amounts = _by_currency(policy.tolerance_amount, facts, unset=0)[item_currency]
    if not policy.tolerance_percent:
        return amounts
    # base * units overflows 64 bits; whole and rest of base / unit do not (units <= unit = 10^8).
    unit = 100 * 10**PERCENT_DIGITS
    whole, rest = np.divmod(np.abs(facts.write_off_base_minor), unit)
    shares = whole * policy.percent_units + rest * policy.percent_units // unit
    smaller: Ints = np.where(amounts > 0, np.minimum(shares, amounts), shares)
    return smaller


def _thresholds(facts: DecisionColumns, policy: Policy) -> Floats:
    """Give each row the confidence it has to reach; infinite where nothing closes by itself."""
    known = [policy.threshold(segment) for segment in facts.segments]
    least = np.array([np.inf if value is None else value for value in known], np.float64)[facts.segment]
    return np.fmax(least, facts.threshold)


def _by_currency(limit: MoneyLimit, facts: DecisionColumns, unset: int = UNLIMITED) -> Ints:
    """Tabulate a limit over the currencies of the facts, in minor units."""
    return np.array([_bounded(limit.minor(code), unset) for code in facts.currencies], np.int64)


def _bounded(value: int | None, unset: int = UNLIMITED) -> int:
    return unset if value is None else min(value, UNLIMITED)


def _days(value: int | None) -> int:
    return UNLIMITED if value is None else value

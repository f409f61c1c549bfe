"""The decision on one payment: whether its best proposal may post by itself or a person must look.

The rule reads facts and a policy and nothing else. Every check that stands in the way is named, not only the
first one, so that a reviewer sees all of them at once. `features.decide` is the columnar twin of this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from receivables.policy import CrossCurrency, Dismiss, Overpayment, Partial, Policy, Twins
from receivables.reasons import VERDICTS, Reason
from receivables.words import DeductionReason, Outcome, PaymentKind, WriteOffReason

if TYPE_CHECKING:
    from collections.abc import Callable

DISMISSALS: Final = (
    Reason.OWN_TRANSFER,
    Reason.SALARY,
    Reason.TAX,
    Reason.BANK_FEE_LINE,
    Reason.SUPPLIER_PAYMENT,
    Reason.OTHER_INCOME,
)
"""What a line can be recognised as that pays no open item."""

GRANTED: Final = (WriteOffReason.EARLY_PAYMENT_DISCOUNT, WriteOffReason.PROCESSOR_FEE)
"""Write-offs that terms or a settlement report grant; they need no tolerance."""

UNDOING: Final = (PaymentKind.RETURN, PaymentKind.CHARGEBACK, PaymentKind.REPRESENTMENT)
"""Kinds that make sense only beside the payment they undo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFacts:
    """What the rule needs to know about a payment and its best proposal; nothing here is a guess of the rule.

    Amounts are signed minor units: those of the payment in `currency`, write-offs and deductions in
    `item_currency`. A write-off is positive when it reduces the open item. Where a proposal writes off for
    several reasons, `write_off_minor` and its base are those of the part that terms do not grant.
    """

    currency: str
    amount_minor: int
    confidence: float
    kind: PaymentKind = PaymentKind.RECEIPT
    segment: str = ""
    threshold: float | None = None
    """Only ever stricter than the policy's own threshold."""

    n_items: int = 0
    items_named: bool = False
    allocated_minor: int = 0
    unapplied_minor: int = 0
    item_currency: str = ""
    write_off_minor: int = 0
    write_off_base_minor: int = 0
    write_off_reason: WriteOffReason | None = None
    deduction_minor: int = 0
    deduction_reason: DeductionReason | None = None
    is_partial: bool = False
    is_overpaid: bool = False
    cross_currency: bool = False
    missing_rate: bool = False
    has_evidence_beyond_amount: bool = True
    equal_explanations: int = 0
    """How many other proposals explain the payment just as well."""

    twins_interchangeable: bool = False
    """The equal ones agree in customer, issuer, currency, open amount, due date, terms and purchase order."""

    rows_set_aside: bool = False
    """A row about the payment or one of its items is in quarantine."""

    payment_held: bool = False
    item_disputed: bool = False
    item_on_hold: bool = False
    days_before_issue: int = 0
    """How long before its issue date the earliest-paid item was paid; negative: after."""

    days_after_due: int = 0
    """How long after its due date the latest-paid item was paid; negative: before."""

    conflict_lost: bool = False
    outside_training: bool = False
    model_unavailable: bool = False
    original_unknown: bool = False
    has_candidates: bool = True
    customer_known: bool = True
    dismissal: Reason | None = None
    duplicate_payment: bool = False
    duplicate_line: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether the proposal is that the payment settles nothing."""
        return self.n_items == 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens with the payment, and every reason in its stable order."""

    outcome: Outcome
    reasons: tuple[Reason, ...]


def decide(facts: DecisionFacts, policy: Policy) -> Decision:
    """Decide one payment."""
    if facts.duplicate_line:
        return Decision(Outcome.DISMISSED, (Reason.DUPLICATE_STATEMENT_LINE,))
    if facts.is_empty:
        return _decide_nothing(facts, policy)
    blockers = {reason for reason, stands in BLOCKERS if stands(facts, policy)}
    named = {reason for reason, holds in NAMED if holds(facts, policy)}
    return Decision(_outcome(facts, policy, blockers), _ordered(blockers | named))


def _outcome(facts: DecisionFacts, policy: Policy, blockers: set[Reason]) -> Outcome:
    """Post what nothing stands against; show a person what may be right; keep the rest out of sight."""
    if not blockers:
        return Outcome.AUTO
    if Reason.BELOW_THRESHOLD not in blockers or facts.model_unavailable or facts.duplicate_payment:
        return Outcome.REVIEW
    return Outcome.UNMATCHED if facts.confidence < policy.review_threshold else Outcome.REVIEW


def _decide_nothing(facts: DecisionFacts, policy: Policy) -> Decision:
    """Decide a payment for which no item is proposed."""
    if facts.duplicate_payment:
        return Decision(Outcome.REVIEW, (Reason.DUPLICATE_PAYMENT,))
    if facts.dismissal is not None:
        return _dismiss(facts, policy, facts.dismissal)
    reasons = {reason for reason, holds in NOTHING if holds(facts, policy)}
    is_news = facts.has_candidates and 1.0 - facts.confidence >= policy.review_threshold
    needs_look = facts.conflict_lost or facts.missing_rate or facts.model_unavailable or facts.kind in UNDOING
    outcome = Outcome.REVIEW if is_news or needs_look or facts.payment_held else Outcome.UNMATCHED
    return Decision(outcome, _ordered(reasons))


def _dismiss(facts: DecisionFacts, policy: Policy, recognised: Reason) -> Decision:
    """Dismiss a line that pays nothing, if the policy allows that and the line surely is one."""
    if policy.dismiss is Dismiss.OFF:
        return Decision(Outcome.UNMATCHED, (recognised,))
    blockers = {reason for reason, stands in BLOCKERS if reason in ANY_LINE and stands(facts, policy)}
    if not blockers:
        return Decision(Outcome.DISMISSED, (recognised,))
    return Decision(_outcome(facts, policy, blockers), _ordered(blockers | {recognised}))


def is_below_threshold(facts: DecisionFacts, policy: Policy) -> bool:
    """Say whether the confidence does not reach every threshold that holds for the payment."""
    least = policy.threshold(facts.segment)
    if least is None:
        return True
    return not facts.confidence >= max(least, facts.threshold or 0.0)


def is_outside_tolerance(facts: DecisionFacts, policy: Policy) -> bool:
    """Say whether a write-off nobody granted exceeds the tolerance or gives up an excess the policy keeps."""
    if not facts.write_off_minor or facts.write_off_reason in GRANTED:
        return False
    if facts.write_off_minor < 0 and policy.overpayment is not Overpayment.WRITE_OFF_WITHIN_TOLERANCE:
        return True
    currency = facts.item_currency or facts.currency
    return abs(facts.write_off_minor) > policy.tolerance_minor(currency, facts.write_off_base_minor)


def is_write_off_above_limit(facts: DecisionFacts, policy: Policy) -> bool:
    """Say whether a write-off that nobody granted is larger than the machine may make."""
    if not facts.write_off_minor or facts.write_off_reason in GRANTED:
        return False
    return _above(facts.write_off_minor, policy.auto_write_off_minor(facts.item_currency or facts.currency))


def is_partial(facts: DecisionFacts) -> bool:
    """Say whether a part of an item stays open that is not merely withheld tax."""
    is_withheld = facts.deduction_reason is DeductionReason.WITHHOLDING
    return facts.is_partial or (facts.deduction_minor != 0 and not is_withheld)


def has_too_many_items(facts: DecisionFacts, policy: Policy) -> bool:
    """Say whether the payment settles more items than the policy allows to name, or to find by their sum."""
    limits = policy.max_items_per_payment
    return facts.n_items > (limits.named if facts.items_named else limits.unnamed)


def _above(amount_minor: int, limit_minor: int | None) -> bool:
    return limit_minor is not None and abs(amount_minor) > limit_minor


def _days_beyond(days: int, limit: int | None) -> bool:
    return limit is not None and days > limit


def _ordered(reasons: set[Reason]) -> tuple[Reason, ...]:
    return tuple(reason for reason in VERDICTS if reason in reasons)


_Check: TypeAlias = "tuple[Reason, Callable[[DecisionFacts, Policy], bool]]"

BLOCKERS: Final[tuple[_Check, ...]] = (
    *((kind, lambda facts, _, kind=kind: facts.dismissal is kind) for kind in DISMISSALS),
    (Reason.DUPLICATE_PAYMENT, lambda facts, _: facts.duplicate_payment),
    (Reason.MODEL_UNAVAILABLE, lambda facts, _: facts.model_unavailable),
    (Reason.OUTSIDE_TRAINING, lambda facts, _: facts.outside_training),
    (Reason.ROWS_SET_ASIDE, lambda facts, _: facts.rows_set_aside),
    (Reason.PAYMENT_HOLD, lambda facts, _: facts.payment_held),
    (Reason.DISPUTED_ITEM, lambda facts, _: facts.item_disputed),
    (Reason.ITEM_ON_HOLD, lambda facts, _: facts.item_on_hold),
    (Reason.CONFLICT_LOST, lambda facts, _: facts.conflict_lost),
    (Reason.MISSING_RATE, lambda facts, _: facts.missing_rate),
    (
        Reason.CROSS_CURRENCY,
        lambda facts, policy: facts.cross_currency and policy.cross_currency is CrossCurrency.REVIEW,
    ),
    (Reason.ORIGINAL_UNKNOWN, lambda facts, _: facts.original_unknown),
    (
        Reason.AMOUNT_ABOVE_LIMIT,
        lambda facts, policy: _above(facts.amount_minor, policy.max_auto_amount.minor(facts.currency)),
    ),
    (
        Reason.FOUR_EYES_REQUIRED,
        lambda facts, policy: _above(facts.amount_minor, policy.four_eyes_amount.minor(facts.currency)),
    ),
    (Reason.WRITE_OFF_OUTSIDE_TOLERANCE, is_outside_tolerance),
    (Reason.WRITE_OFF_ABOVE_LIMIT, is_write_off_above_limit),
    (
        Reason.DEDUCTION_DISPUTED,
        lambda facts, _: facts.deduction_minor != 0 and facts.deduction_reason is DeductionReason.DISPUTED,
    ),
    (
        Reason.OVERPAYMENT_REVIEW,
        lambda facts, policy: facts.is_overpaid and policy.overpayment is not Overpayment.ON_ACCOUNT,
    ),
    (Reason.PARTIAL_REVIEW, lambda facts, policy: is_partial(facts) and policy.partial is Partial.REVIEW),
    (Reason.TOO_EARLY, lambda facts, policy: _days_beyond(facts.days_before_issue, policy.early_days)),
    (Reason.TOO_LATE, lambda facts, policy: _days_beyond(facts.days_after_due, policy.late_days)),
    (
        Reason.AMOUNT_ONLY,
        lambda facts, policy: policy.require_evidence_beyond_amount and not facts.has_evidence_beyond_amount,
    ),
    (
        Reason.TWINS,
        lambda facts, policy: (
            facts.equal_explanations > 0 and facts.twins_interchangeable and policy.twins is Twins.REVIEW
        ),
    ),
    (
        Reason.EQUAL_EXPLANATIONS,
        lambda facts, _: facts.equal_explanations > 0 and not facts.twins_interchangeable,
    ),
    (Reason.TOO_MANY_ITEMS, has_too_many_items),
    (Reason.BELOW_THRESHOLD, is_below_threshold),
)
"""What stands between a proposal and posting by itself."""

NAMED: Final[tuple[_Check, ...]] = (
    (Reason.RETURN_OF_PAYMENT, lambda facts, _: facts.kind is PaymentKind.RETURN),
    (Reason.CHARGEBACK, lambda facts, _: facts.kind is PaymentKind.CHARGEBACK),
    (Reason.REPRESENTMENT, lambda facts, _: facts.kind is PaymentKind.REPRESENTMENT),
    (Reason.REFUND, lambda facts, _: facts.kind is PaymentKind.REFUND),
    (
        Reason.OVERPAYMENT_ON_ACCOUNT,
        lambda facts, policy: facts.is_overpaid and policy.overpayment is Overpayment.ON_ACCOUNT,
    ),
    (Reason.PARTIAL_PAYMENT, lambda facts, policy: is_partial(facts) and policy.partial is Partial.ALLOW),
    (
        Reason.TWINS_OLDEST,
        lambda facts, policy: (
            facts.equal_explanations > 0 and facts.twins_interchangeable and policy.twins is Twins.OLDEST
        ),
    ),
    *(
        (
            Reason(f"write_off_{why}"),
            lambda facts, _, why=why: (
                facts.write_off_minor != 0 and (facts.write_off_reason or WriteOffReason.OTHER) is why
            ),
        )
        for why in WriteOffReason
    ),
    (
        Reason.DEDUCTION_WITHHOLDING,
        lambda facts, _: facts.deduction_minor != 0 and facts.deduction_reason is DeductionReason.WITHHOLDING,
    ),
    (
        Reason.DEDUCTION_SHORT_PAYMENT,
        lambda facts, _: (
            facts.deduction_minor != 0 and facts.deduction_reason in (None, DeductionReason.SHORT_PAYMENT)
        ),
    ),
)
"""What the proposal is and leaves behind; none of it stands in the way."""

NOTHING: Final[tuple[_Check, ...]] = (
    *NAMED[:4],
    (Reason.UNIDENTIFIED_PAYER, lambda facts, _: facts.amount_minor > 0 and not facts.customer_known),
    (Reason.ON_ACCOUNT, lambda facts, _: facts.amount_minor > 0 and facts.customer_known),
    (Reason.NO_CANDIDATE, lambda facts, _: not facts.has_candidates),
    (Reason.MODEL_UNAVAILABLE, lambda facts, _: facts.model_unavailable),
    (Reason.PAYMENT_HOLD, lambda facts, _: facts.payment_held),
    (Reason.CONFLICT_LOST, lambda facts, _: facts.conflict_lost),
    (Reason.MISSING_RATE, lambda facts, _: facts.missing_rate),
    (Reason.ORIGINAL_UNKNOWN, lambda facts, _: facts.kind in UNDOING),
)
"""What is said of a payment for which no item is proposed."""

ANY_LINE: Final = frozenset(
    {
        Reason.MODEL_UNAVAILABLE,
        Reason.OUTSIDE_TRAINING,
        Reason.ROWS_SET_ASIDE,
        Reason.PAYMENT_HOLD,
        Reason.AMOUNT_ABOVE_LIMIT,
        Reason.FOUR_EYES_REQUIRED,
        Reason.BELOW_THRESHOLD,
    },
)
"""Blockers that also hold for a line that pays nothing."""

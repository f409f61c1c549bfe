"""Stable reason codes and the plain sentence behind each one.

`Reason` explains a decision: first what speaks for the proposal (evidence), then what the rules made of it.
`WhyNot` explains why a candidate pair of `candidates.parquet` was not chosen.
A code is public once released: sentences may be reworded, codes are neither renamed nor reused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a payment was decided the way it was."""

    # Evidence: what speaks for the proposal.
    STRUCTURED_REFERENCE = "structured_reference"
    REFERENCE_EXACT = "reference_exact"
    REFERENCE_PARTIAL = "reference_partial"
    REFERENCE_REPAIRED = "reference_repaired"
    REFERENCE_LIST = "reference_list"
    PURCHASE_ORDER = "purchase_order"
    CUSTOMER_NUMBER = "customer_number"
    END_TO_END_ID = "end_to_end_id"
    REMITTANCE_LINES = "remittance_lines"
    CUSTOMER_GIVEN = "customer_given"
    CUSTOMER_KNOWN_ACCOUNT = "customer_known_account"
    CUSTOMER_ALIAS = "customer_alias"
    CUSTOMER_NAME = "customer_name"
    CUSTOMER_PARENT = "customer_parent"
    AMOUNT_EXACT = "amount_exact"
    AMOUNT_DISCOUNTED = "amount_discounted"
    AMOUNT_NET_OF_FEE = "amount_net_of_fee"
    AMOUNT_NET_OF_WITHHOLDING = "amount_net_of_withholding"
    AMOUNT_FX = "amount_fx"
    AMOUNT_INSTALMENT = "amount_instalment"
    SUM_OF_ITEMS = "sum_of_items"
    NET_OF_CREDIT_MEMO = "net_of_credit_memo"
    DATE_FITS_HABIT = "date_fits_habit"
    DATE_NEAR_DUE = "date_near_due"
    PERIOD_NAMED = "period_named"
    PAYER_HABIT = "payer_habit"
    ONLY_EXPLANATION = "only_explanation"
    REFERENCE_TO_OTHER_ITEM = "reference_to_other_item"
    REFERENCE_UNEXPLAINED = "reference_unexplained"

    # What kind of money this is.
    DUPLICATE_STATEMENT_LINE = "duplicate_statement_line"
    OWN_TRANSFER = "own_transfer"
    SALARY = "salary"
    TAX = "tax"
    BANK_FEE_LINE = "bank_fee_line"
    SUPPLIER_PAYMENT = "supplier_payment"
    OTHER_INCOME = "other_income"
    DUPLICATE_PAYMENT = "duplicate_payment"
    RETURN_OF_PAYMENT = "return_of_payment"
    CHARGEBACK = "chargeback"
    REPRESENTMENT = "representment"
    REFUND = "refund"

    # Nothing is proposed.
    UNIDENTIFIED_PAYER = "unidentified_payer"
    ON_ACCOUNT = "on_account"
    NO_CANDIDATE = "no_candidate"

    # A person must look, or nothing may post.
    MODEL_UNAVAILABLE = "model_unavailable"
    OUTSIDE_TRAINING = "outside_training"
    ROWS_SET_ASIDE = "rows_set_aside"
    PAYMENT_HOLD = "payment_hold"
    DISPUTED_ITEM = "disputed_item"
    ITEM_ON_HOLD = "item_on_hold"
    CONFLICT_LOST = "conflict_lost"
    MISSING_RATE = "missing_rate"
    CROSS_CURRENCY = "cross_currency"
    ORIGINAL_UNKNOWN = "original_unknown"
    AMOUNT_ABOVE_LIMIT = "amount_above_limit"
    FOUR_EYES_REQUIRED = "four_eyes_required"
    WRITE_OFF_OUTSIDE_TOLERANCE = "write_off_outside_tolerance"
    WRITE_OFF_ABOVE_LIMIT = "write_off_above_limit"
    DEDUCTION_DISPUTED = "deduction_disputed"
    OVERPAYMENT_REVIEW = "overpayment_review"
    PARTIAL_REVIEW = "partial_review"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    AMOUNT_ONLY = "amount_only"
    TWINS = "twins"
    EQUAL_EXPLANATIONS = "equal_explanations"
    TOO_MANY_ITEMS = "too_many_items"
    BELOW_THRESHOLD = "below_threshold"

    # What the proposal leaves behind, by name.
    OVERPAYMENT_ON_ACCOUNT = "overpayment_on_account"
    PARTIAL_PAYMENT = "partial_payment"
    TWINS_OLDEST = "twins_oldest"
    WRITE_OFF_BANK_FEE = "write_off_bank_fee"
    WRITE_OFF_EARLY_PAYMENT_DISCOUNT = "write_off_early_payment_discount"
    WRITE_OFF_ROUNDING = "write_off_rounding"
    WRITE_OFF_PROCESSOR_FEE = "write_off_processor_fee"
    WRITE_OFF_OTHER = "write_off_other"
    DEDUCTION_WITHHOLDING = "deduction_withholding"
    DEDUCTION_SHORT_PAYMENT = "deduction_short_payment"


class WhyNot(StrEnum):
    """Why a candidate pair was not chosen."""

    DIRECTION = "direction"
    CURRENCY = "currency"
    UNCONVERTED_FX = "unconverted_fx"
    COUNTERPARTY = "counterparty"
    AMOUNT = "amount"
    DATE = "date"
    TEXT = "text"
    SETTLED = "settled"
    AMBIGUOUS = "ambiguous"
    AMBIGUOUS_SET = "ambiguous_set"
    TOO_MANY = "too_many"
    TAKEN_BY_OTHER_PAYMENT = "taken_by_other_payment"
    BETTER_PROPOSAL = "better_proposal"
    BELOW_NONE = "below_none"
    PAYS_NOTHING = "pays_nothing"
    NOT_KNOWN_YET = "not_known_yet"
    OUT_OF_SCOPE = "out_of_scope"


_ALL: Final = tuple(Reason)

EVIDENCE: Final = _ALL[: _ALL.index(Reason.REFERENCE_UNEXPLAINED) + 1]
"""Codes the comparisons set, in the order they are shown; the position is the bit in an evidence mask."""

VERDICTS: Final = _ALL[len(EVIDENCE) :]
"""Codes the decision rule sets, in the order they are shown; the position is the bit in a reason mask."""

SENTENCES: Final[dict[Reason, str]] = {
    Reason.STRUCTURED_REFERENCE: "The structured payment reference is that of the item.",
    Reason.REFERENCE_EXACT: "The payment names the document number in full.",
    Reason.REFERENCE_PARTIAL: "The payment names a part of the document number.",
    Reason.REFERENCE_REPAIRED: "The payment names the document number with one slip of pen or scanner.",
    Reason.REFERENCE_LIST: "The payment lists several document numbers, some of them abbreviated.",
    Reason.PURCHASE_ORDER: "The payment names the item's purchase order.",
    Reason.CUSTOMER_NUMBER: "The payment names the customer number.",
    Reason.END_TO_END_ID: "The end-to-end id points to the item.",
    Reason.REMITTANCE_LINES: "The remittance advice lists the item.",
    Reason.CUSTOMER_GIVEN: "The source of the payment says which customer paid.",
    Reason.CUSTOMER_KNOWN_ACCOUNT: "The payer's account is on file for the customer.",
    Reason.CUSTOMER_ALIAS: "This payer paid for the customer before.",
    Reason.CUSTOMER_NAME: "The payer's name is that of the customer.",
    Reason.CUSTOMER_PARENT: "The payer belongs to the same group as the customer.",
    Reason.AMOUNT_EXACT: "The amount is exactly the open amount.",
    Reason.AMOUNT_DISCOUNTED: "The amount is the open amount less the early-payment discount.",
    Reason.AMOUNT_NET_OF_FEE: "The amount is the open amount less a usual fee.",
    Reason.AMOUNT_NET_OF_WITHHOLDING: "The amount is the open amount less a usual withholding tax.",
    Reason.AMOUNT_FX: "The amount fits the open amount at the day's exchange rate.",
    Reason.AMOUNT_INSTALMENT: "The amount is that of an agreed instalment.",
    Reason.SUM_OF_ITEMS: "The amount is exactly the sum of the items.",
    Reason.NET_OF_CREDIT_MEMO: "The amount is the sum of the items less credit memos.",
    Reason.DATE_FITS_HABIT: "The customer usually pays after about this many days.",
    Reason.DATE_NEAR_DUE: "The payment came close to the due date.",
    Reason.PERIOD_NAMED: "The payment names the period that was invoiced.",
    Reason.PAYER_HABIT: "This payer usually pays this way.",
    Reason.ONLY_EXPLANATION: "No other open items explain the payment.",
    Reason.REFERENCE_TO_OTHER_ITEM: "The payment also names an item that is not part of the proposal.",
    Reason.REFERENCE_UNEXPLAINED: "The payment names a number that belongs to no known item.",
    Reason.DUPLICATE_STATEMENT_LINE: "The statement shows the same bank entry twice; only one is money.",
    Reason.OWN_TRANSFER: "The money moved between our own accounts.",
    Reason.SALARY: "The line looks like payroll.",
    Reason.TAX: "The line looks like a payment to or from a tax office.",
    Reason.BANK_FEE_LINE: "The line is a charge or interest of the bank.",
    Reason.SUPPLIER_PAYMENT: "The line looks like a payment to a supplier.",
    Reason.OTHER_INCOME: "The line looks like income that was never invoiced.",
    Reason.DUPLICATE_PAYMENT: "The same items were paid twice; the cash stays on account for a refund.",
    Reason.RETURN_OF_PAYMENT: "The bank took an earlier payment back.",
    Reason.CHARGEBACK: "The payer's bank charged an earlier payment back.",
    Reason.REPRESENTMENT: "A charged-back payment was won back.",
    Reason.REFUND: "Money was paid back to the customer.",
    Reason.UNIDENTIFIED_PAYER: "The payer is not known.",
    Reason.NO_CANDIDATE: "No open item fits the payment.",
    Reason.ON_ACCOUNT: "The customer is known, but no items are: the cash stays on account.",
    Reason.MODEL_UNAVAILABLE: "The model could not be used, so nothing posts by itself.",
    Reason.OUTSIDE_TRAINING: "The payment is unlike those the model was certified on.",
    Reason.ROWS_SET_ASIDE: "A row about the payment or an item could not be read.",
    Reason.PAYMENT_HOLD: "The payment is on hold.",
    Reason.DISPUTED_ITEM: "An item is disputed.",
    Reason.ITEM_ON_HOLD: "An item is on hold.",
    Reason.CONFLICT_LOST: "Another payment has the better claim to an item.",
    Reason.MISSING_RATE: "There is no exchange rate for the day.",
    Reason.CROSS_CURRENCY: "Payment and item are in different currencies.",
    Reason.ORIGINAL_UNKNOWN: "The payment that this one undoes was not found.",
    Reason.AMOUNT_ABOVE_LIMIT: "The amount is above the limit for posting without a person.",
    Reason.FOUR_EYES_REQUIRED: "The amount is above the limit for which two persons must agree.",
    Reason.WRITE_OFF_OUTSIDE_TOLERANCE: "The difference is outside the tolerance.",
    Reason.WRITE_OFF_ABOVE_LIMIT: "The write-off is above the limit for posting without a person.",
    Reason.DEDUCTION_DISPUTED: "The customer disputes a part of the item.",
    Reason.OVERPAYMENT_REVIEW: "The customer paid too much, and the policy wants a person to see that.",
    Reason.PARTIAL_REVIEW: "An item is paid in part, and the policy wants a person to see that.",
    Reason.TOO_EARLY: "The payment came too long before the item was issued.",
    Reason.TOO_LATE: "The payment came too long after the item was due.",
    Reason.AMOUNT_ONLY: "Nothing but the amount speaks for the proposal.",
    Reason.TWINS: "Another item is equal in everything that counts; a person must say which one was paid.",
    Reason.EQUAL_EXPLANATIONS: "Other items explain the payment just as well.",
    Reason.TOO_MANY_ITEMS: "The proposal has more items than the policy allows.",
    Reason.BELOW_THRESHOLD: "The confidence is below the threshold for posting without a person.",
    Reason.OVERPAYMENT_ON_ACCOUNT: "The rest of the payment stays on the customer's account.",
    Reason.PARTIAL_PAYMENT: "An item is paid in part and stays open for the rest.",
    Reason.TWINS_OLDEST: "Of items equal in everything that counts, the policy pays the oldest first.",
    Reason.WRITE_OFF_BANK_FEE: "The difference is a bank fee.",
    Reason.WRITE_OFF_EARLY_PAYMENT_DISCOUNT: "The difference is the discount for paying early.",
    Reason.WRITE_OFF_ROUNDING: "The difference is rounding.",
    Reason.WRITE_OFF_PROCESSOR_FEE: "The difference is the payment processor's fee.",
    Reason.WRITE_OFF_OTHER: "The difference is within the tolerance.",
    Reason.DEDUCTION_WITHHOLDING: "The customer withheld tax; it stays open as a tax receivable.",
    Reason.DEDUCTION_SHORT_PAYMENT: "The customer paid less than the item; the rest stays open.",
}

WHY_NOT_SENTENCES: Final[dict[WhyNot, str]] = {
    WhyNot.DIRECTION: "Money of this direction cannot settle this kind of item.",
    WhyNot.CURRENCY: "The item is in another currency.",
    WhyNot.UNCONVERTED_FX: "There is no exchange rate for the day.",
    WhyNot.COUNTERPARTY: "The item belongs to another customer.",
    WhyNot.AMOUNT: "The amount does not fit.",
    WhyNot.DATE: "The dates do not fit.",
    WhyNot.TEXT: "The payment text names something else.",
    WhyNot.SETTLED: "The item was settled before, is void or is a draft.",
    WhyNot.AMBIGUOUS: "An equal item was preferred only by its order.",
    WhyNot.AMBIGUOUS_SET: "Several sets of items have the same sum.",
    WhyNot.TOO_MANY: "Too many items would have to be combined.",
    WhyNot.TAKEN_BY_OTHER_PAYMENT: "Another payment has the better claim to the item.",
    WhyNot.BETTER_PROPOSAL: "Another proposal explains the payment better.",
    WhyNot.BELOW_NONE: "Paying nothing explains the payment better.",
    WhyNot.PAYS_NOTHING: "The line was recognised as one that pays no item.",
    WhyNot.NOT_KNOWN_YET: "The item was not known when the payment was decided.",
    WhyNot.OUT_OF_SCOPE: "The item belongs to another issuer.",
}


def sentence(code: Reason | WhyNot) -> str:
    """Give the plain sentence behind a code."""
    return SENTENCES[code] if isinstance(code, Reason) else WHY_NOT_SENTENCES[code]


def join(codes: tuple[Reason, ...]) -> str:
    """Write the codes as files show them: in their stable order, joined by `;`."""
    return ";".join(code for code in Reason if code in codes)

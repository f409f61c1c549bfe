"""The words of the trade that files, rules and columns share."""

from __future__ import annotations

from enum import StrEnum


class PaymentKind(StrEnum):
    """What sort of money movement a payment is."""

    RECEIPT = "receipt"
    RETURN = "return"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    REPRESENTMENT = "representment"
    TRANSFER = "transfer"
    OTHER = "other"


class Outcome(StrEnum):
    """What happens with a payment."""

    AUTO = "auto"
    REVIEW = "review"
    UNMATCHED = "unmatched"
    DISMISSED = "dismissed"


class WriteOffReason(StrEnum):
    """Why a part of an item is given up."""

    BANK_FEE = "bank_fee"
    EARLY_PAYMENT_DISCOUNT = "early_payment_discount"
    ROUNDING = "rounding"
    PROCESSOR_FEE = "processor_fee"
    OTHER = "other"


class DeductionReason(StrEnum):
    """Why a part of an item was not paid and stays open."""

    DISPUTED = "disputed"
    WITHHOLDING = "withholding"
    SHORT_PAYMENT = "short_payment"

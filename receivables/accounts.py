"""The chart of accounts of a receivables book: few accounts, each with one meaning.

The names follow Beancount, so that an export needs no translation. A posting is positive on the debit side
and negative on the credit side. New invoices are booked by the billing system: Tieout books only what happens
to them afterwards, so that a general ledger that takes both counts nothing twice.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from receivables.words import WriteOffReason

__all__ = ["MEANINGS", "Account", "account_of_write_off"]


class Account(StrEnum):
    """Where a line of an entry stands."""

    CASH = "Assets:Cash:Clearing"
    RECEIVABLE = "Assets:Receivable:Trade"
    WITHHOLDING = "Assets:Receivable:WithholdingTax"
    TAX_CREDIT = "Assets:TaxCredit:Withholding"
    UNAPPLIED = "Liabilities:UnappliedCash"
    ON_ACCOUNT = "Liabilities:OnAccount"
    DISCOUNT = "Expenses:Discounts:EarlyPayment"
    BANK_FEE = "Expenses:Fees:Bank"
    PROCESSOR_FEE = "Expenses:Fees:Processor"
    ROUNDING = "Expenses:Rounding"
    WRITE_OFF = "Expenses:WriteOffs:Other"
    FX_GAIN = "Income:Exchange:RealisedGain"
    FX_LOSS = "Expenses:Exchange:RealisedLoss"
    FX_ROUNDING = "Expenses:Exchange:Rounding"
    CONVERSION = "Equity:Conversion"
    ELSEWHERE = "Equity:SettledElsewhere"


MEANINGS: Final[dict[Account, str]] = {
    Account.CASH: "Money that moved on our own accounts, against what the bank's own postings book.",
    Account.RECEIVABLE: "What customers owe, by open item.",
    Account.WITHHOLDING: "Tax that a customer withheld: still open on the item until its certificate comes.",
    Account.TAX_CREDIT: "Withheld tax that a certificate proves: a claim on the tax office.",
    Account.UNAPPLIED: "Money that came and is on no item; whose it is may be unknown.",
    Account.ON_ACCOUNT: "Money of a known customer that is on no item: owed back or to be applied.",
    Account.DISCOUNT: "Discounts taken for paying early.",
    Account.BANK_FEE: "Charges of banks on the way.",
    Account.PROCESSOR_FEE: "Charges of payment processors.",
    Account.ROUNDING: "Differences of rounding that close an item.",
    Account.WRITE_OFF: "Other differences given up within the tolerance or by a person.",
    Account.FX_GAIN: "Money worth more at the day's rate than the items it closed.",
    Account.FX_LOSS: "Money worth less at the day's rate than the items it closed.",
    Account.FX_ROUNDING: "What rounding each converted part to minor units leaves against the whole.",
    Account.CONVERSION: "The bridge between currencies: one side of it in each.",
    Account.ELSEWHERE: "Items settled, reduced or raised outside Tieout, as the billing system told us.",
}
"""One sentence an account."""

RECEIVABLES: Final = (Account.RECEIVABLE, Account.WITHHOLDING)
"""The accounts whose lines make the balance of an open item."""

CASH_NOT_ON_ITEMS: Final = (Account.UNAPPLIED, Account.ON_ACCOUNT)
"""The accounts whose lines make the unapplied part of a payment."""


def account_of_write_off(reason: WriteOffReason) -> Account:
    """Say where a part of an item goes that is given up for this reason."""
    return _WRITE_OFFS[reason]


_WRITE_OFFS: Final[dict[WriteOffReason, Account]] = {
    WriteOffReason.BANK_FEE: Account.BANK_FEE,
    WriteOffReason.EARLY_PAYMENT_DISCOUNT: Account.DISCOUNT,
    WriteOffReason.ROUNDING: Account.ROUNDING,
    WriteOffReason.PROCESSOR_FEE: Account.PROCESSOR_FEE,
    WriteOffReason.OTHER: Account.WRITE_OFF,
}

"""Card payments: a processor collects many customers' items and pays out the sum less its fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from receivables.money import spread
from training.world.desk import apply
from training.world.invoices import business_day
from training.world.places import COUNTRIES, account_number
from training.world.records import Detail, Line, Payer, Row
from training.world.statement import print_line

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Issuer, Item

_PROCESSORS = (
    "Paybridge Europe S.A.",
    "Cardway Payments",
    "Nordgate PSP AB",
    "Clearbeam Inc",
    "PSP Quickpay B.V.",
)
_MOST_LINES = 60


class Processor:
    """One issuer's card processor, with its terms and its habits of reporting."""

    def __init__(self, issuer: Issuer, desk: Desk) -> None:
        dice = desk.dice
        self.issuer, self.desk, self.dice = issuer, desk, dice
        self.payer = Payer(dice.pick(_PROCESSORS), account_number(COUNTRIES["NL"], dice), "processor")
        self.percent = dice.pick((1.2, 1.4, 1.9, 2.5, 2.9))
        self.fixed = dice.pick((0, 10, 25, 30))
        self.every = dice.pick((1, 1, 7, 7, 14))
        self.fee_by_line = dice.chance(0.6)
        self.gateway_ids = dice.chance(desk.mix.processor_gateway_ids)
        self.sold: list[Item] = []

    def fee_of(self, amount: int) -> int:
        """What it keeps of one sale."""
        return min(amount - 1, int(amount * self.percent / 100) + self.fixed)

    def pay_out(self, day: int, sales: list[Item], memos: list[Item]) -> Line | None:
        """One payout of these sales, less refunds of the memos and now and then a chargeback."""
        dice = self.dice
        details, rows = self._sales(sales)
        left = sum(row.amount for row in rows)
        for credit in memos:
            if credit.open < left:
                details.append(self._detail(credit, -credit.open, 0, "refund"))
                rows.append(Row(credit, -credit.open))
                left -= credit.open
        disputable = [item for item in self.sold if item.open == 0 and item.amount < left]
        if disputable and dice.chance(min(0.9, self.desk.mix.chargeback * len(sales))):
            item = dice.pick(disputable)
            self.sold.remove(item)
            details.append(self._detail(item, -item.amount, 0, "chargeback"))
            rows.append(Row(item, -item.amount))
        if not self.fee_by_line:
            details.append(Detail("", "", -sum(row.write_off for row in rows), 0, "", "fee"))
        account = self.desk.account_for(sales[0])
        line = Line(day, account.currency, sum(row.amount for row in rows), account, "processor", rows=rows)
        line.payer, line.source, line.details = self.payer, "processor", details
        line.reference_state = "lines"
        line.end_to_end = f"po_{dice.letters(12, 'abcdefghjkmnpqrstuvwxyz23456789')}"
        print_line(line, f"PAYOUT {line.end_to_end} {self.payer.name}", self.desk.mix, dice)
        for row in rows:
            apply(row)
        self.sold += sales
        self.desk.lines.append(line)
        return line

    def _sales(self, sales: list[Item]) -> tuple[list[Detail], list[Row]]:
        fees = [self.fee_of(item.open) for item in sales]
        if not self.fee_by_line:
            fees = list(spread(sum(fees), [item.open for item in sales]))
        details: list[Detail] = []
        rows: list[Row] = []
        for item, fee in zip(sales, fees, strict=True):
            details.append(self._detail(item, item.open, fee if self.fee_by_line else 0, "sale"))
            rows.append(Row(item, item.open - fee, fee, "processor_fee" if fee else ""))
        return details, rows

    def _detail(self, item: Item, amount: int, deduction: int, kind: str) -> Detail:
        reference, customer = item.number, ""
        if self.gateway_ids:
            reference = f"ch_{self.dice.letters(14, 'abcdefghjkmnpqrstuvwxyz23456789')}"
            customer = item.customer.ident if self.dice.chance(0.9) else item.customer.number
        elif self.dice.chance(0.3):
            customer = item.customer.number
        return Detail(reference, customer, amount, deduction, "", kind)


def settle_cards(desk: Desk, items: list[Item]) -> None:
    """Pay out every card customer's items, processor by processor."""
    batches: dict[tuple[int, str, int], list[Item]] = {}
    memos: dict[tuple[int, str], list[Item]] = {}
    processors = {issuer.index: Processor(issuer, desk) for issuer in desk.issuers}
    for item in items:
        if item.planned or desk.account_for(item).currency != item.currency:
            continue
        item.planned = True
        if item.type == "credit_memo":
            memos.setdefault((item.issuer.index, item.currency), []).append(item)
        elif not desk.dice.chance(0.02):
            every = processors[item.issuer.index].every
            day = item.issued + desk.dice.between(1, 4)
            batches.setdefault((item.issuer.index, item.currency, day + -day % every), []).append(item)
    for (issuer, currency, day), sales in sorted(
        batches.items(), key=lambda batch: (batch[0][2], batch[0][:2])
    ):
        for place in range(0, len(sales), _MOST_LINES):
            _one(
                desk,
                processors[issuer],
                business_day(day + 1),
                sales[place : place + _MOST_LINES],
                memos.get((issuer, currency), []),
            )


def _one(desk: Desk, processor: Processor, day: int, sales: list[Item], waiting: list[Item]) -> None:
    if day >= desk.end:
        return
    due = [credit for credit in waiting if credit.issued < day][:2]
    if processor.pay_out(day, sales, due) is not None:
        for credit in due:
            if credit.open == 0:
                waiting.remove(credit)

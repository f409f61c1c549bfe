"""Credit memos: netted in a later payment, refunded, cleared against an item without money, or left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world.desk import apply
from training.world.invoices import business_day
from training.world.plans import words_of
from training.world.records import Line, Row
from training.world.statement import print_line

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Customer, Item

_REFUND_TEXTS = (
    "Erstattung {}",
    "Refund {}",
    "Remboursement {}",
    "Rückzahlung {}",
    "Rimborso {}",
    "Reembolso {}",
)


def net(desk: Desk, customer: Customer, items: list[Item], day: int, memos: list[Item]) -> Line | None:
    """Pay the items less the credit memos that the customer holds; the memos that fit are removed from the list."""
    dice = desk.dice
    owed = sum(item.open for item in items)
    used: list[Item] = []
    for credit in list(memos):
        same = credit.currency == items[0].currency and credit.issuer is items[0].issuer
        if same and credit.issued < day and credit.open < owed and len(used) < 3:
            owed -= credit.open
            used.append(credit)
            memos.remove(credit)
    if not used:
        return None
    rows = [Row(item, item.open) for item in items] + [Row(credit, -credit.open) for credit in used]
    note = ""
    if dice.chance(0.6):
        numbers = ", ".join(credit.number for credit in used)
        note = dice.pick((*words_of(customer).less_credit, *words_of(customer).credit)).format(numbers)
    return desk.receive(customer, rows, day, "credit_netted", note=note)


def clear(desk: Desk, customer: Customer, item: Item, day: int, memos: list[Item]) -> Line | None:
    """A ledger line of zero that sets one credit off against an item that is larger."""
    for credit in memos:
        same = credit.currency == item.currency and credit.issuer is item.issuer
        if same and credit.issued < day and credit.open <= item.open:
            account = desk.account_for(item)
            if account.currency != item.currency or business_day(day) >= desk.end:
                return None
            rows = [Row(item, credit.open), Row(credit, -credit.open)]
            line = Line(
                business_day(day),
                account.currency,
                0,
                account,
                "credit_cleared",
                rows=rows,
                customer=customer,
            )
            line.source, line.payer = "ledger", desk.payer_on(customer, day)
            line.reference_state = "clean"
            print_line(line, f"Clearing {item.number} {credit.number}", desk.mix, desk.dice)
            for row in rows:
                apply(row)
            desk.lines.append(line)
            memos.remove(credit)
            return line
    return None


def refund(desk: Desk, customer: Customer, credit: Item) -> None:
    """Money out that consumes one credit memo."""
    dice = desk.dice
    day = business_day(credit.issued + dice.between(4, 45))
    account = desk.account_for(credit)
    if day >= desk.end or account.currency != credit.currency:
        return
    row = Row(credit, -credit.open)
    line = Line(day, account.currency, -credit.open, account, "refund", rows=[row], customer=customer)
    line.payer = desk.payer_on(customer, day)
    named = dice.chance(0.85)
    reference = credit.number if named else words_of(customer).customer[0].format(customer.number)
    line.reference_state = "clean" if named else "customer"
    if customer.channel == "gateway":
        line.source, line.kind, line.gateway_customer = "gateway", "refund", customer.ident
    print_line(line, dice.pick(_REFUND_TEXTS).format(reference), desk.mix, dice)
    apply(row)
    desk.lines.append(line)

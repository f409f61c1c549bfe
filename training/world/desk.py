"""The desk where plans become bank lines: shared state of one book while its payments are made."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from training.world.invoices import business_day
from training.world.mentions import Mention, Writer
from training.world.records import Line, Row
from training.world.statement import print_line

if TYPE_CHECKING:
    from training.world.dice import Dice
    from training.world.mix import Mix
    from training.world.rates import Rates
    from training.world.records import Customer, Issuer, Item, OwnAccount, Payer


@dataclass(slots=True)
class Desk:
    """Issues bank lines until `end` and keeps the items' balances."""

    mix: Mix
    dice: Dice
    writer: Writer
    rates: Rates
    issuers: list[Issuer]
    start: int
    end: int
    lines: list[Line] = field(default_factory=list)

    def account_for(self, item: Item) -> OwnAccount:
        """The own account that a payer of this item uses."""
        accounts = item.issuer.accounts
        same = [account for account in accounts if account.currency == item.currency]
        return same[item.customer.index % len(same)] if same else accounts[0]

    def payer_on(self, customer: Customer, day: int) -> Payer:
        """Who pays for this customer on this day."""
        if customer.changes_on and len(customer.payers) > 1:
            if customer.changes_on < 0:
                customer.changes_on = self.start + self.dice.below(max(1, self.end - self.start))
            return customer.payers[1] if day >= customer.changes_on else customer.payers[0]
        return customer.payers[0]

    def receive(  # noqa: PLR0913 - a bank line has that many independent parts
        self,
        customer: Customer,
        rows: list[Row],
        day: int,
        case: str,
        *,
        extra: int = 0,
        note: str = "",
        mention: Mention | None = None,
    ) -> Line | None:
        """Book a receipt of these allocations (and `extra` unapplied cash); nothing after the book's end."""
        day = business_day(max(day, self.start))
        if day >= self.end:
            return None
        account = self.account_for(rows[0].item)
        cash = sum(row.amount for row in rows)
        items = [row.item for row in rows]
        line = Line(
            booked=day,
            currency=account.currency,
            amount=cash + extra,
            account=account,
            case=case,
            rows=rows,
            customer=customer,
            payer=self.payer_on(customer, day),
        )
        if items[0].currency != account.currency:
            self._convert(line, items[0].currency, cash + extra)
        if mention is None:
            named = [item for item in items if item.type != "credit_memo"] or items
            mention = self.writer.write(customer, named, day, note=note)
        line.structured, line.reference_state = mention.structured, mention.state
        self._channel(line, customer)
        print_line(line, mention.text, self.mix, self.dice)
        for row in rows:
            row.item.open -= row.amount + row.write_off if row.amount > 0 else -(abs(row.amount) + row.write_off)
        self.lines.append(line)
        return line

    def _channel(self, line: Line, customer: Customer) -> None:
        if customer.channel == "gateway":
            line.source, line.kind = "gateway", "receipt"
            line.gateway_customer = customer.ident
            line.end_to_end = f"pay_{self.dice.letters(10, 'abcdefghjkmnpqrstuvwxyz23456789')}"
            line.payer = None if self.dice.chance(0.4) else line.payer
        elif customer.channel == "debit":
            line.source = "debit"
            line.end_to_end = f"DD{self.dice.digits(10)}"

    def _convert(self, line: Line, currency: str, minor: int) -> None:
        """The bank converted the payer's money at a rate close to the published one."""
        spread = 1.0 + self.dice.uniform(-0.004, 0.006)
        line.amount = self.rates.converted(minor, currency, line.currency, line.booked, spread)
        if line.case in {"single", "multi", "subscription"}:
            line.case = "foreign_currency"
        if self.dice.chance(0.75):
            line.original = (currency, minor)


def next_on_or_after(days: list[int], day: int) -> int:
    """The first of the sorted days that is not before `day`; the day itself when none is left."""
    place = bisect_right(days, day - 1)
    return days[place] if place < len(days) else day

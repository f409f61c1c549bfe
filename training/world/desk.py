"""The desk where plans become bank lines: shared state of one book while its payments are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from training.world.invoices import business_day
from training.world.records import Detail, Line, Row
from training.world.statement import print_line

if TYPE_CHECKING:
    from training.world.dice import Dice
    from training.world.mentions import Mention, Writer
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
    third_parties: list[Payer] = field(default_factory=list)
    last_paid: dict[int, Item] = field(default_factory=dict)
    """By customer, the item that it settled last: what a text copied from an old transfer names."""

    def account_for(self, item: Item) -> OwnAccount:
        """The own account that a payer of this item uses."""
        accounts = item.issuer.accounts
        same = [account for account in accounts if account.currency == item.currency]
        return same[item.customer.index % len(same)] if same else accounts[0]

    def payer_on(self, customer: Customer, day: int) -> Payer:
        """Who pays for this customer on this day."""
        if self.third_parties and self.dice.chance(self.mix.third_party):
            return self.dice.pick(self.third_parties)
        if customer.changes_on and len(customer.payers) > 1:
            if customer.changes_on < 0:
                customer.changes_on = self.start + self.dice.below(max(1, self.end - self.start))
            return customer.payers[1] if day >= customer.changes_on else customer.payers[0]
        return customer.payers[0]

    def receive(
        self,
        customer: Customer,
        rows: list[Row],
        day: int,
        case: str,
        *,
        extra: int = 0,
        note: str = "",
        mention: Mention | None = None,
        follows: Line | None = None,
    ) -> Line | None:
        """Book a receipt of these allocations, and `extra` unapplied cash; nothing after the book's end."""
        day = business_day(max(day, self.start))
        if day >= self.end:
            return None
        account = self.account_for(rows[0].item)
        cash = sum(row.amount for row in rows) + extra
        line = Line(day, account.currency, cash, account, case, rows=rows, customer=customer)
        line.payer = self.payer_on(customer, day)
        line.follows = follows
        self._channel(line, customer)
        self._write(line, mention, note)
        if rows[0].item.currency != account.currency:
            self._convert(line, rows[0].item.currency, cash)
        for row in rows:
            apply(row)
        if rows[0].item.open == 0:
            self.last_paid[customer.index] = rows[0].item
        if line.case in {"single", "multi"} and any(row.item.customer is not customer for row in rows):
            line.case = "parent_pays"
        self.lines.append(line)
        return line

    def _write(self, line: Line, mention: Mention | None, note: str) -> None:
        named = [row.item for row in line.rows if row.item.type != "credit_memo"]
        named = named or [row.item for row in line.rows]
        many = len(line.rows)
        if mention is None and many > 1 and line.source == "bank":
            share = self.mix.advice * (3.0 if many > 8 else 1.0)
            if self.dice.chance(share):
                line.details = [_advised(row) for row in line.rows]
                mention = self.writer.advice(line.customer or named[0].customer, line.booked)
        if mention is None:
            customer = line.customer or named[0].customer
            stale = self.last_paid.get(customer.index) if self.dice.chance(self.mix.stale_reference) else None
            stale = stale if many == 1 and stale is not named[0] else None
            mention = self.writer.write(customer, named, line.booked, note=note, stale=stale)
        line.structured, line.reference_state = mention.structured, mention.state
        print_line(line, mention.text, self.mix, self.dice)

    def _channel(self, line: Line, customer: Customer) -> None:
        if customer.channel == "gateway":
            line.source, line.kind = "gateway", "receipt"
            line.gateway_customer = customer.ident
            line.end_to_end = f"pay_{self.dice.letters(10, 'abcdefghjkmnpqrstuvwxyz23456789')}"
            line.payer = None if self.dice.chance(0.4) else line.payer
            line.code = self.dice.pick(("CARD VISA 4242", "WALLET", "CARD MC 5100", "BANK TRANSFER", ""))
        elif customer.channel == "debit":
            line.source = "debit"
            line.end_to_end = f"DD{self.dice.digits(10)}"

    def _convert(self, line: Line, currency: str, minor: int) -> None:
        """The bank converted the payer's money at a rate close to the published one."""
        spread = 1.0 + self.dice.uniform(-0.004, 0.006)
        line.amount = self.rates.converted(minor, currency, line.currency, line.booked, spread)
        if line.case in {"single", "multi", "twin"}:
            line.case = "foreign_currency"
        if self.dice.chance(0.75):
            line.original = (currency, minor)


def apply(row: Row) -> None:
    """Move the item's balance by one allocation: a negative row re-opens an invoice and consumes a credit memo."""
    used = row.amount + row.write_off
    item = row.item
    item.open -= -used if item.type == "credit_memo" else used
    if not 0 <= item.open <= item.amount:
        raise AssertionError(f"{item.number}: open {item.open} of {item.amount}")


def _advised(row: Row) -> Detail:
    return Detail(row.item.number, "", row.amount, row.write_off, row.reason, "")

"""What follows a receipt: returns and chargebacks, payments made twice, lines delivered twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from training.world.desk import apply
from training.world.invoices import business_day
from training.world.records import Line, Row
from training.world.statement import print_line

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Customer

_PLAIN = frozenset({"single", "multi", "twin", "instalment", "many_to_one", "late_invoice", "parent_pays"})
_WHOLE = frozenset({"single", "multi", "parent_pays", "foreign_currency", "discount"})
_RETURN_TEXTS = (
    "RUECKLASTSCHRIFT AC04 {}", "Retoure SEPA Lastschrift MD06 {}", "RETURN R01 INSUFFICIENT FUNDS {}",
    "REJET PRELEVEMENT {}", "Returned item {}", "STORNO AM04 {}", "Rueckueberweisung {}",
)  # fmt: skip
_CHARGEBACK_TEXTS = ("CHARGEBACK {}", "Dispute {}", "Kreditkarten-Rückbelastung {}", "CHARGEBACK 10.4 {}")
_NAMED = frozenset({"clean", "structured", "damaged", "advice"})


def follow(desk: Desk, customer: Customer, line: Line) -> None:
    """Perhaps return, repeat or charge back one receipt."""
    mix, dice = desk.mix, desk.dice
    plain = line.case in _PLAIN and line.currency == line.rows[0].item.currency
    if plain and line.source == "gateway" and dice.chance(mix.chargeback):
        taken = undo(desk, line, dice.between(10, 60), "chargeback")
        if taken is not None and dice.chance(mix.representment):
            _represent(desk, taken)
    elif plain and dice.chance(mix.return_of_debit if line.source == "debit" else mix.return_of_transfer):
        returned = undo(desk, line, dice.between(1, 8), "return")
        if returned is not None and dice.chance(0.7):
            rows = [Row(row.item, -row.amount) for row in returned.rows]
            case = "single" if len(rows) == 1 else "multi"
            desk.receive(customer, rows, returned.booked + dice.between(3, 25), case, follows=returned)
    elif line.case in _WHOLE and dice.chance(mix.duplicate_payment):
        _pay_again(desk, line)


def undo(desk: Desk, line: Line, after: int, case: str) -> Line | None:
    """The bank or the card scheme takes the money of a receipt back."""
    dice = desk.dice
    day = business_day(line.booked + after)
    if day >= desk.end:
        return None
    texts = _RETURN_TEXTS if case == "return" else _CHARGEBACK_TEXTS
    rows = [Row(row.item, -row.amount, -row.write_off, row.reason) for row in line.rows]
    back = Line(
        day, line.currency, -line.amount, line.account, case, rows=rows, customer=line.customer, payer=line.payer,
        related=line, follows=line, source=line.source, gateway_customer=line.gateway_customer,
    )  # fmt: skip
    keeps = line.end_to_end not in {"", "NOTPROVIDED"} and dice.chance(0.8)
    back.end_to_end = line.end_to_end if keeps else ""
    back.structured = line.structured if dice.chance(0.5) else ""
    original = line.text if dice.chance(0.7) else line.end_to_end
    print_line(back, dice.pick(texts).format(original), desk.mix, dice)
    if line.source == "gateway" or dice.chance(0.4):
        back.kind = case
    back.shows_related = line.source == "gateway" and dice.chance(0.6)
    back.reference_state = line.reference_state
    for row in rows:
        apply(row)
    desk.lines.append(back)
    return back


def _represent(desk: Desk, taken: Line) -> None:
    """The card scheme gives the money of a chargeback back."""
    day = business_day(taken.booked + desk.dice.between(15, 60))
    if day >= desk.end:
        return
    rows = [Row(row.item, -row.amount, -row.write_off, row.reason) for row in taken.rows]
    line = replace(
        taken,
        booked=day,
        amount=-taken.amount,
        rows=rows,
        case="representment",
        kind="representment",
        related=taken,
        follows=taken,
        end_to_end=f"rep_{desk.dice.digits(10)}",
        text=taken.text.replace("CHARGEBACK", "REPRESENTMENT"),
    )
    for row in rows:
        apply(row)
    desk.lines.append(line)


def _pay_again(desk: Desk, line: Line) -> None:
    """The payer sends the same money a second time: real cash that pays nothing."""
    dice = desk.dice
    day = business_day(line.booked + dice.pick((0, 1, 1, 2, 3, 5, 7, 10, 14, 21, 30)))
    named = line.reference_state in _NAMED
    customer = line.customer
    if day >= desk.end or customer is None or not (named or not (customer.monthly or customer.amounts)):
        return
    again = replace(
        line, booked=day, rows=[], resolution="duplicate_payment", case="duplicate_payment", related=line, follows=line,
        details=[replace(detail) for detail in line.details],
    )  # fmt: skip
    again.end_to_end = (
        f"{dice.letters(2)}{dice.digits(12)}" if line.source != "gateway" else f"pay_{dice.digits(10)}"
    )
    desk.lines.append(again)


def deliver_twice(desk: Desk) -> None:
    """The bank's file holds some lines twice: the same line, no second money."""
    dice, share = desk.dice, desk.mix.duplicate_line
    copies: list[Line] = []
    for line in desk.lines:
        if not dice.chance(share) or line.case == "duplicate_payment":
            continue
        if len(line.end_to_end) > 11 or line.reference_state in _NAMED:  # NOTPROVIDED has 11 letters
            copies.append(
                replace(
                    line, rows=[], resolution="nothing", case="duplicate_line", related=line, follows=line,
                    details=[replace(detail) for detail in line.details],
                )
            )  # fmt: skip
    desk.lines.extend(copies)

"""Bank lines that pay no item: own transfers, salaries, tax, fees, interest, suppliers, strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world.customers import draw_amount
from training.world.dice import Dice
from training.world.invoices import business_day
from training.world.names import as_account_holder, company, person
from training.world.phrases import PHRASES
from training.world.places import account_number
from training.world.records import Line, Payer
from training.world.statement import print_line

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Item, OwnAccount

_TEXTS = {
    "salary": ("Gehalt {month}", "Lohn/Gehalt {month}", "Salary {month}", "Salaire {month}", "Stipendio", "Payroll {month}"),
    "tax": ("Umsatzsteuer {month}", "VAT return {month}", "Steuernr. 12/345/67890 USt {month}", "TVA {month}", "HMRC VAT", "IRS USATAXPYMT"),
    "fees": ("Kontoführung", "Account fee", "Frais de tenue de compte", "Bank charges", "Entgelt {month}", "Monthly service charge"),
    "interest": ("Zinsen", "Interest", "Intérêts créditeurs", "Habenzinsen {month}", "CREDIT INTEREST"),
    "supplier": ("Rechnung {number}", "Invoice {number}", "Facture {number}", "Miete {month}", "Lease {number}", "Order {number}", "POS {number} CARD 4921 FUEL 24H", "VISA PURCHASE {number} AIRLINE"  ),
    "other_income": ("Versicherung Schaden {number}", "Insurance claim {number}", "Subsidy {number}", "Sale of equipment", "Rent {month}", "Refund tax {month}", "Erstattung {number}", "Grant"),
    "own_transfer": ("Übertrag", "Own transfer", "Umbuchung", "Liquidity transfer", "Cash pooling", "Virement interne"),
}  # fmt: skip
_HOLDERS = {
    "tax": (
        "Finanzamt",
        "HM Revenue & Customs",
        "Direction Générale des Finances",
        "US Treasury",
        "Belastingdienst",
    ),
    "fees": ("", "", "Bank"),
    "interest": ("", "Bank"),
}
_CODES = {
    "salary": "PMNT-ICDT-SALA",
    "tax": "PMNT-ICDT-TAXS",
    "fees": "ACMT-MDOP-FEES",
    "interest": "ACMT-MDOP-INTR",
}


def add_noise(desk: Desk, items: list[Item]) -> None:
    """Lines that pay nothing, as many as the mix says for the receipts there are."""
    count = len(desk.lines)
    staff = [_stranger(desk, desk.dice.chance(1.0)) for _ in range(12)]
    suppliers = [_stranger(desk, person_too=False) for _ in range(30)]
    for kind, share in desk.mix.noise.items():
        for _ in range(
            max(1, round(count * share)) if count >= 100 else int(desk.dice.chance(count * share))
        ):
            day = business_day(desk.start + desk.dice.below(max(1, desk.end - desk.start - 3)))
            match kind:
                case "own_transfer":
                    _own_transfer(desk, day)
                case "unknown" | "unknown_fits":
                    _unknown(desk, kind, day, items)
                case "salary":
                    _plain(desk, kind, day, desk.dice.pick(staff), -1)
                case "supplier":
                    _plain(desk, kind, day, desk.dice.pick(suppliers), -1)
                case "other_income":
                    _plain(desk, kind, day, _stranger(desk, person_too=False), 1)
                case _:
                    sign = 1 if kind == "interest" and desk.dice.chance(0.7) else -1
                    _plain(desk, kind, day, Payer(desk.dice.pick(_HOLDERS[kind]), ""), sign)


def strangers(desk: Desk, count: int, relation: str) -> list[Payer]:
    """People and companies that are nobody's customers."""
    found = [_stranger(desk) for _ in range(count)]
    return [Payer(payer.name, payer.account, relation) for payer in found]


def _stranger(desk: Desk, person_too: bool = True) -> Payer:  # noqa: FBT001, FBT002 - one flag of one private function
    dice = desk.dice
    home = desk.issuers[0].home
    name = person(home.tongue, dice) if person_too and dice.chance(0.6) else company(home.tongue, dice)
    return Payer(as_account_holder(name, dice), account_number(home, dice))


def _account(desk: Desk) -> OwnAccount:
    return desk.dice.pick(desk.dice.pick(desk.issuers).accounts)


def _text(kind: str, day: int, dice: Dice) -> str:
    month = dice.pick(PHRASES[dice.pick(("de", "en"))].months)
    return dice.pick(_TEXTS[kind]).format(month=month, number=dice.digits(dice.between(4, 9)), day=day)


def _plain(desk: Desk, kind: str, day: int, payer: Payer, sign: int) -> None:
    dice, account = desk.dice, _account(desk)
    scale = {"salary": 7.8, "tax": 8.5, "fees": 2.5, "interest": 3.0}.get(kind, 6.2)
    amount = draw_amount(scale, account.currency, dice)
    line = Line(day, account.currency, sign * amount, account, kind, resolution="nothing", payer=payer)
    line.code = _CODES.get(kind, "") if dice.chance(0.5) else ""
    print_line(line, _text(kind, day, dice), desk.mix, dice)
    desk.lines.append(line)


def _own_transfer(desk: Desk, day: int) -> None:
    """Both legs when the other account is one of ours in the same currency, else the incoming one."""
    dice = desk.dice
    to = _account(desk)
    others = [
        a for issuer in desk.issuers for a in issuer.accounts if a is not to and a.currency == to.currency
    ]
    owner = desk.issuers[to.issuer]
    amount = draw_amount(8.5, to.currency, dice)
    amount -= amount % 10_000 if amount > 20_000 and dice.chance(0.7) else 0
    text = _text("own_transfer", day, dice)
    source = dice.pick(others) if others else None
    legs = [(to, amount, source.account if source else "")]
    if source is not None:
        legs.append((source, -amount, to.account))
    for account, signed, other in legs:
        line = Line(day, account.currency, signed, account, "own_transfer", resolution="nothing")
        line.payer = Payer(owner.name.full, other)
        print_line(line, text, desk.mix, dice)
        desk.lines.append(line)


def _unknown(desk: Desk, kind: str, day: int, items: list[Item]) -> None:
    """A stranger's money; in `unknown_fits` its amount happens to be that of an item open on the day."""
    dice = desk.dice
    payer = _stranger(desk)
    account = _account(desk)
    amount = draw_amount(6.0, account.currency, dice)
    if kind == "unknown_fits":
        for _ in range(40):
            item = dice.pick(items)
            if item.status == "open" and item.type == "invoice" and item.issued < desk.end - 4:
                account, amount = desk.account_for(item), item.amount
                day = business_day(item.issued + dice.between(1, 20))
                break
        if account.currency != item.currency or day >= desk.end:
            return
    text = ""
    if dice.chance(0.5):
        words = PHRASES[desk.issuers[0].home.tongue]
        text = (
            dice.pick(words.chatter) if dice.chance(0.6) else dice.pick(words.invoice).format(dice.digits(6))
        )
    line = Line(day, account.currency, amount, account, kind, resolution="unidentified", payer=payer)
    print_line(line, text, desk.mix, dice)
    desk.lines.append(line)

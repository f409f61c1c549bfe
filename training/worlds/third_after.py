"""What follows a payment in the third world: it comes twice, bounces, is disputed, or is paid back."""

from __future__ import annotations

from typing import Final

from training.worlds import third_bank as bank
from training.worlds.third_desk import Desk
from training.worlds.third_types import DAY_SECONDS, Cash, Item, Row
from training.worlds.third_voice import arrive, whole

BACK: Final = {
    "return": (
        "RETOURE {t}",
        "Rücklastschrift {t} AC04",
        "RETURNED PAYMENT {t}",
        "REJET {t}",
        "R02 ACCOUNT CLOSED",
        "Återbetalning {t}",
    ),
    "chargeback": ("CHARGEBACK {t}", "DISPUTE {t} FRAUDULENT", "CB {t}", "RETRIEVAL {t}"),
    "refund": (
        "Erstattung {t}",
        "REFUND {t}",
        "Gutschrift {t}",
        "remboursement {t}",
        "Doppelzahlung {t} zurück",
    ),
}


class Aftermath(Desk):
    """A desk where payments have consequences."""

    def follow(self, cash: Cash, day: int) -> None:
        """Let a payment come twice, bounce, be disputed or be paid back."""
        rng, after = self.rng, self.unit.kind.after
        items = [row.item for row in cash.rows if row.item.type != "credit_memo"]
        surplus = cash.amount - sum(row.amount for row in cash.rows)
        if cash.case == "overpayment":
            if surplus > whole(cash.currency) * 5 and rng.random() < after.get("refund", 0) * 0.6:
                self.at(day + rng.randrange(6, 40), self._pay_back, cash, surplus)
            return
        fate = rng.random()
        if fate < after.get("return", 0):
            self.at(day + rng.randrange(2, 8), self._bounce, cash, items, "return")
        elif fate < after.get("return", 0) + after.get("chargeback", 0):
            self.at(day + rng.randrange(10, 70), self._bounce, cash, items, "chargeback")
        elif fate > 1 - after.get("duplicate", 0) and cash.quality == "clean":
            self.at(day + rng.randrange(1, 20), self._again, cash)

    def _mirror(self, cash: Cash, day: int, case: str, amount: int) -> Cash:
        """Start a line that answers an earlier one."""
        copy = Cash(
            day,
            cash.currency,
            amount,
            cash.account,
            case,
            customer=cash.customer,
            related=cash,
            source=cash.source,
        )
        copy.payer, copy.payer_account = cash.payer, cash.payer_account if self.rng.random() < 0.8 else ""
        return copy

    def _bounce(self, cash: Cash, items: list[Item], case: str, day: int) -> None:
        """Undo a payment row by row; the items are open again and usually paid once more."""
        rng = self.rng
        if any(row.item.touched != row.decided for row in cash.rows):
            return
        back = self._mirror(cash, day, case, -cash.amount)
        back.rows = [Row(row.item, -row.amount, -row.write_off, row.reason) for row in cash.rows]
        token = rng.choice((items[0].number, cash.end_to_end, bank.money(cash.amount, cash.currency, 0), ""))
        back.text = bank.print_line(
            cash.account, rng.choice(BACK[case]).format(t=token), cash.payer, cash.end_to_end, rng
        )
        back.end_to_end = cash.end_to_end if rng.random() < 0.6 else ""
        back.code = rng.choice(("RDDT", "RRTN", "NRTI", "")) if case == "return" else "CHBK"
        back.kind = case if rng.random() < (0.7 if case == "chargeback" else 0.4) else ""
        back.told_related = cash.source == "gateway" and rng.random() < 0.5
        back.quality = bank.judge(items, f"{back.text} {back.end_to_end}") or "none"
        self.close_line(back)
        if case == "chargeback" and rng.random() < 0.35:
            self.at(day + rng.randrange(15, 40), self._represent, back, items)
        elif rng.random() < 0.7:
            self.at(day + rng.randrange(5, 25), self._repay, items)

    def _repay(self, items: list[Item], day: int) -> None:
        self.pay(items, day, case="repaid")

    def _represent(self, back: Cash, items: list[Item], day: int) -> None:
        if any(row.item.touched != row.decided for row in back.rows):
            return
        won = self._mirror(back, day, "representment", -back.amount)
        won.rows = [Row(row.item, -row.amount, -row.write_off, row.reason) for row in back.rows]
        won.text = bank.print_line(
            back.account, f"DISPUTE WON REVERSAL {items[0].number}", back.payer, "", self.rng
        )
        won.kind = "representment" if self.rng.random() < 0.6 else ""
        won.quality = bank.judge(items, won.text) or "none"
        self.close_line(won)

    def _again(self, cash: Cash, day: int) -> None:
        """Pay the same once more by mistake, unless it would look like paying a twin."""
        rivals = [
            one for one in self.unit.items if one.open == cash.amount and one.known <= (day + 1) * DAY_SECONDS
        ]
        if rivals:
            return
        twice = self._mirror(cash, day, "duplicate_payment", cash.amount)
        twice.payer_account, twice.text, twice.structured = cash.payer_account, cash.text, cash.structured
        twice.end_to_end = (
            f"{cash.end_to_end[:20]}R2" if cash.end_to_end not in {"", "NOTPROVIDED"} else cash.end_to_end
        )
        twice.resolution, twice.quality = "duplicate_payment", cash.quality
        self._file(twice)
        if self.rng.random() < self.unit.kind.after.get("refund", 0):
            self.at(day + self.rng.randrange(8, 40), self._pay_back, twice, twice.amount)

    def _file(self, cash: Cash) -> None:
        """File a line that settles no item."""
        arrive(cash, self.rng)
        self.unit.cash.append(cash)

    def _pay_back(self, cash: Cash, amount: int, day: int) -> None:
        """Send surplus cash back: it comes out of the account of the payer, not out of an item."""
        back = self._mirror(cash, day, "refund_on_account", -amount)
        token = cash.rows[0].item.number if cash.rows else self.unit.payer.number
        back.text = bank.print_line(
            cash.account, self.rng.choice(BACK["refund"]).format(t=token), cash.payer, "", self.rng
        )
        back.resolution, back.kind = "on_account", "refund" if self.rng.random() < 0.3 else ""
        self._file(back)

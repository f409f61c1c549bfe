"""The second act of the third world: each unit pays its papers, and a clerk writes down what each payment was for."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

from training.worlds.third_bank import compact
from training.worlds.third_script import price
from training.worlds.third_types import DAY_SECONDS, Cash, Item, Row, Unit
from training.worlds.third_voice import World, advise, arrive, choose_account, speak, whole, working_day

_PUBLIC_ACCOUNT: Final = 0.55
"""Chance that a unit's account is in the master data from the start; others are learnt from a payment or never."""
REFINED: Final = {
    ("single", "damaged"): "single_damaged", ("single", "none"): "single_unreferenced", ("batch", "clean"): "batch_named",
    ("batch", "damaged"): "batch_damaged", ("batch", "none"): "batch_advice",
}  # fmt: skip
"""Kinds of case that depend on how well the items are named."""


class Desk:
    """Everything that happens between one paying unit and us, day by day."""

    def __init__(self, world: World, unit: Unit) -> None:
        self.world, self.unit, self.rng = world, unit, unit.rng
        self._agenda: list[tuple[int, int, Callable[..., object], tuple[object, ...]]] = []
        self._count = 0
        self.deals: dict[str, Callable[[Cash, list[Item]], str]] = {
            "discount": self._discount, "fee": self._fee, "round": self._round, "partial": self._partial, "over": self._over,
            "withhold": self._withhold, "deduct": self._deduct,
        }  # fmt: skip

    def at(self, day: int, act: Callable[..., object], *given: object) -> None:
        """Put an act on the agenda; it is called with what is given and the working day."""
        self._count += 1
        heapq.heappush(self._agenda, (day, self._count, act, given))

    def live(self) -> None:
        """Play the agenda to its end."""
        while self._agenda:
            day, _, act, given = heapq.heappop(self._agenda)
            day = working_day(day)
            if self.world.start <= day < self.world.end:
                act(*given, day)

    # ------------------------------------------------------------ one receipt

    def payable(self, items: list[Item]) -> list[Item]:
        """Return those of the items that still want paying."""
        return [
            item
            for item in items
            if item.open > 0 and item.status == "open" and item.tag != "never" and item.type != "credit_memo"
        ]

    def memos(self, day: int, fate: str) -> list[Item]:
        """Return the open credit memos of a fate that the payer has by this day."""
        return [
            item
            for item in self.unit.items
            if item.type == "credit_memo"
            and item.tag == fate
            and item.open > 0
            and item.known <= day * DAY_SECONDS
        ]

    def pay(self, items: list[Item], day: int, case: str = "", hint: str = "", part: int = 0) -> Cash | None:
        """Receive one payment for these items, bent by at most one of the archetype's twists."""
        items = self.payable(items)
        items = [item for item in items if item.currency == items[0].currency]
        if not items:
            return None
        twist = "" if case else self._twist()
        cash = self.open_line(items, day, forced_fx=twist == "fx")
        cash.rows = [Row(item, item.open) for item in items]
        cash.case = case or ("single" if len(items) == 1 else "batch")
        if part:
            cash.rows = [Row(items[0], min(part, items[0].open))]
        foreign = cash.currency != items[0].currency
        if foreign:
            cash.case = "foreign_currency"
        elif twist in self.deals:
            hint = self.deals[twist](cash, items) or hint
        elif not case and not part and self.rng.random() < 0.75 and self._net(cash):
            cash.case = "credit_netted"
        elif twist == "third":
            cash.payer, cash.payer_account, cash.case = self.unit.private, "", "third_party_payer"
        cash.amount += sum(row.amount for row in cash.rows)
        if foreign:
            self._convert(cash, items[0].currency)
        lined = twist == "lines" or (
            len(items) > 1 and self.rng.random() < self.unit.kind.twists.get("lines", 0)
        )
        if lined and not foreign:
            self._advice(cash)
        self.close_line(cash, hint or ("po" if twist == "po" and items[0].po else ""))
        self.follow(cash, day)
        return cash

    def follow(self, cash: Cash, day: int) -> None:
        """What a payment leads to; see `third_after`."""

    def _twist(self) -> str:
        fate, mark = self.rng.random(), 0.0
        for name, chance in self.unit.kind.twists.items():
            mark += chance * (self.world.hardness if name not in {"po", "fx", "round", "discount"} else 1)
            if fate < mark:
                return name
        return ""

    def open_line(self, items: list[Item], day: int, *, forced_fx: bool = False) -> Cash:
        """Start a statement line in the account that takes the items' currency, else in the main account."""
        wanted = items[0].currency
        accounts = self.unit.issuer.accounts
        account = choose_account(self.unit, wanted)
        if forced_fx:
            account = next(one for one in accounts if one.currency != wanted)
        account = account or accounts[0]
        cash = Cash(day, account.currency, 0, account, "single", customer=items[0].customer)
        if self.unit.renamed and day > self.unit.renamed[0]:
            cash.payer = self.unit.renamed[1]
        usual = self.unit.accounts[0 if self.rng.random() < 0.9 else -1]
        cash.payer_account = usual if self.rng.random() < 0.93 else ""
        if self.unit.kind.name == "subscription" and self.unit.payer.serial % 3:
            cash.source, cash.told_customer = "gateway", self.rng.random() < 0.15
        return cash

    def close_line(self, cash: Cash, hint: str = "") -> None:
        """Write the words and the decision, and file the line."""
        items = [row.item for row in cash.rows]
        arrive(cash, self.rng)
        if items and not cash.text:
            speak(self.world, self.unit, cash, items, hint)
        self._oldest_first(cash)
        cash.case = REFINED.get((cash.case, cash.quality), cash.case)
        if cash.mark and cash.case.startswith("single"):
            cash.case = cash.mark
        if cash.kind == "" and cash.amount > 0 and self.rng.random() < 0.2:
            cash.kind = "receipt"
        if len({item.customer.id for item in items}) > 1:
            cash.customer = self.unit.payer if self.unit.payer is not self.unit.customers[0] else None
        if not cash.hold and self.rng.random() < 0.0015:
            cash.hold = "legal"
        self.decide(cash)
        self.unit.cash.append(cash)
        self._learn_account(cash)

    def _oldest_first(self, cash: Cash) -> None:
        """Where nothing tells twins apart the clerk takes the oldest, as a rule, even one the payer means to skip."""
        row = cash.rows[0]
        if (
            cash.quality != "none"
            or cash.case != "single"
            or row.amount != row.item.open
            or self.rng.random() < 0.12
        ):
            return
        when, item = cash.day * DAY_SECONDS, row.item
        for older in self.unit.items:
            same = (
                older.customer is item.customer
                and older.currency == item.currency
                and older.type == item.type
            )
            if (
                same
                and older.open == row.amount
                and older.status == "open"
                and older.day < item.day
                and older.known < when
            ):
                row.item = older
                return

    def decide(self, cash: Cash) -> None:
        """Let a clerk allocate: after everything it needs is known and after earlier decisions on the same items."""
        rng = self.rng
        moment = max([cash.known, *(max(row.item.known, row.item.touched + 1) for row in cash.rows)])
        lag = rng.randrange(900, 9 * 3600) if rng.random() < 0.7 else rng.randrange(9 * 3600, 6 * DAY_SECONDS)
        moment += lag if rng.random() < 0.97 else lag + rng.randrange(6, 20) * DAY_SECONDS
        by = (
            "erp-rules"
            if cash.quality == "clean" and rng.random() < 0.3
            else f"clerk-{1 + rng.randrange(9):02d}"
        )
        checked = f"clerk-{10 + rng.randrange(5)}" if rng.random() < 0.35 else ""
        if rng.random() < 0.006 and len(cash.rows) == 1:
            moment = self._err(cash, moment)
        for row in cash.rows:
            row.decided, row.by, row.checked = moment, by, checked
            row.item.open -= (row.amount + row.write_off) * (-1 if row.item.type == "credit_memo" else 1)
            row.item.touched = moment

    def _err(self, cash: Cash, moment: int) -> int:
        """Book it on another open item first, and take that back."""
        right = cash.rows[0]
        others = [
            i
            for i in self.payable(self.unit.items)
            if i is not right.item and i.open >= right.amount > 0 and max(i.touched, i.known) < moment
        ]
        others = [i for i in others if i.currency == right.item.currency]
        if not others or cash.amount <= 0:
            return moment
        undone = moment + self.rng.randrange(3600, 3 * DAY_SECONDS)
        cash.rows.append(Row(others[0], right.amount, decided=moment, by="clerk-03", reversed=undone))
        others[0].touched = undone
        self.unit.mistakes.append((cash, cash.rows.pop()))
        return undone + 60

    def _learn_account(self, cash: Cash) -> None:
        unit = self.unit
        if not unit.links and cash.payer_account and cash.rows and cash.case != "third_party_payer":
            fate = self.rng.random()
            owner = unit.payer if unit.kind.name in {"chain", "agency"} else unit.customers[0]
            if fate < _PUBLIC_ACCOUNT:
                unit.links.append((owner, cash.payer_account, 0))
            elif fate < 0.8:
                unit.links.append((owner, cash.payer_account, cash.rows[0].decided))

    # ------------------------------------------------------------ twists; each changes the rows and returns a hint

    def _discount(self, cash: Cash, items: list[Item]) -> str:
        taken = False
        for row in cash.rows:
            item = row.item
            if not item.discount or item.open != item.amount or item.type != "invoice":
                continue
            cut = ((item.amount - item.off_base) * round(item.discount * 10) + 500) // 1000
            row.amount -= cut
            if cash.day <= item.discount_day:
                row.write_off, row.reason = cut, "early_payment_discount"
                taken = True
            else:
                cash.case = "discount_late"
                if self.rng.random() < 0.3:
                    self.at(cash.day + self.rng.randrange(15, 60), self._catch_up, item)
        if taken:
            cash.case = "discount"
        del items
        return ""

    def _catch_up(self, item: Item, day: int) -> None:
        self.pay([item], day, case="catch_up")

    def _fee(self, cash: Cash, items: list[Item]) -> str:
        fee = price(self.rng.choice((5.0, 7.5, 8.0, 10.0, 12.5, 15.0, 25.0, 30.0)), cash.currency)
        row = cash.rows[0]
        if row.amount > 15 * fee and items[0].tag != "plan":
            row.amount -= fee
            row.write_off, row.reason, cash.case = fee, "bank_fee", "short_bank_fee"
            cash.charges = fee if self.rng.random() < 0.4 else 0
        return ""

    def _round(self, cash: Cash, items: list[Item]) -> str:
        unit = whole(cash.currency)
        row = cash.rows[-1]
        step = self.rng.choice((unit, unit, max(1, unit // 10), max(1, unit // 20)))
        low = row.amount // step * step
        if low == row.amount or not low or len(items) > 3:
            return ""
        if self.rng.random() < 0.6 and row.amount - low < unit:
            row.write_off, row.reason, row.amount = row.amount - low, "rounding", low
            cash.case = "rounding"
        else:
            cash.amount += low + step - row.amount
            cash.case = "overpayment"
        return ""

    def _partial(self, cash: Cash, items: list[Item]) -> str:
        row = cash.rows[-1]
        unit = whole(cash.currency)
        share = round(row.amount * self.rng.choice((0.5, 0.5, 0.25, 0.3, 0.4, 0.75, 1 / 3)))
        share = share // (10 * unit) * (10 * unit) if share > 50 * unit and self.rng.random() < 0.6 else share
        if 0 < share < row.amount:
            row.amount, cash.case = share, "partial"
            if self.rng.random() < 0.8:
                self.at(cash.day + self.rng.randrange(10, 50), self._rest, items[-1])
        return ""

    def _rest(self, item: Item, day: int) -> None:
        self.pay([item], day, case="" if self.rng.random() < 0.4 else "rest")

    def _over(self, cash: Cash, items: list[Item]) -> str:
        unit = whole(cash.currency)
        total = sum(row.amount for row in cash.rows)
        cash.amount += self.rng.choice(
            (
                unit,
                10 * unit,
                100 * unit,
                max(1, total // 10),
                max(1, total // 50),
                -total % (100 * unit) or unit,
            )
        )
        cash.case = "overpayment"
        del items
        return ""

    def _withhold(self, cash: Cash, items: list[Item]) -> str:
        share = self.rng.choice((5, 10, 10, 15, 20))
        for row in cash.rows:
            row.amount -= row.amount * share // 100
            row.item.tag = "never"
        cash.case = "withholding"
        del items
        return ""

    def _deduct(self, cash: Cash, items: list[Item]) -> str:
        row = cash.rows[self.rng.randrange(len(cash.rows))]
        cut = round(row.amount * self.rng.uniform(0.01, 0.15))
        if 0 < cut < row.amount:
            row.amount -= cut
            cash.case = "deduction"
            if self.rng.random() < 0.25:
                self.at(cash.day + self.rng.randrange(20, 90), self._catch_up, row.item)
        del items
        return "less"

    def _net(self, cash: Cash) -> bool:
        """Let the payer take off its credit memos; tell whether there was one."""
        total = sum(row.amount for row in cash.rows)
        customers = {row.item.customer.id for row in cash.rows}
        for memo in self.memos(cash.day, "net"):
            if (
                memo.open < total * 0.9
                and memo.currency == cash.rows[0].item.currency
                and memo.customer.id in customers
            ):
                cash.rows.append(Row(memo, -memo.open))
                total -= memo.open
        return any(row.amount < 0 for row in cash.rows)

    def _convert(self, cash: Cash, invoiced: str) -> None:
        """Turn the amount of the items' currency into the account's, at about the rate of the day."""
        rate = self.world.rate(cash.day, invoiced, cash.currency)
        apart = self.rng.gauss(0, 0.0015) if self.rng.random() < 0.6 else self.rng.uniform(-0.018, 0.018)
        owed = cash.amount
        cash.amount = max(
            1,
            round(
                owed / whole(invoiced) * rate * (1 + max(-0.019, min(0.019, apart))) * whole(cash.currency)
            ),
        )
        if self.rng.random() < 0.6:
            cash.original = (owed, invoiced)

    def _advice(self, cash: Cash) -> None:
        why = {"early_payment_discount": "Skonto", "bank_fee": "bank charges"}
        parts = []
        for row in cash.rows:
            balance = row.item.signed_open
            cut = balance - row.amount
            parts.append((row.item, balance, cut, why.get(row.reason, "short delivery" if cut else "")))
        if all(compact(part[0].number) for part in parts) and cash.amount == sum(
            row.amount for row in cash.rows
        ):
            advise(self.unit, cash, parts)


def default_tag(item: Item) -> bool:
    """Tell whether a paper is paid in the ordinary way."""
    return item.type != "credit_memo" and item.tag not in {"never", "plan"} and item.status == "open"

"""When each unit pays, what follows a payment, and the money that moves without one."""

from __future__ import annotations

from training.worlds import third_bank as bank
from training.worlds.third_after import BACK, Aftermath
from training.worlds.third_desk import default_tag
from training.worlds.third_script import minor
from training.worlds.third_types import DAY_SECONDS, Cash, Item, Line, Row
from training.worlds.third_voice import speak, whole


def split_fee(total: int, gross: list[int]) -> list[int]:
    """Spread a fee over sales by gross amount: largest remainder, ties to the first."""
    whole_sum = sum(gross)
    shares = [total * one // whole_sum for one in gross]
    order = sorted(range(len(gross)), key=lambda at: (-(total * gross[at] % whole_sum), at))
    for at in order[: total - sum(shares)]:
        shares[at] += 1
    return shares


class Life(Aftermath):
    """A desk with an agenda of its own making."""

    def schedule(self) -> None:
        """Fill the agenda by the archetype's way of paying."""
        unit, rng = self.unit, self.rng
        ordinary = [item for item in unit.items if default_tag(item)]
        match unit.kind.pays:
            case "run":
                for day in range(
                    self.world.start + rng.randrange(28), self.world.end, rng.choice((14, 15, 30))
                ):
                    self.at(day, self._run)
            case "standing":
                hour = rng.randrange(0, 6)
                for day in range(unit.items[0].day + hour, self.world.end, 30):
                    self.at(day + rng.randrange(2), self._standing)
            case "payout":
                self._schedule_payouts(ordinary)
            case _:
                self._schedule_singly(ordinary)
        for item in unit.items:
            if item.tag == "plan":
                for due, part in item.plan:
                    self.at(due + round(rng.gauss(*unit.kind.delay)), self._instalment, item, part)
            elif (
                item.type == "credit_memo" and item.tag in {"refund", "offset"} and unit.kind.pays != "payout"
            ):
                act = self._refund_memo if item.tag == "refund" else self._offset
                self.at(item.day + rng.randrange(5, 40), act, item)

    def _schedule_payouts(self, items: list[Item]) -> None:
        unit, rng = self.unit, self.rng
        if unit.payer.serial % 3 == 0:  # the shop stores the processor's id of each charge
            for item in items:
                item.reference = f"ch_{rng.randrange(16**14):014x}"
        for day in range(self.world.start + rng.randrange(7), self.world.end, rng.choice((7, 14, 14))):
            self.at(day, self._payout)

    def _schedule_singly(self, items: list[Item]) -> None:
        unit, rng = self.unit, self.rng
        mean, spread = unit.kind.delay
        waiting: list[Item] = []
        last = 0
        for item in items:
            day = (
                item.due
                + round(rng.gauss(mean, spread))
                + (rng.randrange(15, 90) if rng.random() < 0.06 else 0)
            )
            if item.discount and unit.kind.name == "skonto":
                day = (
                    item.discount_day - rng.randrange(4)
                    if rng.random() < 0.8
                    else item.discount_day + rng.randrange(1, 9)
                )
            day = max(day, item.day)
            if item.tag == "prepaid":
                self.at(item.day - rng.randrange(2, 20), self._prepay, item)
                continue
            bunched = unit.kind.pays == "few" and rng.random() < 0.32
            if waiting and not (bunched and item.day - last < 25 and len(waiting) < unit.kind.run[1] // 2):
                self._book(waiting, last)
                waiting = []
            last = max(day, last) if waiting else day
            waiting.append(item)
        if waiting:
            self._book(waiting, last)

    def _book(self, items: list[Item], day: int) -> None:
        case = (
            "late_invoice"
            if len(items) == 1 and items[0].tag == "late"
            else "reissued"
            if len(items) == 1 and items[0].replaces
            else ""
        )
        self.at(day, self._due, items, case)

    def _prepay(self, item: Item, day: int) -> None:
        self.pay([item], day, case="prepayment", hint="po" if item.po else "none")

    def _due(self, items: list[Item], case: str, day: int) -> None:
        if self.rng.random() < self.unit.kind.twists.get("double", 0):
            items = (
                items
                + [
                    one
                    for one in self.payable(self.unit.items)
                    if default_tag(one) and one not in items and items[0].day < one.day <= day
                ][:1]
            )
        self.pay(items, day, case)

    def _instalment(self, item: Item, part: int, day: int) -> None:
        roll = self.rng.random()
        if roll < 0.06:
            return
        self.pay([item], day, case="instalment", part=part * 2 if roll < 0.09 else part)

    def _run(self, day: int) -> None:
        kind, rng = self.unit.kind, self.rng
        due = [
            i
            for i in self.payable(self.unit.items)
            if default_tag(i) and i.due <= day + 6 and i.known <= day * DAY_SECONDS and rng.random() < 0.96
        ]
        groups: dict[str, list[Item]] = {}
        for item in due:
            groups.setdefault(item.currency, []).append(item)
        for some in groups.values():
            most = rng.randint(*kind.run)
            if len(some) > 1 and rng.random() < 0.12:
                self.pay([some.pop(rng.randrange(len(some)))], day)
            for at in range(0, len(some), most):
                self.pay(some[at : at + most], day)

    def _standing(self, day: int) -> None:
        """Pay the same amount every month: the oldest rent, whatever the rent now is."""
        unit = self.unit
        owed = [item for item in self.payable(unit.items) if default_tag(item) and item.day <= day + 3]
        if not owed or self.rng.random() < 0.02:
            return
        if len(owed) > 1 and self.rng.random() < unit.kind.twists["double"] * 8:
            self.pay(owed[:2], day)
            return
        usual = unit.items[0].amount
        item = (
            owed[0]
            if self.rng.random() < 0.8
            else next((one for one in reversed(owed) if one.open == one.amount), owed[0])
        )
        if usual < item.amount and item.day - unit.items[0].day < 600 and self.rng.random() < 0.3:
            self.pay([item], day, case="standing_order_short", part=usual)
        else:
            self.pay([item], day, hint="" if self.rng.random() < 0.75 else "rent")

    # ------------------------------------------------------------ payouts of a marketplace or card processor

    def _payout(self, day: int) -> None:
        unit, rng = self.unit, self.rng
        sold = [i for i in self.payable(unit.items) if i.type == "invoice" and i.known <= day * DAY_SECONDS][
            : unit.kind.run[1]
        ]
        sold = [i for i in sold if i.currency == sold[0].currency]
        if not sold:
            return
        memos = [
            m
            for m in unit.items
            if m.type == "credit_memo"
            and m.open > 0
            and m.known <= day * DAY_SECONDS
            and m.currency == sold[0].currency
        ]
        gross = [item.open for item in sold]
        back = [
            one
            for one in unit.items
            if one.type == "invoice"
            and one.open == 0
            and one.currency == sold[0].currency
            and not one.tag
            and rng.random() < 0.004
        ]
        memos = memos if sum(m.open for m in memos) < sum(gross) // 3 else []
        back = [one for one in back if one.amount < sum(gross) // 4][:1]
        cash = self.open_line(sold, day)
        if cash.currency != sold[0].currency:
            return
        cash.case, cash.source, cash.payer = "processor_payout", "gateway", unit.payer.name
        apart = unit.payer.serial % 2 == 0
        fees = [
            max(1, one * (14 + unit.payer.serial % 20) // 1000 + whole(cash.currency) // 4) for one in gross
        ]
        fees = [min(fee, one) for fee, one in zip(fees, gross, strict=True)]
        if apart:
            fees = split_fee(sum(fees), gross)
        for item, one, fee in zip(sold, gross, fees, strict=True):
            cash.rows.append(Row(item, one - fee, fee, "processor_fee"))
            cash.lines.append(Line(self._sale_reference(item), one, 0 if apart else fee))
        for memo in memos:
            cash.rows.append(Row(memo, -memo.open))
            cash.lines.append(Line(memo.number, -memo.open, kind="refund"))
        for item in back:
            cash.rows.append(Row(item, -item.amount))
            cash.lines.append(Line(self._sale_reference(item), -item.amount, kind="chargeback"))
            item.tag = "never"
        if apart:
            cash.lines.append(Line("", -sum(fees), reason="processing fees", kind="fee"))
        cash.amount = sum(row.amount for row in cash.rows)
        end = f"po_{rng.randrange(10**12):012d}"
        cash.text = bank.print_line(
            cash.account, f"{unit.payer.name} payout {end} {bank.day_text(day, 2)}", unit.payer.name, end, rng
        )
        cash.end_to_end, cash.quality = end, "clean"
        cash.customer = None
        self.close_line(cash)

    def _sale_reference(self, item: Item) -> str:
        return item.reference or item.number

    # ------------------------------------------------------------ money without a due item

    def _refund_memo(self, memo: Item, day: int) -> None:
        """Pay a credit memo out."""
        if memo.open <= 0:
            return
        cash = self.open_line([memo], day)
        if cash.currency != memo.currency:
            return
        cash.case, cash.amount, cash.rows, cash.customer = (
            "refund",
            -memo.open,
            [Row(memo, -memo.open)],
            memo.customer,
        )
        name = self.unit.payer.name if self.unit.kind.name == "agency" else memo.customer.name
        token = memo.number if self.rng.random() < 0.7 else memo.customer.number
        cash.payer = name
        cash.text = bank.print_line(
            cash.account, self.rng.choice(BACK["refund"]).format(t=token), name, "", self.rng
        )
        cash.quality = bank.judge([memo], cash.text) or "none"
        cash.kind = "refund" if self.rng.random() < 0.3 else ""
        self.close_line(cash)

    def _offset(self, memo: Item, day: int) -> None:
        """Net a credit memo against an invoice with a payment of zero."""
        fitting = [
            i
            for i in self.payable(self.unit.items)
            if i.customer is memo.customer
            and i.currency == memo.currency
            and i.open >= memo.open > 0
            and i.known <= day * DAY_SECONDS
        ]
        if not fitting or not default_tag(fitting[0]):
            return
        cash = self.open_line([memo], day)
        if cash.currency != memo.currency:
            return
        cash.case, cash.rows, cash.source = (
            "zero_netting",
            [Row(fitting[0], memo.open), Row(memo, -memo.open)],
            "netting",
        )
        cash.text = f"{bank.words(self.unit, 'one', no=fitting[0].number)} / {memo.number}"
        cash.quality, cash.payer = "clean", memo.customer.name
        self.close_line(cash)

    def deposit(self, day: int) -> None:
        """Receive cash from a known payer that no paper asks for."""
        unit, rng = self.unit, self.rng
        account = unit.issuer.accounts[0]
        cash = Cash(
            day,
            account.currency,
            minor(rng.choice((100, 250, 500, 1000, 5000)) * rng.choice((1, 1, 1.17)), account.currency),
            account,
            "on_account",
            customer=unit.payer,
        )
        cash.resolution, cash.payer_account = "on_account", unit.accounts[0]
        if any(item.open == cash.amount for item in unit.items):
            cash.amount += 3
        items, cash.rows = unit.items[:1], []
        speak(self.world, unit, cash, items, "none")
        text = rng.choice(
            ("Anzahlung Projekt {p}", "deposit {p}", "Retainer {p}", "acompte {p}", "Kaution")
        ).format(p=rng.randrange(100, 9999))
        cash.text = bank.print_line(account, text, cash.payer, cash.end_to_end, rng)
        cash.structured, cash.quality = "", "none"
        self._file(cash)

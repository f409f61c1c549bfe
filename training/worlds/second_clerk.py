"""The payables office: when each payer's clerk pays what, how much, and what goes wrong on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_bank import Bank, Booking
from training.worlds.second_text import Pen, Writing
from training.worlds.second_types import Invoice, Part, Payer, Payment, World, exponent, share

if TYPE_CHECKING:
    from training.worlds.second_cards import Gateway
    from training.worlds.second_types import Issuer

RUN_SLACK_DAYS = 4
ROUND_STEPS = (100, 500, 1000, 5000, 10000)


@dataclass(slots=True)
class Intent:
    """One payment a clerk is about to make."""

    payer: Payer
    issuer: Issuer
    currency: str
    parts: list[Part]
    case: str
    extra: int = 0


class Office:
    """All payables clerks; each keeps invoices until its own run and then pays in its own way."""

    def __init__(self, world: World, bank: Bank, gateway: Gateway) -> None:
        self._world = world
        self._rng = world.rng
        self._bank = bank
        self._gateway = gateway
        self._pen = Pen(world)

    # -- receiving -------------------------------------------------------------------------------

    def receive(self, invoice: Invoice, day: int) -> None:
        """Put an invoice that arrived today on its payer's pile, for the day it will be paid."""
        world, rng = self._world, self._rng
        payer = invoice.customer.payer
        invoice.attempts += 1
        if world.chance(world.mix.never_paid):
            return
        if payer.habits.rhythm in {"card", "wallet"} and invoice.kind == "invoice":
            world.at(day + rng.choice((0, 0, 0, 1, 3)), partial(self._charge, invoice))
            return
        if invoice.instalments:
            for place, (due, _) in enumerate(invoice.instalments):
                when = world.business(due + max(-5, int(rng.gauss(payer.habits.late_days / 2, 2))))
                world.at(max(day + 1, when), partial(self._instalment, invoice, place))
            return
        if world.chance(world.mix.prepayment) and invoice.issuer.trade in {"agency", "wholesale", "property"}:
            world.at(world.business(day + rng.randrange(1, 20)), partial(self._prepay, invoice))
        if world.chance(world.mix.early_cash) and day + 9 < world.days:
            invoice.known_at = world.instant(day + rng.randrange(6, 9), 700)
            self._pile(payer, invoice, world.business(day + 1))
            return
        self._pile(payer, invoice, self._when(payer, invoice, day))

    def _pile(self, payer: Payer, invoice: Invoice, when: int) -> None:
        if when not in payer.pending:
            self._world.at(when, partial(self._run, payer))
        payer.pending[when].append(invoice)

    def _when(self, payer: Payer, invoice: Invoice, day: int) -> int:
        world, rng, habits = self._world, self._rng, payer.habits
        target = invoice.due + rng.gauss(habits.late_days, habits.spread_days)
        if world.chance(0.02):
            target += rng.randrange(20, 90)
        if habits.rhythm in {"debit", "standing"}:
            target = invoice.due + (rng.choice((0, 0, 0, 1, 2)) if habits.rhythm == "standing" else 0)
        elif invoice.discount_percent and habits.discount == "timely" and world.chance(0.92):
            target = invoice.discount_day - rng.randrange(3)
        elif invoice.discount_percent and habits.discount == "late":
            target = invoice.discount_day + rng.randrange(1, 9)
        earliest = max(day + 1, int(target))
        match habits.rhythm:
            case "weekly" | "fortnight":
                step = 7 if habits.rhythm == "weekly" else 14
                anchor = habits.weekday + (payer.serial % 2) * 7
                slack = 0 if invoice.discount_percent and habits.discount == "timely" else RUN_SLACK_DAYS
                run = max(day + 1, earliest - slack)
                earliest = run + (anchor - run) % step
                if slack == 0 and earliest > invoice.discount_day and earliest - step > day:
                    earliest -= step
            case "monthly":
                dates = world.dates
                while dates[min(earliest, len(dates) - 1)].day not in {10, 25} and earliest < world.days:
                    earliest += 1
            case _:
                pass
        return world.business(earliest)

    # -- paying ----------------------------------------------------------------------------------

    def _run(self, payer: Payer, day: int) -> None:
        """One payment run: what is on the pile for today, by issuer and currency."""
        pile = dict.fromkeys(payer.pending.pop(day, []))
        items = [item for item in pile if item.open > 0 and item.status == "open"]
        groups: dict[tuple[str, str], list[Invoice]] = {}
        for item in items:
            groups.setdefault((item.issuer.code, item.currency), []).append(item)
        if len(groups) > 1 and self._world.chance(self._world.mix.cross_issuer * 10):
            first, second = list(groups)[:2]
            if first[1] == second[1]:
                groups[first] += groups.pop(second)
        for group in groups.values():
            if len(group) > 1 and (payer.habits.combines or self._world.chance(0.04)):
                self._pay(payer, group, day)
            else:
                for item in group:
                    self._pay(payer, [item], day)

    def _credits(self, payer: Payer, items: list[Invoice], day: int) -> list[Invoice]:
        """Pick open credit memos the clerk nets, as long as something remains to be paid."""
        room = sum(item.open for item in items) * 9 // 10
        taken: list[Invoice] = []
        if not payer.habits.nets_credits or items[0].discount_percent:
            return taken
        for customer in dict.fromkeys(item.customer for item in items):
            customer.credits = [credit for credit in customer.credits if credit.open > 0]
            for credit in customer.credits:
                fits = credit.issuer is items[0].issuer and credit.currency == items[0].currency
                if fits and credit.issued < day and credit.open < room and credit not in taken:
                    taken.append(credit)
                    room -= credit.open
        return taken

    def _pay(self, payer: Payer, items: list[Invoice], day: int) -> None:
        world, mix = self._world, self._world.mix
        issuer, currency = items[0].issuer, items[0].currency
        parts = [Part(item, item.open) for item in items]
        foreign_payer = any(item.customer.payer is not payer for item in items)
        groups = {item.customer.serial for item in items} - {payer.serial}
        case = "many" if len(items) > 1 else "single"
        if groups or foreign_payer:
            case = "parent_pays" if len(groups) == 1 or len(items) == 1 else "parent_pays_many"
        intent = Intent(payer, issuer, currency, parts, case)
        if any(item.issuer is not issuer for item in items):
            intent.case = "cross_issuer"
        if len(items) > 1 and len(items) == len({id(i) for i in items}) and world.chance(mix.lump_sum * 4):
            self._lump(intent)
        elif payer.habits.pays_in and payer.habits.pays_in != currency:
            intent.case = "fx"
        else:
            self._bend(intent, day)
        self._send(intent, day)

    def _bend(self, intent: Intent, day: int) -> None:
        """Let reality in: credits, discounts, deductions, withholding, partials, fees, slips in amounts."""
        world, mix, payer = self._world, self._world.mix, intent.payer
        parts = intent.parts
        memos = self._credits(payer, [part.invoice for part in parts], day)
        if memos:
            parts += [Part(memo, -memo.open) for memo in memos]
            intent.case = "credit_netted"
            return
        if self._discount(intent, day):
            return
        only = parts[0]
        land, abroad = payer.land, payer.land.code != intent.issuer.land.code
        if land.withholding_percent and abroad and intent.issuer.trade != "wholesale":
            for part in parts:
                item = part.invoice
                part.amount -= share(min(item.open, item.amount - item.tax), land.withholding_percent)
            intent.case = "withholding"
        elif world.chance(payer.habits.deducts):
            part = self._rng.choice(parts)
            part.amount -= max(1, share(part.amount, self._rng.uniform(1, 12)))
            intent.case = "deduction"
        elif len(parts) == 1 and only.amount > 5000 and world.chance(mix.partial * 1.6):
            self._partial(intent, day)
        elif payer.habits.fee_mode != "OUR" and abroad:
            self._fee(intent)
        elif world.chance(mix.rounds) and exponent(intent.currency) > 0:
            part = max(parts, key=lambda each: each.amount)
            cents = min(self._rng.randrange(1, 6), part.amount - 1)
            part.amount, part.write_off, part.reason = part.amount - cents, cents, "rounding" if cents else ""
            intent.case = "rounding" if cents else intent.case
        elif world.chance(mix.overpays):
            self._overpay(intent)

    def _discount(self, intent: Intent, day: int) -> bool:
        habits = intent.payer.habits
        if habits.discount == "never":
            return False
        case = ""
        for part in intent.parts:
            item = part.invoice
            if not item.discount_percent or item.open != item.amount:
                continue
            if day <= item.discount_day:
                part.amount = item.open - item.discount
                part.write_off, part.reason = item.discount, "early_payment_discount"
                case = case or "discount"
            elif habits.discount == "late" and self._world.chance(self._world.mix.late_discount):
                part.amount = item.open - item.discount
                case = "late_discount"
        if case:
            intent.case = case if len(intent.parts) == 1 else f"{case}_many"
        return bool(case)

    def _partial(self, intent: Intent, day: int) -> None:
        rng, part = self._rng, intent.parts[0]
        step = rng.choice(ROUND_STEPS)
        amount = int(part.amount * rng.uniform(0.25, 0.8)) // step * step
        if amount <= 0:
            return
        part.amount = amount
        intent.case = "partial"
        if self._world.chance(0.8):
            later = self._world.business(day + rng.randrange(8, 45))
            self._pile(intent.payer, part.invoice, later)

    def _fee(self, intent: Intent) -> None:
        part = max(intent.parts, key=lambda each: each.amount)
        fee = self._rng.choice((500, 750, 1000, 1200, 1500, 2000, 2500, 1234, 1875))
        fee = fee * 10 ** exponent(intent.currency) // 100
        if part.amount > 4 * fee > 0:
            part.amount, part.write_off, part.reason = part.amount - fee, fee, "bank_fee"
            intent.case = "bank_fee"

    def _overpay(self, intent: Intent) -> None:
        rng = self._rng
        total = sum(part.amount for part in intent.parts)
        draw = rng.random()
        if draw < 0.4:
            step = rng.choice((100, 1000, 5000))
            intent.extra = -total % step
        elif draw < 0.7:
            digits = list(str(total))
            place = rng.randrange(len(digits) - 1) if len(digits) > 1 else 0
            digits[place : place + 2] = reversed(digits[place : place + 2])
            intent.extra = max(0, int("".join(digits)) - total)
        else:
            intent.extra = rng.choice((500, 1000, 2500, 4000))
        if intent.extra:
            intent.case = "overpayment"

    def _lump(self, intent: Intent) -> None:
        """Pay a round sum on account of several items: the desk applies it to the oldest first."""
        intent.parts.sort(key=lambda part: (part.invoice.due, part.invoice.issued, part.invoice.serial))
        total = sum(part.amount for part in intent.parts)
        step = 10 ** max(2, len(str(total)) - 2)
        cash = int(total * self._rng.uniform(0.4, 0.9)) // step * step
        if cash <= 0:
            return
        left, kept = cash, []
        for part in intent.parts:
            part.amount = min(part.amount, left)
            left -= part.amount
            if part.amount:
                kept.append(part)
        intent.parts = kept
        intent.case = "lump_sum"

    # -- sending ---------------------------------------------------------------------------------

    def _send(self, intent: Intent, day: int) -> None:
        world, payer, mix = self._world, intent.payer, self._world.mix
        cash = sum(part.amount for part in intent.parts) + intent.extra
        if cash <= 0:
            return
        for part in intent.parts:
            if part.invoice.kind == "credit_memo":
                part.invoice.open += part.amount
            else:
                part.invoice.open -= part.amount + part.write_off
        sender, channel = payer, payer.habits.channel
        if channel in {"card", "wallet"}:
            channel = "sepa" if exponent(intent.currency) else "wire"
        if (
            intent.case == "single"
            and payer.is_person
            and intent.issuer.trade == "property"
            and world.chance(mix.neighbour * 2)
        ):
            sender = self._neighbour(payer)
            intent.case = "neighbour"
        writing = self._pen.write(payer, intent.parts, day)
        if intent.case == "lump_sum":
            writing = Writing(
                self._rng.choice(("a conto", "acompte", "on account", "Teilzahlung", "acconto"))
            )
        payment = self._money(intent, cash, day)
        self._bank.book(Booking(payment, intent.issuer, sender, writing, channel))
        self._aftermath(payment, intent, writing, day)

    def _neighbour(self, payer: Payer) -> Payer:
        others = self._world.payers[max(0, payer.serial - 12) : payer.serial + 12]
        people = [other for other in others if other.is_person and other is not payer]
        return self._rng.choice(people) if people else payer

    def _money(self, intent: Intent, cash: int, day: int) -> Payment:
        """Turn an intent into a payment on the right account, converted where currencies differ."""
        world, issuer, currency = self._world, intent.issuer, intent.currency
        account = issuer.accounts.get(currency) or issuer.accounts[issuer.land.currency]
        payment = Payment(intent.case, day, currency, cash, account, parts=intent.parts)
        if intent.case == "fx":
            spread = 1 + self._rng.uniform(-0.012, 0.012)
            payment.currency = intent.payer.habits.pays_in
            payment.amount = int(world.convert(cash, (currency, payment.currency), day) * spread + 0.5)
            payment.account = issuer.accounts.get(payment.currency) or account
        elif currency != issuer.land.currency and intent.case in {"single", "many"} and world.chance(0.3):
            home = issuer.land.currency
            spread = 1 - self._rng.uniform(0, 0.008)
            payment.currency = home
            payment.amount = int(world.convert(cash, (currency, home), day) * spread)
            payment.account = issuer.accounts[home]
            payment.original = (cash, currency)
            payment.case = "fx_converted"
        elif intent.case == "bank_fee" and world.chance(0.45):
            payment.charges = sum(part.write_off for part in intent.parts)
        return payment

    def _aftermath(self, payment: Payment, intent: Intent, writing: Writing, day: int) -> None:
        world, rng, mix, channel = self._world, self._rng, self._world.mix, payment.channel
        plain = payment.case in {"single", "many", "discount", "parent_pays"}
        bounces = {"debit": 3.0, "check": 1.2, "ach": 1.0}.get(channel, 0.12)
        if plain and world.chance(mix.returned * bounces):
            again = writing if world.chance(0.5) else None
            world.at(world.business(day + rng.randrange(2, 6)), partial(self._return, payment, intent, again))
        elif plain and channel != "debit" and world.chance(mix.duplicate_payment * 1.2):
            world.at(
                world.business(day + rng.randrange(1, 26)), partial(self._twice, payment, intent, writing)
            )

    def _return(self, payment: Payment, intent: Intent, again: Writing | None, day: int) -> None:
        """The bank takes a payment back; the same rows come once more with the other sign."""
        undo = [Part(p.invoice, -p.amount, -p.write_off, p.reason) for p in payment.parts]
        for part in undo:
            if part.invoice.kind == "credit_memo":
                return
            if part.invoice.open - part.amount - part.write_off > part.invoice.amount:
                return
        for part in undo:
            part.invoice.open -= part.amount + part.write_off
        code = {"ach": "R01", "debit": "AC04", "check": "NSF"}.get(payment.channel, "RETURN")
        code = self._rng.choice((code, "MD06", "AM04")) if payment.channel == "debit" else code
        back = Payment("return", day, payment.currency, -payment.amount, payment.account, parts=undo)
        back.related = payment
        text = f"{self._rng.choice(('RETURN', 'RUECKLASTSCHRIFT', 'REJET', 'RETURNED ITEM'))} {code} "
        echo = Writing(text + payment.remittance[:70], "", payment.end_to_end)
        self._bank.book(Booking(back, intent.issuer, intent.payer, echo, payment.channel))
        back.structured = payment.structured
        back.code = code
        back.kind = "return" if self._world.chance(0.5) else ""
        if again is not None and self._world.chance(0.8):
            when = self._world.business(day + self._rng.randrange(3, 15))
            for part in payment.parts:
                self._pile(intent.payer, part.invoice, when)

    def _twice(self, payment: Payment, intent: Intent, writing: Writing, day: int) -> None:
        """The clerk pays the same documents again: real cash that pays nothing."""
        again = Payment("duplicate_payment", day, payment.currency, payment.amount, payment.account)
        again.resolution, again.related = "duplicate_payment", payment
        end_to_end = "" if not writing.end_to_end else f"E2E{self._world.serial():09d}"
        copy = Writing(writing.text, writing.structured, end_to_end, list(writing.lines), writing.attempted)
        self._bank.book(Booking(again, intent.issuer, intent.payer, copy, payment.channel))
        if self._world.chance(0.35):
            when = self._world.business(day + self._rng.randrange(4, 30))
            self._world.at(when, partial(self._give_back, again, intent))

    def _give_back(self, payment: Payment, intent: Intent, day: int) -> None:
        back = Payment("refund_on_account", day, payment.currency, -payment.amount, payment.account)
        back.resolution, back.related = "nothing", payment
        words = self._rng.choice(
            ("Erstattung Doppelzahlung", "refund of double payment", "remboursement trop percu")
        )
        self._bank.book(Booking(back, intent.issuer, intent.payer, Writing(words), payment.channel))

    # -- other ways ------------------------------------------------------------------------------

    def _charge(self, invoice: Invoice, day: int) -> None:
        if invoice.open > 0 and invoice.status == "open":
            self._gateway.charge(invoice, day)

    def _instalment(self, invoice: Invoice, place: int, day: int) -> None:
        amount = min(invoice.open, invoice.instalments[place][1])
        if amount <= 0 or invoice.status != "open":
            return
        payer = invoice.customer.payer
        part = Part(invoice, amount)
        self._send(Intent(payer, invoice.issuer, invoice.currency, [part], "instalment"), day)

    def _prepay(self, invoice: Invoice, day: int) -> None:
        """Send money ahead of any document: it stays on the payer's account."""
        payer, rng = invoice.customer.payer, self._rng
        amount = rng.randrange(2, 60) * 10 ** (exponent(invoice.currency) + 2)
        words = rng.choice(
            ("Anzahlung Auftrag {}", "deposit order {}", "acompte commande {}", "Vorauszahlung {}")
        )
        account = invoice.issuer.accounts[invoice.currency]
        payment = Payment("prepayment", day, invoice.currency, amount, account, resolution="on_account")
        channel = "wire" if payer.habits.channel in {"card", "wallet"} else payer.habits.channel
        writing = Writing(words.format(rng.randrange(1000, 99999)))
        self._bank.book(Booking(payment, invoice.issuer, payer, writing, channel))

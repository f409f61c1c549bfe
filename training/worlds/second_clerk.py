"""The payables office: when each payer's clerk pays which documents, and how the money is sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_aftermath import Aftermath
from training.worlds.second_bank import Bank, Booking
from training.worlds.second_bends import Bends, Intent
from training.worlds.second_text import Pen, Writing
from training.worlds.second_types import Invoice, Part, Payer, Payment, World, exponent

if TYPE_CHECKING:
    from training.worlds.second_cards import Gateway

RUN_SLACK_DAYS = 4
LONGEST_LIST = 45
LUMP_WORDS = ("a conto", "acompte", "on account", "Teilzahlung", "acconto", "part payment")
DEPOSIT_WORDS = (
    "Anzahlung Auftrag {}",
    "deposit order {}",
    "acompte commande {}",
    "Vorauszahlung {}",
    "deposit",
)


class Office:
    """All payables clerks; each keeps invoices until its own run and then pays in its own way."""

    def __init__(self, world: World, bank: Bank, gateway: Gateway) -> None:
        self._world = world
        self._rng = world.rng
        self._bank = bank
        self._gateway = gateway
        self._pen = Pen(world)
        self._bends = Bends(world, self._pile)
        self._aftermath = Aftermath(world, bank, self._pile)

    # -- receiving -------------------------------------------------------------------------------

    def receive(self, invoice: Invoice, day: int) -> None:
        """Put an invoice that arrived today on its payer's pile, for the day it will be paid."""
        world, rng = self._world, self._rng
        payer = invoice.customer.payer
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
        if world.chance(world.mix.prepayment) and invoice.issuer.trade != "market":
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
        early = bool(invoice.discount_percent) and habits.discount == "timely"
        target = invoice.due + rng.gauss(habits.late_days, habits.spread_days)
        if world.chance(0.02):
            target += rng.randrange(20, 90)
        if habits.rhythm in {"debit", "standing"}:
            target = invoice.due + (rng.choice((0, 0, 0, 1, 2)) if habits.rhythm == "standing" else 0)
        elif early and world.chance(0.92):
            target = invoice.discount_day - rng.randrange(3)
        elif invoice.discount_percent and habits.discount == "late":
            target = invoice.discount_day + rng.randrange(1, 9)
        earliest = max(day + 1, int(target))
        match habits.rhythm:
            case "weekly" | "fortnight":
                step = 7 if habits.rhythm == "weekly" else 14
                anchor = habits.weekday + (payer.serial % 2) * 7
                run = max(day + 1, earliest - (0 if early else RUN_SLACK_DAYS))
                earliest = run + (anchor - run) % step
                if early and earliest > invoice.discount_day and earliest - step > day:
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
        world, rng = self._world, self._rng
        pile = dict.fromkeys(payer.pending.pop(day, []))
        items = [item for item in pile if item.open > 0 and item.status == "open"]
        groups: dict[tuple[str, str], list[Invoice]] = {}
        for item in items:
            groups.setdefault((item.issuer.code, item.currency), []).append(item)
        if len(groups) > 1 and world.chance(world.mix.cross_issuer):
            first, second = list(groups)[:2]
            if first[1] == second[1]:
                groups[first] += groups.pop(second)
        for group in groups.values():
            if payer.habits.template % 3 == 0:
                rng.shuffle(group)
            together = len(group) > 1 and (payer.habits.combines or world.chance(0.05))
            size = LONGEST_LIST if together else 1
            for place in range(0, len(group), size):
                self._pay(payer, group[place : place + size], day)

    def _pay(self, payer: Payer, items: list[Invoice], day: int) -> None:
        issuer, currency = items[0].issuer, items[0].currency
        parts = [Part(item, item.open) for item in items]
        served = {item.customer.serial for item in items} - {payer.serial}
        case = "many" if len(items) > 1 else "single"
        if any(item.issuer is not issuer for item in items):
            case = "cross_issuer"
        elif payer.is_factor:
            case = "factor_pays"
        elif served:
            case = "parent_pays" if len(served) == 1 else "parent_pays_many"
        elif items[0].known_at is not None and items[0].known_at > self._world.instant(day + 1):
            case = "early_cash"
        intent = Intent(payer, issuer, currency, parts, case)
        # A direct debit draws what was billed: nothing bends it.
        if case not in {"cross_issuer", "early_cash"} and payer.habits.channel != "debit":
            self._bends.bend(intent, day)
        self._send(intent, day)

    def _send(self, intent: Intent, day: int) -> None:
        """Write the remittance, settle the items, book the money, and let its consequences follow."""
        world, payer, mix = self._world, intent.payer, self._world.mix
        if intent.cash <= 0:
            return
        sender, channel = payer, payer.habits.channel
        if channel in {"card", "wallet"}:
            channel = "sepa" if exponent(intent.currency) else "wire"
        writing = self._pen.write(payer, intent.parts, day)
        if intent.case == "lump_sum" and world.chance(0.7):
            writing = Writing(self._rng.choice(LUMP_WORDS))
        if intent.case == "single" and not payer.is_factor:
            self._oldest_first(intent, writing, day)
        shares_flat = intent.case == "single" and payer.is_person and intent.issuer.trade == "property"
        if shares_flat and world.chance(mix.neighbour * 2):
            sender = self._neighbour(payer)
            intent.case = "neighbour"
            if world.chance(0.6):
                writing.text = f"{writing.text} {self._rng.choice(('f.', 'for', 'Whg'))} {payer.name}".strip()
        for part in intent.parts:
            if part.invoice.kind == "credit_memo":
                part.invoice.open += part.amount
            else:
                part.invoice.open -= part.amount + part.write_off
        payment = self._money(intent, day)
        booking = Booking(payment, intent.issuer, sender, writing, channel)
        self._bank.book(booking)
        self._aftermath.follow(booking, day)

    def _oldest_first(self, intent: Intent, writing: Writing, day: int) -> None:
        """Apply money that names nothing to the oldest of several equal items, as a desk mostly does."""
        part = intent.parts[0]
        item = part.invoice
        customer = item.customer
        if len(customer.open_items) > 12:
            customer.open_items = [each for each in customer.open_items if each.open > 0]
        equal = [
            each
            for each in customer.open_items
            if each.open == item.open and each.issuer is item.issuer and each.currency == item.currency
        ]
        twins = [each for each in equal if each.status == "open" and each.issued < day]
        if len(twins) < 2:
            return
        writing.equal_items = len(twins)
        if writing.attempted or writing.names_period:
            return
        intent.case = "twin"
        if self._world.chance(self._world.mix.oldest_first):
            part.invoice = min(twins, key=lambda each: (each.due, each.issued, each.serial))

    def _neighbour(self, payer: Payer) -> Payer:
        others = self._world.payers[max(0, payer.serial - 12) : payer.serial + 12]
        people = [other for other in others if other.is_person and other is not payer]
        return self._rng.choice(people) if people else payer

    def _money(self, intent: Intent, day: int) -> Payment:
        """Turn an intent into a payment on the right account, converted where currencies differ."""
        world, issuer, currency, cash = self._world, intent.issuer, intent.currency, intent.cash
        account = issuer.accounts.get(currency) or issuer.accounts[issuer.land.currency]
        payment = Payment(intent.case, day, currency, cash, account, parts=intent.parts)
        if intent.case == "fx":
            spread = 1 + self._rng.uniform(-0.012, 0.012)
            payment.currency = intent.payer.habits.pays_in
            payment.amount = int(world.convert(cash, (currency, payment.currency), day) * spread + 0.5)
            payment.account = issuer.accounts.get(payment.currency) or account
        elif currency != issuer.land.currency and intent.case in {"single", "many"} and world.chance(0.35):
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

    # -- other ways ------------------------------------------------------------------------------

    def _charge(self, invoice: Invoice, day: int) -> None:
        if invoice.open > 0 and invoice.status == "open":
            self._gateway.charge(invoice, day)

    def _instalment(self, invoice: Invoice, place: int, day: int) -> None:
        amount = min(invoice.open, invoice.instalments[place][1])
        if amount > 0 and invoice.status == "open":
            payer = invoice.customer.payer
            part = Part(invoice, amount)
            self._send(Intent(payer, invoice.issuer, invoice.currency, [part], "instalment"), day)

    def _prepay(self, invoice: Invoice, day: int) -> None:
        """Send money ahead of any document: it stays on the payer's account."""
        payer, rng = invoice.customer.payer, self._rng
        amount = rng.randrange(2, 60) * 10 ** (exponent(invoice.currency) + 2)
        account = invoice.issuer.accounts[invoice.currency]
        payment = Payment("prepayment", day, invoice.currency, amount, account, resolution="on_account")
        channel = "wire" if payer.habits.channel in {"card", "wallet", "debit"} else payer.habits.channel
        writing = Writing(rng.choice(DEPOSIT_WORDS).format(rng.randrange(1000, 99999)))
        self._bank.book(Booking(payment, invoice.issuer, payer, writing, channel))

"""The card gateway and the wallet: charges, payouts net of fees, refunds, chargebacks, representments."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_types import Line, Part, Payment, share

if TYPE_CHECKING:
    from training.worlds.second_bank import Bank
    from training.worlds.second_types import Invoice, Issuer, World

PROVIDERS = ("PAYMINT PAYMENTS EUROPE", "CARDLANE INC", "SWIPEHUB", "NORDPAY SETTLEMENT")
PAYOUT_STEPS = (1, 2, 5)


class Gateway:
    """Collects card charges by issuer and currency and pays them out on banking days."""

    def __init__(self, world: World, bank: Bank) -> None:
        self._world = world
        self._rng = world.rng
        self._bank = bank
        self._sales: defaultdict[tuple[str, str], list[Invoice]] = defaultdict(list)
        self._minus: defaultdict[tuple[str, str], list[tuple[Invoice, str]]] = defaultdict(list)
        self._issuers: dict[str, Issuer] = {}

    def charge(self, invoice: Invoice, day: int) -> None:
        """Take a card or wallet payment for an invoice."""
        issuer = invoice.issuer
        if invoice.customer.payer.habits.channel == "wallet":
            self._wallet(invoice, day)
        elif issuer.card_mode == "single":
            self._single(invoice, day)
        else:
            key = (issuer.code, invoice.currency)
            if not self._sales[key] and not self._minus[key]:
                self._plan_payout(issuer, invoice.currency, day)
            invoice.status = "charged"
            self._sales[key].append(invoice)

    def give_back(self, credit: Invoice, day: int) -> None:
        """Refund a credit memo through the next payout."""
        key = (credit.issuer.code, credit.currency)
        if not self._sales[key] and not self._minus[key]:
            self._plan_payout(credit.issuer, credit.currency, day)
        self._minus[key].append((credit, "refund"))

    def _plan_payout(self, issuer: Issuer, currency: str, day: int) -> None:
        self._issuers[issuer.code] = issuer
        step = PAYOUT_STEPS[len(issuer.name) % len(PAYOUT_STEPS)]
        self._world.at(self._world.business(day + step), partial(self._payout, issuer, currency))

    def _fee(self, issuer: Issuer, gross: int) -> int:
        percent, fixed = issuer.card_fee
        return min(gross // 3, share(gross, percent) + fixed)

    def _name(self, invoice: Invoice) -> str:
        return invoice.reference if invoice.reference.startswith(("pi_", "re_")) else invoice.number

    def _payout(self, issuer: Issuer, currency: str, day: int) -> None:
        key = (issuer.code, currency)
        sales, minus = self._sales.pop(key, []), self._minus.pop(key, [])
        for sale in sales:
            sale.status = "open"
        self._rng.shuffle(sales)
        fees = [self._fee(issuer, sale.open) for sale in sales]
        rows = [
            Part(sale, sale.open - fee, fee, "processor_fee") for sale, fee in zip(sales, fees, strict=True)
        ]
        taken, later = self._withhold(minus, sum(part.amount for part in rows))
        if later:
            self._minus[key] += later
            self._plan_payout(issuer, currency, day)
        if not rows:
            return
        if not issuer.fee_by_line:
            self._spread(rows, sum(fees))
        lines = [self._line(issuer, part, "sale") for part in rows]
        lines += [self._line(issuer, part, kind) for part, kind in taken]
        if not issuer.fee_by_line:
            lines.append(Line("", "", -sum(fees), None, "processing fees", "fee"))
        rows += [part for part, _ in taken]
        for part in rows:
            if part.invoice.kind == "credit_memo":
                part.invoice.open += part.amount
            else:
                part.invoice.open -= part.amount + part.write_off
        cash = sum(part.amount for part in rows)
        payment = Payment(
            "processor_payout", day, currency, cash, issuer.accounts[currency], parts=rows, lines=lines
        )
        payment.payer_name = PROVIDERS[len(issuer.code + issuer.name) % len(PROVIDERS)]
        payment.remittance = f"PAYOUT po_{self._rng.getrandbits(48):012x} {self._world.dates[day]:%Y-%m-%d}"
        payment.source, payment.channel, payment.reference_state = "gateway", "payout", "clean"
        payment.code = "PAYOUT"
        self._bank.post(payment)
        for sale in sales:
            if self._world.chance(self._world.mix.chargeback):
                when = self._world.business(day + self._rng.randrange(10, 50))
                self._world.at(when, partial(self._dispute_sale, sale, issuer))

    @staticmethod
    def _withhold(
        minus: list[tuple[Invoice, str]], cash: int
    ) -> tuple[list[tuple[Part, str]], list[tuple[Invoice, str]]]:
        """Take refunds and chargebacks out of a payout as long as cash remains; the rest waits."""
        taken: list[tuple[Part, str]] = []
        later: list[tuple[Invoice, str]] = []
        for item, kind in minus:
            owed = item.open if kind == "refund" else item.amount
            if (kind == "refund" and item.open <= 0) or (kind == "chargeback" and item.open):
                continue
            if owed >= cash:
                later.append((item, kind))
            else:
                cash -= owed
                taken.append((Part(item, -owed), kind))
        return taken, later

    def _spread(self, rows: list[Part], total: int) -> None:
        """Spread one fee over the sales pro rata by gross, largest remainder, ties to the first line."""
        gross = [part.amount + part.write_off for part in rows]
        whole = sum(gross)
        if not whole:
            return
        shares = [each * total // whole for each in gross]
        rest = [each * total % whole for each in gross]
        order = sorted(range(len(rows)), key=lambda place: (-rest[place], place))
        for place in order[: total - sum(shares)]:
            shares[place] += 1
        for part, each, fee in zip(rows, gross, shares, strict=True):
            part.amount, part.write_off = each - fee, fee
            part.reason = "processor_fee" if fee else ""

    def _line(self, issuer: Issuer, part: Part, kind: str) -> Line:
        name = self._name(part.invoice)
        if kind == "chargeback":
            return Line(name, "", part.amount, None, "fraud", kind)
        fee = part.write_off if issuer.fee_by_line and kind == "sale" else None
        return Line(name, part.invoice.customer.number, part.amount + part.write_off, fee, "", kind)

    def _dispute_sale(self, sale: Invoice, issuer: Issuer, day: int) -> None:
        key = (issuer.code, sale.currency)
        if sale.open == 0:
            if not self._sales[key] and not self._minus[key]:
                self._plan_payout(issuer, sale.currency, day)
            self._minus[key].append((sale, "chargeback"))

    # -- one charge, one line --------------------------------------------------------------------

    def _single(self, invoice: Invoice, day: int) -> None:
        """Book one charge by itself; the provider bills its fees at the end of the month."""
        part = Part(invoice, invoice.open)
        invoice.open = 0
        payment = self._charge_line("card_single", invoice, day, [part])
        self._bank.post(payment)
        if self._world.chance(self._world.mix.chargeback * 3):
            when = self._world.business(day + self._rng.randrange(8, 60))
            self._world.at(when, partial(self._chargeback, payment, invoice))

    def _charge_line(self, case: str, invoice: Invoice, day: int, parts: list[Part]) -> Payment:
        rng, customer = self._rng, invoice.customer
        cash = sum(part.amount for part in parts)
        payment = Payment(
            case, day, invoice.currency, cash, invoice.issuer.accounts[invoice.currency], parts=parts
        )
        payment.customer_id = customer.customer_id if self._world.chance(0.85) else ""
        payment.payer_name = customer.payer.name
        named = self._world.chance(0.8)
        payment.remittance = f"Charge {self._name(invoice)}" if named else f"ch_{rng.getrandbits(64):016x}"
        payment.reference_state = "clean" if named else "none"
        payment.end_to_end = f"ch_{rng.getrandbits(64):016x}"
        payment.source, payment.channel, payment.code = "gateway", "card", "CARD"
        return payment

    def _wallet(self, invoice: Invoice, day: int) -> None:
        fee = self._fee(invoice.issuer, invoice.open)
        part = Part(invoice, invoice.open - fee, fee, "processor_fee")
        gross, invoice.open = invoice.open, 0
        payment = self._charge_line("wallet", invoice, day, [part])
        named = self._world.chance(0.75)
        reference = self._name(invoice) if named else f"TX{self._rng.getrandbits(40):010X}"
        payment.lines = [Line(reference, "", gross, fee, "", "sale")]
        payment.charges = fee
        payment.remittance = "wallet payment"
        payment.reference_state = "clean" if named else "none"
        payment.payer_account = f"{invoice.customer.serial}.{len(invoice.customer.name)}@mail.example"
        payment.channel, payment.code = "wallet", "WALLET"
        self._bank.post(payment)

    def _chargeback(self, origin: Payment, invoice: Invoice, day: int) -> None:
        """Take one charge back, and sometimes win it again."""
        if invoice.open:
            return
        parts = [Part(part.invoice, -part.amount) for part in origin.parts]
        invoice.open -= sum(part.amount for part in parts)
        back = self._charge_line("chargeback", invoice, day, parts)
        back.related, back.end_to_end = origin, origin.end_to_end
        back.remittance = (
            f"{self._rng.choice(('CHARGEBACK', 'DISPUTE', 'CB REASON 10.4'))} {origin.remittance}"
        )
        back.reference_state = origin.reference_state
        back.kind = "chargeback" if self._world.chance(0.5) else ""
        self._bank.post(back)
        if self._world.chance(0.3):
            when = self._world.business(day + self._rng.randrange(15, 45))
            self._world.at(when, partial(self._won, back, invoice))

    def _won(self, back: Payment, invoice: Invoice, day: int) -> None:
        if invoice.open != -back.amount:
            return
        parts = [Part(part.invoice, -part.amount) for part in back.parts]
        invoice.open = 0
        again = self._charge_line("representment", invoice, day, parts)
        again.related, again.end_to_end = back, back.end_to_end
        again.remittance = back.remittance.replace("CHARGEBACK", "CHARGEBACK REVERSED")
        again.kind = "representment" if self._world.chance(0.5) else ""
        self._bank.post(again)

"""Statement lines that pay no open item: sweeps, payroll, tax, fees, interest, grants, strangers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_bank import Booking
from training.worlds.second_text import Writing
from training.worlds.second_types import Part, Payment, exponent

if TYPE_CHECKING:
    from training.worlds.second_bank import Bank
    from training.worlds.second_cards import Gateway
    from training.worlds.second_people import Register
    from training.worlds.second_types import Invoice, Issuer, Payer, World

INCOME = {
    "interest": ("Zinsen Q{q}", "CREDIT INTEREST {q}/{y}", "INTERETS CREDITEURS"),
    "grant": ("Foerderung Bescheid {n}", "GRANT AGREEMENT {n}", "SUBVENTION REGION {y}"),
    "insurance": ("Schadennr {n}", "CLAIM {n} SETTLEMENT", "INDEMNISATION SINISTRE {n}"),
    "supplier_refund": ("Gutschrift Ihre Kundennr {n}", "CREDIT NOTE REFUND {n}", "AVOIR {n}"),
    "tax_refund": ("UST ERSTATTUNG {q}/{y}", "VAT REPAYMENT {n}", "REMBOURSEMENT TVA"),
}
OUTGOING = {
    "payroll": ("LOHN/GEHALT {m}/{y}", "PAYROLL {m}/{y}", "SALAIRES {m}"),
    "tax": ("FINANZAMT UST {m}/{y}", "IRS USATAXPYMT {n}", "URSSAF {m}/{y}"),
    "bank_charges": ("Kontofuehrung {m}/{y}", "ACCOUNT FEES", "FRAIS BANCAIRES {m}"),
    "supplier_payment": ("Rechnung {n}", "INV {n}", "FACTURE {n}"),
    "loan": ("Darlehen {n} Rate", "LOAN {n} REPAYMENT"),
}
NAMES = {
    "interest": ("", "HAUSBANK", "BANK"),
    "grant": ("Land Förderbank", "REGION GRAND EST", "INNOVATE AGENCY"),
    "insurance": ("Alpina Versicherung AG", "MERIDIAN MUTUAL"),
    "supplier_refund": ("Büro Direkt GmbH", "OFFICE DEPOT LINE", "ENERGIE SUD"),
    "tax_refund": ("Finanzamt", "HMRC", "DGFIP"),
    "payroll": ("", "Sammelüberweisung"),
    "tax": ("Finanzamt", "IRS", "URSSAF"),
    "bank_charges": ("", "BANK"),
    "supplier_payment": ("Büro Direkt GmbH", "ENERGIE SUD", "FLEET LEASE LTD"),
    "loan": ("HAUSBANK",),
}
VAGUE = (
    "",
    "payment",
    "invoice",
    "Rechnung",
    "as discussed",
    "facture",
    "order",
    "thanks",
    "Überweisung",
    "donation",
)


class Traffic:
    """Plans everything on the statements that is not a customer's settlement."""

    def __init__(self, world: World, bank: Bank, register: Register) -> None:
        self._world = world
        self._rng = world.rng
        self._bank = bank
        self._register = register

    def plan(self, invoices: int) -> None:
        """Spread the other traffic evenly over the days."""
        world, mix = self._world, self._world.mix
        per_mille = invoices / 1000
        plans = (
            (mix.unknown_payers, self._stranger),
            (mix.transfers / 2, self._sweep),
            (mix.other_income, self._income),
            (mix.outgoing, self._outgoing),
        )
        for rate, action in plans:
            for _ in range(max(2, round(rate * per_mille))):
                world.at(world.business(self._rng.randrange(10, world.days)), action)

    def _words(self, words: str, day: int) -> str:
        when = self._world.dates[day]
        serial = self._rng.randrange(10**4, 10**8)
        return words.format(q=(when.month + 2) // 3, y=when.year, m=f"{when:%m}", n=serial)

    def _post(self, payment: Payment) -> None:
        payment.source, payment.channel, payment.reference_state = "bank", "other", "none"
        self._bank.post(payment)

    def _home(self) -> tuple[Issuer, str]:
        issuer = self._rng.choice(self._world.issuers)
        return issuer, issuer.land.currency

    def _amount(self, currency: str, low: int, high: int) -> int:
        scale: int = 10 ** exponent(currency)
        return self._rng.randrange(low, high) * scale + self._rng.randrange(scale)

    def _income(self, day: int) -> None:
        issuer, currency = self._home()
        case = self._rng.choice(list(INCOME))
        low, high = (1, 400) if case == "interest" else (50, 20_000)
        payment = Payment(case, day, currency, self._amount(currency, low, high), issuer.accounts[currency])
        payment.payer_name = self._rng.choice(NAMES[case])
        payment.remittance = self._words(self._rng.choice(INCOME[case]), day)
        payment.resolution = "nothing"
        self._post(payment)

    def _outgoing(self, day: int) -> None:
        issuer, currency = self._home()
        case = self._rng.choice(list(OUTGOING))
        payment = Payment(case, day, currency, -self._amount(currency, 5, 9_000), issuer.accounts[currency])
        payment.payer_name = self._rng.choice(NAMES[case])
        payment.remittance = self._words(self._rng.choice(OUTGOING[case]), day)
        payment.resolution = "nothing"
        self._post(payment)

    def _sweep(self, day: int) -> None:
        """Move cash between two own accounts: one line out, one line in."""
        giver, currency = self._home()
        takers = [i for i in self._world.issuers if currency in i.accounts and i is not giver]
        if not takers:
            return
        taker = self._rng.choice(takers)
        amount = self._rng.randrange(1, 90) * 10 ** (exponent(currency) + 3)
        words = self._rng.choice(
            ("CASH POOLING", "SWEEP", "Umbuchung", "internal transfer", "VIREMENT INTERNE")
        )
        for issuer, other, sign in ((giver, taker, -1), (taker, giver, 1)):
            payment = Payment("own_transfer", day, currency, sign * amount, issuer.accounts[currency])
            payment.payer_name = other.name
            payment.payer_account = other.accounts[currency] if self._world.chance(0.7) else ""
            payment.remittance = words
            payment.resolution = "nothing"
            self._post(payment)

    def _stranger(self, day: int) -> None:
        """Receive money from somebody nobody knows; its amount often fits an open item by chance."""
        issuer, currency = self._home()
        world, rng = self._world, self._rng
        amount = self._amount(currency, 5, 3000)
        recent = world.invoices[-3000:]
        if recent and world.chance(world.mix.coincidence):
            fits = [item for item in rng.choices(recent, k=12) if item.open > 0 and item.kind == "invoice"]
            if fits:
                amount, currency = fits[0].open, fits[0].currency
                issuer = fits[0].issuer
        payment = Payment("unknown_payer", day, currency, amount, issuer.accounts[currency])
        payment.resolution = "unidentified"
        stranger = self._unregistered(issuer)
        writing = Writing(rng.choice(VAGUE))
        if world.chance(0.2):
            writing.text = f"{rng.choice(('ref', 'INV', 'Nr.'))} {rng.randrange(10**4, 10**7)}"
        channel = (
            "wire" if stranger.habits.channel in {"card", "wallet", "debit"} else stranger.habits.channel
        )
        self._bank.book(Booking(payment, issuer, stranger, writing, channel))

    def _unregistered(self, issuer: Issuer) -> Payer:
        payer = self._register.payer(issuer, person=self._world.chance(0.4))
        self._world.payers.pop()
        return payer


class Corrections:
    """What the receivables desk does with credit memos: refunds by bank or card, netting by hand."""

    def __init__(self, world: World, bank: Bank, gateway: Gateway) -> None:
        self._world = world
        self._rng = world.rng
        self._bank = bank
        self._gateway = gateway

    def credited(self, credit: Invoice, day: int) -> None:
        """Decide the fate of a new credit memo."""
        world, mix = self._world, self._world.mix
        if credit.customer.payer.habits.channel in {"card", "wallet"}:
            world.at(day + self._rng.randrange(1, 6), partial(self._gateway.give_back, credit))
            return
        nets = credit.customer.payer.habits.nets_credits
        if world.chance(mix.refund if nets else mix.refund * 3):
            world.at(world.business(day + self._rng.randrange(15, 60)), partial(self._refund, credit))
        elif world.chance(mix.netting_by_desk if nets else mix.netting_by_desk * 4):
            world.at(world.business(day + self._rng.randrange(5, 40)), partial(self._net, credit))

    def _refund(self, credit: Invoice, day: int) -> None:
        if credit.open <= 0:
            return
        issuer = credit.issuer
        payment = Payment("refund", day, credit.currency, -credit.open, issuer.accounts[credit.currency])
        payment.parts = [Part(credit, -credit.open)]
        credit.open = 0
        number = credit.number if self._world.chance(0.8) else ""
        words = self._rng.choice(
            ("Erstattung {}", "REFUND {}", "Remboursement avoir {}", "Auszahlung Guthaben {}")
        )
        payment.kind = "refund" if self._world.chance(0.3) else ""
        writing = Writing(words.format(number).strip(), attempted=bool(number))
        self._bank.book(Booking(payment, issuer, credit.customer.payer, writing, "sepa"))

    def _net(self, credit: Invoice, day: int) -> None:
        """Net a credit memo against an open invoice without any cash."""
        items = [
            item
            for item in credit.customer.open_items
            if item.issuer is credit.issuer and item.currency == credit.currency and item.open >= credit.open
        ]
        free = [
            item for item in items if item.status == "open" and item.open == item.amount and item.due > day
        ]
        if credit.open <= 0 or not free:
            return
        item = free[0]
        payment = Payment("netting", day, credit.currency, 0, credit.issuer.accounts[credit.currency])
        payment.parts = [Part(item, credit.open), Part(credit, -credit.open)]
        item.open -= credit.open
        credit.open = 0
        payment.payer_name = credit.customer.name
        payment.customer_id = credit.customer.customer_id
        payment.remittance = f"NETTING {item.number} / {credit.number}"
        payment.source, payment.channel, payment.reference_state = "ledger", "ledger", "clean"
        self._bank.post(payment)

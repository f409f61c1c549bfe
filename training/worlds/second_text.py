"""What a clerk writes: the ways of naming documents, the templates of ERP systems, and slips of the pen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from training.worlds.second_habits import pick
from training.worlds.second_lands import MONTHS
from training.worlds.second_slips import abbreviated, as_range, core, slip, tail
from training.worlds.second_types import Line, exponent

if TYPE_CHECKING:
    from training.worlds.second_types import Invoice, Part, Payer, World

PER_LANGUAGE: dict[str, tuple[str, ...]] = {
    "de": (
        "Rechnung {refs} Kd.Nr. {cust}",
        "RG {refs} v. {date}",
        "{refs}",
        "Re-Nr. {refs} Skonto lt. Vereinbarung",
        "ZAHLUNG LT AVIS {run} {refs}",
        "Rech. {refs} danke",
    ),
    "fr": (
        "REGLEMENT FACTURE {refs}",
        "FACT {refs} DU {date}",
        "VIR {payer} {refs}",
        "Fact. n° {refs} client {cust}",
        "{refs}",
        "reglt {run} {refs}",
    ),
    "nl": ("factuur {refs} klantnr {cust}", "FACT.NR {refs}", "betaling {refs}", "{refs} / {date}"),
    "it": ("Saldo fattura n. {refs} del {date}", "FATT {refs}", "BON. DA {payer} PER {refs}", "ft {refs}"),
    "es": ("Pago factura {refs}", "FRA {refs} {date}", "TRANSFERENCIA {refs} CLIENTE {cust}", "fras. {refs}"),
    "pl": ("zapłata za fakturę {refs}", "FV {refs}", "Faktura nr {refs} z dnia {date}", "przelew {refs}"),
    "sv": ("Faktura {refs}", "betalning faktnr {refs} kundnr {cust}", "{refs}"),
    "no": ("Faktura {refs}", "fakturanr {refs} kunde {cust}", "bet. {refs}"),
    "fi": ("Lasku {refs}", "laskunro {refs} asiakas {cust}", "maksu {refs}"),
    "en": (
        "INV {refs}",
        "Invoice {refs} dated {date}",
        "PAYMENT RUN {run} {refs}",
        "/INV/{refs}",
        "Our ref {run} your inv {refs}",
        "A/C {cust} {refs}",
        "{refs}",
    ),
    "ja": ("FURIKOMI {refs}", "INVOICE {refs}"),
    "pt": ("Pagamento NF {refs}", "NF {refs} cliente {cust}", "TED {refs}"),
    "cs": ("Faktura {refs}", "uhrada fa c. {refs}", "VS {refs}"),
}
PERIOD_WORDS = {
    "telecom": {"de": "Telefon", "no": "telefon", "sv": "abonnemang", "fi": "liittymä", "fr": "abonnement"},
    "property": {"de": "Miete", "en": "rent", "fr": "loyer"},
    "saas": {"de": "Lizenz", "en": "subscription"},
}
NOTES: dict[str, tuple[str, ...]] = {
    "de": ("Vielen Dank", "lt. Vereinbarung", "Zahlung", "Ihre Lieferung", "Rechnung"),
    "fr": ("merci", "paiement", "reglement facture", "virement"),
    "nl": ("betaling", "factuur", "bedankt"),
    "it": ("saldo", "pagamento fattura", "bonifico"),
    "es": ("pago", "gracias", "transferencia"),
    "pl": ("zapłata", "przelew", "faktura"),
    "sv": ("betalning", "faktura"),
    "no": ("betaling", "faktura"),
    "fi": ("maksu", "kiitos"),
    "en": ("payment", "thanks", "as agreed", "invoice", "goods", "supplier payment"),
    "ja": ("FURIKOMI", "payment"),
    "pt": ("pagamento", "obrigado"),
    "cs": ("platba", "uhrada"),
}
DEBIT_WORDS = {"de": "Einzug Rechnung {} Mandat {}", "en": "DD invoice {} mandate {}"}
SHORT_CHANNELS = {"faster"}
NAMELESS_LIMIT = 8
SEPARATORS = (" ", ", ", "; ", "+", " / ", ",", " & ", "/")
OWN = ("AP", "PAY-", "ZL", "49000", "V", "KR")


@dataclass(slots=True)
class Writing:
    """What the clerk handed to the bank, before the bank touches it."""

    text: str = ""
    structured: str = ""
    end_to_end: str = ""
    lines: list[Line] = field(default_factory=list)
    attempted: bool = False
    names_period: bool = False
    equal_items: int = 0


class Pen:
    """Writes remittance texts for payers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = world.rng

    def write(self, payer: Payer, parts: list[Part], day: int) -> Writing:
        """Write the remittance of one payment in this payer's manner, slips included."""
        rng, world, habits = self._rng, self._world, payer.habits
        naming = habits.naming
        if world.chance(world.mix.deviates):
            naming = pick(rng, world.mix.naming)
        issuer = parts[0].invoice.issuer
        if naming == "structured" and (not issuer.structured or len(parts) > 1):
            naming = "full"
        if (
            len(parts) > NAMELESS_LIMIT
            and naming in {"none", "period", "customer", "tail"}
            and world.chance(0.8)
        ):
            naming = "full"
        payer.runs += 1
        writing = Writing(end_to_end=self._end_to_end(payer, parts))
        if habits.advice and len(parts) > 0:
            writing.lines = self._advice(payer, parts)
            writing.text = (
                f"{rng.choice(('EDI 820', 'REMITTANCE ADVICE', 'AVIS'))} {payer.serial}{payer.runs:03d}"
            )
            writing.attempted = True
            return writing
        if habits.channel == "debit" and len(parts) == 1:
            self._collect(payer, parts[0].invoice, writing)
            return writing
        if naming == "structured":
            reference = parts[0].invoice.reference
            writing.attempted = True
            if world.chance(habits.typo):
                reference = slip(rng, reference)
            if world.chance(0.8):
                writing.structured = reference
            else:
                writing.text = reference
            return writing
        writing.text = self._text(naming, payer, parts, day, writing)
        return writing

    def _collect(self, payer: Payer, item: Invoice, writing: Writing) -> None:
        """Write a direct debit as its creditor does: the issuer's own words, hardly ever wrong."""
        writing.attempted = True
        words = DEBIT_WORDS.get(item.issuer.land.language, "{} {}")
        number = item.number if self._world.chance(0.93) else f"{self._world.dates[item.issued]:%m/%Y}"
        writing.text = words.format(number, f"M{payer.serial:06d}")
        if item.reference and self._world.chance(0.4):
            writing.structured = item.reference

    def _end_to_end(self, payer: Payer, parts: list[Part]) -> str:
        rng, habits = self._rng, payer.habits
        if habits.channel not in {"sepa", "tagged", "debit", "wire"}:
            return ""
        style = habits.template % 5
        if style < 2:
            return "NOTPROVIDED"
        if style == 2 and len(parts) == 1 and habits.naming == "full":
            return parts[0].invoice.number.replace(" ", "")[:35]
        return f"{rng.choice(('E2E', 'ZR', 'PMT'))}{payer.serial:05d}{payer.runs:04d}"

    def _advice(self, payer: Payer, parts: list[Part]) -> list[Line]:
        lines = []
        for part in parts:
            item = part.invoice
            owed = part.amount
            deduction: int | None = None
            reason = ""
            if part.write_off and part.reason == "early_payment_discount":
                owed, deduction, reason = part.amount + part.write_off, part.write_off, "discount"
            number = item.number
            if self._world.chance(payer.habits.typo):
                number = slip(self._rng, number)
            lines.append(
                Line(number, payer.names[0] if self._world.chance(0.1) else "", owed, deduction, reason, "")
            )
        return lines

    def _text(self, naming: str, payer: Payer, parts: list[Part], day: int, writing: Writing) -> str:
        rng, _world = self._rng, self._world
        items = [part.invoice for part in parts]
        match naming:
            case "none":
                return rng.choice(("", "", *NOTES[payer.land.language]))
            case "period":
                writing.names_period = True
                return self._period(payer, items, day)
            case "customer":
                return f"{rng.choice(('Kd.', 'A/C', 'Client', 'customer no', 'Konto'))} {items[0].customer.number}"
            case "order" if all(item.order for item in items):
                writing.attempted = True
                return rng.choice(("PO {}", "{}", "Order {}", "Best.Nr. {}")).format(
                    ", ".join(i.order for i in items)
                )
            case _:
                writing.attempted = True
                return self._numbers(naming, payer, parts)

    def _numbers(self, naming: str, payer: Payer, parts: list[Part]) -> str:
        """Name the documents by number, in this payer's short forms and with its slips."""
        rng, world = self._rng, self._world
        items = [part.invoice for part in parts]
        numbers = [item.number for item in items]
        if world.chance(world.mix.own_reference):
            return f"{rng.choice(OWN)}{rng.randrange(10**5, 10**7)}"
        if payer.last_reference and world.chance(world.mix.stale_reference):
            numbers = [payer.last_reference]
        payer.last_reference = items[-1].number
        match naming:
            case "digits":
                numbers = [core(number) for number in numbers]
            case "tail":
                numbers = [tail(number) for number in numbers]
            case "first":
                numbers = numbers[:1]
            case "abbreviated":
                numbers = as_range(numbers) or abbreviated(numbers)
            case _:
                pass
        numbers = [slip(rng, number) if world.chance(payer.habits.typo) else number for number in numbers]
        if len(numbers) > 1 and payer.habits.template % 7 == 0:
            numbers = [f"{n}={self._plain(part)}" for n, part in zip(numbers, parts, strict=False)]
        refs = SEPARATORS[payer.habits.template % len(SEPARATORS)].join(numbers)
        return refs if payer.habits.channel in SHORT_CHANNELS else self._template(payer, items[0], refs)

    def _plain(self, part: Part) -> str:
        decimals = exponent(part.invoice.currency)
        return f"{part.amount / 10**decimals:.{decimals}f}"

    def _template(self, payer: Payer, item: Invoice, refs: str) -> str:
        templates = PER_LANGUAGE[payer.land.language]
        return templates[payer.habits.template % len(templates)].format(
            refs=refs,
            cust=item.customer.number,
            date=f"{self._world.dates[item.issued]:%d.%m.%y}",
            run=f"{payer.serial}{payer.runs:03d}",
            payer=payer.names[0],
        )

    def _period(self, payer: Payer, items: list[Invoice], day: int) -> str:
        language = payer.land.language
        trade = items[0].issuer.trade
        words = PERIOD_WORDS.get(trade, {})
        word = words.get(language, {"property": "rent", "saas": "plan"}.get(trade, "account"))
        shift = 7 if trade == "property" else 0
        months = dict.fromkeys(self._world.dates[item.period + shift].month for item in items)
        names = "+".join(MONTHS[language][month - 1] for month in months)
        year = self._world.dates[day].year
        forms = (
            f"{word} {names}",
            f"{word} {names} {year}",
            f"{names} {word}",
            f"{word} {len(months) and next(iter(months))}/{year}",
        )
        return forms[payer.habits.template % 4]

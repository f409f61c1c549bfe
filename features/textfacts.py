"""What payment texts say beside document numbers: months, dates, topics, numbers left unexplained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.block import References
from features.frame import I32, I64
from features.names import fold_word
from features.references import PaymentSpans
from features.text import U64, SpanText, hash_strings

_MONTHS = """
JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER
JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC
JANUAR FEBRUAR MAERZ APRIL MAI JUNI JULI AUGUST SEPTEMBER OKTOBER NOVEMBER DEZEMBER
JAENNER FEBER MARZ APR MAI JUN JUL AUG SEPT OKT NOV DEZ
JANVIER FEVRIER MARS AVRIL MAI JUIN JUILLET AOUT SEPTEMBRE OCTOBRE NOVEMBRE DECEMBRE
ENERO FEBRERO MARZO ABRIL MAYO JUNIO JULIO AGOSTO SEPTIEMBRE OCTUBRE NOVIEMBRE DICIEMBRE
GENNAIO FEBBRAIO MARZO APRILE MAGGIO GIUGNO LUGLIO AGOSTO SETTEMBRE OTTOBRE NOVEMBRE DICEMBRE
JANUARI FEBRUARI MAART APRIL MEI JUNI JULI AUGUSTUS SEPTEMBER OKTOBER NOVEMBER DECEMBER
JANEIRO FEVEREIRO MARCO ABRIL MAIO JUNHO JULHO AGOSTO SETEMBRO OUTUBRO NOVEMBRO DEZEMBRO
STYCZEN LUTY MARZEC KWIECIEN MAJ CZERWIEC LIPIEC SIERPIEN WRZESIEN PAZDZIERNIK LISTOPAD GRUDZIEN
JANUAR FEBRUAR MARTS APRIL MAJ JUNI JULI AUGUST SEPTEMBER OKTOBER NOVEMBER DECEMBER
JANUARI FEBRUARI MARS APRIL MAJ JUNI JULI AUGUSTI SEPTEMBER OKTOBER NOVEMBER DECEMBER
JANUAR FEBRUAR MARS APRIL MAI JUNI JULI AUGUST SEPTEMBER OKTOBER NOVEMBER DESEMBER
STYCZNIA LUTEGO MARCA KWIETNIA MAJA CZERWCA LIPCA SIERPNIA WRZESNIA PAZDZIERNIKA LISTOPADA GRUDNIA
TAMMIKUU HELMIKUU MAALISKUU HUHTIKUU TOUKOKUU KESAKUU HEINAKUU ELOKUU SYYSKUU LOKAKUU MARRASKUU JOULUKUU
"""


# What a line is about, in the words of several languages; the position is the bit in `TextFacts.topics`.
TOPICS: dict[str, str] = {
    "salary": "SALARY SALARIES PAYROLL WAGES LOHN GEHALT LOEHNE SALAIRE SALAIRES NOMINA STIPENDIO STIPENDI "
    "LOON SALARIS",
    "tax": "TAX TAXES VAT UST STEUER UMSATZSTEUER LOHNSTEUER GEWERBESTEUER FINANZAMT IMPOT IMPOTS TVA "
    "URSSAF HMRC IRS EFTPS BELASTINGDIENST IMPUESTO HACIENDA AEAT IVA SKAT SKATTEVERKET",
    "bank_fee": "FEES ENTGELT KONTOFUEHRUNG KONTOFUHRUNG KONTOFUEHRUNGSENTGELT KONTOFUHRUNGSENTGELT "
    "KONTOGEBUEHR GEBUEHR GEBUEHREN GEBUHR GEBUHREN CHARGES FRAIS COMMISSION COMISION COMISIONES KOSTEN "
    "ABSCHLUSS KONTOENTGELT SERVICECHARGE SPESE COMMISSIONI",
    "interest": "INTEREST ZINSEN HABENZINSEN INTERETS INTERESES INTERESSI RENTE DIVIDEND DIVIDENDE",
    "transfer": "TRANSFER UEBERTRAG UMBUCHUNG SWEEP LIQUIDITY CONCENTRATION ZBA POOLING VIREMENT INTERNE "
    "TRASPASO GIROCONTO EIGENUEBERTRAG INTERCOMPANY",
    "refund": "REFUND REFUNDED ERSTATTUNG RUECKERSTATTUNG GUTSCHRIFT REMBOURSEMENT REEMBOLSO RIMBORSO "
    "TERUGBETALING",
    "return": "RETURN RETURNED RUECKLASTSCHRIFT RUECKGABE RUECKLAUFER RETOUR REJET REJECTED BOUNCED UNPAID "
    "NSF RLS RETOURE DEVOLUCION STORNO IMPAYE INSOLUTO",
    "chargeback": "CHARGEBACK CHARGEBACKS DISPUTE RETRIEVAL",
    "income": "GRANT SUBSIDY ZUSCHUSS FOERDERUNG SUBVENTION INSURANCE VERSICHERUNG LOAN DARLEHEN KREDIT "
    "MIETE KAUTION DONATION SPENDE REBATE BONUS",
    "payout": "PAYOUT SETTLEMENT STRIPE ADYEN PAYPAL MOLLIE SUMUP WORLDPAY KLARNA GOCARDLESS BRAINTREE "
    "AUSZAHLUNG",
    "partial": "PARTIAL PART TEILZAHLUNG TEILBETRAG ABSCHLAG RATE RATA INSTALMENT INSTALLMENT ACOMPTE "
    "ACCONTO ANTICIPO PARTIELLE DEPOSIT ANZAHLUNG TERMIJN PARCIAL TEILRECHNUNG RESTZAHLUNG REST BALANCE "
    "SCHLUSSZAHLUNG",
    "discount": "SKONTO DISCOUNT ESCOMPTE SCONTO DESCUENTO KORTING ABZUG ABZUEGL LESS",
    "advance": "ADVANCE PREPAYMENT PREPAID VORAUSZAHLUNG VORAUS VORAB VORKASSE AKONTO ACCOUNT PROFORMA "
    "ONACCOUNT AVANCE VOORUIT VOORSCHOT FOERSKOTT FORSKUD",
    "credit": "CREDIT GUTSCHRIFT AVOIR ABONO CREDITNOTE CREDITNOTA GS CN",
    "withholding": "WITHHOLDING WITHHELD WHT TDS RETENTION RETENUE QUELLENSTEUER RITENUTA RETENCION "
    "BRONBELASTING KILDESKAT IRPF",
    "several": "INVOICES RECHNUNGEN FACTURES FACTURAS FATTURE FACTUREN STATEMENT ALL DIV DIVERSE MULTIPLE "
    "SAMMELZAHLUNG",
}


def _topic_table() -> tuple[U64, NDArray[np.int32]]:
    bits: dict[str, int] = {}
    for bit, words in enumerate(TOPICS.values()):
        for word in words.split():
            for spelling in {word, fold_word(word)}:
                bits[spelling] = bits.get(spelling, 0) | (1 << bit)
    keys = hash_strings(list(bits))
    order = np.argsort(keys)
    return keys[order], np.array(list(bits.values()), np.int32)[order]


_TOPIC_KEYS, _TOPIC_BITS = _topic_table()


def _month_table() -> tuple[U64, NDArray[np.int8]]:
    words: dict[str, int] = {}
    for line in _MONTHS.strip().splitlines():
        for number, word in enumerate(line.split()):
            words.setdefault(word, number)
            words.setdefault(fold_word(word), number)
    keys = hash_strings(list(words))
    months = np.array(list(words.values()), np.int8)
    order = np.argsort(keys)
    return keys[order], months[order]


_MONTH_KEYS, _MONTH_NUMBERS = _month_table()


@dataclass(frozen=True)
class TextFacts:
    """Facts of a batch's texts, shape (payments,) but for the dates."""

    months: NDArray[np.int16]  # bit m: month m + 1 is named
    date_payment: I64  # dates named, packed as payment * 2**20 + day + 2**19, sorted
    silent: NDArray[np.bool_]  # no letters or digits at all
    words: NDArray[np.int16]  # atoms
    topics: I32  # bit t: the t-th of TOPICS is touched
    unexplained: NDArray[np.int16]  # digit runs of five and more characters that no mention covers
    leftover: NDArray[
        np.int16
    ]  # shorter digit runs that no mention covers: dates, amounts, abbreviated lists

    def about(self, *names: str) -> NDArray[np.bool_]:
        """Tell which texts touch any of some topics."""
        wanted = 0
        for name in names:
            wanted |= topic_bit(name)
        return np.asarray((self.topics & wanted) != 0, np.bool_)


def topic_bit(name: str) -> int:
    """Return the bit of a topic."""
    return 1 << list(TOPICS).index(name)


def read_texts(spans: PaymentSpans, mentions: References) -> TextFacts:
    """Gather the facts of a batch's texts."""
    text = spans.text
    letters = np.flatnonzero(~text.atom_is_digit & (text.atom_end - text.atom_start >= 2))
    keys = text.folded_hash(text.atom_start[letters], text.atom_end[letters])
    at_month = np.minimum(np.searchsorted(_MONTH_KEYS, keys), len(_MONTH_KEYS) - 1)
    hit_month = _MONTH_KEYS[at_month] == keys
    months = np.zeros(text.rows, np.int16)
    np.bitwise_or.at(
        months,
        text.atom_row[letters[hit_month]],
        np.left_shift(np.int16(1), _MONTH_NUMBERS[at_month[hit_month]].astype(np.int16)),
    )
    at = np.minimum(np.searchsorted(_TOPIC_KEYS, keys), len(_TOPIC_KEYS) - 1)
    hit = _TOPIC_KEYS[at] == keys
    topics = np.zeros(text.rows, np.int32)
    np.bitwise_or.at(topics, text.atom_row[letters[hit]], _TOPIC_BITS[at[hit]])
    value, width = _digit_values(text)
    month = np.full(len(text.atom_row), -1, np.int64)
    month[letters[hit_month]] = _MONTH_NUMBERS[at_month[hit_month]]
    dates, periods = _dates(text, value, width, month)
    np.bitwise_or.at(months, periods[0], np.left_shift(np.int16(1), periods[1].astype(np.int16)))
    return TextFacts(
        months=months,
        date_payment=dates,
        silent=np.diff(text.row_first_atom) == 0,
        words=np.minimum(np.diff(text.row_first_atom), 999).astype(np.int16),
        topics=topics,
        unexplained=_unexplained(text, width, mentions),
        leftover=_unexplained(text, width, mentions, least=1, most=4),
    )


def _digit_values(text: SpanText) -> tuple[I64, I64]:
    """Return the value of each short digit atom (-1: letters or a long run) and its width (0: letters)."""
    width = np.where(text.atom_is_digit, text.atom_end - text.atom_start, 0)
    value = np.zeros(len(width), np.int64)
    short = (width > 0) & (width <= 8)
    for place in range(8):
        has = short & (width > place)
        digits = text.raw[text.atom_start[has] + place].astype(np.int64) - ord("0")
        value[has] = value[has] * 10 + digits
    return np.where(short, value, -1), width


AMOUNT_BITS = 44
MOST_MINOR = (1 << AMOUNT_BITS) - 1


def pack_amount(payment: NDArray[np.integer], minor: I64) -> I64:
    """Pack a payment of the batch and an amount in minor units into one key."""
    return payment.astype(np.int64) << AMOUNT_BITS | np.minimum(minor, MOST_MINOR)


def amounts_named(text: SpanText) -> I64:
    """Return the amounts with two decimals that texts spell out (1234,56 or 1.234,56), packed and sorted."""
    value, width = _digit_values(text)
    row = text.atom_row.astype(np.int64)
    if len(value) < MIN_AMOUNT_ATOMS:
        return np.zeros(0, np.int64)
    point = np.isin(text.atom_separator, np.frombuffer(b".,", np.uint8)) & ~text.atom_glued
    group = np.isin(text.atom_separator, np.frombuffer(b".,' ", np.uint8)) & ~text.atom_glued
    at = np.flatnonzero(point[1:] & (width[1:] == CENTS) & (row[1:] == row[:-1]) & (width[:-1] > 0)) + 1
    total = value[at - 1] * 100 + value[at]
    out = [pack_amount(row[at], np.where(value[at - 1] >= 0, total, MOST_MINOR))]
    head, factor = at - 1, np.int64(100)
    for _ in range(3):  # thousands, millions, milliards
        more = (head > 0) & (width[head] == THOUSAND) & group[head]
        more &= (row[head - 1] == row[at]) & (width[head - 1] > 0) & (width[head - 1] <= THOUSAND)
        at, head, total = at[more], head[more] - 1, total[more]
        factor = factor * 1000
        total = total + value[head] * factor
        out.append(pack_amount(row[at], total))
    return np.unique(np.concatenate(out))


CENTS, THOUSAND = 2, 3  # digits behind the decimal sign, and in a group before it
MIN_AMOUNT_ATOMS = 2


def _to_days(year: I64, month: I64, day: I64) -> I64:
    """Return days since 1970-01-01 (civil calendar, Hinnant)."""
    y = year - (month <= 2)
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    return np.asarray(era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468, np.int64)


def _dates(text: SpanText, value: I64, width: I64, month: I64) -> tuple[I64, tuple[I64, I64]]:
    """Return dates named (packed with the payment) and (payment, month) of periods such as 03/2025.

    ``month``: of atoms that are the name of one, else -1.
    """
    count = len(value)
    packed: list[I64] = []

    def add(rows: I64, year: I64, month: I64, day: I64) -> None:
        year = np.where(year < 100, year + 2000, year)
        good = (year >= 2000) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        packed.append(rows[good] * (1 << 20) + _to_days(year[good], month[good], day[good]) + (1 << 19))

    if count >= 3:
        a, b, c = np.arange(count - 2), np.arange(1, count - 1), np.arange(2, count)
        same = (text.atom_row[a] == text.atom_row[c]) & (width[a] > 0) & (width[b] > 0) & (width[c] > 0)
        same &= (width[a] <= 4) & (width[b] <= 2) & (width[c] <= 4)
        rows = text.atom_row[a].astype(np.int64)
        first = same & (width[c] != 3) & (width[a] <= 2)
        add(rows[first], value[c][first], value[b][first], value[a][first])
        add(rows[first], value[c][first], value[a][first], value[b][first])
        iso = same & (width[a] == 4) & (width[c] <= 2)
        add(rows[iso], value[a][iso], value[b][iso], value[c][iso])
        # 18 JUN 2024, JUN 18 2024
        same = (text.atom_row[a] == text.atom_row[c]) & np.isin(width[c], (2, 4))
        worded = same & (width[a] > 0) & (width[a] <= 2) & (month[b] >= 0)
        add(rows[worded], value[c][worded], month[b][worded] + 1, value[a][worded])
        worded = same & (month[a] >= 0) & (width[b] > 0) & (width[b] <= 2)
        add(rows[worded], value[c][worded], month[a][worded] + 1, value[b][worded])
    solid = np.flatnonzero(width == 8)
    rows = text.atom_row[solid].astype(np.int64)
    add(rows, value[solid] // 10_000, value[solid] // 100 % 100, value[solid] % 100)
    add(rows, value[solid] % 10_000, value[solid] // 10_000 % 100, value[solid] // 1_000_000)
    period_row, period_month = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if count >= 2:
        a, b = np.arange(count - 1), np.arange(1, count)
        same = (text.atom_row[a] == text.atom_row[b]) & (width[a] <= 2) & (width[a] > 0) & (width[b] == 4)
        same &= (value[a] >= 1) & (value[a] <= 12) & (value[b] >= 2000) & (value[b] < 2100)
        same[1:] &= ~((width[:-2] > 0) & (width[:-2] <= 2) & (text.atom_row[:-2] == text.atom_row[1:-1]))
        period_row, period_month = text.atom_row[a][same].astype(np.int64), value[a][same] - 1
    dates = np.unique(np.concatenate(packed)) if packed else np.zeros(0, np.int64)
    return dates, (period_row, period_month)


def unexplained_words(text: SpanText, mentions: References) -> NDArray[np.int16]:
    """Count words of five and more digits outside all mentions; ids with letters do not count."""
    alone = text.atom_is_digit & ~text.atom_glued
    alone[:-1] &= ~text.atom_glued[1:]
    width = np.where(alone, text.atom_end - text.atom_start, 0)
    return _unexplained(text, width, mentions)


def _unexplained(
    text: SpanText, width: I64, mentions: References, least: int = 5, most: int = 20
) -> NDArray[np.int16]:
    """Count digit runs of some widths outside all mentions."""
    size = len(text.raw) + 1
    edge = np.zeros(size + 1, np.int64)
    real = mentions.start >= 0
    np.add.at(edge, mentions.start[real], 1)
    np.add.at(edge, mentions.end[real], -1)
    depth = np.cumsum(edge)
    long = np.flatnonzero((width >= least) & (width <= most))
    free = depth[text.atom_start[long]] == 0
    return np.bincount(text.atom_row[long[free]], minlength=text.rows).astype(np.int16)


def month_of(day: I32) -> NDArray[np.int16]:
    """Return the month (0..11) of day numbers."""
    return (day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12).astype(np.int16)

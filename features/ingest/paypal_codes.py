"""PayPal's kinds of transactions: event codes, published as T-codes, and words of the activity download."""

from __future__ import annotations

from typing import Final

from features.ingest.table_text import fold

_GROUPS: Final = {
    "T00": "receipt",  # payments; money out under these codes is a payment of ours
    "T01": "other",  # fees that are not of a payment
    "T02": "transfer",  # currency conversion
    "T03": "transfer",  # from a bank
    "T04": "transfer",  # to a bank
    "T05": "other",  # debit card
    "T06": "transfer",
    "T07": "transfer",
    "T08": "other",  # bonus
    "T09": "other",
    "T10": "other",
    "T11": "refund",  # reversals
    "T12": "chargeback",  # adjustments
    "T13": "receipt",  # authorisations, which move nothing
    "T15": "other",  # holds and releases
    "T20": "transfer",  # between accounts of one holder
    "T21": "other",  # reserves
    "T22": "transfer",
}
_CODES: Final = {
    "T0400": "transfer",
    "T1106": "return",
    "T1107": "refund",
    "T1108": "other",  # a fee given back
    "T1110": "other",  # a hold for a dispute
    "T1111": "other",  # its release
    "T1114": "refund",
    "T1115": "refund",
    "T1116": "refund",
    "T1201": "chargeback",
    "T1202": "representment",
    "T1207": "chargeback",
    "T1208": "representment",
}
_WORDS: Final = (
    ("ruckbuchung", "chargeback"),
    ("ruckzahlung", "refund"),
    ("ruckerstattung", "refund"),
    ("wahrungsumrechnung", "transfer"),
    ("abbuchung", "transfer"),
    ("bankgutschrift", "transfer"),
    ("zahlung", "receipt"),
    ("chargeback reversal", "representment"),
    ("cancellation of hold", "other"),
    ("reversal of general account hold", "other"),
    ("hold", "other"),
    ("chargeback fee", "other"),
    ("chargeback", "chargeback"),
    ("refund", "refund"),
    ("payment reversal", "return"),
    ("reversal", "return"),
    ("currency conversion", "transfer"),
    ("withdrawal", "transfer"),
    ("transfer to bank", "transfer"),
    ("transfer from bank", "transfer"),
    ("bank deposit", "transfer"),
    ("reserve", "other"),
    ("fee", "other"),
    ("payment", "receipt"),
    ("checkout", "receipt"),
)


DONE: Final = frozenset({"completed", "abgeschlossen", "s", ""})
WAITING: Final = frozenset(
    {
        "pending",
        "uncleared",
        "on hold",
        "held",
        "p",
        "created",
        "active",
        "under review",
        "ausstehend",
        "offen",
    }
)
_GERMAN: Final = {
    "datum": "date",
    "uhrzeit": "time",
    "zeitzone": "timezone",
    "typ": "type",
    "wahrung": "currency",
    "brutto": "gross",
    "gebuhr": "fee",
    "entgelt": "fee",
    "netto": "net",
    "absender_e_mail_adresse": "from_email_address",
    "empfanger_e_mail_adresse": "to_email_address",
    "transaktionscode": "transaction_id",
    "rechnungsnummer": "invoice_number",
    "zugehoriger_transaktionscode": "reference_txn_id",
    "betreff": "subject",
    "hinweis": "note",
    "artikelbezeichnung": "item_title",
    "auswirkung_auf_guthaben": "balance_impact",
}


def in_english(title: str) -> str:
    """Give the English title of a column of the activity download."""
    return _GERMAN.get(title, title)


def kind_of_code(code: str, amount_minor: int) -> str:
    """Give the contract's word for an event code."""
    return _sided(_CODES.get(code) or _GROUPS.get(code[:3], "other"), amount_minor)


def kind_of_type(words: str, amount_minor: int) -> str:
    """Give the contract's word for a type of the activity download; empty where the words are not known."""
    text = fold(words).replace("_", " ")
    return _sided(next((kind for word, kind in _WORDS if word in text), ""), amount_minor)


def _sided(kind: str, amount_minor: int) -> str:
    """Keep a receipt to money that came in, and a refund to money that went out."""
    is_wrong = (kind == "receipt" and amount_minor < 0) or (
        kind in {"refund", "chargeback"} and amount_minor > 0
    )
    return "other" if is_wrong else kind

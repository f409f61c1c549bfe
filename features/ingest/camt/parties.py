"""Who stands on the other side of a transaction: never our own account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from features.ingest.camt.values import told
from features.ingest.xml_stream import Node

_SEPARATORS: Final = re.compile(r"[\s.-]+")


@dataclass(frozen=True, slots=True)
class OwnSide:
    """Our own account and the name that the bank has for us."""

    account: str = ""
    owner: str = ""


class Party(NamedTuple):
    """A counterparty."""

    name: str = ""
    account: str = ""
    ultimate: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything is told of it."""
        return bool(self.name or self.account)


NOBODY: Final = Party()


def account_number(account: Node | None) -> str:
    """Give the number of an account: IBAN, else whatever number there is."""
    if account is None:
        return ""
    identity = account.first("Id")
    if identity is None:
        return ""
    number = (
        identity.at("IBAN")
        or identity.at("Othr", "Id")
        or identity.at("BBAN")
        or identity.at("PrtryAcct", "Id")
        or identity.at("UPIC")
        or account.at("Prxy", "Id")
    )
    return plain_account(number)


def plain_account(number: str) -> str:
    """Write an IBAN without blanks and in capitals; of other numbers, only tidy the blanks."""
    bare = _SEPARATORS.sub("", number).upper()
    is_iban = len(bare) > 14 and bare[:2].isalpha() and bare[2:4].isdigit()
    return bare if is_iban else " ".join(number.split())


def counterparty(parties: Node | None, sign: int, own: OwnSide, *, is_undoing: bool) -> Party:
    """Pick the other side: who pays for money in, who receives for money out.

    A return or reversal keeps the roles of what it undoes, so there the other way round.
    """
    if parties is None:
        return NOBODY
    roles = ("Dbtr", "Cdtr") if (sign > 0) is not is_undoing else ("Cdtr", "Dbtr")
    expected = _side(parties, roles[0])
    is_own = _is_own(expected, own)
    if expected.is_known and not is_own:
        return expected
    other = _side(parties, roles[1])
    if is_own and other.is_known and not _is_own(other, own):
        return other
    if expected.is_known:
        return expected
    if is_undoing and other.is_known and not _is_own(other, own):
        return other
    if sign < 0 and other.is_known and own.owner and not _is_own(other, own) and not _shares_word(other, own):
        return other
    return Party(expected.ultimate, "", expected.ultimate) if expected.ultimate else NOBODY


def _side(parties: Node, role: str) -> Party:
    name = party_name(parties.first(role))
    account = account_number(parties.first(f"{role}Acct"))
    ultimate = party_name(parties.first(f"Ultmt{role}"))
    return Party(name or (ultimate if account else ""), account, ultimate)


def party_name(party: Node | None) -> str:
    """Give the name of a party: a person's or firm's, else a bank's, else the first line of the address."""
    if party is None:
        return ""
    person = party.first("Pty") or party
    bank = party.first("Agt", "FinInstnId") or party.first("FinInstnId")
    name = person.at("Nm") or person.at("PstlAdr", "AdrLine")
    if not name and bank is not None:
        name = bank.at("Nm") or bank.at("BICFI") or bank.at("BIC")
    return told(name)


def _is_own(party: Party, own: OwnSide) -> bool:
    if party.account and own.account:
        return party.account == own.account
    return bool(party.name) and not party.account and party.name.casefold() == own.owner.casefold()


def _shares_word(party: Party, own: OwnSide) -> bool:
    return bool(_words(party.name) & _words(own.owner))


def _words(name: str) -> set[str]:
    return {word for word in re.findall(r"\w+", name.casefold()) if len(word) > 2}

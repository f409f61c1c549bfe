"""Stripe: objects of the API, lists of them, events of webhooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from features.ingest.entry import Entry, Lineage
from features.ingest.gateway import NoMovementError, Once
from features.ingest.json_document import Json, JsonObject, id_in, object_at, shown, text_of
from features.ingest.limits import Limits
from features.ingest.problems import Problem
from features.ingest.source import Source
from features.ingest.stripe_objects import READERS, UNREAD, read_object, read_settled

_LISTS: Final = frozenset({"list", "search_result"})
_DEPTH: Final = 6
_TELLING: Final = {"charge": 0, "payment_intent": 2, "balance_transaction": 3}
_MOST_NAMED: Final = 12


def is_stripe(value: Json) -> bool:
    """Say whether JSON is of Stripe: every object of its API says what it is."""
    if isinstance(value, list):
        return any(is_stripe(one) for one in value[:20])
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("object"), str):
        return True
    held = [one for one in value.values() if isinstance(one, dict)]
    if set(value) == {"error"} and held:
        return "type" in held[0] and ("doc_url" in held[0] or "request_log_url" in held[0])
    return any(isinstance(one.get("object"), str) or is_stripe_container(one) for one in held[:20])


def is_stripe_container(value: JsonObject) -> bool:
    """Say whether an object holds named objects of Stripe, as its fixtures do."""
    held = [one for one in value.values() if isinstance(one, dict)]
    named = [one for one in held if isinstance(one.get("object"), str)]
    return len(named) * 2 > len(held)


def read_stripe(value: Json, source: Source, limits: Limits) -> Iterator[Entry | Problem]:  # noqa: ARG001 - read whole already
    """Give the payments, and one note on what is no movement of money; refuse a file of nothing else."""
    found = list(_objects(value, "", _DEPTH))
    others = Counter(kind for kind, _, _ in found if kind not in READERS)
    if not any(kind in READERS or kind in UNREAD for kind, _, _ in found):
        raise NoMovementError(f"{source.name} is JSON of Stripe and no movement of money: {_named(others)}.")
    yield from Once().pass_on(_entries(found, source))
    yield from _notes(others, source)


def _entries(found: list[tuple[str, str, JsonObject]], source: Source) -> Iterator[Entry | Problem]:
    """Read each object; transactions that name the payout they are settled by become its lines.

    Of several objects that tell of one charge, the charge itself says most and is read first.
    """
    found = sorted((one for one in found if one[0] in READERS), key=lambda one: _TELLING.get(one[0], 1))
    places = {position: source.at(position, shown(one)) for _, position, one in found}
    balances = {id_in(one): one for kind, _, one in found if kind == "balance_transaction"}
    holders = {position: id_in(one) for kind, position, one in found if kind == "payout"}
    settled: dict[str, list[tuple[JsonObject, Lineage]]] = {name: [] for name in holders.values()}
    lines: set[str] = set()
    for kind, position, one in found:
        if kind == "balance_transaction" and (owner := _payout_of(one, position, holders)) in settled:
            settled[owner].append((one, places[position]))
            lines.add(position)
    for kind, position, one in found:
        if position in lines:
            continue
        if kind == "payout" and settled[id_in(one)]:
            yield from read_settled(one, settled[id_in(one)], places[position])
        else:
            balance = balances.get(text_of(one.get("balance_transaction"))) if kind == "charge" else None
            yield from read_object(
                {**one, "balance_transaction": balance} if balance else one, places[position]
            )


def _payout_of(one: JsonObject, position: str, holders: dict[str, str]) -> str:
    """Find the payout that settles a balance transaction: named, or the object that holds it."""
    named = id_in(one.get("payout")) or id_in(one.get("automatic_payout_id"))
    return named or holders.get(position.partition("/balance_transactions")[0], "-")


def _objects(value: Json, position: str, depth: int) -> Iterator[tuple[str, str, JsonObject]]:
    """Walk to the objects: through lists, events, named objects, and what a payout holds."""
    if depth == 0:
        return
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _objects(one, f"{position}[{number}]", depth - 1)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("object")
    if not isinstance(kind, str):
        if set(value) == {"error"}:
            yield "error", position, value
        for name, one in value.items():
            if isinstance(one, dict | list):
                yield from _objects(one, f"{position}/{name}" if position else name, depth - 1)
        return
    if kind in _LISTS:
        yield from _objects(value.get("data"), f"{position}/data" if position else "data", depth - 1)
    elif kind == "event":
        inner = object_at(value, "data", "object")
        yield from _objects(inner, f"{position}/data.object" if position else "data.object", depth - 1)
    else:
        yield kind, position or kind, value
        if kind == "payout":
            held = value.get("balance_transactions")
            yield from _objects(held, f"{position or kind}/balance_transactions", depth - 1)


def _notes(others: Counter[str], source: Source) -> Iterator[Problem]:
    unread = Counter({kind: count for kind, count in others.items() if kind in UNREAD})
    quiet = others - unread
    if unread:
        yield Problem.at(source.at(""), "object", "unsupported_part", _named(unread))
    if quiet:
        message = f"{quiet.total()} objects are no movement of money."
        yield Problem.at(
            source.at(""), "object", "informational", _named(quiet), message=message, mend="Nothing to do."
        )


def _named(kinds: Counter[str]) -> str:
    names = sorted(text_of(kind)[:64] for kind in kinds)
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

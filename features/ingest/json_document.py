"""JSON from strangers: bounded, numbers by their digits, no key twice."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final, TypeAlias

from features.ingest.entry import RAW_LIMIT
from features.ingest.limits import Limits
from features.ingest.problems import HostileFileError, LimitError, UnusableFileError
from features.ingest.source import Source

Json: TypeAlias = Any
"""Objects are dicts, arrays lists, numbers int or Decimal."""
JsonObject: TypeAlias = dict[str, Any]

_DIGITS: Final = 40
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"


def looks_like_json(head: bytes) -> bool:
    """Say whether a file starts as a JSON object or array does."""
    return head.lstrip(_BLANK)[:1] in {b"{", b"["}


def load(source: Source, limits: Limits) -> Json:
    """Parse a JSON file, or one of a JSON object a line as an array of them."""
    if source.size > limits.document_bytes:
        raise LimitError(f"{source.name} has more than {limits.document_bytes:,} bytes.")
    with source.open() as file:
        data = file.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableFileError(f"{source.name} is not valid UTF-8.") from None
    try:
        return _parse(text, source)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or error.msg != "Extra data":
            raise UnusableFileError(
                f"{source.name} is no JSON: {error.msg} in line {error.lineno}."
            ) from None
    try:
        return [_parse(line, source) for line in lines]
    except json.JSONDecodeError as error:
        raise UnusableFileError(f"{source.name} is no JSON of one object a line: {error.msg}.") from None


def shown(value: Json) -> str:
    """Write a value compactly for the lineage."""
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))[:RAW_LIMIT]


def text_of(value: Json) -> str:
    """Give a text or a number as text; nothing for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else ""


def object_at(value: Json, *path: str) -> JsonObject:
    """Follow keys to an object; an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def id_in(value: Json) -> str:
    """Give the id of an object that stands for itself or by its id."""
    return text_of(value.get("id")) if isinstance(value, dict) else text_of(value)


def integer_of(value: Json) -> int | None:
    """Give an integer; None for anything else, booleans too."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _parse(text: str, source: Source) -> Json:
    try:
        return json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse, object_pairs_hook=_object
        )
    except RecursionError:
        raise HostileFileError(f"{source.name} nests its JSON too deep.") from None
    except _HostileValueError as error:
        raise HostileFileError(f"{source.name} {error}.") from None


class _HostileValueError(Exception):
    """Something that no honest JSON holds."""


def _decimal(text: str) -> Decimal:
    if len(text) > _DIGITS:
        raise _HostileValueError("holds a number of more than 40 digits")
    number = Decimal(text)
    if abs(number.adjusted()) > _DIGITS:
        raise _HostileValueError("holds a number that is out of any range")
    return number


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise _HostileValueError("holds a number of more than 40 digits")
    return int(text)


def _refuse(name: str) -> Json:
    raise _HostileValueError(f"holds {name}, which is no number of JSON")


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _HostileValueError("gives a key of an object twice")
    return made

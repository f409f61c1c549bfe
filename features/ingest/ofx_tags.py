"""OFX and QFX as a stream of tags: SGML without closing tags and XML alike, and whatever lies between.

Lenient on purpose: `bankfile` 0.2 gives the first statement of a file only, and no cash of brokerage accounts
(it stays in the tests as an oracle), `ofxtools` (GPL) refused 11 of 32 files. Entities of a file are refused.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from features.ingest.limits import Limits
from features.ingest.problems import HostileFileError, LimitError
from features.ingest.source import Source

_BLOCK: Final = 1 << 16
_HEADER: Final = re.compile(rb"\b(?:ENCODING|CHARSET)\s*[:=]\s*[\"']?([A-Za-z0-9_.-]+)", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9._:]*)[^<>]*>(?P<text>[^<]*)"
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>(?P<more>[^<]*)|<[!?][^<>]*>(?P<after>[^<]*)|<(?P<bare>[^<]*)",
    re.DOTALL,
)
_TAG_START: Final = re.compile(r"[/A-Za-z]")
_FORBIDDEN: Final = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)
_CDATA: Final = "<![CDATA["
_WIDE: Final = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_ONE_BYTE: Final = re.compile(r"cp125\d|iso8859-\d{1,2}|cp850|cp437|koi8-r")


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag with the text behind it."""

    name: str
    is_end: bool
    text: str
    number: int
    """Of its line in the file."""


def tags(source: Source, limits: Limits) -> Iterator[Tag]:
    """Give the tags of a file from `<OFX>` on."""
    is_inside = False
    for tag in _all_tags(source, limits):
        is_inside = is_inside or tag.name == "OFX"
        if is_inside:
            yield tag


def _all_tags(source: Source, limits: Limits) -> Iterator[Tag]:
    buffer, number = "", 1
    for text in _decoded(source):
        searched = max(len(buffer) - 1, 0)
        buffer += text
        cut = _last_tag(buffer, searched)
        if len(buffer) - cut > limits.xml_text:
            raise LimitError(f"{source.name} has a text of more than {limits.xml_text} characters.")
        ready, buffer = buffer[:cut], buffer[cut:]
        yield from _tokens(ready, number, source)
        number += ready.count("\n")
    yield from _tokens(buffer, number, source)


def _last_tag(text: str, searched: int) -> int:
    """Find where the last tag starts: all before it is complete, its own text may still go on.

    Up to `searched` no later one was found before, so nothing there is looked at again.
    """
    cut = len(text)
    while (cut := text.rfind("<", searched, cut)) >= 0 and not _TAG_START.match(text, cut + 1):
        pass
    if cut < 0:
        return 0
    inside = text.rfind(_CDATA, 0, cut)
    return 0 if inside >= 0 and text.find("]]>", inside, cut) < 0 else cut


def _tokens(whole: str, number: int, source: Source) -> Iterator[Tag]:
    """Give the tags of a text; a CDATA section and what follows a comment belong to the tag before."""
    if _FORBIDDEN.search(whole):
        raise HostileFileError(f"{source.name} has a document type.")
    name, is_end, line, place = "", False, number, 0
    parts: list[str] = []
    for found in _TOKEN.finditer(whole):
        number += whole.count("\n", place, found.start())
        place = found.start()
        if found["name"] is None:
            parts.append(found["cdata"] or ("" if found["bare"] is None else "<"))
            parts.append(html.unescape(found["more"] or found["after"] or found["bare"] or ""))
            continue
        if name:
            yield Tag(name, is_end, _joined(parts), line)
        name, is_end, line = found["name"].rpartition(":")[2].upper(), bool(found["end"]), number
        text = found["text"]
        parts = [html.unescape(text) if "&" in text else text]
    if name:
        yield Tag(name, is_end, _joined(parts), line)


def _joined(parts: list[str]) -> str:
    text = parts[0] if len(parts) == 1 else "".join(parts)
    return " ".join(text.split()) if text else ""


def _decoded(source: Source) -> Iterator[str]:
    mark, encoding = _encoding(source.head())
    decoder = codecs.getincrementaldecoder(encoding)("tieout_one_byte")
    with source.open() as file:
        file.read(len(mark))
        while block := file.read(_BLOCK):
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _encoding(head: bytes) -> tuple[bytes, str]:
    """Find byte order mark and encoding; headers lie, so what is UTF-8 is read as such."""
    for mark, name in _WIDE:
        if head.startswith(mark):
            return mark, name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        pass
    else:
        return b"", "utf-8"
    for value in _HEADER.findall(head[:2_000]):
        text = value.decode("ascii").lower()
        try:
            name = codecs.lookup(f"cp{text}" if text.isdigit() else text.replace("windows-", "cp")).name
        except LookupError:
            continue
        if _ONE_BYTE.fullmatch(name):
            return b"", name
    return b"", "cp1252"


def _as_one_byte(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that do not fit as Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("tieout_one_byte", _as_one_byte)

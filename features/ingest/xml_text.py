"""XML from strangers as clean UTF-8: refused before parsing where it carries a document type.

The parser never sees a declaration, an encoding or a control character of the sender: the text is decoded
here, by its first bytes and its declaration, and given on as UTF-8 without either.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from features.ingest.damage import DAMAGED, MARK
from features.ingest.limits import Limits
from features.ingest.problems import HostileFileError, UnusableFileError
from features.ingest.source import Source

CHUNK: Final = 1 << 16
_BYTE_ORDER_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_FIRST_BYTES: Final = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_EBCDIC: Final = b"\x4c\x6f\xa7\x94"
_DECLARATION: Final = re.compile(r"\s*<\?xml\s[^>]{0,400}?\?>", re.ASCII)
_ENCODING: Final = re.compile(rb"<\?xml\s[^>]{0,300}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})")
_ONE_BYTE: Final = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-?125\d|cp125\d|cp850"
)
_PASSED: Final = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_BLANKED: Final = bytes(32 if code < 32 and code not in b"\t\n\r" else code for code in range(256))
"""XML 1.0 forbids control characters; one of them must not cost the file."""
_FORBIDDEN: Final = ("\ufffe", "\uffff")


@dataclass(slots=True)
class XmlText:
    """The text of one XML file, in chunks of UTF-8."""

    source: Source
    limits: Limits
    damaged: int = 0
    """Bytes that did not fit the encoding and were read as Windows-1252."""
    _encoding: str = field(init=False)

    def __post_init__(self) -> None:
        """Find the encoding, and refuse a document type."""
        self._encoding = _encoding(self.source)
        _refuse_document_type(self.source, self._encoding, self.limits)

    def chunks(self) -> Iterator[bytes]:
        """Give the document without byte order mark and declaration."""
        is_first = True
        for text in _decoded(self.source, self._encoding, self):
            if is_first:
                text = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).lstrip()  # noqa: PLW2901 - one chunk, cleaned step by step
                is_first = not text
            for letter in _FORBIDDEN:
                if letter in text:
                    text = text.replace(letter, " ")  # noqa: PLW2901 - as above
            yield text.encode("utf-8", "replace").translate(_BLANKED)


def looks_like_xml(head: bytes) -> bool:
    """Say whether a file starts as XML does, in any encoding."""
    if head.startswith(_EBCDIC):
        return True
    for mark, _ in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            head = head[len(mark) :]
            break
    return head.replace(b"\0", b"").lstrip()[:1] == b"<"


def head_text(source: Source) -> str:
    """Decode the first characters of an XML file, for detection; refuse a document type."""
    return next((text for text in _decoded(source, _encoding(source), None)), "")


def refuse_document_type(source: Source, limits: Limits) -> None:
    """Raise `HostileFileError` when an XML file has a document type, in whatever encoding."""
    _refuse_document_type(source, _encoding(source), limits)


def _encoding(source: Source) -> str:
    head = source.head()
    if head.startswith(_EBCDIC):
        raise HostileFileError(f"{source.name} is XML in EBCDIC.")
    for mark, encoding in (*_BYTE_ORDER_MARKS, *_FIRST_BYTES):
        if head.startswith(mark):
            return encoding
    declared = _ENCODING.match(head.lstrip()[:600])
    if declared is None:
        return "utf-8"
    name = declared.group(1).decode("ascii").lower()
    if name.startswith(("utf-16", "utf16", "ucs-2")):  # declared so, yet one byte a character
        return "utf-8"
    if not _ONE_BYTE.fullmatch(name):
        raise HostileFileError(f"{source.name} declares the encoding {name}, which no statement needs.")
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise HostileFileError(f"{source.name} declares the encoding {name}, which is unknown.") from None


def _refuse_document_type(source: Source, encoding: str, limits: Limits) -> None:
    """Read what stands before the first element; only blanks, comments and instructions may."""
    prolog = ""
    for text in _decoded(source, encoding, None):
        prolog += text
        place = 1 if prolog.startswith("\ufeff") else 0
        while found := _PASSED.match(prolog, place):
            place = found.end()
        rest = prolog[place : place + 16]
        if rest.upper().startswith(("<!DOCTYPE", "<!ENTITY", "<![")):
            raise HostileFileError(f"{source.name} has a document type.")
        if re.match(r"<[^!?]", rest):
            return
        if len(rest) >= 9 and not rest.startswith(("<!--", "<?")):
            break
        if len(prolog) > limits.xml_text:
            raise HostileFileError(f"{source.name} has a mebibyte of text before its first element.")
    raise UnusableFileError(f"{source.name} is not well-formed XML.")


def _decoded(source: Source, encoding: str, counter: XmlText | None) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(DAMAGED)
    with source.open() as file:
        while block := file.read(CHUNK):
            try:
                text = decoder.decode(block)
            except UnicodeError:
                raise UnusableFileError(f"{source.name} is not valid {encoding}.") from None
            if counter is not None and MARK in text:
                counter.damaged += text.count(MARK)
                text = text.replace(MARK, "")
            yield text
    yield decoder.decode(b"", final=True)

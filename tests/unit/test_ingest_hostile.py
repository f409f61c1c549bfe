"""Files made to hurt: each is refused or survived in bounded time and memory, with one clear problem."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from features.ingest.container import expand_source
from features.ingest.convert import convert_files
from features.ingest.detect import find_format
from features.ingest.entry import Entry, PaymentEntry
from features.ingest.limits import DEFAULT, Limits
from features.ingest.problems import HostileFileError, LimitError, Problem, UnusableFileError
from features.ingest.source import Source
from tests.camt_files import Line, camt, plain

ENTITY = '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def read(data: bytes, name: str = "f", limits: Limits = DEFAULT) -> list[Entry | Problem]:
    source = Source.of_bytes(data, name)
    return list(find_format(source, limits).open(source, limits))


def with_doctype(kind: str) -> str:
    text = camt([plain("1.00")]).decode()
    declaration, _, rest = text.partition("\n")
    return f"{declaration}\n<!-- a comment -->\n<?note x?>{kind}{rest}"


@pytest.mark.parametrize(
    "kind", [ENTITY, BOMB, "<!DOCTYPE html>", '<!doctype Document SYSTEM "http://x/y.dtd">']
)
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037"]
)
def test_a_document_type_is_refused_in_every_encoding(kind: str, encoding: str) -> None:
    text = with_doctype(kind).replace('encoding="UTF-8"', f'encoding="{encoding}"')
    with pytest.raises(HostileFileError):
        read(text.encode(encoding))


def test_encodings_that_hide_markup_are_refused() -> None:
    for name in ("utf-7", "UTF-32", "cp037", "hz", "x-mac-roman", "iso-2022-jp"):
        data = b'<?xml version="1.0" encoding="' + name.encode() + b'"?><Document/>'
        with pytest.raises(UnusableFileError):
            read(data)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-15", "cp1252"]
)
def test_the_encodings_of_real_files_give_the_same_names(encoding: str) -> None:
    declared = encoding.replace("-sig", "")
    text = camt([plain("1.00", name="Müller & Söhne")]).decode().replace("UTF-8", declared, 1)
    (payment,) = [one for one in read(text.encode(encoding)) if isinstance(one, PaymentEntry)]
    assert payment.payer_name == "Müller & Söhne"


def test_letters_of_another_code_page_are_read_and_told() -> None:
    text = camt([plain("1.00", name="Müller")]).decode().encode("cp1252")
    found = read(text)
    assert [one.payer_name for one in found if isinstance(one, PaymentEntry)] == ["Müller"]
    assert [one.code for one in found if isinstance(one, Problem)] == ["bad_text"]


def test_control_characters_do_not_cost_the_file() -> None:
    data = camt([plain("1.00", text="INV\x00-\x1b1"), plain("2.00")])
    assert [one.amount_minor for one in read(data) if isinstance(one, PaymentEntry)] == [100, 200]


def test_an_entity_that_nobody_declared_ends_the_file_with_a_problem() -> None:
    data = camt([plain("1.00"), plain("2.00")]).replace(b"2.00", b"&evil;", 1)
    found = read(data)
    assert [one.amount_minor for one in found if isinstance(one, PaymentEntry)] == [100]
    assert [one.code for one in found if isinstance(one, Problem)] == ["truncated"]


def test_deep_nesting_is_refused() -> None:
    for depth in (100, 200_000):
        deep = Line("1.00", more="<a>" * depth + "</a>" * depth)
        outcome: list[str] = []
        try:
            outcome = [one.code for one in read(camt([deep])) if isinstance(one, Problem)]
        except HostileFileError as error:
            outcome = [error.code]
        assert outcome in (["hostile_file"], ["truncated"])


def test_huge_texts_entries_and_files_meet_their_limits() -> None:
    small = replace(DEFAULT, xml_text=1_000, xml_unit_bytes=200_000, entries=3)
    with pytest.raises(LimitError):
        read(camt([plain("1.00", text="x" * 2_000)]), limits=small)
    with pytest.raises(LimitError):
        read(camt([Line("1.00", more="<x/>" * 100_000)]), limits=small)
    with pytest.raises(LimitError):
        read(camt([plain("1.00")] * 4), limits=small)


def zipped(write: Callable[[zipfile.ZipFile], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        write(archive)
    return buffer.getvalue()


def codes(data: bytes, limits: Limits = DEFAULT) -> list[str]:
    return [one.code for one in expand_source(Source.of_bytes(data, "f"), limits) if isinstance(one, Problem)]


def test_bombs_are_refused_before_anything_reads_them() -> None:
    tight = replace(DEFAULT, archive_free_bytes=1 << 20)
    zeros = bytes(50 << 20)
    assert codes(gzip.compress(zeros), tight) == ["hostile_file"]
    assert codes(zipped(lambda archive: archive.writestr("a", zeros)), tight) == ["hostile_file"]

    def write(archive: zipfile.ZipFile) -> None:
        for number in range(50):
            archive.writestr(str(number), b"x")

    assert codes(zipped(write), replace(DEFAULT, archive_members=10)) == ["limit_exceeded"]


def test_archives_in_archives_are_read_two_deep_and_no_deeper() -> None:
    data = camt([plain("1.00")])
    for depth, expected in ((1, []), (2, []), (3, ["hostile_file"])):
        packed = data
        for _ in range(depth):
            packed = gzip.compress(packed)
        assert codes(packed) == expected


def test_a_broken_or_encrypted_member_costs_itself_alone(tmp_path: Path) -> None:
    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("good.xml", camt([plain("1.00")]))
        archive.writestr("bad.xml", camt([plain("2.00")]))
        archive.writestr("__MACOSX/._good.xml", b"junk")

    data = bytearray(zipped(write))
    place = data.index(b"bad.xml") + len(b"bad.xml") + 5
    data[place] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(data)
    result = convert_files([tmp_path / "a.zip"], tmp_path / "book")
    assert result.added["payments"] == 1
    assert [one.name for one in result.files if one.problems] == ["a.zip/bad.xml"]

    encrypted = bytearray(zipped(lambda archive: archive.writestr("s.xml", b"<a/>")))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(magic) + offset] |= 1
    assert codes(bytes(encrypted)) == ["encrypted_file"]


def test_paths_in_an_archive_are_labels_only(tmp_path: Path) -> None:
    names = ("../../../up.xml", "/etc/abs.xml", "C:\\windows\\dos.xml", "new\nline.xml")
    lines = [plain(f"{number}.00") for number in range(1, 5)]

    def write(archive: zipfile.ZipFile) -> None:
        for name, line in zip(names, lines, strict=True):
            archive.writestr(name, camt([line]))

    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.zip").write_bytes(zipped(write))
    before = sorted(path for path in tmp_path.rglob("*"))
    result = convert_files([inner / "a.zip"], inner / "book")
    assert result.added["payments"] == 4
    shown = {one.name for one in result.files}
    assert shown == {"a.zip/up.xml", "a.zip/etc/abs.xml", "a.zip/C:/windows/dos.xml", "a.zip/new?line.xml"}
    outside = sorted(path for path in tmp_path.rglob("*") if not path.is_relative_to(inner / "book"))
    assert outside == before


def test_lying_and_torn_archives_are_problems_not_crashes() -> None:
    whole = gzip.compress(camt([plain("1.00")] * 200))
    torn = [
        whole[: len(whole) // 2],
        whole[:-4] + b"\0\0\0\0",
        whole + b"trailing junk",
        b"\x1f\x8b",
        b"PK\x03\x04",
    ]
    for data in torn:
        assert all(code == "unusable_file" for code in codes(data))
    packed = bytearray(zipped(lambda archive: archive.writestr("a.xml", camt([plain("1.00")]))))
    place = packed.index(b"PK\x01\x02") + 24
    packed[place : place + 4] = (7).to_bytes(4, "little")
    assert codes(bytes(packed)) == ["unusable_file"]


def test_what_is_no_archive_that_is_read_is_named() -> None:
    for magic in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x00", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"):
        assert codes(magic + bytes(40)) == ["unsupported_format"]


def test_other_messages_of_iso_20022_are_refused_by_name() -> None:
    for name, said in (
        ("pain.001.001.09", "credit transfer orders"),
        ("pacs.008.001.08", "pacs.008"),
        ("camt.029.001.09", "camt.029"),
    ):
        data = f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:{name}"><X/></Document>'
        with pytest.raises(UnusableFileError, match=said) as refused:
            read(data.encode())
        assert refused.value.code == "unsupported_format"


def test_an_unclosed_quotation_mark_costs_its_own_line() -> None:
    rows = ["Date;Description;Amount;Currency", '2025-03-01;"open;10,00;EUR']
    rows += [f"2025-03-{day:02};row {day};-{day},50;EUR" for day in range(2, 29)] * 3
    found = read("\n".join(rows).encode())
    assert sum(isinstance(one, PaymentEntry) for one in found) >= 81


def test_a_workbook_that_swells_is_refused() -> None:
    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<x>" + bytes(80 << 20))

    with pytest.raises(HostileFileError):
        read(zipped(write))


def test_a_stream_of_zlib_is_no_gzip() -> None:
    with pytest.raises(UnusableFileError):
        read(zlib.compress(camt([plain("1.00")])))

"""Converting files into a book: nothing twice, nothing lost, nothing outside the folder."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from features.book import read_book
from features.ingest.book_out import BookOut, UnusableBookError
from features.ingest.convert import NoFileError, convert_files
from tests.camt_files import Line, Part, balance, camt, plain

ROOT = Path(__file__).parents[2]


def rows(book: Path, table: str = "payments") -> list[dict[str, str]]:
    with (book / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def amounts(book: Path) -> list[str]:
    return sorted(row["amount"] for row in rows(book))


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def everything(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_statement_becomes_a_book_that_match_can_read(tmp_path: Path) -> None:
    bounds = balance("OPBD", "100.00") + balance("CLBD", "150.50")
    file = put(tmp_path, "a.xml", camt([plain("50.50", text="INV-7", reference="R1")], balances=bounds))
    result = convert_files([file], tmp_path / "book")
    assert result.is_clean
    book = read_book(tmp_path / "book")
    assert book.problems.num_rows == 0
    assert book.payments["amount_minor"].to_pylist() == [5050]
    assert book.payments["payer_name"].to_pylist() == ["ACME GMBH"]
    assert book.own_accounts["account"].to_pylist() == ["DE89370400440532013000"]
    (statement,) = rows(tmp_path / "book", "statements")
    assert (statement["opening"], statement["closing"], statement["is_reconciled"]) == (
        "100.00",
        "150.50",
        "true",
    )
    (payment,) = rows(tmp_path / "book")
    assert payment["lineage_position"] == "Stmt[1]/Ntry[1]"
    assert payment["lineage_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert payment["lineage_raw"].startswith("<Ntry")


def test_converting_again_renamed_or_packed_adds_nothing(tmp_path: Path) -> None:
    data = camt([plain("10.00", reference="R1"), plain("10.00", text="INV-2"), plain("7.00")])
    book = tmp_path / "book"
    convert_files([put(tmp_path, "a.xml", data)], book)
    before = everything(book)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil/b.xml", data)
    for name, content in (("renamed.txt", data), ("c.gz", gzip.compress(data)), ("d.zip", packed.getvalue())):
        result = convert_files([put(tmp_path, name, content)], book)
        assert result.added == {}
        assert result.is_clean
        assert everything(book) == before


def test_two_equal_payments_on_one_day_stay_two_whatever_overlaps(tmp_path: Path) -> None:
    twin = plain("25.00", name="CITY COFFEE", text="LATTE")
    first = put(tmp_path, "a.xml", camt([twin, twin]))
    overlapping = put(tmp_path, "b.xml", camt([twin, twin, plain("1.00", day="2025-03-04")]))
    one = put(tmp_path, "c.xml", camt([twin, plain("2.00", day="2025-03-05")]))
    for order in ([first, overlapping, one], [one, first, overlapping], [overlapping, one, first]):
        book = tmp_path / f"book-{order[0].stem}"
        for file in order:
            convert_files([file], book)
        assert amounts(book) == ["1.00", "2.00", "25.00", "25.00"]


def test_052_053_and_054_tell_of_one_transaction_once(tmp_path: Path) -> None:
    report = put(tmp_path, "052.xml", camt([plain("80.00", text="INV-9 part of text")], "052"))
    statement = put(
        tmp_path, "053.xml", camt([plain("80.00", text="INV-9 part of text", reference="B-1")], "053")
    )
    notice = put(
        tmp_path, "054.xml", camt([plain("80.00", text="INV-9 part of text", end_to_end_id="E-1")], "054")
    )
    result = convert_files([report, notice, statement], tmp_path / "book")
    (payment,) = rows(tmp_path / "book")
    assert payment["source"] == "camt.053"
    assert payment["bank_reference"] == "B-1"
    assert sum(one.copies for one in result.files) == 2
    for file in (report, statement, notice):
        convert_files([file], tmp_path / "one by one")
    assert len(rows(tmp_path / "one by one")) == 1


def test_different_payments_of_one_amount_in_two_formats_stay_two(tmp_path: Path) -> None:
    one = put(tmp_path, "053.xml", camt([plain("80.00", name="ALPHA AG", text="INV-1")], "053"))
    other = put(tmp_path, "054.xml", camt([plain("80.00", name="BETA OY", text="INV-2")], "054"))
    convert_files([one, other], tmp_path / "book")
    assert sorted(row["payer_name"] for row in rows(tmp_path / "book")) == ["ALPHA AG", "BETA OY"]


BATCH = Line("30.00", reference="X-1")
PARTS = Line(
    "30.00",
    reference="X-1",
    parts=(
        Part("10.00", "ALPHA AG", "INV-1", "X-1-1"),
        Part("12.50", "BETA OY", "INV-2", "X-1-2"),
        Part("7.50", "GAMMA SL", "INV-3", "X-1-3"),
    ),
)


def test_a_batch_of_a_notification_takes_the_place_of_its_line_in_the_statement(tmp_path: Path) -> None:
    statement, notice = (
        put(tmp_path, "053.xml", camt([BATCH])),
        put(tmp_path, "054.xml", camt([PARTS], "054")),
    )
    convert_files([statement, notice], tmp_path / "together")
    assert amounts(tmp_path / "together") == ["10.00", "12.50", "7.50"]
    convert_files([statement, notice], tmp_path / "together")
    assert amounts(tmp_path / "together") == ["10.00", "12.50", "7.50"]
    for file in (notice, statement):
        convert_files([file], tmp_path / "notice first")
    assert amounts(tmp_path / "notice first") == ["10.00", "12.50", "7.50"]
    # The line stood in the book already and may have been applied: its parts become what it says it pays.
    for file in (statement, notice, notice, statement):
        convert_files([file], tmp_path / "statement first")
    assert amounts(tmp_path / "statement first") == ["30.00"]
    lines = rows(tmp_path / "statement first", "remittance_lines")
    assert [(row["reference"], row["amount"]) for row in lines] == [
        ("INV-1", "10.00"),
        ("INV-2", "12.50"),
        ("INV-3", "7.50"),
    ]


def test_what_a_bare_line_of_a_statement_lacks_is_taken_from_its_notification(tmp_path: Path) -> None:
    bare = put(tmp_path, "053.xml", camt([Line("30.00", reference="X-1")]))
    told = Line("30.00", reference="X-1", parts=(Part(name="ALPHA AG", text="INV-1", end_to_end_id="E-1"),))
    notice = put(tmp_path, "054.xml", camt([told], "054"))
    convert_files([notice, bare], tmp_path / "together")
    (payment,) = rows(tmp_path / "together")
    assert (payment["source"], payment["payer_name"], payment["remittance"]) == (
        "camt.053",
        "ALPHA AG",
        "INV-1",
    )
    for file in (bare, notice, notice):
        convert_files([file], tmp_path / "statement first")
    assert [row["payer_name"] for row in rows(tmp_path / "statement first")] == [""]
    (line,) = rows(tmp_path / "statement first", "remittance_lines")
    assert (line["reference"], line["customer_reference"], line["amount"]) == ("INV-1", "ALPHA AG", "30.00")


def test_overlapping_notifications_do_not_double_remittance_lines(tmp_path: Path) -> None:
    statement, notice = (
        put(tmp_path, "053.xml", camt([BATCH])),
        put(tmp_path, "054.xml", camt([PARTS], "054")),
    )
    other = put(tmp_path, "054b.xml", camt([PARTS, plain("1.00", day="2025-03-09")], "054"))
    for file in (statement, notice, other):
        convert_files([file], tmp_path / "book")
    assert amounts(tmp_path / "book") == ["1.00", "30.00"]
    assert len(rows(tmp_path / "book", "remittance_lines")) == 3


def test_two_conversions_into_one_book_wait_for_each_other(tmp_path: Path) -> None:
    first = BookOut(tmp_path / "book")
    with pytest.raises(UnusableBookError, match="Another conversion"):
        BookOut(tmp_path / "book")
    first.close()
    BookOut(tmp_path / "book").close()


def test_parts_that_do_not_make_their_line_become_its_remittance_lines(tmp_path: Path) -> None:
    parts = (Part("10.00", "ALPHA AG", "INV-1"), Part("5.00", "BETA OY", "INV-2"))
    result = convert_files([put(tmp_path, "a.xml", camt([Line("30.00", parts=parts)]))], tmp_path / "book")
    assert amounts(tmp_path / "book") == ["30.00"]
    assert [row["amount"] for row in rows(tmp_path / "book", "remittance_lines")] == ["10.00", "5.00"]
    assert result.problems["details_differ"] == 1


def test_a_batch_of_which_transactions_are_missing_stays_one_payment(tmp_path: Path) -> None:
    batch = Line("30.00", parts=(Part("10.00", "ALPHA AG", "INV-1"),))
    data = camt([batch]).replace(b"<NtryDtls>", b"<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch>")
    result = convert_files([put(tmp_path, "a.xml", data)], tmp_path / "book")
    assert amounts(tmp_path / "book") == ["30.00"]
    assert [row["amount"] for row in rows(tmp_path / "book", "remittance_lines")] == ["10.00"]
    assert dict(result.problems) == {"total_differs": 1, "details_differ": 1}


def test_charges_kept_from_a_batch_stand_as_a_line_of_their_own(tmp_path: Path) -> None:
    charges = '<Chrgs><Amt Ccy="EUR">1.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs>'
    parts = (Part("10.00", "ALPHA AG", "INV-1"), Part("21.50", "BETA OY", "INV-2"))
    convert_files(
        [put(tmp_path, "a.xml", camt([Line("30.00", parts=parts, more=charges)]))], tmp_path / "book"
    )
    assert [(row["amount"], row["kind"]) for row in rows(tmp_path / "book")] == [
        ("10.00", ""),
        ("21.50", ""),
        ("-1.50", "other"),
    ]


def test_pending_lines_are_no_payments_and_are_told(tmp_path: Path) -> None:
    lines = [plain("1.00"), plain("2.00", status="PDNG"), plain("3.00", status="INFO")]
    result = convert_files([put(tmp_path, "a.xml", camt(lines))], tmp_path / "book")
    assert amounts(tmp_path / "book") == ["1.00"]
    assert dict(result.problems) == {"pending": 1, "informational": 1}
    assert result.is_clean


def test_a_return_is_tied_to_the_payment_that_it_undoes(tmp_path: Path) -> None:
    back = Line(
        "40.00", "DBIT", "2025-03-06", more="<RvslInd>true</RvslInd>", parts=(Part(end_to_end_id="E-7"),)
    )
    lines = [plain("40.00", end_to_end_id="E-7"), plain("40.00", end_to_end_id="E-8"), back]
    convert_files([put(tmp_path, "a.xml", camt(lines))], tmp_path / "book")
    received, _, returned = rows(tmp_path / "book")
    assert (returned["kind"], returned["amount"]) == ("return", "-40.00")
    assert returned["related_payment_id"] == received["payment_id"]


def test_a_broken_file_keeps_what_came_before_the_break(tmp_path: Path) -> None:
    whole = camt([plain("1.00"), plain("2.00"), plain("3.00")])
    result = convert_files([put(tmp_path, "a.xml", whole[: whole.rindex(b"<Ntry>") + 40])], tmp_path / "book")
    assert amounts(tmp_path / "book") == ["1.00", "2.00"]
    (problem,) = rows(tmp_path / "book", "quarantine")
    assert (problem["code"], problem["position"]) == ("truncated", "Stmt[1]/Ntry[3]")
    assert not result.is_clean


def test_a_total_that_does_not_hold_is_told(tmp_path: Path) -> None:
    bounds = balance("OPBD", "100.00") + balance("CLBD", "160.00")
    convert_files([put(tmp_path, "a.xml", camt([plain("50.00")], balances=bounds))], tmp_path / "book")
    (problem,) = rows(tmp_path / "book", "quarantine")
    assert problem["code"] == "balance_differs"
    assert "100.00" in problem["message"]
    assert "160.00" in problem["message"]


def test_what_a_person_added_to_the_book_stays(tmp_path: Path) -> None:
    book = tmp_path / "book"
    book.mkdir()
    (book / "payments.csv").write_text(
        "note,payment_id,booking_date,currency,amount\nmine,P-1,2025-01-02,EUR,5.00\n", "utf-8"
    )
    convert_files([put(tmp_path, "a.xml", camt([plain("1.00")]))], book)
    first, second = rows(book)
    assert (first["note"], first["payment_id"], second["amount"]) == ("mine", "P-1", "1.00")
    assert read_book(book).payments.num_rows == 2


def test_books_that_cannot_be_added_to_are_left_alone(tmp_path: Path) -> None:
    file, book = put(tmp_path, "a.xml", camt([plain("1.00")])), tmp_path / "book"
    book.mkdir()
    (book / "payments.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnusableBookError, match=r"payments\.parquet"):
        convert_files([file], book)
    with pytest.raises(NoFileError, match="does not exist"):
        convert_files([tmp_path / "none.xml"], tmp_path / "other")
    convert_files([file], tmp_path / "other")
    with pytest.raises(NoFileError, match="lies in the book"):
        convert_files([tmp_path / "other"], tmp_path / "other")


def test_the_command_says_what_it_did_by_line_by_document_and_by_exit_code(tmp_path: Path) -> None:
    good = put(tmp_path, "good.xml", camt([plain("1.00")]))
    bad = put(tmp_path, "bad.xml", camt([plain("1..00")]))
    junk = put(tmp_path, "junk.bin", bytes(range(256)))

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tieout.py"), "convert", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    done = run(good, "--out", tmp_path / "a", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["added"] == {"payments": 1, "own_accounts": 1, "statements": 1}
    assert document["files"][0]["format"] == "camt.053"
    partly = run(good, bad, "--out", tmp_path / "b")
    assert partly.returncode == 3
    assert "1 bad_amount" in partly.stdout
    refused = run(junk, "--out", tmp_path / "c")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert run(good, "--out", tmp_path / "d", "--layout", "nowhere-bank").returncode == 2
    assert run(good, "--out", tmp_path / "d", "--currency", "EURO").returncode == 2
    assert not (tmp_path / "d").exists()

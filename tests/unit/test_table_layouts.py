"""Layouts of tables: those that ship, those of a user, and the guess where nobody names one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from features.ingest.entry import PaymentEntry, StatementEntry
from features.ingest.limits import DEFAULT
from features.ingest.problems import Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.tabular.hints import NO_HINTS, Hints
from features.ingest.tabular.layouts import BadLayoutError, Role, UnknownLayoutError, layouts, meanings
from features.ingest.tabular.reading import read
from receivables.money import EXPONENTS

GOLDEN = Path(__file__).parents[1] / "golden" / "formats" / "table"


def table(text: str | bytes, hints: Hints = NO_HINTS) -> tuple[list[PaymentEntry], list[Problem]]:
    data = text if isinstance(text, bytes) else text.encode()
    found = list(read(Source.of_bytes(data, "t"), DEFAULT, hints))
    return (
        [one for one in found if isinstance(one, PaymentEntry)],
        [one for one in found if isinstance(one, Problem)],
    )


def test_every_layout_that_ships_has_a_date_an_amount_and_known_words() -> None:
    assert len(layouts()) > 100
    for name, layout in layouts().items():
        if layout.columns:
            assert Role.BOOKING_DATE in layout.columns or name == "at-raiffeisen-visa", name
            assert {Role.AMOUNT, Role.PART_AMOUNT, Role.OUTFLOW, Role.CREDIT, Role.DEBIT} & set(
                layout.columns
            ), name
        assert not layout.currency or layout.currency in EXPONENTS, name


def test_a_named_layout_reads_a_table_without_headings() -> None:
    data = (GOLDEN / "bank2ynab_at_raiffeisen.csv").read_bytes()
    payments, problems = table(data, Hints.checked("at-raiffeisen-bank-2018", "AT1", None))
    assert len(payments) == 73
    assert (payments[0].amount_minor, payments[0].currency, payments[0].account) == (-3387, "EUR", "AT1")
    assert payments[-1].amount_minor == -8199
    assert problems == []


def test_an_unknown_layout_is_refused_with_the_likeliest_names() -> None:
    with pytest.raises(UnknownLayoutError, match="be-kbc-checking"):
        Hints.checked("be-kbc-cheking", None, None)


def test_a_layout_of_the_users_own_is_a_few_lines(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'delimiter = "|"\nheader_rows = 2\ndate = "MM/DD/YYYY"\ncurrency = "USD"\nfooter_rows = 1\n'
        'columns = ["booking_date", "-", "outflow", "remittance"]\n',
        "utf-8",
    )
    payments, problems = table(
        "a\nb\n03/04/2025|x|1,250.00|RENT\n1|total|1,250.00|\n", Hints.checked(str(file), None, None)
    )
    assert [(str(one.booking_date), one.amount_minor) for one in payments] == [("2025-03-04", -125_000)]
    assert [one.code for one in problems] == ["missing_account"]
    for bad in ('columns = ["nonsense"]', 'columns = ["amount"]\ncolour = "red"', "columns = 3", "columns ="):
        file.write_text(bad, "utf-8")
        with pytest.raises(BadLayoutError):
            Hints.checked(str(file), None, None)


def test_dates_that_may_be_read_both_ways_are_problems_until_something_settles_them() -> None:
    text = "Date,Description,Amount\n03/04/2025,one,-1.00\n05/06/2025,two,2.00\n"
    payments, problems = table(text, Hints(currency="USD", account="X"))
    assert payments == []
    assert [(one.code, one.position) for one in problems if one.code != "guessed_layout"] == [
        ("ambiguous_date", "line 2"),
        ("ambiguous_date", "line 3"),
    ]
    for hints, day in (
        (Hints(currency="EUR"), "2025-04-03"),
        (Hints.checked("day-first", None, "USD"), "2025-04-03"),
        (Hints.checked("month-first", None, "USD"), "2025-03-04"),
    ):
        payments, _ = table(text, hints)
        assert str(payments[0].booking_date) == day
    settled, _ = table(text + "13/06/2025,three,3.00\n", Hints(currency="USD"))
    assert str(settled[0].booking_date) == "2025-04-03"


@pytest.mark.parametrize(
    ("written", "minor"),
    [("1.234,56", 123456), ("-1.234,56", -123456), ("1 234,56", 123456), ("12,5", 1250), ("1'234.50", 123450),
     ("(12.50)", -1250), ("12.50-", -1250), ("12.50 DR", -1250), ("12.50 CR", 1250), ("€ 5,00", 500),
     ("+7", 700)],
)  # fmt: skip
def test_amounts_are_read_as_their_writers_mean_them(written: str, minor: int) -> None:
    payments, _ = table(
        f"Datum;Verwendungszweck;Betrag\n03.04.2025;x;{written}\n04.04.2025;y;-1,00\n", Hints(currency="EUR")
    )
    assert payments[0].amount_minor == minor


def test_debit_and_credit_columns_and_words_tell_the_sign() -> None:
    words = "Datum;Bedrag;Af Bij;Naam\n20250304;12,50;Af;A\n20250305;7,00;Bij;B\n20250306;1,00;?;C\n"
    payments, problems = table(words, Hints(currency="EUR", account="X"))
    assert [one.amount_minor for one in payments] == [-1250, 700]
    assert [(one.code, one.position) for one in problems if one.code == "bad_sign"] == [
        ("bad_sign", "line 4")
    ]
    typed = "Date,Type,Amount,Details\n2025-03-04,DEBIT,12.50,A\n2025-03-05,Credit,7.00,B\n"
    payments, problems = table(typed, Hints(currency="EUR", account="X"))
    assert [one.amount_minor for one in payments] == [-1250, 700]
    assert [one.code for one in problems] == ["guessed_layout"]
    columns = "Buchungstag;Soll;Haben;Text\n04.03.2025;12,50;;A\n05.03.2025;;7,00;B\n"
    payments, _ = table(columns, Hints(currency="EUR", account="X"))
    assert [one.amount_minor for one in payments] == [-1250, 700]


def test_lines_before_and_after_the_table_are_no_rows_and_name_the_account() -> None:
    text = (
        "Kontoauszug;\nIBAN;DE89 3704 0044 0532 0130 00\n\nBuchungstag;Verwendungszweck;Betrag (EUR)\n"
        "04.03.2025;INV-1;10,00\n05.03.2025;INV-2;-3,00\n\nSumme;;\n"
    )
    payments, problems = table(text)
    assert [one.amount_minor for one in payments] == [1000, -300]
    assert {one.account for one in payments} == {"DE89370400440532013000"}
    assert [one.code for one in problems] == ["guessed_layout"]


def test_rows_that_state_a_balance_are_no_payments() -> None:
    text = (
        '"Klienta konts";"Datums";"Saņēmējs/Maksātājs";"Informācija saņēmējam";"Summa";"Valūta";'
        '"Debets/Kredīts"\n'
        '"LV12HABA0551000000001";"01.03.2019";"";"Sākuma atlikums";"100,00";"EUR";"K"\n'
        '"LV12HABA0551000000001";"02.03.2019";"SIA Klients";"Rēķins 5";"50,00";"EUR";"K"\n'
    )
    payments, problems = table(text)
    assert [(one.amount_minor, one.remittance) for one in payments] == [(5_000, "Rēķins 5")]
    assert [one.code for one in problems] == ["guessed_layout", "informational"]


def test_a_column_that_says_booked_or_pending_decides_whatever_its_heading() -> None:
    text = (
        "Auftragskonto;Buchungstag;Verwendungszweck;Betrag;Waehrung;Info\n"
        "DE89370400440532013000;02.01.19;RE 1;10,00;EUR;Umsatz gebucht\n"
        "DE89370400440532013000;03.01.19;RE 2;-5,00;EUR;Umsatz vorgemerkt\n"
    )
    payments, problems = table(text)
    assert [one.status.value for one in payments] == ["booked", "pending"]
    assert [one.code for one in problems] == ["guessed_layout", "pending"]


def test_a_table_without_headings_may_hold_balances_before_and_after() -> None:
    text = (
        "123456789\tEUR\t20190101\t100,00\t90,00\t20190101\t-10,00\tSEPA OVERBOEKING Piet\n"
        "123456789\tEUR\t20190102\t90,00\t1190,00\t20190102\t1100,00\tSEPA OVERBOEKING factuur 12\n"
    )
    payments, _ = table(text)
    assert [(one.amount_minor, str(one.booking_date), one.remittance) for one in payments] == [
        (-1_000, "2019-01-01", "SEPA OVERBOEKING Piet"),
        (110_000, "2019-01-02", "SEPA OVERBOEKING factuur 12"),
    ]


def test_code_pages_are_found_by_the_words_they_make() -> None:
    text = "Datum zaúčtování;Částka;Měna účtu;Zpráva\n04.03.2025;-1,00;CZK;Příliš žluťoučký kůň\n"
    text += "05.03.2025;2,00;CZK;x\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1250", "utf-16"):
        payments, _ = table(text.encode(encoding))
        assert [one.remittance for one in payments] == ["Příliš žluťoučký kůň", "x"], encoding


def test_a_running_balance_is_followed_and_a_break_is_told() -> None:
    rows = ["Datum;Tekst;Beløb;Saldo;Valuta"]
    balance = 100
    for day in range(1, 9):
        balance += day
        rows.append(f"2025-03-{day:02};x;{day},00;{balance},00;DKK")
    found = list(read(Source.of_bytes("\n".join(rows).encode(), "t"), DEFAULT))
    (statement,) = [one for one in found if isinstance(one, StatementEntry)]
    assert (statement.opening_minor, statement.closing_minor, statement.is_reconciled) == (
        10_000,
        13_600,
        True,
    )
    del rows[4]
    found = list(read(Source.of_bytes("\n".join(rows).encode(), "t"), DEFAULT))
    breaks = [one.position for one in found if isinstance(one, Problem) and one.code == "balance_differs"]
    assert breaks == ["line 5"]


def test_a_workbook_is_read_with_its_types() -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + row(1, ["Date", "Description", "Amount", "Currency"])
        + '<row r="2"><c r="A2"><v>45720</v></c><c r="B2" t="inlineStr"><is><t>INV-1</t></is></c>'
        '<c r="C2"><v>-1234.5</v></c><c r="D2" t="inlineStr"><is><t>EUR</t></is></c></row>'
        + '<row r="3"><c r="A3"><v>45721</v></c><c r="B3" t="inlineStr"><is><t>INV-2</t></is></c>'
        '<c r="C3"><v>0.1</v></c><c r="D3" t="inlineStr"><is><t>EUR</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    payments, _ = table(workbook(sheet))
    assert [(str(one.booking_date), one.amount_minor, one.remittance) for one in payments] == [
        ("2025-03-04", -123_450, "INV-1"),
        ("2025-03-05", 10, "INV-2"),
    ]
    with pytest.raises(UnusableFileError):
        table(workbook(sheet)[:-200])
    with pytest.raises(UnusableFileError):
        table(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def row(number: int, texts: list[str]) -> str:
    cells = "".join(
        f'<c r="{"ABCDEFG"[place]}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(texts)
    )
    return f'<row r="{number}">{cells}</row>'


def workbook(sheet: str) -> bytes:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" '
        f'ContentType="{main}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{main}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'xmlns:r="{kinds}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{kinds}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return buffer.getvalue()


def test_headings_in_many_languages_are_known() -> None:
    for heading, role in (
        ("Buchungstag", Role.BOOKING_DATE), ("Værdidato (DKK)", None), ("Bokföringsdag", Role.BOOKING_DATE),
        ("Kwota operacji", Role.AMOUNT), ("Importe (EUR)", Role.AMOUNT), ("Date de valeur", Role.VALUE_DATE),
        ("Saaja/Maksaja", Role.PAYER_NAME), ("Zpráva pro příjemce", Role.REMITTANCE), ("", None),
    ):  # fmt: skip
        assert (role in meanings(heading)[0]) if role else not meanings(heading)[0], heading

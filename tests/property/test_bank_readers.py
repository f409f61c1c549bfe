"""Whatever bytes come, a reader of bank files gives entries, problems or one of our errors, and ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ingest.entry import PaymentEntry
from features.ingest.limits import DEFAULT
from features.ingest.problems import Problem, UnusableFileError
from features.ingest.source import Source
from receivables.money import EXPONENTS, MAX_MINOR
from tests.golden.bank_formats import DETECTORS, READERS, files

SAMPLES = [(name, path.read_bytes()[:6_000]) for name, path in files()]
SPLICES = (
    *(
        b"\n:61:",
        b":86:",
        b"-}",
        b"{1:",
        b"{2:I103",
        b"\n-\n",
        b"?20",
        b"//",
        b",,",
        b"/",
        b"88,",
        b"16,",
        b"03,",
    ),
    *(b"<STMTTRN>", b"</STMTTRN>", b"<", b"<![CDATA[", b"]]>", b"&#x41;", b"<!DOCTYPE a>", b"^\n", b"S\n$"),
    *(
        b"!Type:Bank\n",
        b"\r",
        b"\x00",
        b"\xff\xfe",
        b"\xf0\x9f\x92\xb6",
        b"\xe2\x80\xae",
        b"\n" * 50,
        b"9" * 40,
    ),
)
PATTERNS = (
    *(b"<", b"<A>", b"<A", b"&", b"?20", b"a?", b"/EREF/", b"EREF+", b"1,"),
    *(b"\n88,x", b"\n:86:", b"\n:61:", b"S\n", b" "),
)


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a golden file with some bytes cut, repeated, changed or put in."""
    name, data = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 40))
        match draw(st.sampled_from(("cut", "repeat", "change", "splice", "swap"))):
            case "cut":
                data = data[:place] + data[place + size :]
            case "repeat":
                data = data[: place + size] + data[place:]
            case "change":
                data = data[:place] + draw(st.binary(max_size=4)) + data[place + 4 :]
            case "splice":
                data = data[:place] + draw(st.sampled_from(SPLICES)) + data[place:]
            case _:
                data = data[place:] + data[:place]
    return name, data


def read_all(name: str, data: bytes) -> list[object]:
    source = Source.of_bytes(data, "mutant")
    for module in DETECTORS.values():
        assert module.detect(source.head(), source) in (True, False)
    try:
        return list(READERS[name](source, DEFAULT))
    except UnusableFileError as error:
        return [error]


@given(mutants())
def test_mutants_give_sound_entries_or_problems(case: tuple[str, bytes]) -> None:
    name, data = case
    for one in read_all(name, data):
        if isinstance(one, PaymentEntry):
            assert one.currency in EXPONENTS
            assert abs(one.amount_minor) <= MAX_MINOR
            assert one.booking_date.year >= 1900
            assert len(one.lineage.raw) <= 4_000
        elif isinstance(one, Problem):
            assert one.code
            assert one.message
            assert one.mend


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=600))
def test_noise_is_survived(name: str, data: bytes) -> None:
    assert isinstance(read_all(name, data), list)


@given(mutants())
def test_reading_twice_gives_the_same(case: tuple[str, bytes]) -> None:
    name, data = case
    first, second = read_all(name, data), read_all(name, data)
    assert [str(one) for one in first] == [str(one) for one in second]


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("pattern", PATTERNS)
def test_much_of_one_thing_ends(name: str, pattern: bytes) -> None:
    """A quarter of a mebibyte of any mark is read or refused within seconds."""
    start = {
        "mt940": b":20:X\n:60F:C250101EUR0,\n:61:250101C1,NTRF\n:86:166",
        "mt103": b"{1:F01X}{2:O103X}{4:\n:20:X\n:32A:250101EUR1,\n:70:",
        "bai2": b"01,A,B,250101,0000,1,,,2/\n02,A,B,1,250101,,USD,2/\n03,1,,/\n16,195,1,Z,,,",
        "ofx": b"<OFX><STMTRS><CURDEF>EUR<STMTTRN><DTPOSTED>20250101<TRNAMT>1.00<MEMO>",
        "qif": b"!Type:Bank\nD31/12/2024\nT1,00\nM",
    }[name]
    found = read_all(name, start + pattern * ((1 << 18) // len(pattern)))
    assert found

"""The tables a report is made of: what `match` wrote, and columns of the book looked up beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from receivables.money import EXPONENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.pipeline import MatchResult

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

OUTCOMES = ("auto", "review", "unmatched", "dismissed")
TICK_DIGITS = 4
"""Decimal texts are read as exact ten-thousandths, finer than the minor unit of any currency."""

DECISION_COLUMNS = (
    "payment_id", "kind", "outcome", "confidence", "customer_id", "allocated", "unapplied", "currency",
    "related_payment_id", "reasons", "model", "policy",
)  # fmt: skip
ALLOCATION_COLUMNS = (
    "payment_id", "invoice_id", "amount", "write_off", "write_off_reason", "deduction", "deduction_reason",
    "payment_amount", "rate", "pair_confidence", "outcome",
)  # fmt: skip
CANDIDATES = "candidates.parquet"
BATCH_ROWS = 500_000
CANDIDATE_COLUMNS = ("payment_id", "invoice_id", "pair_confidence", "rules", "why_not")


@dataclass(frozen=True)
class Output:
    """What `match` said: its tables with the contract's columns, and the summary."""

    decisions: pa.Table
    allocations: pa.Table
    candidates: pa.Table | Path
    summary: Mapping[str, Any]

    @classmethod
    def of(cls, source: MatchResult | Path, folder: Path) -> Output:
        """Take an output folder, or a result in memory; candidates it does not hold are in the folder."""
        if isinstance(source, Path):
            return cls(
                _read_csv(source / "decisions.csv"),
                _read_csv(source / "allocations.csv"),
                source / CANDIDATES,
                json.loads((source / "summary.json").read_text(encoding="utf-8")),
            )
        held = source.candidates if source.candidates.num_columns else folder / CANDIDATES
        return cls(source.decisions, source.allocations, held, source.summary)

    def allocations_of(self, payments: pa.Array) -> pa.Table:
        """Return the proposals of these payments as text."""
        return _of_payments(self.allocations, payments, ALLOCATION_COLUMNS)

    def candidates_of(self, payments: pa.Array) -> pa.Table:
        """Return the candidate pairs of these payments as text; a file is read batch by batch."""
        if isinstance(self.candidates, pa.Table):
            return _of_payments(self.candidates, payments, CANDIDATE_COLUMNS)
        if not self.candidates.exists():
            return text_columns(pa.table({}), CANDIDATE_COLUMNS)
        with pq.ParquetFile(self.candidates) as file:
            present = [name for name in CANDIDATE_COLUMNS if name in file.schema_arrow.names]
            parts = [
                _of_payments(pa.Table.from_batches([batch]), payments, CANDIDATE_COLUMNS)
                for batch in file.iter_batches(BATCH_ROWS, columns=present)
            ]
        return pa.concat_tables(parts) if parts else text_columns(pa.table({}), CANDIDATE_COLUMNS)

    def as_of_day(self, rows: Decided) -> int:
        """Return the day the run stands at, in days since 1970: as said, else the last booking it decided."""
        said = self.summary.get("as_of")
        if isinstance(said, str) and said:
            return int(np.datetime64(said[:10], "D").astype(np.int64))
        return int(rows.booking_day.max(initial=0))


@dataclass(frozen=True)
class Decided:
    """The columns of the decisions that every part of the report counts over, one element a decision."""

    payment_id: pa.Array
    outcome: Ints  # position in OUTCOMES
    confidence: Floats
    currency: Codes
    reasons: Codes
    kind: Codes
    customer: Codes
    amount_minor: Ints  # signed, of the payment
    unapplied_minor: Ints
    booking_day: Ints  # days since 1970
    payment_row: Ints  # row of the book's payments, -1 when it is not there

    def __len__(self) -> int:
        """Return how many payments were decided."""
        return len(self.outcome)

    def where(self, keep: Bools) -> Ints:
        """Return the rows that are kept."""
        return np.flatnonzero(keep)


@dataclass(frozen=True)
class Codes:
    """A text column as small integers, the words sorted."""

    code: Ints
    words: tuple[str, ...]

    @classmethod
    def of(cls, column: pa.ChunkedArray | pa.Array) -> Codes:
        """Encode a text column; null is the empty word."""
        encoded = flat(column).dictionary_encode()
        words = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
        order = np.argsort(words)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        codes = np.asarray(encoded.indices)
        return cls(place[codes].astype(np.int64), tuple(words[order]))


def decided(output: Output, payments: pa.Table) -> Decided:
    """Join the decisions with the amounts and dates of their payments."""
    table = output.decisions
    ids = text(table, "payment_id")
    row = positions(ids, flat(payments["payment_id"]))
    currency = Codes.of(text(table, "currency"))
    return Decided(
        payment_id=ids,
        outcome=np.asarray(pc.fill_null(pc.index_in(text(table, "outcome"), pa.array(OUTCOMES)), 1)).astype(
            np.int64
        ),
        confidence=floats(
            table["confidence"] if "confidence" in table.column_names else text(table, "confidence")
        ),
        currency=currency,
        reasons=Codes.of(text(table, "reasons")),
        kind=Codes.of(text(table, "kind")),
        customer=Codes.of(text(table, "customer_id")),
        amount_minor=looked_up(payments["amount_minor"], row, 0),
        unapplied_minor=minor(text(table, "unapplied"), currency),
        booking_day=looked_up(flat(payments["booking_date"]).view(pa.int32()), row, 0),
        payment_row=row,
    )


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return one contiguous array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def positions(values: pa.Array, among: pa.Array) -> Ints:
    """Return where each value stands in `among`, -1 when it does not."""
    return np.asarray(pc.fill_null(pc.index_in(values, value_set=among), -1)).astype(np.int64)


def looked_up(column: pa.ChunkedArray | pa.Array, rows: Ints, missing: int) -> Ints:
    """Return an integer column at these rows, `missing` for nulls and for row -1."""
    values = np.asarray(pc.fill_null(flat(column).cast(pa.int64()), missing))
    return np.append(values, missing)[rows]


def floats(column: pa.ChunkedArray | pa.Array) -> Floats:
    """Return a number column, NaN where empty."""
    values = flat(column)
    if pa.types.is_string(values.type):
        values = pc.if_else(pc.equal(values, ""), None, values)
    return np.asarray(pc.fill_null(values.cast(pa.float64()), float("nan")))


def minor(column: pa.ChunkedArray | pa.Array, currency: Codes) -> Ints:
    """Return a column of decimal texts as exact minor units of each row's currency, zero where empty."""
    values = flat(column)
    values = pc.if_else(pc.equal(values, ""), None, values).cast(pa.decimal128(22, TICK_DIGITS))
    filled = pc.fill_null(values, 0)
    # The low half of a 128-bit decimal: 9.2e14 major units fit, and the reader accepts 1e15 minor ones.
    low = np.frombuffer(filled.buffers()[1], dtype=np.int64)[::2][filled.offset : filled.offset + len(filled)]
    divisor = np.array(
        [10 ** (TICK_DIGITS - EXPONENTS.get(word, 2)) for word in currency.words], dtype=np.int64
    )
    return low // divisor[currency.code] if len(low) else low.copy()


def text(table: pa.Table, name: str) -> pa.Array:
    """Return a column as plain text, empty where the table has none or null."""
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string()).fill_null("")
    values = flat(table[name])
    if pa.types.is_list(values.type):
        values = pc.binary_join(values.cast(pa.list_(pa.string())), ";")
    return pc.fill_null(values.cast(pa.string()), "")


def text_columns(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Pick these columns as plain text."""
    return pa.table([text(table, name) for name in names], names=list(names))


def _of_payments(table: pa.Table, payments: pa.Array, columns: tuple[str, ...]) -> pa.Table:
    """Pick the rows of these payments; of millions only these few are turned into text."""
    return text_columns(table.filter(pc.is_in(text(table, "payment_id"), value_set=payments)), columns)


def _read_csv(path: Path) -> pa.Table:
    header = pacsv.open_csv(path, parse_options=pacsv.ParseOptions(newlines_in_values=True)).schema.names
    return pacsv.read_csv(
        path,
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )

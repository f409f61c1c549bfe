"""The forms of requests and answers: strict and bounded; money as decimal text.

A number is read by its digits: bodies are parsed with decimals (`serving.api.route`), never through a float.
Rows carry the columns of the contract; what is wrong with a row's values is said row by row, not here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from features.book_schema import CELL_LIMIT, TABLES, Kind, TableSpec

MOST_ROWS: Final = 500
"""Rows of one batch: one batch is one transaction."""
MOST_CONTEXT: Final = 20_000
"""Rows of a table that a stateless match takes along."""
MOST_WHOLE: Final = 2**53 - 1
MOST_EXPONENT: Final = 400
NO_NUL: Final = r"^[^\u0000]*$"


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the character NUL is not text")
    return text


def _plain(value: str | int | Decimal | None) -> str | int | None:
    """Write a decimal by its digits and refuse what only serves to fill memory."""
    match value:
        case str():
            return _without_nul(value)
        case Decimal():
            exponent = value.as_tuple().exponent
            if not isinstance(exponent, int) or abs(exponent) > MOST_EXPONENT or abs(value) > MOST_WHOLE:
                raise ValueError("the number is too large or too fine; write it as text")
            return format(value, "f")
        case int():
            if abs(value) > MOST_WHOLE:
                raise ValueError("the number is too large; write it as text")
            return value
        case None:
            return None


def _money(value: str | int | Decimal) -> str:
    plain = str(_plain(value))
    whole, _, decimals = plain.removeprefix("-").partition(".")
    if len(whole) > 15 or len(decimals) > 4:
        raise ValueError("the amount is too large or has too many decimals")
    return plain


Text = Annotated[str, Field(max_length=CELL_LIMIT), AfterValidator(_without_nul)]
Id = Annotated[
    str,
    Field(min_length=1, max_length=512),
    AfterValidator(_without_nul),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 512, "pattern": NO_NUL}),
]
Amount = Annotated[
    Annotated[str, Field(strict=True, max_length=24, pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$")]
    | Annotated[int, Field(strict=True)]
    | Annotated[Decimal, Field(strict=True, allow_inf_nan=False)],
    AfterValidator(_money),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$", "maxLength": 24}),
]
"""Money as decimal text in major units; a JSON number is read by its digits."""
Cell = Annotated[
    Annotated[str, Field(strict=True, max_length=CELL_LIMIT)]
    | Annotated[int, Field(strict=True)]
    | Annotated[Decimal, Field(strict=True, allow_inf_nan=False)]
    | None,
    AfterValidator(_plain),
]


class Strict(BaseModel):
    """A request: nothing is coerced, nothing unknown is taken."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Row(BaseModel):
    """A row of the contract: known columns are read, others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    def cells(self) -> dict[str, Any]:
        """Give what was sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


_SAID: Final = {
    Kind.TEXT: "Text.",
    Kind.CURRENCY: "ISO 4217 code.",
    Kind.AMOUNT: 'Decimal in major units, best as text: "1234.50".',
    Kind.PERCENT: "Percent.",
    Kind.RATE: "1 base = rate quote.",
    Kind.SHARE: "From 0 to 1.",
    Kind.DATE: "ISO 8601 date.",
    Kind.INSTANT: "ISO 8601 instant in UTC.",
}


def _row_of(spec: TableSpec) -> type[Row]:
    name = "".join(part.capitalize() for part in spec.name.split("_")).removesuffix("s")
    fields: dict[str, Any] = {}
    for column in spec.columns:
        said = f"One of {', '.join(column.words)}." if column.words else _SAID[column.kind]
        schema = {
            "type": ["string", "number", "null"],
            "maxLength": CELL_LIMIT,
            "minimum": -MOST_WHOLE,
            "maximum": MOST_WHOLE,
            "description": ("Required. " if column.required else "") + said,
        }
        fields[column.name] = (Annotated[Cell, WithJsonSchema(schema)], None)
    made: type[Row] = create_model(f"{name}Row", __base__=Row, __doc__=f"A row of `{spec.name}`.", **fields)
    return made


ROWS: Final[dict[str, type[Row]]] = {spec.name: _row_of(spec) for spec in TABLES}


if TYPE_CHECKING:
    InvoiceRow: TypeAlias = Row
    PaymentRow: TypeAlias = Row
    CustomerRow: TypeAlias = Row
    CustomerAccountRow: TypeAlias = Row
    OwnAccountRow: TypeAlias = Row
    InstalmentRow: TypeAlias = Row
    RemittanceLineRow: TypeAlias = Row
    FxRateRow: TypeAlias = Row
    AllocationRow: TypeAlias = Row
else:
    InvoiceRow, PaymentRow, CustomerRow, CustomerAccountRow, OwnAccountRow = list(ROWS.values())[:5]
    InstalmentRow, RemittanceLineRow, FxRateRow, AllocationRow = list(ROWS.values())[5:]

_Context = Field(None, max_length=MOST_CONTEXT)


class MatchRequest(Strict):
    """Payments to match, with the tables they are matched against, or against the book in the store."""

    payments: list[PaymentRow] = Field(min_length=1, max_length=MOST_ROWS)
    invoices: list[InvoiceRow] | None = _Context
    customers: list[CustomerRow] | None = _Context
    customer_accounts: list[CustomerAccountRow] | None = _Context
    own_accounts: list[OwnAccountRow] | None = _Context
    instalments: list[InstalmentRow] | None = _Context
    remittance_lines: list[RemittanceLineRow] | None = _Context
    fx_rates: list[FxRateRow] | None = _Context
    allocations: list[AllocationRow] | None = _Context
    policy: dict[str, Any] | None = Field(
        None, description="Knobs on top of the model's policy; they may only tighten."
    )

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Give the rows sent, by table."""
        sent = {name: getattr(self, name) for name in ROWS}
        return {name: [row.cells() for row in rows] for name, rows in sent.items() if rows is not None}


class Batch(Strict):
    """Rows of one table."""

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Give the rows sent."""
        return [row.cells() for row in getattr(self, table)]


def _batch_of(table: str) -> type[Batch]:
    name = "".join(part.capitalize() for part in table.split("_"))
    one: Any = ROWS[table]
    rows: Any = (list[one], Field(min_length=1, max_length=MOST_ROWS))
    made: type[Batch] = create_model(
        f"{name}Batch", __base__=Batch, __doc__=f"Rows of `{table}`.", **{table: rows}
    )
    return made


BATCHES: Final[dict[str, type[Batch]]] = {spec.name: _batch_of(spec.name) for spec in TABLES}
"""The body of each call that takes rows, by table."""

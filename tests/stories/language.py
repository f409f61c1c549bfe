"""The story language: plain lines an accountant can read, before, act and after.

A file holds stories; each begins with `story: TITLE` and a `why:`. Every other line is a verb, its arguments
in a fixed order, and then options as `word value`. Text with spaces stands in quotes, `#` starts a comment.
README.md in this folder lists the verbs.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

Row = dict[str, str]


class StoryError(ValueError):
    """A line of a story cannot be understood."""


@dataclass(frozen=True)
class Verb:
    """How a line of the "before" becomes a row of a table of the book."""

    table: str
    columns: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)
    fixed: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """One line of the "after": what must be so for one payment (none: for the whole run)."""

    payment: str
    verb: str
    arguments: tuple[str, ...]
    line: int

    def __str__(self) -> str:
        return " ".join((self.verb, *self.arguments))


@dataclass
class Story:
    """A parsed story."""

    title: str
    file: str
    line: int
    why: str = ""
    gap: str = ""
    policy: dict[str, object] = field(default_factory=dict)
    as_of: str = ""
    tables: dict[str, list[Row]] = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name the test run shows."""
        return f"{self.file}: {self.title}"


ISSUED: Final = "2025-03-03"
DUE: Final = "2025-04-02"
PAID: Final = "2025-03-28"

_INVOICE_OPTIONS: Final = {
    "number": "invoice_number",
    "left": "open_amount",
    "issued": "issue_date",
    "due": "due_date",
    "name": "customer_name",
    "payref": "payment_reference",
    "po": "purchase_order",
    "discount": "discount_percent",
    "until": "discount_date",
    "discount_base": "discount_base",
    "tax": "tax_amount",
    "issuer": "issuer_id",
    "status": "status",
    "known": "known_at",
}
_INVOICE: Final = ("invoice_id", "customer_id", "amount", "currency")
_DATES: Final = {"issue_date": ISSUED, "due_date": DUE}

BEFORE: Final[dict[str, Verb]] = {
    "customer": Verb(
        "customers",
        ("customer_id", "name"),
        {"number": "customer_number", "aliases": "aliases", "country": "country", "parent": "parent_id"},
    ),
    "account": Verb("customer_accounts", ("customer_id", "account")),
    "own": Verb("own_accounts", ("account",), {"issuer": "issuer_id", "currency": "currency"}),
    "open": Verb("invoices", _INVOICE, _INVOICE_OPTIONS, {"type": "invoice", **_DATES}),
    "credit": Verb("invoices", _INVOICE, _INVOICE_OPTIONS, {"type": "credit_memo", **_DATES}),
    "debit": Verb("invoices", _INVOICE, _INVOICE_OPTIONS, {"type": "debit_note", **_DATES}),
    "instalment": Verb("instalments", ("invoice_id", "due_date", "amount")),
    "payment": Verb(
        "payments",
        ("payment_id", "amount", "currency"),
        {
            "on": "booking_date",
            "value": "value_date",
            "received": "received_at",
            "from": "payer_name",
            "account": "payer_account",
            "customer": "customer_id",
            "ref": "remittance",
            "structured": "structured_reference",
            "e2e": "end_to_end_id",
            "code": "transaction_code",
            "into": "account",
            "original": "original_amount",
            "original_currency": "original_currency",
            "charges": "charges",
            "source": "source",
            "kind": "kind",
            "related": "related_payment_id",
            "left": "open_amount",
            "hold": "hold",
            "resolution": "resolution",
            "known": "known_at",
        },
        {"booking_date": PAID},
    ),
    "line": Verb(
        "remittance_lines",
        ("payment_id",),
        {
            "ref": "reference",
            "customer": "customer_reference",
            "amount": "amount",
            "deduction": "deduction",
            "reason": "reason",
            "kind": "kind",
        },
    ),
    "rate": Verb("fx_rates", ("date", "base", "quote", "rate"), {"source": "source"}),
    "paid": Verb(
        "allocations",
        ("payment_id", "invoice_id", "amount"),
        {
            "write_off": "write_off",
            "reason": "reason",
            "at": "decided_at",
            "by": "decided_by",
            "checked": "checked_by",
            "reversed": "reversed_at",
            "source": "source",
        },
    ),
}

AFTER: Final[dict[str, tuple[int, int]]] = {
    "allocate": (2, 2),
    "write_off": (3, 3),
    "deduction": (3, 3),
    "nothing": (0, 0),
    "unapplied": (1, 1),
    "allocated": (1, 1),
    "spared": (1, 1),
    "decide": (1, 1),
    "never": (1, 1),
    "reason": (1, 1),
    "without": (1, 1),
    "whose": (1, 1),
    "related": (1, 1),
    "kind": (1, 1),
    "why_not": (2, 2),
    "untouched": (0, 0),
}
"""Verbs of the "after" and how many arguments each takes."""


def read_stories(folder: Path) -> list[Story]:
    """Read every `.story` file of a folder, in the order of their names."""
    return [
        story
        for file in sorted(folder.glob("*.story"))
        for story in parse(file.read_text(encoding="utf-8"), file.stem)
    ]


def parse(text: str, file: str = "story") -> list[Story]:
    """Read the stories of one file."""
    stories: list[Story] = []
    current = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if stripped.startswith("story:"):
            stories.append(Story(stripped.removeprefix("story:").strip(), file, number))
            current = ""
        elif stripped and not stripped.startswith("#"):
            if not stories:
                raise StoryError(f"{file}:{number}: a line before the first story")
            try:
                current = _read_line(stories[-1], stripped, number, current)
            except (ValueError, KeyError) as error:
                raise StoryError(f"{file}:{number}: {stripped}: {error}") from None
    for story in stories:
        _check(story)
    return stories


def _read_line(story: Story, line: str, number: int, current: str) -> str:
    """Read one line into the story; give back the payment that later expectations are about."""
    for heading in ("why", "gap"):
        if line.startswith(f"{heading}:"):
            before = getattr(story, heading)
            setattr(story, heading, f"{before} {line.removeprefix(f'{heading}:').strip()}".strip())
            return current
    verb, *arguments = shlex.split(line, comments=True)
    if verb == "policy":
        story.policy |= dict(_knob(argument) for argument in arguments)
    elif verb == "as_of":
        story.as_of = arguments[0]
    elif verb == "earlier":
        _add_earlier(story, arguments)
    elif verb == "then":
        return arguments[0]
    elif verb in BEFORE:
        story.tables.setdefault(BEFORE[verb].table, []).append(_row(BEFORE[verb], arguments))
    elif verb in AFTER:
        least, most = AFTER[verb]
        if not least <= len(arguments) <= most:
            raise StoryError(f"{verb} takes {least} arguments")
        story.expectations.append(Expectation(current, verb, tuple(arguments), number))
    else:
        raise StoryError(f"unknown verb {verb}")
    return current


def _row(verb: Verb, arguments: list[str]) -> Row:
    needed = len(verb.columns)
    if len(arguments) < needed or (len(arguments) - needed) % 2:
        raise StoryError(f"expected {' '.join(verb.columns)} and then options as word value")
    row = dict(verb.fixed) | dict(zip(verb.columns, arguments, strict=False))
    for option, value in zip(arguments[needed::2], arguments[needed + 1 :: 2], strict=True):
        if option not in verb.options:
            raise StoryError(f"unknown option {option}; known are {', '.join(verb.options)}")
        row[verb.options[option]] = "" if value == "-" else value
    return row


def _knob(argument: str) -> tuple[str, object]:
    """Read `knob=value`; `EUR:5.00,USD:6.00` and `auto:2.00` are values by currency or role."""
    knob, separator, text = argument.partition("=")
    if not separator:
        raise StoryError("a policy line is knob=value")
    if ":" in text:
        return knob, dict(part.split(":", 1) for part in text.split(","))
    words: dict[str, object] = {"true": True, "false": False, "null": None}
    return knob, words.get(text, text)


_SCHEDULE: Final = (
    ("2024-08-05", "2024-09-04", "2024-08-30"),
    ("2024-09-05", "2024-10-05", "2024-09-30"),
    ("2024-10-07", "2024-11-06", "2024-11-01"),
    ("2024-11-05", "2024-12-05", "2024-11-29"),
    ("2024-12-05", "2025-01-04", "2024-12-30"),
    ("2025-01-06", "2025-02-05", "2025-01-31"),
)
"""Issue, due and payment dates of the invoices that `earlier` makes."""


def _add_earlier(story: Story, arguments: list[str]) -> None:
    """Add settled invoices of a customer and the payments that settled them.

    The line is `earlier COUNT CUSTOMER AMOUNT CURRENCY`. Options are those of `payment`; `{number}` in a text
    stands for the number of the invoice settled.
    """
    count, customer, amount, currency, *options = arguments
    for place, (issued, due, paid) in enumerate(_SCHEDULE[-int(count) :], start=1):
        invoice = f"EARLIER-{customer}-{place}"
        number = f"{24_000 + place * 37}"
        story.tables.setdefault("invoices", []).append(
            {
                "invoice_id": invoice,
                "customer_id": customer,
                "amount": amount,
                "currency": currency,
                "invoice_number": number,
                "issue_date": issued,
                "due_date": due,
            },
        )
        payment = [f"PAID-{customer}-{place}", amount, currency, "on", paid]
        filled = [option.replace("{number}", number) for option in options]
        story.tables.setdefault("payments", []).append(_row(BEFORE["payment"], payment + filled))
        story.tables.setdefault("allocations", []).append(
            {
                "payment_id": payment[0],
                "invoice_id": invoice,
                "amount": amount,
                "decided_at": f"{paid}T12:00:00Z",
                "decided_by": "clerk",
            },
        )


def _check(story: Story) -> None:
    """Refuse a story that says nothing, or does not say about which payment."""
    undecided = undecided_payments(story)
    if not story.why:
        raise StoryError(f"{story.file}:{story.line}: a story says why")
    if not story.expectations:
        raise StoryError(f"{story.file}:{story.line}: a story says what must be so")
    if len(undecided) == 1:
        story.expectations = [
            Expectation(e.payment or undecided[0], e.verb, e.arguments, e.line) for e in story.expectations
        ]
    lost = [e for e in story.expectations if not e.payment]
    if lost:
        raise StoryError(f"{story.file}:{lost[0].line}: say with `then` which payment is meant")


def undecided_payments(story: Story) -> list[str]:
    """The payments the run has to decide: those without an allocation and without a resolution."""
    decided = {row["payment_id"] for row in story.tables.get("allocations", [])}
    return [
        row["payment_id"]
        for row in story.tables.get("payments", [])
        if row["payment_id"] not in decided and not row.get("resolution")
    ]

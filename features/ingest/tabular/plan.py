"""Which column holds what: by a named layout, by the headings, or by what the columns look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from features.ingest.problems import UnusableFileError
from features.ingest.tabular.cells import DateEvidence, cut_amount, direction_of, is_amount, is_date, style_of
from features.ingest.tabular.grid import Grid, Row
from features.ingest.tabular.hints import Hints
from features.ingest.tabular.layouts import Layout, Role, meanings, plain
from features.number_text import CANONICAL, Style

_HEADER_ROWS: Final = 60
_SAMPLE: Final = 400
_BALANCES: Final = 2
"""Columns of balances beside the amount of a table without headings: before and after."""
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_NUMBER: Final = re.compile(r"[A-Z]{0,4}[\d .-]{6,34}")
"""Of an account, which each row of a table without headings repeats."""
_STATUS: Final = re.compile(
    r"pending|vorgemerkt|gebucht|book|complet|settle|clear|post|revert|declin|fail|cancel|execut|done|paid|success"
)
_DATES: Final = (Role.BOOKING_DATE, Role.VALUE_DATE)
_SIGNED: Final = (Role.AMOUNT, Role.PART_AMOUNT, Role.OUTFLOW, Role.DEBIT, Role.CREDIT)
_NUMBERS: Final = (*_SIGNED, Role.BALANCE, Role.CHARGES, Role.ORIGINAL_AMOUNT)
_SEVERAL: Final = (Role.REMITTANCE, Role.STRUCTURED_REFERENCE, Role.PART_AMOUNT)
_ENGLISH: Final = frozenset("date amount description details balance memo payee reference narrative".split())


class UnknownLayoutError(UnusableFileError):
    """It cannot be told what the columns of this table hold."""

    code = "unknown_layout"
    mend = "Name a layout with --layout, or add one to layouts.toml."


@dataclass(slots=True)
class Plan:
    """What each column of a table holds, and how dates and numbers are written."""

    columns: dict[Role, list[int]]
    after_line: int
    """The last line before the data."""
    order: str = ""
    style: Style = field(default_factory=Style)
    currency: str = ""
    account: str = ""
    headings: Sequence[str] = ()
    is_guess: bool = True
    footer_rows: int = 0
    has_sign: bool = False
    """Whether some amount carries a minus."""
    has_plus: bool = False
    """Whether some amount carries a plus."""
    has_neither: bool = False
    """Whether some amount carries neither."""

    @property
    def is_unsigned_out(self) -> bool:
        """Whether money in is marked with a plus, as on cards, so that the rest is money out."""
        return self.is_guess and self.has_plus and self.has_neither and not self.has_sign

    def place(self, role: Role) -> int | None:
        """Give the column of a role that has one."""
        found = self.columns.get(role)
        return found[0] if found else None

    def explanation(self, grid: Grid) -> str:
        """Say how the table was read."""
        named = ", ".join(
            f"{role.value} from {' and '.join(self._heading(place) for place in places)}"
            for role, places in self.columns.items()
        )
        manner = [named]
        if not grid.is_typed:
            shown = {"\t": "tab"}.get(grid.delimiter, f"'{grid.delimiter}'")
            manner.append(f"separator {shown}, encoding {grid.encoding}")
            manner.append(f"decimal {'comma' if self.style.is_comma else 'point'}")
        if self.order:
            manner.append(f"{self.order} first in dates")
        return f"Read by a guess: {'; '.join(manner)}."

    def _heading(self, place: int) -> str:
        if place < len(self.headings) and self.headings[place].strip():
            return f"'{self.headings[place].strip()[:40]}'"
        return f"column {place + 1}"


def make_plan(grid: Grid, hints: Hints) -> Plan:
    """Find out what the columns hold; raise `UnknownLayoutError` when that cannot be told."""
    sample = list(islice(grid.rows(), _SAMPLE))
    layout = hints.layout
    if layout is not None and layout.columns:
        plan = _by_layout(layout, sample)
    else:
        found = _by_headings(sample, is_typed=grid.is_typed) or _by_looks(sample)
        if found is None:
            raise UnknownLayoutError(_complaint(grid, sample))
        plan = found
    plan.currency = plan.currency or hints.currency or (layout.currency if layout else "")
    plan.account = plan.account or hints.account or (layout.account if layout else "")
    _look_through(grid, plan)
    if layout is not None and layout.order:
        plan.order = layout.order
    if layout is not None and layout.decimal:
        plan.style = Style(layout.decimal == ".", layout.decimal == ",")
    return plan


def may_be_table(grid: Grid) -> bool:
    """Say whether a file has rows of several cells, most of them equally wide, with dates or headings."""
    sample = list(islice(grid.rows(), _HEADER_ROWS))
    if not sample:
        return False
    known = max(sum(bool(meanings(cell)[0]) for cell in cells) for _, cells in sample)
    dates = sum(any(is_date(cell) for cell in cells) for _, cells in sample)
    wide = sum(len(cells) > 1 for _, cells in sample)
    return known >= 2 or (wide * 2 > len(sample) and dates * 2 > len(sample)) or known * len(sample) == 1


def _by_layout(layout: Layout, sample: list[Row]) -> Plan:
    columns: dict[Role, list[int]] = {}
    for place, role in enumerate(layout.columns):
        if role is not Role.NOTHING:
            columns.setdefault(role, []).append(place)
    headings = next((cells for number, cells in sample if number == layout.header_rows), ())
    return Plan(
        columns, layout.header_rows, headings=headings, footer_rows=layout.footer_rows, is_guess=False
    )


def _by_headings(sample: list[Row], *, is_typed: bool) -> Plan | None:
    """Take the row of which most cells are known headings, and which has a date and an amount."""
    ranked = sorted(
        (
            (sum(bool(meanings(cell)[0]) for cell in cells), -place)
            for place, (_, cells) in enumerate(sample[:_HEADER_ROWS])
        ),
        reverse=True,
    )
    for known, place in ranked[:5]:
        if known < 2:
            break
        number, cells = sample[-place]
        data = [row for _, row in sample[-place + 1 :]]
        columns, currency = _resolve(cells, data, is_typed=is_typed)
        if any(role in columns for role in _DATES) and any(role in columns for role in _SIGNED):
            _find_indicator(columns, data)
            plan = Plan(columns, number, headings=cells, currency=currency)
            _settle_accounts(plan, data, sample[:-place])
            return plan
    return None


def _resolve(
    headings: Sequence[str], data: list[list[str]], *, is_typed: bool
) -> tuple[dict[Role, list[int]], str]:
    """Give each column the best of its meanings that its cells allow."""
    found: dict[Role, list[tuple[bool, int, int]]] = {}
    currencies: dict[int, str] = {}
    for place, heading in enumerate(headings):
        roles, currency = meanings(heading)
        cells = [row[place].strip() for row in data if place < len(row) and row[place].strip()]
        fitting = [role for role in roles if _fits(role, cells, is_typed=is_typed)]
        if fitting:
            role = min(fitting, key=lambda one: (roles[one], list(Role).index(one)))
            found.setdefault(role, []).append((not cells, roles[role], place))
            currencies[place] = currency
    columns: dict[Role, list[int]] = {}
    for role, places in found.items():
        if role in _SEVERAL:
            columns[role] = sorted(place for *_, place in places)
        else:
            columns[role] = [min(places)[-1]]
    _settle_amounts(columns, data)
    shown = [currencies.get(columns[role][0], "") for role in _SIGNED if role in columns]
    return columns, next((one for one in shown if one), "")


def _settle_amounts(columns: dict[Role, list[int]], data: list[list[str]]) -> None:
    """Where a table has both an amount and debit and credit, keep what tells the sign."""
    both = Role.DEBIT in columns and Role.CREDIT in columns
    if Role.AMOUNT in columns:
        place = columns[Role.AMOUNT][0]
        is_signed = any(cut_amount(row[place]).sign < 0 for row in data if place < len(row))
        if both and not is_signed and Role.INDICATOR not in columns:
            del columns[Role.AMOUNT]
        else:
            columns.pop(Role.DEBIT, None)
            columns.pop(Role.CREDIT, None)
    if Role.BOOKING_DATE not in columns and Role.VALUE_DATE in columns:
        columns[Role.BOOKING_DATE] = columns[Role.VALUE_DATE]


def _find_indicator(columns: dict[Role, list[int]], data: list[list[str]]) -> None:
    """Find the column that says debit or credit, whatever its heading, where the amounts carry no sign."""
    if Role.AMOUNT not in columns or Role.INDICATOR in columns:
        return
    amount = columns[Role.AMOUNT][0]
    if any(cut_amount(row[amount]).sign for row in data if amount < len(row)):
        return
    for place in range(max((len(row) for row in data), default=0)):
        words = [row[place] for row in data if place < len(row) and row[place].strip()]
        if len(words) * 2 > len(data) and _share(lambda word: direction_of(word) != 0, words) >= 0.9:
            columns[Role.INDICATOR] = [place]
            return


def _settle_accounts(plan: Plan, data: list[list[str]], before: list[Row]) -> None:
    """Tell the own account, which every row repeats, from that of the counterparty."""
    for role in (Role.IBAN, Role.ACCOUNT):
        place = plan.place(role)
        if place is None:
            continue
        filled = [plain(row[place]) for row in data if place < len(row) and row[place].strip()]
        values = set(filled)
        most = max(1, len(data) // 20) if role is Role.IBAN else 1 + len(data) // 3
        is_own = len(values) <= most and len(filled) * 3 >= len(data) * 2
        target = Role.ACCOUNT if is_own else Role.PAYER_ACCOUNT
        if target is not role:
            del plan.columns[role]
            plan.columns.setdefault(target, [place])
    if Role.ACCOUNT not in plan.columns:
        found = {
            text for _, cells in before for cell in cells for text in _IBAN.findall(cell) if is_iban(text)
        }
        plan.account = "".join(found.pop().split()) if len(found) == 1 else ""


def _fits(role: Role, cells: list[str], *, is_typed: bool) -> bool:
    if not cells:
        return role not in _DATES
    if role in _DATES:
        return _share(lambda cell: is_date(cell, is_typed=is_typed), cells) >= 0.5
    if role in _NUMBERS:
        return _share(is_amount, cells) >= 0.5
    if role in (Role.CURRENCY, Role.ORIGINAL_CURRENCY):
        return _share(lambda cell: len(cell) == 3 and cell.isalpha(), cells) >= 0.7
    if role is Role.INDICATOR:
        return len(set(cells)) <= 6 and _share(is_amount, cells) < 0.5
    if role is Role.STATUS:
        return _share(lambda cell: _STATUS.search(plain(cell)) is not None, cells) >= 0.8
    if role in (Role.REMITTANCE, Role.PAYER_NAME):
        return _share(is_date, cells) < 0.9 and not (role is Role.PAYER_NAME and _share(is_iban, cells) > 0.5)
    return True


def _by_looks(sample: list[Row]) -> Plan | None:
    """Find the columns of a table without headings: a date, signed amounts, a currency, texts."""
    if not sample:
        return None
    width = max(set(lengths := [len(cells) for _, cells in sample]), key=lengths.count)
    rows = [cells for _, cells in sample if len(cells) == width]
    columns: dict[Role, list[int]] = {}
    for place in range(width):
        cells = [row[place].strip() for row in rows if row[place].strip()]
        role = _look(cells, len(rows))
        if role is not None:
            columns.setdefault(role, []).append(place)
    dates, amounts = columns.get(Role.BOOKING_DATE, []), columns.get(Role.AMOUNT, [])
    if not dates or not amounts:
        return None
    signed = [place for place in amounts if any(cut_amount(row[place]).sign < 0 for row in rows)]
    if len(signed) != 1 or len(amounts) > _BALANCES + 1:
        return None
    if len(dates) > 1:
        columns[Role.VALUE_DATE] = [dates[1]]
    columns[Role.BOOKING_DATE], columns[Role.AMOUNT] = [dates[0]], signed
    return Plan(columns, 0)


def _look(cells: list[str], rows: int) -> Role | None:
    if len(cells) * 2 < rows:
        return None
    if _share(is_date, cells) >= 0.9:
        return Role.BOOKING_DATE
    if _share(is_amount, cells) >= 0.9 and any("," in cell or "." in cell for cell in cells):
        return Role.AMOUNT
    if _share(lambda cell: len(cell) == 3 and cell.isalpha() and cell.isupper(), cells) >= 0.9:
        return Role.CURRENCY
    if rows > 1 and len(set(cells)) == 1 and _NUMBER.fullmatch(cells[0]):
        return Role.ACCOUNT
    if _share(is_iban, cells) >= 0.9:
        return Role.ACCOUNT if len(set(cells)) == 1 else Role.PAYER_ACCOUNT
    return Role.REMITTANCE if sum(map(len, cells)) > 6 * len(cells) else None


def _look_through(grid: Grid, plan: Plan) -> None:
    """Read the whole table once for what its dates and numbers show about how they are written."""
    dates, style = DateEvidence(), Style()
    places = [place for role in _DATES for place in plan.columns.get(role, ())]
    amounts = plan.columns.get(Role.AMOUNT, [])
    numbers = [place for role in (*_SIGNED, Role.BALANCE) for place in plan.columns.get(role, ())]
    for number, cells in grid.rows():
        if number <= plan.after_line:
            continue
        for place in places:
            if place < len(cells):
                dates.add(cells[place])
        for place in numbers:
            if place < len(cells) and cells[place].strip():
                style |= style_of(cells[place])
                sign = cut_amount(cells[place]).sign
                plan.has_sign |= sign < 0
                plan.has_plus |= sign > 0 and place in amounts
                plan.has_neither |= sign == 0 and place in amounts
    plan.style = CANONICAL if grid.is_typed else style
    plan.order = dates.order
    if not plan.order and dates.numeric and not dates.day_first:
        plan.order = "day" if _is_day_first(plan) else ""


def _is_day_first(plan: Plan) -> bool:
    """Say whether something else settles that days come first: only some English tables put months first."""
    if plan.style.is_comma:
        return True
    if plan.currency and plan.currency not in ("USD", "CAD", "PHP"):
        return True
    known = [plain(heading) for heading in plan.headings if meanings(heading)[0]]
    return (
        bool(known)
        and sum(word not in _ENGLISH for word in known) * 2 > len(known)
        and not _is_english(known)
    )


def _is_english(words: list[str]) -> bool:
    return any("date" in word.split() or "amount" in word.split() for word in words)


def is_iban(text: str) -> bool:
    """Say whether a text has the shape of an IBAN."""
    bare = "".join(text.split()).upper()
    return 15 <= len(bare) <= 34 and bare[:2].isalpha() and bare[2:4].isdigit() and bare.isalnum()


def _share(test: Callable[[str], bool], cells: Sequence[str]) -> float:
    looked = cells[:200]
    return sum(map(test, looked)) / len(looked) if looked else 0.0


def _complaint(grid: Grid, sample: list[Row]) -> str:
    shown = ", ".join(cell.strip()[:30] for cell in (sample[0][1] if sample else [])[:12] if cell.strip())
    return f"{grid.source.name} is a table whose date and signed amount cannot be told; it starts: {shown}."

"""The history's own marks: when each payment was known, who decided it when, who checked it, and mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world.records import Row
from training.world.tables import instant, money, seconds_of, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from training.world.dice import Dice
    from training.world.mix import Mix
    from training.world.records import Item, Line

_CLERKS = ("a.meier", "j.novak", "s.rossi", "m.dubois", "k.larsen", "p.brown")
_COLUMNS = (
    "payment_id", "invoice_id", "amount", "write_off", "reason", "decided_at", "decided_by", "checked_by",
    "reversed_at", "source",
)  # fmt: skip
_Cells = tuple[str | None, ...]


def mark_times(lines: Sequence[Line], mix: Mix, dice: Dice) -> None:
    """Set value date, arrival and decision of every line; a decision never precedes what it needs to know.

    Lines come in booking order, so that what a line follows has been marked before it.
    """
    for line in lines:
        late = dice.between(3, 25) if dice.chance(mix.backfilled) else 0
        line.received = seconds_of(line.booked + late, 21_600 + dice.below(50_000))
        line.value = line.booked + (dice.pick((-1, 1, 2)) if dice.chance(0.12) else 0)
        if line.case == "discount":
            line.value = line.booked  # a later value date would leave open whether the discount was in time
    for line in lines:
        if line.case == "duplicate_line" and line.related is not None:
            line.value = line.related.value
        if line.follows is not None:
            line.received = max(line.received, line.follows.received + 60)
        known = max([line.received] + [seconds_of(row.item.known) for row in line.rows])
        days = 0
        while days < 9 and dice.chance(mix.lag_days / (1 + mix.lag_days)):
            days += 1
        line.decided = known + days * 86_400 + 600 + dice.below(30_000)
    for line in lines:
        _after_what_it_needs(line)


def _after_what_it_needs(line: Line) -> None:
    """No decision before that of the line it follows."""
    if line.follows is not None:
        _after_what_it_needs(line.follows)
        line.decided = max(line.decided, line.follows.decided + 3600)


class Clerk:
    """Writes the allocations as people and an old system decided them, with the mistakes asked for."""

    def __init__(
        self, ids: Sequence[str], items: Sequence[Item], lines: Sequence[Line], mix: Mix, dice: Dice
    ) -> None:
        self._ids, self._lines, self._mix, self._dice = ids, lines, mix, dice
        self._followed = {line.follows.ident for line in lines if line.follows is not None}
        touched = {row.item.place for line in lines for row in line.rows}
        self._left_open: dict[int, list[Item]] = {}
        for item in items:
            if item.status == "open" and item.type == "invoice" and item.place not in touched:
                self._left_open.setdefault(item.customer.index, []).append(item)

    def allocations(self, wrong: float = 0.0, corrected: float = 0.0) -> pa.Table:
        """One row an allocation.

        A share `wrong` of the payments on one item names another item of the customer; of a share `corrected`
        such a mistake was made, reversed later and replaced by the right row.
        """
        dice = self._dice
        rows: list[_Cells] = []
        for line in self._lines:
            if not line.rows:
                continue
            by = "system" if dice.chance(0.3) else dice.pick(_CLERKS)
            checked = (
                dice.pick([clerk for clerk in _CLERKS if clerk != by])
                if dice.chance(self._mix.checked)
                else ""
            )
            roll = dice.roll() if wrong or corrected else 1.0
            mistake = self._mistake(line) if roll < wrong + corrected else None
            if mistake is None:
                rows += [self._cells(line, row, line.decided, by, checked) for row in line.rows]
            elif roll < wrong:
                rows.append(self._cells(line, mistake, line.decided, by, ""))
            else:
                undone = line.decided + dice.between(1, 40) * 86_400
                rows.append(self._cells(line, mistake, line.decided, by, "", undone))
                rows += [
                    self._cells(line, row, undone, dice.pick(_CLERKS[:3]), _CLERKS[4]) for row in line.rows
                ]
        return table({name: [row[at] for row in rows] for at, name in enumerate(_COLUMNS)})

    def _mistake(self, line: Line) -> Row | None:
        """The same money on another item that never sees any, so that no balance is ever overdrawn."""
        right = line.rows[0]
        is_plain = len(line.rows) == 1 and line.amount > 0 and not right.write_off
        if not is_plain or line.follows is not None or line.ident in self._followed:
            return None
        spare = self._left_open.get(right.item.customer.index, [])
        for place, item in enumerate(spare):
            late = seconds_of(item.known) > line.received
            if (
                item is not right.item
                and item.currency == right.item.currency
                and item.open >= right.amount
                and not late
            ):
                del spare[place]
                return Row(item, right.amount)
        return None

    def _cells(self, line: Line, row: Row, decided: int, by: str, checked: str, undone: int = 0) -> _Cells:
        currency = row.item.currency
        write_off = money(row.write_off, currency) if row.write_off else ""
        return (
            line.ident, self._ids[row.item.place], money(row.amount, currency), write_off, row.reason,
            instant(decided), by, checked, instant(undone), "import" if by == "system" else "manual",
        )  # fmt: skip

"""The history's own marks: when each payment was known, who decided it when, and who checked it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world.tables import FORMATS, instant, money, seconds_of, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from training.world.dice import Dice
    from training.world.mix import Mix
    from training.world.records import Line

_CLERKS = ("a.meier", "j.novak", "s.rossi", "m.dubois", "k.larsen", "p.brown")


def mark_times(lines: Sequence[Line], mix: Mix, dice: Dice) -> None:
    """Set value date, arrival and decision of every line; a decision never precedes what it needs to know."""
    for line in lines:
        late = dice.between(3, 25) if dice.chance(mix.backfilled) else 0
        line.received = seconds_of(line.booked + late, 21_600 + dice.below(50_000))
        line.value = line.booked + (dice.pick((-1, 1, 2)) if dice.chance(0.12) else 0)
    for line in sorted(lines, key=lambda line: (line.booked, line.related is not None)):
        known = max([line.received] + [seconds_of(row.item.known) for row in line.rows])
        days = 0
        while days < 9 and dice.chance(mix.lag_days / (1 + mix.lag_days)):
            days += 1
        decided = known + days * 86_400 + 600 + dice.below(30_000)
        if line.related is not None:
            decided = max(decided, line.related.decided + 3600)
        line.decided = decided


def allocations(lines: Sequence[Line], ids: Sequence[str], mix: Mix, dice: Dice) -> pa.Table:
    """One row an allocation, decided by a clerk or the old system, checked by another person for a share."""
    rows: list[tuple[str | None, ...]] = []
    for line in lines:
        if not line.rows:
            continue
        by = "system" if dice.chance(0.3) else dice.pick(_CLERKS)
        checked = ""
        if dice.chance(mix.checked):
            checked = dice.pick([clerk for clerk in _CLERKS if clerk != by])
        when = instant(line.decided)
        source = "import" if by == "system" else "manual"
        for row in line.rows:
            item = row.item
            rows.append(
                (
                    line.ident,
                    ids[item.place],
                    money(row.amount, item.currency),
                    money(row.write_off, item.currency) if row.write_off else "",
                    row.reason,
                    when,
                    by,
                    checked,
                    source,
                )
            )
    names = (
        "payment_id", "invoice_id", "amount", "write_off", "reason", "decided_at", "decided_by", "checked_by", "source",
    )  # fmt: skip
    return table({name: [row[at] for row in rows] for at, name in enumerate(names)})


__all__ = ["FORMATS", "allocations", "mark_times"]

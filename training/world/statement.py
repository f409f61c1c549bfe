"""How the own bank prints a line: layout of the text, cutting, folding and the payer's name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from training.world.names import fold, transcribe, vary

if TYPE_CHECKING:
    from training.world.dice import Dice
    from training.world.mix import Mix
    from training.world.records import Line

_CODES = ("PMNT-RCDT-ESCT", "166", "NTRF", "TRF", "CRDT", "")


def print_line(line: Line, text: str, mix: Mix, dice: Dice) -> None:
    """Fill the fields that the own bank delivers from what payer and payer's bank sent."""
    account = line.account
    if not line.end_to_end:
        line.end_to_end = _end_to_end(line, dice)
    line.code = line.code or _CODES[(len(account.account) + account.width) % len(_CODES)]
    holder = line.payer.name if line.payer else ""
    if holder and dice.chance(mix.one_off_name):
        holder = vary(holder, dice)
    if holder and dice.chance(mix.no_name):
        holder = ""
    line.holder = folded(holder, account.folding)[: min(account.width, 70)].strip()
    line.text = folded(_laid_out(line, " ".join(text.split()), dice), account.folding).strip()


def folded(text: str, how: str) -> str:
    """The text in the character set of the bank."""
    match how:
        case "upper":
            return transcribe(text).upper()
        case "ascii":
            return fold(text)
        case "transcribed":
            return transcribe(text)
        case _:
            return text


def _end_to_end(line: Line, dice: Dice) -> str:
    roll = dice.roll()
    if roll < 0.45:
        return "NOTPROVIDED" if roll < 0.25 else ""
    if roll < 0.5 and line.rows and line.reference_state == "clean":
        return line.rows[0].item.number[:35]
    return f"{dice.letters(2)}{dice.digits(12)}"


def _laid_out(line: Line, text: str, dice: Dice) -> str:
    width = line.account.width
    match line.account.layout:
        case "sepa_tags":
            body = text[: min(width, 140)]
            head = f"EREF+{line.end_to_end or 'NOTPROVIDED'} " if dice.chance(0.8) else ""
            mandate = (
                f"MREF+M{dice.digits(8)} CRED+DE{dice.digits(2)}ZZZ{dice.digits(11)} "
                if line.source == "debit"
                else ""
            )
            return f"{head}{mandate}SVWZ+{body}" if body or head else ""
        case "subfields":
            seam = line.account.seam
            return seam.join(text[place : place + 27] for place in range(0, min(len(text), width), 27))
        case "ach":
            stamp = date.fromordinal(line.booked)
            head = (
                f"ORIG CO NAME:{(line.payer.name if line.payer else '')[:16]} ORIG ID:{dice.digits(10)} "
                f"DESC DATE:{stamp:%y%m%d} CO ENTRY DESCR:PAYMENT SEC:CCD TRACE#:{dice.digits(15)}"
            )
            return f"{head} IND ID:{text[:80]}"[: max(width, 240)]
        case "bacs":
            return text[:18] if width < 140 else text[:35]
        case "prefixed":
            head = f"{line.account.heading} " if line.amount > 0 else ""
            return head + text[:width]
        case _:
            return text[:width]

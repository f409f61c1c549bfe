"""Laws of the synthetic world that hold for any seed, size and profile."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from training.synthetic import make_book
from training.world.check import check_book
from training.world.damage import DAMAGES, spell
from training.world.dice import Dice
from training.world.mix import PROFILES


@settings(max_examples=25, deadline=None)
@given(
    invoices=st.integers(1, 250),
    seed=st.integers(0, 2**32),
    months=st.integers(1, 24),
    profile=st.sampled_from(sorted(PROFILES)),
)
def test_any_book_keeps_the_laws(invoices: int, seed: int, months: int, profile: str) -> None:
    book = make_book(invoices, seed, months, profile)
    assert check_book(book) == {}
    assert book["invoices"].num_rows == invoices


@settings(max_examples=60, deadline=None)
@given(number=st.text(min_size=0, max_size=24), habit=st.integers(0, 99), seed=st.integers(0, 2**32))
def test_damage_never_fails_on_any_number(number: str, habit: int, seed: int) -> None:
    dice = Dice(seed, "damage")
    spell(number, habit, dice)
    for damage in DAMAGES.values():
        damage(number, dice)

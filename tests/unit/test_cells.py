"""A cold start closes only the cells whose bound held in every world."""

from __future__ import annotations

import json

import numpy as np

from training.cells import choose_cells


def test_a_cell_passes_only_if_it_passes_everywhere() -> None:
    size = 8000
    cell = np.tile(np.repeat([1, 2, 3], size), 2)
    world = np.repeat(["first", "second"], 3 * size)
    wrong = np.zeros(cell.size, dtype=bool)
    # Cell 2 errs in the second world alone, cell 3 in both.
    wrong[3 * size + size : 3 * size + size + 30] = True
    wrong[2 * size : 2 * size + 20] = True
    wrong[5 * size : 5 * size + 20] = True
    choice = choose_cells(cell, wrong, world, np.arange(cell.size))
    assert choice.tested == (1, 2, 3)
    assert choice.cells == (1,)
    assert "Transferred, not certified on your data: 1 of 3" in choice.statement()
    assert "2 independently written" in choice.statement()
    json.dumps(choice.to_dict(), allow_nan=False)


def test_cells_too_small_to_pass_are_not_tested_and_do_not_share_delta() -> None:
    cell = np.concatenate((np.full(3000, 1), np.arange(100, 200)))
    world = np.full(cell.size, "only")
    choice = choose_cells(cell, np.zeros(cell.size, dtype=bool), world, np.arange(cell.size))
    assert choice.tested == (1,)
    assert choice.cells == (1,)


def test_a_cell_absent_from_one_world_is_not_chosen() -> None:
    cell = np.repeat([1, 2], 9000)
    world = np.where(cell == 2, "first", np.where(np.arange(cell.size) % 2 == 0, "first", "second"))
    choice = choose_cells(cell, np.zeros(cell.size, dtype=bool), world, np.arange(cell.size))
    assert choice.cells == (1,)


def test_which_cells_are_tested_does_not_depend_on_their_errors() -> None:
    rng = np.random.default_rng(1)
    cell = rng.integers(0, 3, 30_000)
    world = rng.choice(["a", "b"], 30_000)
    clean = choose_cells(cell, np.zeros(30_000, dtype=bool), world, np.arange(30_000))
    dirty = choose_cells(cell, np.ones(30_000, dtype=bool), world, np.arange(30_000))
    assert clean.tested == dirty.tested
    assert dirty.cells == ()


def test_no_payments_choose_no_cells() -> None:
    choice = choose_cells([], [], [], [])
    assert choice.cells == ()


def test_a_burst_at_one_customer_costs_the_cell() -> None:
    size = 11_000
    wrong = np.arange(size) < 5
    world = np.full(size, "only")
    apart = choose_cells(np.ones(size), wrong, world, np.arange(size))
    together = choose_cells(np.ones(size), wrong, world, np.arange(size) // 10)
    assert apart.cells == (1,)
    assert together.cells == ()

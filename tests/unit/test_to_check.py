"""The list to check holds every disagreement, and a sample whose chances are known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from training.to_check import choose_rows, write_to_check

IDS = [f"P-{number}" for number in range(5000)]
AGREES = np.arange(5000) % 100 != 0
CONFIDENCE = np.linspace(0, 1, 5000)


def test_every_disagreement_is_there_the_surest_first() -> None:
    chosen = choose_rows(IDS, AGREES, CONFIDENCE, threshold=0.9, agreements=200)
    disagreements = [one for one in chosen if one.pi == 1.0]
    assert {one.row for one in disagreements} == set(np.flatnonzero(~AGREES).tolist())
    sure = [float(CONFIDENCE[one.row]) for one in disagreements]
    assert sure == sorted(sure, reverse=True)
    assert chosen[: len(disagreements)] == disagreements


def test_agreements_are_drawn_mostly_where_they_can_certify() -> None:
    chosen = [
        one for one in choose_rows(IDS, AGREES, CONFIDENCE, threshold=0.9, agreements=200) if one.pi < 1
    ]
    above = [one for one in chosen if CONFIDENCE[one.row] >= 0.9]
    assert len(chosen) == 200
    assert len(above) == 160
    assert {one.pi for one in above} == {160 / int((AGREES & (CONFIDENCE >= 0.9)).sum())}


def test_the_weights_of_the_sample_stand_for_all_agreements() -> None:
    chosen = choose_rows(IDS, AGREES, CONFIDENCE, threshold=0.9, agreements=200)
    assert sum(1 / one.pi for one in chosen) == pytest.approx(5000)


def test_who_is_drawn_depends_on_the_seed_and_the_id_alone() -> None:
    order = np.random.default_rng(1).permutation(5000)
    one = choose_rows(IDS, AGREES, CONFIDENCE, threshold=None, agreements=100, seed=3)
    shuffled = choose_rows([IDS[at] for at in order], AGREES[order], CONFIDENCE[order], threshold=None,
                           agreements=100, seed=3)  # fmt: skip
    assert [IDS[row.row] for row in one] == [IDS[order[row.row]] for row in shuffled]
    other = choose_rows(IDS, AGREES, CONFIDENCE, threshold=None, agreements=100, seed=4)
    assert {row.row for row in one} != {row.row for row in other}


def test_a_small_history_is_checked_whole() -> None:
    chosen = choose_rows(["a", "b", "c"], [True, False, True], [0.99, 0.5, 0.2], threshold=0.9, agreements=10)
    assert [(one.row, one.pi) for one in chosen] == [(1, 1.0), (0, 1.0), (2, 1.0)]


def test_the_file_has_room_for_the_answer_and_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "to_check.csv"
    columns: dict[str, list[str | None]] = {
        "amount": ["-12.50", "3.00"],
        "payment_id": ["P-1", "P-2"],
        "remittance": ['=HYPERLINK("http://x")', None],
        "payer_name": ["@SUM(A1)", "Müller, & Co"],
    }
    write_to_check(path, columns, choose_rows(["P-1", "P-2"], [False, True], [0.9, 0.8], threshold=None))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["payment_id"] for row in rows] == ["P-1", "P-2"]
    assert rows[0]["amount"] == "-12.50"
    assert rows[0]["remittance"].startswith("'=")
    assert rows[0]["payer_name"].startswith("'@")
    assert rows[1]["payer_name"] == "Müller, & Co"
    assert rows[1]["remittance"] == ""
    assert rows[0]["reason"] == "history and model disagree"
    assert rows[0]["is_history_right"] == rows[0]["checked_by"] == ""

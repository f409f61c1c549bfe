"""The bulk scorer agrees with LightGBM to the last bit, and steps aside where it cannot."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from features import forest
from features.bundle import base_bundle
from features.forest import Forest

PARAMETERS = {"objective": "binary", "num_leaves": 31, "min_data_in_leaf": 5, "verbose": -1, "num_threads": 1}


def _rows(count: int, columns: int, seed: int) -> np.ndarray:
    """Return rows with what real matrices hold: few levels, many levels, missing values, zeros, extremes."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, columns)).astype(np.float32)
    rows[:, ::3] = np.rint(rows[:, ::3] * 2)
    rows[random.random(rows.shape) < 0.1] = np.nan
    rows[random.random(rows.shape) < 0.05] = 0
    rows[random.random(rows.shape) < 0.01] = np.float32(np.inf)
    rows[random.random(rows.shape) < 0.01] = np.float32(-np.inf)
    return np.asfortranarray(rows)


def _theirs(booster: Any, rows: np.ndarray) -> bytes:  # noqa: ANN401 - LightGBM's types are incomplete
    return np.asarray(booster.predict(rows, raw_score=True, num_threads=1)).tobytes()


@pytest.mark.parametrize("missing", [True, False])
def test_margins_are_lightgbms_to_the_last_bit(*, missing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "BLOCK", 512)
    train = _rows(3000, 9, 1)
    target = (np.nan_to_num(train, posinf=9, neginf=-9) @ np.arange(9) + train[:, 1] > 0).astype(float)
    if not missing:
        train = np.nan_to_num(train)
    booster = lightgbm.train(PARAMETERS, lightgbm.Dataset(train, target), 40)
    read = Forest.of(booster)
    assert read is not None
    rows = _rows(1801, 9, 2)
    for number, question in enumerate(read.questions[:900]):  # values on the very edge, and just above
        rows[2 * number, question.column] = question.threshold
        rows[2 * number + 1, question.column] = np.nextafter(question.threshold, np.float32(np.inf))
    expected = _theirs(booster, rows)
    for threads in (1, 2):
        assert read.margins(rows, threads).tobytes() == expected


def test_the_base_model_agrees() -> None:
    random = np.random.default_rng(3)
    for booster in base_bundle().boosters.values():
        rows = random.normal(scale=3, size=(1000, booster.num_feature())).astype(np.float32)
        rows[random.random(rows.shape) < 0.2] = np.nan
        read = Forest.of(booster)
        assert read is not None
        assert read.margins(rows).tobytes() == _theirs(booster, rows)


def test_a_tree_without_a_question_adds_its_constant() -> None:
    rows = np.zeros((40, 1), np.float32)
    booster = lightgbm.train(PARAMETERS, lightgbm.Dataset(rows, np.arange(40) % 4 == 0), 3)
    read = Forest.of(booster)
    assert read is not None
    assert read.margins(rows).tobytes() == _theirs(booster, rows)


def test_what_it_cannot_do_is_left_to_lightgbm() -> None:
    random = np.random.default_rng(4)
    rows = random.integers(0, 12, (500, 2)).astype(np.float64)
    target = (rows[:, 0] % 3 == 0).astype(float)
    data = lightgbm.Dataset(rows, target, categorical_feature=[0])
    assert Forest.of(lightgbm.train(PARAMETERS, data, 5)) is None
    zero = lightgbm.Dataset(rows, target, params={"zero_as_missing": True})
    assert Forest.of(lightgbm.train({**PARAMETERS, "zero_as_missing": True}, zero, 5)) is None

"""The gate: what keeps a challenger out, one reason at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from features.bundle import Bundle
from tests.learnt import bundle
from training.gate import LEAST_SHADOW_DAYS, GateError, GateReport, Shadow, compare
from training.verdicts import Verdicts

TODAY = date(2026, 3, 1)
SIZE = 4_000


def verdicts(seed: int = 1, *, closes: float = 0.8, false: float = 0.0005, blur: float = 0.0) -> Verdicts:
    rng = np.random.default_rng(7)
    draw = np.random.default_rng(seed)
    right = rng.random(SIZE) < 0.95
    confidence = np.where(right, rng.beta(60, 1, SIZE), rng.beta(2, 2, SIZE))
    confidence = np.clip(confidence * (1 - blur * draw.random(SIZE)), 1e-6, 1 - 1e-6)
    auto = right & (rng.random(SIZE) < closes)
    wrong_close = draw.random(SIZE) < false
    flags = np.ones(SIZE, np.bool_)
    numbers = np.ones(SIZE, np.int64)
    exact = right & ~wrong_close
    return Verdicts(
        payment_id=np.arange(SIZE).astype(str).astype(object),
        case=np.where(np.arange(SIZE) % 2 == 0, "single", "multi").astype(object),
        outcome=np.where(auto | wrong_close, "auto", "review").astype(object),
        cluster=(np.arange(SIZE) % 500).astype(str).astype(object),
        confidence=confidence,
        below=~auto,
        labelled=flags,
        matchable=flags,
        pays=flags,
        proposed=flags,
        exact=exact,
        equivalent=exact,
        right_party=flags,
        right_related=flags,
        harmful=~flags,
        by_model=flags,
        money=rng.lognormal(6, 1, SIZE),
        pairs_stated=numbers,
        pairs_true=numbers,
        pairs_hit=numbers,
        twin_open=~flags,
        twin_luck=np.ones(SIZE),
    )


def certified(**guarantee: object) -> Bundle:
    said = {"certified": True, "alpha": 0.001, "valid_until": "2026-05-01"} | guarantee
    return replace(bundle(), policy={**bundle().policy, "guarantee": said})


def report(champion: Verdicts, challenger: Verdicts, **more: object) -> GateReport:
    given: dict[str, Any] = {
        "bundles": (bundle(), certified()),
        "seconds": (10.0, 10.0),
        "today": TODAY,
        "shadow": Shadow(bundle().name, LEAST_SHADOW_DAYS, 1_000),
    } | more
    return compare(champion, challenger, **given)


def failed(one: GateReport) -> list[str]:
    return [check.name for check in one.checks if not check.passed]


def test_an_equally_good_challenger_passes() -> None:
    assert failed(report(verdicts(), verdicts())) == []


def test_a_better_one_passes() -> None:
    assert failed(report(verdicts(closes=0.7), verdicts(closes=0.85))) == []


def test_one_that_closes_less_does_not_and_says_by_how_much() -> None:
    one = report(verdicts(), verdicts(closes=0.75))
    assert {"closed automatically", "slices"} <= set(failed(one))
    assert "-0.0" in str(one.refusal())
    with pytest.raises(GateError):
        raise one.refusal()


def test_one_that_loses_a_single_slice_does_not() -> None:
    champion = verdicts()
    outcome = champion.outcome.copy()
    multi = np.flatnonzero((champion.case == "multi") & (champion.outcome == "auto"))
    single = np.flatnonzero((champion.case == "single") & (champion.outcome == "review"))[:35]
    outcome[multi[: len(single)]] = "review"
    outcome[single] = "auto"
    exact = champion.exact | (np.isin(np.arange(SIZE), single))
    one = report(replace(champion, exact=exact), replace(champion, outcome=outcome, exact=exact))
    assert failed(one) == ["slices"]


def test_blurred_confidences_do_not_pass() -> None:
    assert "log loss" in failed(report(verdicts(), verdicts(blur=0.3)))


def test_more_false_closes_do_not_pass() -> None:
    assert "false share" in failed(report(verdicts(), verdicts(3, false=0.01)))


def test_nothing_passes_without_a_certificate_in_force() -> None:
    for guarantee in ({"certified": False}, {"valid_until": "2026-02-01"}, {"valid_until": None}):
        assert failed(report(verdicts(), verdicts(), bundles=(bundle(), certified(**guarantee)))) == [
            "certificate"
        ]


def test_nothing_passes_without_a_week_in_the_shadow() -> None:
    for shadow in (
        None,
        Shadow("another", 30, 9),
        Shadow(bundle().name, LEAST_SHADOW_DAYS - 1, 9),
        Shadow(bundle().name, 30, 9, errors=1),
    ):
        assert failed(report(verdicts(), verdicts(), shadow=shadow)) == ["shadow"]


def test_a_slow_one_does_not_pass() -> None:
    assert failed(report(verdicts(), verdicts(), seconds=(10.0, 16.0))) == ["latency"]


def test_the_report_is_json_with_every_figure() -> None:
    said = report(verdicts(), verdicts()).to_dict()
    assert said["passed"] is True
    assert set(said["differences"]) == {
        "closed_automatically",
        "log_loss",
        "calibration_error",
        "false_share",
    }

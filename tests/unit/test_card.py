"""The model card says what is certified, what is not, and never more than the figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from features.calibration import confidence_of
from training.card import card
from training.certify import RiskSet, certify
from training.ladder import Segments, lay_plan
from training.metrics import by_kind, confidence_report

HELD_OUT = {
    "payments": 9000,
    "closed_automatically": 0.912,
    "false_auto_closes": 2,
    "exact_interval_95": [0.97, 0.98],
}


def guarantee_of(size: int) -> dict[str, Any]:
    confidence = confidence_of(np.random.default_rng(1).normal(8, 1, size))
    plan = lay_plan(Segments().knob_of(confidence, None), size, burst=1.0)
    risk = RiskSet(
        confidence=confidence,
        is_wrong=np.zeros(size, dtype=bool),
        customer=np.arange(size) // 4,
        is_harmful=np.zeros(size, dtype=bool),
        amount_minor=np.full(size, 100, dtype=np.int64),
        lane=["model"] * size,
    )
    return certify(risk, plan, as_of=date(2026, 3, 31)).to_dict()


def test_a_certified_model_shows_the_claim_and_everything_behind_it() -> None:
    text = card({"held_out": HELD_OUT, "blocks": {"fit": "2025-01-01"}}, guarantee_of(3100))
    assert "With probability 95 %" in text or "with probability 95 %" in text
    assert "whose own errors are not counted" in text
    assert "at most 0.1 %" in text
    assert "| Closed automatically, of those | 91.2 % |" in text
    assert "2025-01-01" in text
    assert "What is not certified" not in text


def test_looser_rungs_are_shown_where_they_close_more() -> None:
    guarantee = guarantee_of(3100)
    wider = {**guarantee["rungs"][0], "alpha": 0.005, "n": 4000, "k": 7}
    text = card({}, {**guarantee, "rungs": [wider, *guarantee["rungs"]]})
    assert "Every rung reached holds under the same 5 %" in text
    assert "| 0.5 % | 4,000 | 7 |" in text


def test_an_uncertified_model_says_so_and_what_it_would_take() -> None:
    text = card({}, guarantee_of(100))
    assert "Nothing is certified" in text
    assert "## What is not certified, and what it would take" in text
    assert "2,995 freshly checked payments" in text
    assert "## Limits" in text


def test_synthetic_figures_are_marked() -> None:
    assert "**Synthetic.**" in card({"synthetic": True}, guarantee_of(100))
    assert "Synthetic" not in card({}, guarantee_of(100))


def test_kinds_and_confidence_are_shown_where_they_were_measured() -> None:
    kinds = by_kind(["a|b", "c"], {"exact": ([True, False], [True, True])})
    confidence = confidence_report([0.9999] * 300, [True] * 300)
    text = card({"by_kind": kinds, "confidence": confidence}, guarantee_of(100))
    assert "| a/b | 1 | 100 %" in text
    assert "| above 0.999 | 300 | 0 | 0.0 |" in text


def test_a_card_without_any_figures_is_still_a_card() -> None:
    assert card({}, {}).startswith("# Model card")

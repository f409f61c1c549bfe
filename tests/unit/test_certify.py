"""A certificate claims what its labels carry, in the words that limit it, and nothing beyond."""

from __future__ import annotations

import json
import warnings
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from features.calibration import confidence_of
from training.certify import Basis, Certificate, RiskSet, certify, supporting_rows
from training.ladder import Plan, Segments, Step, lay_plan
from training.segments import fit_segments

AS_OF = date(2026, 3, 31)


def risk_set(size: int, seed: int = 0, *, floor: float = 0.0, **columns: Any) -> RiskSet:  # noqa: ANN401
    """Payments whose log-odds of being right are what their confidence says, or a floor of errors more."""
    rng = np.random.default_rng(seed)
    x = rng.normal(8, 2.5, size)
    wrong = rng.random(size) < confidence_of(-x) + floor
    given: dict[str, Any] = {"confidence": confidence_of(x), "is_wrong": wrong, "customer": np.arange(size)}
    return RiskSet(**{**given, **columns})


def flawless(size: int, **columns: Any) -> RiskSet:  # noqa: ANN401
    return risk_set(size, is_wrong=np.zeros(size, dtype=bool), **columns)


def plan_of(risk: RiskSet, segments: Segments | None = None, **options: Any) -> Plan:  # noqa: ANN401
    laid = segments or Segments()
    knob = laid.knob_of(risk.confidence, risk.segment)
    return lay_plan(knob, risk.confidence.size, segments=laid, burst=1.0, **options)


def certified(risk: RiskSet) -> Certificate:
    return certify(risk, plan_of(risk), as_of=AS_OF)


def test_three_thousand_clean_labels_certify_a_tenth_of_a_percent() -> None:
    claim = certified(flawless(3000)).claim
    assert claim is not None
    assert claim.alpha == 0.001
    assert claim.payments >= 2995


@pytest.mark.parametrize(("size", "rung"), [(2900, 0.005), (590, 0.01), (290, None)])
def test_fewer_labels_climb_less_of_the_ladder(size: int, rung: float | None) -> None:
    claim = certified(flawless(size)).claim
    assert (claim.alpha if claim else None) == rung


def test_nothing_certified_closes_nothing_and_says_what_is_missing() -> None:
    certificate = certified(flawless(120))
    assert certificate.knobs() == {"auto_threshold": None, "segment_thresholds": {}}
    assert "Nothing is certified" in certificate.statement()
    missing = {one.alpha: one for one in certificate.missing}
    assert {alpha: one.without_error for alpha, one in missing.items()} == {
        0.01: 299,
        0.005: 598,
        0.001: 2995,
    }
    assert "2,995 freshly checked payments" in missing[0.001].sentence()
    assert "this time there were 120" in missing[0.001].sentence()


def test_a_model_that_errs_too_often_is_told_that_no_number_of_labels_helps() -> None:
    risk = risk_set(4000, floor=0.05)
    certificate = certified(risk)
    assert certificate.claim is None
    assert "no number suffices" in certificate.missing[0].sentence()


def test_no_labels_at_all() -> None:
    empty = RiskSet(confidence=np.empty(0), is_wrong=np.empty(0, dtype=bool), customer=np.empty(0, dtype=int))
    certificate = certified(empty)
    assert certificate.basis is Basis.NONE
    assert certificate.claim is None
    json.dumps(certificate.to_dict(), allow_nan=False)


def test_the_walk_ends_at_the_first_failure_and_looks_at_nothing_beyond() -> None:
    risk = risk_set(12_000, 3)
    plan = plan_of(risk)
    certificate = certify(risk, plan, as_of=AS_OF)
    outcomes = [test.is_passed for test in certificate.trace]
    assert outcomes.count(False) == 1
    assert outcomes[-1] is False
    assert len(outcomes) < len(plan.steps)
    # Labels beyond the step that failed do not exist for the certificate.
    last = plan.segments.closes(risk.confidence, None, certificate.trace[-1].knob)
    other = RiskSet(
        confidence=risk.confidence, is_wrong=np.where(last, risk.is_wrong, True), customer=risk.customer
    )
    assert certify(other, plan, as_of=AS_OF).to_dict() == certificate.to_dict()


def test_a_failure_on_the_way_keeps_the_rung_below() -> None:
    risk = risk_set(12_000, 3, floor=0.002)
    certificate = certified(risk)
    assert certificate.claim is not None
    assert certificate.claim.alpha == 0.005
    assert certificate.knobs(0.005)["auto_threshold"] is not None
    assert certificate.knobs(0.001)["auto_threshold"] is None


def test_a_looser_rung_is_shown_only_where_it_closes_more() -> None:
    calibration, risk = risk_set(12_000, 4), risk_set(12_000, 5)
    knob = Segments().knob_of(calibration.confidence, None)
    plan = lay_plan(knob, 12_000, burst=1.0, calibration_wrong=calibration.is_wrong)
    rungs = certify(risk, plan, as_of=AS_OF).rungs
    assert [test.alpha for test in rungs] == sorted({test.alpha for test in rungs}, reverse=True)
    assert [test.payments for test in rungs] == sorted({test.payments for test in rungs}, reverse=True)
    assert len(rungs) > 1


def test_the_order_does_not_depend_on_the_labels_of_the_risk_set() -> None:
    one = risk_set(5000, 1)
    other = RiskSet(confidence=one.confidence, is_wrong=~one.is_wrong, customer=one.customer)
    assert plan_of(one).fingerprint() == plan_of(other).fingerprint()


def test_the_order_climbs_the_ladder_and_then_only_widens() -> None:
    steps = plan_of(risk_set(20_000, 2)).steps
    alphas = [step.alpha for step in steps]
    assert alphas == sorted(alphas, reverse=True)
    for alpha in set(alphas):
        knobs = [step.knob for step in steps if step.alpha == alpha]
        assert knobs == sorted(knobs, reverse=True)
    first = next(step for step in steps if step.alpha == 0.001)
    assert 0.32 * 20_000 <= first.expected <= 0.32 * 20_000 * 1.05


def test_the_first_test_of_the_last_rung_can_be_given() -> None:
    risk = risk_set(20_000, 2)
    plan = plan_of(risk, start_n=9000)
    first = next(step for step in plan.steps if step.alpha == 0.001)
    assert plan.start_rule == "given"
    assert 9000 <= first.expected <= 9000 * 1.05


def test_known_errors_let_the_lower_rungs_reach_further() -> None:
    calibration, risk = risk_set(8000, 4), risk_set(8000, 5)
    laid = Segments()
    knob = laid.knob_of(calibration.confidence, None)
    blind = lay_plan(knob, 8000, burst=1.0)
    sighted = lay_plan(knob, 8000, burst=1.0, calibration_wrong=calibration.is_wrong)
    reach = [max(step.expected for step in plan.steps if step.alpha == 0.005) for plan in (blind, sighted)]
    assert reach[1] > 1.5 * reach[0]
    assert certify(risk, sighted, as_of=AS_OF).claim is not None


def test_errors_that_come_in_bursts_cost_the_claim() -> None:
    size = 6300
    wrong = np.zeros(size, dtype=bool)
    wrong[:2] = True
    apart = risk_set(size, is_wrong=wrong, confidence=np.full(size, 0.9999))
    together = risk_set(
        size, is_wrong=wrong, confidence=np.full(size, 0.9999), customer=np.arange(size) // 10
    )
    assert certified(apart).claim is not None
    assert certified(apart).claim.alpha == 0.001  # type: ignore[union-attr]
    held = certified(together)
    assert held.claim is not None
    assert held.claim.alpha == 0.005
    assert held.trace[-1].cluster_upper > held.trace[-1].cp_upper
    assert held.erring_customers == 1


def test_the_claim_speaks_of_exactly_the_payments_the_policy_closes() -> None:
    risk = risk_set(9000, 6)
    certificate = certified(risk)
    threshold = certificate.knobs()["auto_threshold"]
    closed = risk.confidence >= json.loads(json.dumps(threshold))
    assert certificate.claim is not None
    assert certificate.claim.payments == int(closed.sum())
    assert certificate.claim.errors == int(risk.is_wrong[closed].sum())


def test_payments_of_equal_confidence_are_never_parted() -> None:
    confidence = np.concatenate((np.full(4000, 0.99991), np.full(4000, 0.9987)))
    certificate = certified(flawless(8000, confidence=confidence))
    assert certificate.claim is not None
    assert certificate.claim.payments == 8000


def test_segments_hang_on_one_knob() -> None:
    segments = Segments(shifts=MappingProxyType({"amount": 1.5, "reference": -0.5}), unlisted=None)
    names = ["reference", "amount", "unheard of"] * 3000
    risk = risk_set(9000, 7, segment=names)
    certificate = certify(risk, plan_of(risk, segments), as_of=AS_OF)
    knobs = certificate.knobs()
    assert knobs["auto_threshold"] is None
    assert set(knobs["segment_thresholds"]) == {"amount", "reference"}
    assert knobs["segment_thresholds"]["amount"] > knobs["segment_thresholds"]["reference"]
    closed = [
        c >= knobs["segment_thresholds"].get(name, 2.0)
        for c, name in zip(risk.confidence, names, strict=True)
    ]
    assert certificate.claim is not None
    assert certificate.claim.payments == sum(closed)


def test_an_overconfident_segment_gets_a_higher_threshold_and_a_small_one_none() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(4, 1.5, 6000)
    names = np.where(np.arange(6000) % 2 == 0, "honest", "boastful").astype(object)
    names[:50] = "small"
    truth = np.where(names == "boastful", x - 1.5, x)
    segments = fit_segments(confidence_of(x), rng.random(6000) < confidence_of(truth), list(names))
    assert set(segments.shifts) == {"honest", "boastful"}
    assert segments.shifts["boastful"] - segments.shifts["honest"] == pytest.approx(1.5, abs=0.4)
    assert not segments.closes([1.0], ["small"], -50.0).any()


def test_a_history_is_not_a_check_and_the_words_say_so() -> None:
    risk = flawless(3200, is_checked=np.arange(3200) < 40)
    certificate = certified(risk)
    said = certificate.statement()
    assert certificate.basis is Basis.HISTORY
    assert said.startswith("Against this history, whose own errors are not counted")
    assert "double-checked" in said
    assert "60 days" in said
    checked = certified(flawless(3200, is_checked=np.ones(3200, dtype=bool)))
    assert checked.basis is Basis.CHECKED
    assert "With probability 95 %, at most 0.1 % of the auto-closes" in checked.statement()
    assert "Valid until 2026-06-29" in checked.statement()


def test_what_the_machine_decided_supports_nothing_unless_somebody_checked_it() -> None:
    rows = supporting_rows(
        is_checked=np.array([True, False, False, False, False]),
        by_machine=np.array([True, True, False, False, False]),
        is_reversed=np.array([False, False, False, True, False]),
        days_standing=np.array([1.0, 400.0, 60.0, 400.0, 59.0]),
    )
    assert rows.tolist() == [True, False, True, False, False]


def test_harm_and_money_and_lanes_are_shown_beside_the_claim() -> None:
    size = 9000
    wrong: NDArray[np.bool_] = np.arange(size) == 5
    risk = risk_set(
        size,
        is_wrong=wrong,
        confidence=np.full(size, 0.9999),
        is_harmful=np.zeros(size, dtype=bool),
        amount_minor=np.full(size, 1000, dtype=np.int64),
        lane=["deterministic", "model"] * (size // 2),
    )
    shown = certified(risk).to_dict()["by_cause"]
    assert shown["harmful"]["k"] == 0
    assert shown["money"]["false_minor"] == 1000
    assert shown["money"]["rate"] == pytest.approx(1 / size)
    assert shown["lanes"]["model"] == {"n": 4500, "k": 1, "cp_upper": pytest.approx(0.001054, abs=1e-5)}


def test_equal_audit_weights_change_nothing_and_unequal_ones_widen() -> None:
    plain = certified(risk_set(6000, 9))
    even = certified(risk_set(6000, 9, weight=np.full(6000, 20.0)))
    assert [test.payments for test in plain.trace] == [test.payments for test in even.trace]
    assert even.trace[0].cp_upper == pytest.approx(plain.trace[0].cp_upper)
    uneven = risk_set(6000, 9, weight=np.where(np.arange(6000) % 50 == 0, 100.0, 1.0))
    assert certified(uneven).trace[0].upper > 3 * plain.trace[0].upper


def test_the_fixed_sequence_agrees_with_mapie() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        control = pytest.importorskip("mapie.risk_control").BinaryClassificationController
    rng = np.random.default_rng(3)
    x = rng.normal(4, 2, 4000)
    risk = risk_set(4000, confidence=confidence_of(x), is_wrong=rng.random(4000) < confidence_of(-x - 1))
    plan = plan_of(risk, ladder=(0.01,))
    mine = certify(risk, plan, as_of=AS_OF)
    grid = np.array([float(confidence_of(step.knob)) for step in plan.steps])
    theirs = control(
        lambda rows: np.column_stack((1 - rows[:, 0], rows[:, 0])),
        "precision",
        target_level=0.99,
        confidence_level=0.95,
        list_predict_params=grid,
        fwer_method="fixed_sequence",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.calibrate(risk.confidence.reshape(-1, 1), (~risk.is_wrong).astype(int))
    assert theirs.valid_predict_params.tolist() == [
        pytest.approx(float(confidence_of(test.knob))) for test in mine.trace if test.is_passed
    ]
    assert mine.knobs()["auto_threshold"] == pytest.approx(theirs.best_predict_param)


def test_a_certificate_is_plain_json_and_traces_every_test_made() -> None:
    certificate = certified(risk_set(9000, 6))
    raw = json.loads(json.dumps(certificate.to_dict(), allow_nan=False))
    assert raw["certified"] is True
    assert raw["plan_fingerprint"] == certificate.plan.fingerprint()
    assert [row["passed"] for row in raw["trace"]].count(False) <= 1
    assert raw["valid_until"] == "2026-06-29"
    assert {"rung", "alpha", "delta", "t", "n", "k", "cp_upper", "cluster_upper", "basis"} <= raw.keys()


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one value a payment"):
        risk_set(10, is_checked=np.ones(9, dtype=bool))


def test_a_step_is_one_row_of_the_order() -> None:
    assert Step(0.01, 2.0, 300).expected == 300

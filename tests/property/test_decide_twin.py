"""The columnar decision equals the scalar rule, and a tighter policy never closes more."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.decide import (
    DEDUCTION_REASONS,
    KINDS,
    NO_CODE,
    OUTCOMES,
    WRITE_OFF_REASONS,
    DecisionColumns,
    decide_columns,
    reason_texts,
)
from receivables.decision import DISMISSALS, DecisionFacts, decide
from receivables.policy import Policy, tightens
from receivables.words import DeductionReason, Outcome, PaymentKind, WriteOffReason

CURRENCIES = ("EUR", "JPY", "BHD")
SEGMENTS = ("", "named", "unnamed")
NOT_COLUMNS = {"allocated_minor", "unapplied_minor"}

minor = st.one_of(st.integers(-300, 300), st.integers(-(10**15), 10**15))
small = st.integers(-3, 3)
flag = st.booleans()
share = st.sampled_from([0.0, 0.04, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0])
money = st.sampled_from(["0", "0.01", "1", "1.00", "2.5", "1000000"])
limit = st.one_of(st.none(), money, st.dictionaries(st.sampled_from(["EUR", "JPY", "*"]), money, max_size=2))
days = st.one_of(st.none(), st.integers(0, 2))

facts_of_one = st.builds(
    DecisionFacts,
    currency=st.sampled_from(CURRENCIES),
    amount_minor=minor,
    confidence=share,
    kind=st.sampled_from(PaymentKind),
    segment=st.sampled_from(SEGMENTS),
    threshold=st.one_of(st.none(), share),
    n_items=st.sampled_from([0, 0, 1, 1, 2, 3, 13, 201]),
    items_named=flag,
    item_currency=st.sampled_from(["", *CURRENCIES]),
    write_off_minor=st.one_of(st.just(0), minor),
    write_off_base_minor=minor,
    write_off_reason=st.one_of(st.none(), st.sampled_from(WriteOffReason)),
    deduction_minor=st.one_of(st.just(0), minor),
    deduction_reason=st.one_of(st.none(), st.sampled_from(DeductionReason)),
    is_partial=flag,
    is_overpaid=flag,
    cross_currency=flag,
    missing_rate=flag,
    has_evidence_beyond_amount=flag,
    equal_explanations=st.integers(0, 2),
    twins_interchangeable=flag,
    rows_set_aside=flag,
    payment_held=flag,
    item_disputed=flag,
    item_on_hold=flag,
    days_before_issue=small,
    days_after_due=small,
    conflict_lost=flag,
    outside_training=flag,
    model_unavailable=flag,
    original_unknown=flag,
    has_candidates=flag,
    customer_known=flag,
    dismissal=st.one_of(st.none(), st.sampled_from(DISMISSALS)),
    duplicate_payment=flag,
    duplicate_line=flag,
)

CALM: dict[str, Any] = dict.fromkeys(
    (
        "cross_currency missing_rate rows_set_aside payment_held item_disputed item_on_hold conflict_lost "
        "outside_training "
        "model_unavailable original_unknown duplicate_payment duplicate_line"
    ).split(),
    False,
)
"""Facts that would hide all other checks behind a blocker that nothing lifts."""

calm_facts = facts_of_one.map(
    lambda facts: replace(
        facts, **CALM, n_items=max(1, facts.n_items), dismissal=None, has_evidence_beyond_amount=True
    ),
)

knobs = st.fixed_dictionaries(
    {},
    optional={
        "auto_threshold": st.one_of(st.none(), share.filter(lambda value: value >= 0.05)),
        "review_threshold": st.sampled_from([0.0, 0.01, 0.05]),
        "segment_thresholds": st.dictionaries(st.sampled_from(["named", "unnamed"]), share, max_size=2),
        "tolerance_percent": st.sampled_from(["0", "0.000001", "0.5", "3.333333", "100"]),
        "tolerance_amount": limit,
        "max_auto_amount": limit,
        "four_eyes_amount": limit,
        "max_write_off_amount": st.one_of(limit, st.fixed_dictionaries({"auto": limit, "clerk": limit})),
        "overpayment": st.sampled_from(["on_account", "review", "write_off_within_tolerance"]),
        "partial": st.sampled_from(["allow", "review"]),
        "early_days": days,
        "late_days": days,
        "require_evidence_beyond_amount": flag,
        "twins": st.sampled_from(["review", "oldest"]),
        "max_items_per_payment": st.one_of(
            st.none(), st.integers(0, 14), st.just({"named": 2}), st.just({"unnamed": 1})
        ),
        "cross_currency": st.sampled_from(["review", "allow"]),
        "dismiss": st.sampled_from(["off", "auto"]),
    },
)
policies = knobs.map(Policy.from_dict)


def columns_of(rows: list[DecisionFacts]) -> DecisionColumns:
    """The same facts as columns."""

    def column(name: str) -> np.ndarray[Any, Any]:
        values = [getattr(row, name) for row in rows]
        match name:
            case "currency":
                return np.array([CURRENCIES.index(value) for value in values])
            case "item_currency":
                return np.array([CURRENCIES.index(value) if value else NO_CODE for value in values])
            case "segment":
                return np.array([SEGMENTS.index(value) for value in values])
            case "kind":
                return np.array([KINDS.index(value) for value in values])
            case "threshold":
                return np.array([np.nan if value is None else value for value in values])
            case "write_off_reason" | "deduction_reason" | "dismissal":
                known: tuple[object, ...] = {
                    "write_off_reason": WRITE_OFF_REASONS,
                    "deduction_reason": DEDUCTION_REASONS,
                    "dismissal": DISMISSALS,
                }[name]
                return np.array([NO_CODE if value is None else known.index(value) for value in values])
            case _:
                return np.array(values)

    names = {field.name for field in fields(DecisionFacts)} - NOT_COLUMNS
    return DecisionColumns.filled(
        currencies=CURRENCIES, segments=SEGMENTS, **{name: column(name) for name in sorted(names)}
    )


@settings(deadline=None)
@given(st.lists(st.one_of(facts_of_one, calm_facts), min_size=1, max_size=8), policies)
def test_columns_decide_as_the_scalar_rule_does(rows: list[DecisionFacts], policy: Policy) -> None:
    outcomes, reasons = decide_columns(columns_of(rows), policy)
    found = [
        (OUTCOMES[code], text) for code, text in zip(outcomes, reason_texts(reasons).to_pylist(), strict=True)
    ]
    wanted = [decide(row, policy) for row in rows]
    assert found == [(decision.outcome, ";".join(decision.reasons)) for decision in wanted]


@settings(deadline=None)
@given(calm_facts, policies, knobs)
def test_a_tighter_policy_never_closes_what_the_base_left_open(
    facts: DecisionFacts, base: Policy, request: dict[str, object]
) -> None:
    merged = base.merged_with(request)
    if tightens(merged, base):
        assert (
            decide(facts, merged).outcome is not Outcome.AUTO or decide(facts, base).outcome is Outcome.AUTO
        )


@settings(deadline=None)
@given(facts_of_one, policies, knobs)
def test_a_tighter_policy_never_dismisses_what_the_base_kept(
    facts: DecisionFacts, base: Policy, request: dict[str, object]
) -> None:
    merged = base.merged_with(request)
    if tightens(merged, base) and decide(facts, merged).outcome is Outcome.DISMISSED:
        assert decide(facts, base).outcome is Outcome.DISMISSED


@settings(deadline=None)
@given(policies)
def test_a_policy_is_as_tight_as_itself_and_survives_its_file(policy: Policy) -> None:
    assert tightens(policy, policy)
    assert Policy.from_dict(policy.to_dict()) == policy
    assert Policy.from_dict(policy.to_dict()).fingerprint() == policy.fingerprint()


@given(policies, policies, policies)
@settings(max_examples=300, deadline=None)
def test_tightening_is_transitive(a: Policy, b: Policy, c: Policy) -> None:
    if tightens(a, b) and tightens(b, c):
        assert tightens(a, c)


@settings(deadline=None)
@given(facts_of_one, policies)
def test_every_decision_but_a_plain_close_says_why(facts: DecisionFacts, policy: Policy) -> None:
    decision = decide(facts, policy)
    assert decision.outcome is Outcome.AUTO or decision.reasons or not facts.n_items
    assert len(set(decision.reasons)) == len(decision.reasons)

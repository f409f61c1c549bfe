from __future__ import annotations

from dataclasses import replace

import pytest

from receivables.decision import DISMISSALS, DecisionFacts, decide
from receivables.policy import Policy
from receivables.reasons import EVIDENCE, SENTENCES, VERDICTS, WHY_NOT_SENTENCES, Reason, WhyNot, join
from receivables.words import DeductionReason, Outcome, PaymentKind, WriteOffReason

KNOBS: dict[str, object] = {"auto_threshold": 0.99, "review_threshold": 0.05}
POLICY = Policy.from_dict(KNOBS)
SURE = DecisionFacts(currency="EUR", amount_minor=100_00, confidence=0.995, n_items=1, allocated_minor=100_00)
EMPTY = DecisionFacts(currency="EUR", amount_minor=100_00, confidence=0.995, has_candidates=False)


def with_policy(**knobs: object) -> Policy:
    return Policy.from_dict({**KNOBS, **knobs})


def test_a_sure_and_plain_payment_closes_without_a_word() -> None:
    decision = decide(SURE, POLICY)
    assert (decision.outcome, decision.reasons) == (Outcome.AUTO, ())


@pytest.mark.parametrize(
    ("confidence", "outcome"),
    [
        (1.0, Outcome.AUTO),
        (0.99, Outcome.AUTO),
        (0.9899, Outcome.REVIEW),
        (0.05, Outcome.REVIEW),
        (0.0499, Outcome.UNMATCHED),
        (float("nan"), Outcome.REVIEW),
    ],
)
def test_thresholds_include_their_boundary(confidence: float, outcome: Outcome) -> None:
    assert decide(replace(SURE, confidence=confidence), POLICY).outcome is outcome


def test_a_segment_has_a_threshold_of_its_own() -> None:
    policy = with_policy(segment_thresholds={"named": 0.97})
    assert decide(replace(SURE, confidence=0.98, segment="named"), policy).outcome is Outcome.AUTO
    assert decide(replace(SURE, confidence=0.98, segment="other"), policy).outcome is Outcome.REVIEW


def test_a_payment_may_ask_for_more_confidence_than_the_policy_but_not_for_less() -> None:
    assert decide(replace(SURE, threshold=0.999), POLICY).outcome is Outcome.REVIEW
    assert decide(replace(SURE, confidence=0.98, threshold=0.5), POLICY).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payment_held": True}, Reason.PAYMENT_HOLD),
        ({"rows_set_aside": True}, Reason.ROWS_SET_ASIDE),
        ({"item_disputed": True}, Reason.DISPUTED_ITEM),
        ({"item_on_hold": True}, Reason.ITEM_ON_HOLD),
        ({"conflict_lost": True}, Reason.CONFLICT_LOST),
        ({"missing_rate": True}, Reason.MISSING_RATE),
        ({"cross_currency": True}, Reason.CROSS_CURRENCY),
        ({"outside_training": True}, Reason.OUTSIDE_TRAINING),
        ({"model_unavailable": True}, Reason.MODEL_UNAVAILABLE),
        ({"original_unknown": True}, Reason.ORIGINAL_UNKNOWN),
        ({"duplicate_payment": True}, Reason.DUPLICATE_PAYMENT),
        ({"has_evidence_beyond_amount": False}, Reason.AMOUNT_ONLY),
        ({"equal_explanations": 1}, Reason.EQUAL_EXPLANATIONS),
        ({"equal_explanations": 1, "twins_interchangeable": True}, Reason.TWINS),
        ({"n_items": 13}, Reason.TOO_MANY_ITEMS),
        ({"n_items": 201, "items_named": True}, Reason.TOO_MANY_ITEMS),
        ({"write_off_minor": 1, "write_off_base_minor": 101}, Reason.WRITE_OFF_OUTSIDE_TOLERANCE),
        ({"deduction_minor": 5, "deduction_reason": DeductionReason.DISPUTED}, Reason.DEDUCTION_DISPUTED),
        ({"dismissal": Reason.OWN_TRANSFER}, Reason.OWN_TRANSFER),
    ],
)
def test_what_a_person_must_see_never_closes(change: dict[str, object], reason: Reason) -> None:
    decision = decide(replace(SURE, **change), POLICY)  # type: ignore[arg-type]
    assert decision.outcome is Outcome.REVIEW
    assert reason in decision.reasons


@pytest.mark.parametrize("knob", ["max_auto_amount", "four_eyes_amount"])
@pytest.mark.parametrize(
    ("amount_minor", "outcome"),
    [(99_99, Outcome.AUTO), (100_00, Outcome.AUTO), (100_01, Outcome.REVIEW), (-100_01, Outcome.REVIEW)],
)
def test_an_amount_up_to_its_limit_closes(knob: str, amount_minor: int, outcome: Outcome) -> None:
    policy = with_policy(**{knob: {"EUR": "100.00"}})
    assert decide(replace(SURE, amount_minor=amount_minor), policy).outcome is outcome


@pytest.mark.parametrize(("fee_minor", "outcome"), [(499, "auto"), (500, "auto"), (501, "review")])
def test_a_fee_up_to_the_tolerance_closes(fee_minor: int, outcome: str) -> None:
    facts = replace(
        SURE,
        write_off_minor=fee_minor,
        write_off_base_minor=100_00,
        write_off_reason=WriteOffReason.BANK_FEE,
    )
    decision = decide(facts, with_policy(tolerance_amount={"EUR": "5.00"}))
    assert decision.outcome == outcome
    assert Reason.WRITE_OFF_BANK_FEE in decision.reasons


def test_a_write_off_is_also_bound_by_what_the_machine_may_give_away() -> None:
    facts = replace(SURE, write_off_minor=3_00, write_off_base_minor=100_00)
    policy = with_policy(tolerance_amount="5.00", max_write_off_amount={"auto": "2.00", "clerk": "50.00"})
    assert decide(facts, policy).reasons[0] is Reason.WRITE_OFF_ABOVE_LIMIT
    assert decide(replace(facts, write_off_minor=2_00), policy).outcome is Outcome.AUTO


@pytest.mark.parametrize("why", [WriteOffReason.EARLY_PAYMENT_DISCOUNT, WriteOffReason.PROCESSOR_FEE])
def test_what_terms_grant_needs_no_tolerance(why: WriteOffReason) -> None:
    facts = replace(SURE, write_off_minor=3_00, write_off_base_minor=100_00, write_off_reason=why)
    assert decide(facts, with_policy(max_write_off_amount="1.00")).outcome is Outcome.AUTO


def test_withheld_tax_is_no_write_off_and_no_partial_payment() -> None:
    facts = replace(SURE, deduction_minor=10_00, deduction_reason=DeductionReason.WITHHOLDING)
    decision = decide(facts, with_policy(partial="review"))
    assert (decision.outcome, decision.reasons) == (Outcome.AUTO, (Reason.DEDUCTION_WITHHOLDING,))


@pytest.mark.parametrize(("knob", "outcome"), [("allow", Outcome.AUTO), ("review", Outcome.REVIEW)])
def test_the_policy_decides_about_partial_payments(knob: str, outcome: Outcome) -> None:
    assert decide(replace(SURE, is_partial=True), with_policy(partial=knob)).outcome is outcome
    short = replace(SURE, deduction_minor=1, deduction_reason=DeductionReason.SHORT_PAYMENT)
    assert decide(short, with_policy(partial=knob)).outcome is outcome


@pytest.mark.parametrize(
    ("knob", "reason"),
    [
        ("on_account", Reason.OVERPAYMENT_ON_ACCOUNT),
        ("review", Reason.OVERPAYMENT_REVIEW),
        ("write_off_within_tolerance", Reason.OVERPAYMENT_REVIEW),
    ],
)
def test_the_policy_decides_about_cash_left_over(knob: str, reason: Reason) -> None:
    decision = decide(replace(SURE, is_overpaid=True, unapplied_minor=5_00), with_policy(overpayment=knob))
    assert decision.reasons == (reason,)
    assert (decision.outcome is Outcome.AUTO) == (knob == "on_account")


def test_an_excess_is_only_given_up_where_the_policy_says_so() -> None:
    facts = replace(
        SURE, write_off_minor=-5, write_off_base_minor=100_00, write_off_reason=WriteOffReason.ROUNDING
    )
    assert decide(facts, with_policy(tolerance_amount="1.00")).outcome is Outcome.REVIEW
    knobs = {"tolerance_amount": "1.00", "overpayment": "write_off_within_tolerance"}
    assert decide(facts, with_policy(**knobs)).outcome is Outcome.AUTO


@pytest.mark.parametrize(("days", "outcome"), [(29, "auto"), (30, "auto"), (31, "review")])
def test_the_window_includes_its_last_day(days: int, outcome: str) -> None:
    early = replace(SURE, days_before_issue=days)
    late = replace(SURE, days_after_due=days)
    assert decide(early, with_policy(early_days=30)).outcome == outcome
    assert decide(late, with_policy(late_days=30)).outcome == outcome
    assert decide(early, with_policy(late_days=0)).outcome is Outcome.AUTO


def test_interchangeable_twins_go_to_the_oldest_when_the_policy_says_so() -> None:
    twins = replace(SURE, equal_explanations=1, twins_interchangeable=True)
    assert decide(twins, with_policy(twins="oldest")).reasons == (Reason.TWINS_OLDEST,)
    assert (
        decide(replace(twins, twins_interchangeable=False), with_policy(twins="oldest")).outcome
        is Outcome.REVIEW
    )


def test_amount_alone_may_close_only_where_the_policy_says_so() -> None:
    facts = replace(SURE, has_evidence_beyond_amount=False)
    assert decide(facts, with_policy(require_evidence_beyond_amount=False)).outcome is Outcome.AUTO


def test_another_currency_may_close_only_where_the_policy_says_so() -> None:
    facts = replace(SURE, cross_currency=True)
    assert decide(facts, with_policy(cross_currency="allow")).outcome is Outcome.AUTO


def test_a_tolerance_on_the_item_is_counted_in_the_items_currency() -> None:
    facts = replace(
        SURE, cross_currency=True, item_currency="JPY", write_off_minor=5, write_off_base_minor=9_000
    )
    policy = with_policy(cross_currency="allow", tolerance_amount={"JPY": "5", "EUR": "0.01"})
    assert decide(facts, policy).outcome is Outcome.AUTO


@pytest.mark.parametrize("dismiss", ["off", "auto"])
def test_a_duplicated_statement_line_is_always_dismissed(dismiss: str) -> None:
    decision = decide(replace(SURE, duplicate_line=True, payment_held=True), with_policy(dismiss=dismiss))
    assert (decision.outcome, decision.reasons) == (Outcome.DISMISSED, (Reason.DUPLICATE_STATEMENT_LINE,))


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
def test_a_duplicate_payment_is_real_cash_that_a_person_refunds(confidence: float) -> None:
    facts = replace(EMPTY, duplicate_payment=True, confidence=confidence)
    assert decide(facts, with_policy(dismiss="auto")).outcome is Outcome.REVIEW


@pytest.mark.parametrize("recognised", DISMISSALS)
def test_lines_that_pay_nothing_are_dismissed_only_where_the_policy_says_so(recognised: Reason) -> None:
    line = replace(EMPTY, dismissal=recognised)
    assert decide(line, POLICY).outcome is Outcome.UNMATCHED
    assert decide(line, POLICY).reasons == (recognised,)
    assert decide(line, with_policy(dismiss="auto")).outcome is Outcome.DISMISSED
    assert decide(replace(line, confidence=0.9), with_policy(dismiss="auto")).outcome is Outcome.REVIEW
    assert decide(replace(line, payment_held=True), with_policy(dismiss="auto")).outcome is Outcome.REVIEW


def test_cash_without_an_item_says_whose_it_is() -> None:
    known = decide(EMPTY, POLICY)
    assert (known.outcome, known.reasons) == (Outcome.UNMATCHED, (Reason.ON_ACCOUNT, Reason.NO_CANDIDATE))
    unknown = decide(replace(EMPTY, customer_known=False), POLICY)
    assert unknown.reasons == (Reason.UNIDENTIFIED_PAYER, Reason.NO_CANDIDATE)


def test_a_doubtful_nothing_is_worth_a_look() -> None:
    assert decide(replace(EMPTY, has_candidates=True, confidence=0.8), POLICY).outcome is Outcome.REVIEW
    assert decide(replace(EMPTY, has_candidates=True, confidence=0.99), POLICY).outcome is Outcome.UNMATCHED


@pytest.mark.parametrize("kind", [PaymentKind.RETURN, PaymentKind.CHARGEBACK])
def test_a_return_of_something_unknown_is_worth_a_look(kind: PaymentKind) -> None:
    decision = decide(replace(EMPTY, amount_minor=-100_00, kind=kind), POLICY)
    assert decision.outcome is Outcome.REVIEW
    assert Reason.ORIGINAL_UNKNOWN in decision.reasons


def test_every_blocker_is_named_in_a_stable_order() -> None:
    facts = replace(SURE, confidence=0.5, payment_held=True, equal_explanations=2, is_overpaid=True)
    assert decide(facts, POLICY).reasons == (
        Reason.PAYMENT_HOLD,
        Reason.EQUAL_EXPLANATIONS,
        Reason.BELOW_THRESHOLD,
        Reason.OVERPAYMENT_ON_ACCOUNT,
    )


def test_every_code_has_a_sentence_and_fits_a_mask() -> None:
    assert set(SENTENCES) == set(Reason)
    assert set(WHY_NOT_SENTENCES) == set(WhyNot)
    assert len(EVIDENCE) <= 64
    assert len(VERDICTS) <= 64
    assert join((Reason.TWINS, Reason.AMOUNT_EXACT)) == "amount_exact;twins"

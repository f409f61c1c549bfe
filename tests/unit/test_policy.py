from __future__ import annotations

import json
from decimal import Decimal

import pytest

from receivables.errors import TieoutError
from receivables.policy import Policy, PolicyError, knobs_from_json, looser_knobs, tightens

DEFAULTS = {
    "tolerance_percent": "0",
    "tolerance_amount": None,
    "max_auto_amount": None,
    "four_eyes_amount": None,
    "max_write_off_amount": None,
    "overpayment": "on_account",
    "partial": "allow",
    "early_days": None,
    "late_days": None,
    "require_evidence_beyond_amount": True,
    "twins": "review",
    "max_items_per_payment": {"named": 200, "unnamed": 12},
    "cross_currency": "review",
    "dismiss": "off",
}

TRAINED = Policy.from_dict(
    {
        "auto_threshold": 0.99,
        "segment_thresholds": {"named": 0.97},
        "guarantee": {"alpha": "0.001", "delta": "0.05"},
    },
)


def test_the_defaults_are_those_of_the_contract() -> None:
    shown = Policy().to_dict()
    assert {knob: shown[knob] for knob in DEFAULTS} == DEFAULTS


def test_writing_a_default_down_changes_nothing() -> None:
    assert Policy.from_dict(DEFAULTS) == Policy()
    assert Policy.from_dict({"tolerance_amount": "0"}).tolerance_minor("EUR", 10_000) == 0
    assert TRAINED.merged_with(DEFAULTS) == TRAINED


def test_without_training_nothing_closes_by_itself() -> None:
    assert Policy().threshold() is None


def test_a_policy_survives_its_file() -> None:
    policy = Policy.from_dict(
        {
            "auto_threshold": 0.999,
            "tolerance_percent": "0.25",
            "tolerance_amount": {"EUR": "5.00", "*": "1"},
            "max_write_off_amount": {"auto": "2.00", "clerk": {"EUR": "50.00"}},
            "max_items_per_payment": 30,
            "guarantee": {"alpha": "0.001"},
        },
    )
    assert Policy.from_json(json.dumps(policy.to_dict())) == policy


def test_a_number_in_json_is_read_by_its_digits() -> None:
    policy = Policy.from_json('{"max_auto_amount": {"EUR": 10000.10}, "tolerance_percent": 0.1}')
    assert policy.max_auto_amount.minor("EUR") == 1_000_010
    assert policy.tolerance_percent == Decimal("0.1")


@pytest.mark.parametrize(
    ("currency", "minor"),
    [("EUR", 1_000_00), ("JPY", 1_000), ("BHD", 1_000_000)],
)
def test_a_plain_amount_holds_for_every_currency_in_its_own_decimals(currency: str, minor: int) -> None:
    assert Policy.from_dict({"max_auto_amount": "1000"}).max_auto_amount.minor(currency) == minor


def test_a_currency_that_is_not_named_has_no_limit() -> None:
    policy = Policy.from_dict({"max_auto_amount": {"EUR": "10.00"}})
    assert policy.max_auto_amount.minor("USD") is None


def test_half_a_yen_of_tolerance_is_none() -> None:
    assert Policy.from_dict({"tolerance_amount": "0.50"}).tolerance_minor("JPY", 10_000) == 0


@pytest.mark.parametrize(
    ("knobs", "base_minor", "tolerated"),
    [
        ({}, 10_000, 0),
        ({"tolerance_percent": "1"}, 10_000, 100),
        ({"tolerance_percent": "1"}, 10_099, 100),
        ({"tolerance_percent": "0.5"}, 199, 0),
        ({"tolerance_amount": "5.00"}, 10_000, 500),
        ({"tolerance_percent": "1", "tolerance_amount": "5.00"}, 10_000, 100),
        ({"tolerance_percent": "10", "tolerance_amount": "5.00"}, 10_000, 500),
        ({"tolerance_percent": "1", "tolerance_amount": {"USD": "0.10"}}, 10_000, 100),
        ({"tolerance_percent": "33.333333"}, 10**15, 333_333_330_000_000),
    ],
)
def test_percent_is_percent_and_the_smaller_tolerance_applies(
    knobs: dict[str, object], base_minor: int, tolerated: int
) -> None:
    assert Policy.from_dict(knobs).tolerance_minor("EUR", base_minor) == tolerated


def test_a_write_off_limit_by_role_falls_back_to_the_one_for_every_role() -> None:
    by_role = Policy.from_dict({"max_write_off_amount": {"auto": "2.00", "clerk": {"EUR": "50.00"}}})
    assert by_role.auto_write_off_minor("EUR") == 200
    assert by_role.max_write_off_amount.minor("clerk", "EUR") == 5_000
    assert by_role.max_write_off_amount.minor("lead", "EUR") is None
    assert Policy.from_dict({"max_write_off_amount": {"EUR": "3.00"}}).auto_write_off_minor("EUR") == 300


def test_a_plain_number_of_items_caps_both_limits() -> None:
    assert Policy.from_dict({"max_items_per_payment": 5}).max_items_per_payment.to_json() == {
        "named": 5,
        "unnamed": 5,
    }
    assert Policy.from_dict({"max_items_per_payment": 500}).max_items_per_payment.unnamed == 12


@pytest.mark.parametrize(
    ("knobs", "named"),
    [
        ({"tolerence_amount": "1"}, "tolerence_amount"),
        ({"auto_threshold": 1.5}, "auto_threshold"),
        ({"auto_threshold": "high"}, "auto_threshold"),
        ({"auto_threshold": True}, "auto_threshold"),
        ({"auto_threshold": 0.01}, "auto_threshold"),
        ({"tolerance_percent": "-1"}, "tolerance_percent"),
        ({"tolerance_percent": "101"}, "tolerance_percent"),
        ({"tolerance_percent": "0.0000001"}, "tolerance_percent"),
        ({"max_auto_amount": {"EURO": "1"}}, "max_auto_amount.EURO"),
        ({"max_auto_amount": {"XQX": "1"}}, "max_auto_amount.XQX"),
        ({"max_auto_amount": {"EUR": "1,50"}}, "max_auto_amount.EUR"),
        ({"max_auto_amount": "1e9"}, "max_auto_amount"),
        ({"max_auto_amount": ["1"]}, "max_auto_amount"),
        ({"overpayment": "keep"}, "overpayment"),
        ({"partial": None}, "partial"),
        ({"twins": "newest"}, "twins"),
        ({"early_days": -1}, "early_days"),
        ({"late_days": 1.5}, "late_days"),
        ({"require_evidence_beyond_amount": "yes"}, "require_evidence_beyond_amount"),
        ({"max_items_per_payment": {"many": 3}}, "max_items_per_payment.many"),
        ({"segment_thresholds": [0.9]}, "segment_thresholds"),
        ({"segment_thresholds": {"named": 2}}, "segment_thresholds.named"),
        ({"guarantee": "total"}, "guarantee"),
    ],
)
def test_a_knob_that_cannot_be_used_is_named(knobs: dict[str, object], named: str) -> None:
    with pytest.raises(PolicyError, match=f"'{named}'") as caught:
        Policy.from_dict(knobs)
    assert caught.value.knob == named
    assert isinstance(caught.value, TieoutError)


@pytest.mark.parametrize("text", ["[]", "{", '"review"'])
def test_a_policy_file_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        knobs_from_json(text)


@pytest.mark.parametrize(
    "request_knobs",
    [
        {"auto_threshold": 0.995},
        {"auto_threshold": None},
        {"max_auto_amount": {"EUR": "10.00"}},
        {"partial": "review"},
        {"overpayment": "review"},
        {"late_days": 30},
        {"max_items_per_payment": 3},
        {"review_threshold": 0.2},
    ],
)
def test_a_stricter_request_keeps_the_guarantee(request_knobs: dict[str, object]) -> None:
    assert TRAINED.merged_with(request_knobs).guarantee == TRAINED.guarantee


@pytest.mark.parametrize(
    "request_knobs",
    [
        {"auto_threshold": 0.98},
        {"segment_thresholds": {"unnamed": 0.5}},
        {"tolerance_amount": "0.01"},
        {"tolerance_percent": "1"},
        {"require_evidence_beyond_amount": False},
        {"twins": "oldest"},
        {"cross_currency": "allow"},
        {"dismiss": "auto"},
        {"overpayment": "write_off_within_tolerance"},
        {"max_items_per_payment": {"unnamed": 13}},
    ],
)
def test_a_looser_request_is_answered_without_guarantee(request_knobs: dict[str, object]) -> None:
    assert TRAINED.merged_with(request_knobs).guarantee is None


def test_a_stricter_threshold_also_lifts_the_segments() -> None:
    merged = TRAINED.merged_with({"auto_threshold": 0.995})
    assert merged.threshold("named") == 0.995
    assert TRAINED.merged_with({"auto_threshold": None}).threshold("named") is None


def test_a_request_cannot_bring_a_guarantee_of_its_own() -> None:
    assert Policy().merged_with({"guarantee": {"alpha": "0"}}).guarantee is None


def test_taking_one_of_two_tolerances_away_is_looser() -> None:
    both = Policy.from_dict({"tolerance_percent": "1", "tolerance_amount": "5.00"})
    assert looser_knobs(both.merged_with({"tolerance_percent": "0"}), both) == ("tolerance",)
    assert tightens(both.merged_with({"tolerance_percent": "0", "tolerance_amount": "0"}), both)


def test_the_fingerprint_names_the_knobs_not_the_guarantee() -> None:
    assert TRAINED.fingerprint() == Policy.from_dict({**TRAINED.to_dict(), "guarantee": None}).fingerprint()
    assert TRAINED.fingerprint() != Policy().fingerprint()

"""How often each thing happens in a synthetic book: the shares, the profiles, and their jitter by seed.

The shares are judgements but where docs/reference/synthetic-world.md names a published figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from training.world.dice import Dice


def _modes() -> dict[str, float]:
    return {"single": 0.4, "run": 0.15, "monthly": 0.22, "pile": 0.23}


def _cases() -> dict[str, float]:
    """What happens to a single item; discounts, withholding and lost fees are habits of customers."""
    return {
        "exact": 0.79,
        "overpayment": 0.016,
        "bank_fee": 0.004,
        "rounding": 0.007,
        "partial": 0.04,
        "split": 0.04,
        "instalments": 0.006,
        "prepayment": 0.01,
        "late_invoice": 0.012,
        "on_account": 0.005,
        "unpaid": 0.05,
    }


def _group_cases() -> dict[str, float]:
    """What happens to several items that a customer settles at once."""
    return {"exact": 0.87, "n_to_m": 0.07, "overpayment": 0.02, "late_invoice": 0.01, "unpaid": 0.02}


def _styles() -> dict[str, float]:
    """What a payer writes to say which items are meant."""
    return {
        "number": 0.735,
        "order": 0.05,
        "customer": 0.045,
        "month": 0.045,
        "chatter": 0.055,
        "nothing": 0.08,
    }


def _noise() -> dict[str, float]:
    """Bank lines that pay no item, by kind, as shares of the payments that do."""
    return {
        "own_transfer": 0.012,
        "salary": 0.012,
        "tax": 0.005,
        "fees": 0.008,
        "interest": 0.003,
        "supplier": 0.016,
        "other_income": 0.010,
        "unknown": 0.006,
        "unknown_fits": 0.003,
    }


def _layouts() -> dict[str, float]:
    """How the own bank lays out the remittance text."""
    return {"plain": 0.42, "sepa_tags": 0.2, "subfields": 0.14, "ach": 0.08, "bacs": 0.04, "prefixed": 0.12}


def _widths() -> dict[str, float]:
    return {"140": 0.64, "70": 0.09, "35": 0.08, "27": 0.04, "500": 0.15}


@dataclass(frozen=True, slots=True)
class Mix:
    """Every share of a synthetic book; a profile replaces some of them."""

    issuers: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)
    items_per_customer: float = 20.0
    subscription_share: float = 0.35
    person_share: float = 0.18
    foreign_share: float = 0.06
    second_currency: float = 0.03
    family_share: float = 0.06
    sibling_share: float = 0.05
    shared_account_share: float = 0.015
    card_share: float = 0.05
    gateway_share: float = 0.05
    debit_share: float = 0.08
    account_on_file: float = 0.6
    changed_account: float = 0.06
    parent_pays: float = 0.6
    third_party: float = 0.012
    order_share: float = 0.3
    structured_share: float = 0.45
    structured_used: float = 0.6
    credit_memo_share: float = 0.03
    debit_note_share: float = 0.004
    void_share: float = 0.003
    draft_share: float = 0.0004
    hold_share: float = 0.002
    twin_share: float = 0.006
    burst_share: float = 0.06
    habit_strength: float = 0.85
    damage: float = 0.12
    one_off_name: float = 0.05
    no_name: float = 0.01
    stale_reference: float = 0.01
    discount_terms: float = 0.22
    discount_late: float = 0.12
    withholding: float = 0.05
    loses_fee: float = 0.25
    rounds: float = 0.012
    credit_netted: float = 0.58
    credit_refunded: float = 0.25
    advice: float = 0.12
    return_of_debit: float = 0.05
    return_of_transfer: float = 0.002
    chargeback: float = 0.01
    representment: float = 0.3
    duplicate_payment: float = 0.008
    duplicate_line: float = 0.006
    processor_gateway_ids: float = 0.2
    backfilled: float = 0.01
    checked: float = 0.4
    lag_days: float = 1.4
    modes: Mapping[str, float] = field(default_factory=_modes)
    cases: Mapping[str, float] = field(default_factory=_cases)
    group_cases: Mapping[str, float] = field(default_factory=_group_cases)
    styles: Mapping[str, float] = field(default_factory=_styles)
    noise: Mapping[str, float] = field(default_factory=_noise)
    layouts: Mapping[str, float] = field(default_factory=_layouts)
    widths: Mapping[str, float] = field(default_factory=_widths)
    unseen_numbering: bool = False


def _with(shares: Mapping[str, float], **changes: float) -> dict[str, float]:
    return {**shares, **changes}


_DEFAULT = Mix()

PROFILES: dict[str, Mix] = {
    "default": _DEFAULT,
    "easy": replace(
        _DEFAULT,
        damage=0.04,
        one_off_name=0.02,
        sibling_share=0.02,
        account_on_file=0.8,
        styles=_with(_DEFAULT.styles, number=0.9, chatter=0.02, nothing=0.02, month=0.02, customer=0.02),
        widths={"140": 0.7, "500": 0.3},
    ),
    "hard": replace(
        _DEFAULT,
        damage=0.25,
        one_off_name=0.12,
        sibling_share=0.12,
        account_on_file=0.35,
        twin_share=0.015,
        stale_reference=0.025,
        changed_account=0.15,
        shared_account_share=0.04,
        styles=_with(_DEFAULT.styles, number=0.55, chatter=0.12, nothing=0.14, month=0.09),
        widths={"140": 0.4, "70": 0.2, "35": 0.2, "27": 0.12, "500": 0.08},
    ),
    "saas": replace(
        _DEFAULT,
        subscription_share=0.85,
        person_share=0.3,
        card_share=0.25,
        gateway_share=0.2,
        debit_share=0.15,
        order_share=0.08,
        credit_memo_share=0.02,
        items_per_customer=14.0,
        modes={"single": 0.88, "run": 0.03, "monthly": 0.05, "pile": 0.04},
    ),
    "b2b": replace(
        _DEFAULT,
        subscription_share=0.15,
        person_share=0.03,
        card_share=0.01,
        gateway_share=0.01,
        order_share=0.6,
        foreign_share=0.12,
        credit_memo_share=0.05,
        items_per_customer=45.0,
        modes={"single": 0.42, "run": 0.22, "monthly": 0.24, "pile": 0.12},
        discount_terms=0.5,
        cases=_with(_DEFAULT.cases, partial=0.045, split=0.035),
    ),
    "marketplace": replace(
        _DEFAULT,
        subscription_share=0.1,
        card_share=0.5,
        person_share=0.4,
        items_per_customer=9.0,
        credit_memo_share=0.05,
        chargeback=0.015,
    ),
    "unseen_numbering": replace(_DEFAULT, unseen_numbering=True),
    "clean_ids": replace(
        _DEFAULT,
        gateway_share=0.5,
        damage=0.02,
        account_on_file=0.9,
        structured_share=0.8,
        structured_used=0.85,
        styles=_with(_DEFAULT.styles, number=0.92, chatter=0.02, nothing=0.02, month=0.01, customer=0.02),
    ),
    "consumers": replace(
        _DEFAULT,
        person_share=0.85,
        foreign_share=0.01,
        order_share=0.02,
        debit_share=0.2,
        items_per_customer=12.0,
        subscription_share=0.6,
        third_party=0.04,
        sibling_share=0.1,
        cases=_with(_DEFAULT.cases, instalments=0.02, bank_fee=0.001),
    ),
    "exporter": replace(
        _DEFAULT,
        foreign_share=0.4,
        person_share=0.02,
        loses_fee=0.4,
        withholding=0.08,
    ),
}

_WHOLE = {"issuers", "unseen_numbering"}


def drawn_mix(profile: str, dice: Dice, spread: float = 0.25) -> Mix:
    """The profile's shares, each moved a little by the seed, so that no two books have the same mix."""
    mix = PROFILES[profile]
    changes: dict[str, object] = {}
    for entry in fields(mix):
        value = getattr(mix, entry.name)
        if entry.name in _WHOLE:
            continue
        if isinstance(value, float):
            moved = value * (1.0 + spread * (2.0 * dice.roll() - 1.0))
            changes[entry.name] = min(moved, 0.97) if value < 1 else moved
        elif isinstance(value, Mapping):
            changes[entry.name] = {
                name: share * (1.0 + spread * (2.0 * dice.roll() - 1.0)) for name, share in value.items()
            }
    return replace(mix, **changes)  # type: ignore[arg-type]

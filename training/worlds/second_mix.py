"""How often things happen in the second synthetic world, by profile."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Mix:
    """Probabilities of the second world; per payment unless the name says otherwise."""

    numbering: str = "usual"
    # payers
    similar_name: float = 0.07
    same_group: float = 0.05
    account_known: float = 0.62
    alias_known: float = 0.25
    account_changes: float = 0.10
    merges: float = 0.012
    foreign: float = 0.12
    # what the clerk writes
    naming: tuple[tuple[str, float], ...] = (
        ("full", 0.575),
        ("digits", 0.085),
        ("tail", 0.02),
        ("order", 0.035),
        ("customer", 0.035),
        ("period", 0.06),
        ("none", 0.135),
        ("first", 0.02),
        ("abbreviated", 0.03),
    )
    deviates: float = 0.08
    typo: float = 0.075
    stale_reference: float = 0.006
    own_reference: float = 0.018
    # what the clerk pays
    partial: float = 0.014
    lump_sum: float = 0.005
    overpays: float = 0.010
    dunning_fee: float = 0.10
    rounds: float = 0.008
    late_discount: float = 0.35
    deduction: float = 0.014
    duplicate_payment: float = 0.010
    prepayment: float = 0.006
    oldest_first: float = 0.88
    neighbour: float = 0.010
    cross_issuer: float = 0.25
    factored: float = 0.03
    renames: float = 0.03
    returned: float = 0.008
    early_cash: float = 0.003
    # what issuers do, per invoice
    credit_memo: float = 0.028
    void: float = 0.004
    draft: float = 0.003
    debit_note: float = 0.006
    disputed: float = 0.010
    never_paid: float = 0.018
    retry_bug: float = 0.003
    refund: float = 0.16
    chargeback: float = 0.006
    netting_by_desk: float = 0.05
    # what the bank and the desk do
    duplicate_line: float = 0.0045
    late_statement: float = 0.01
    hold: float = 0.001
    desk_error: float = 0.003
    # other traffic, per 1,000 invoices
    unknown_payers: float = 17.0
    coincidence: float = 0.5
    transfers: float = 12.0
    other_income: float = 13.0
    outgoing: float = 16.0


DEFAULT = Mix()

PROFILES: dict[str, Mix] = {
    "default": DEFAULT,
    "hard": replace(
        DEFAULT,
        similar_name=0.15,
        same_group=0.09,
        account_known=0.40,
        alias_known=0.12,
        account_changes=0.2,
        merges=0.025,
        foreign=0.18,
        naming=(
            ("full", 0.47),
            ("digits", 0.085),
            ("tail", 0.035),
            ("order", 0.05),
            ("customer", 0.05),
            ("period", 0.07),
            ("none", 0.175),
            ("first", 0.025),
            ("abbreviated", 0.04),
        ),
        deviates=0.15,
        typo=0.12,
        stale_reference=0.012,
        own_reference=0.03,
        partial=0.028,
        lump_sum=0.010,
        overpays=0.018,
        deduction=0.028,
        duplicate_payment=0.014,
        neighbour=0.02,
        unknown_payers=24.0,
        coincidence=0.7,
        late_statement=0.02,
    ),
    "unseen_numbering": replace(DEFAULT, numbering="unseen"),
}

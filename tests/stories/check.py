"""Run a story through the whole of `match` and say where the books disagree with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from features.book import book_from_rows
from features.bundle import Bundle
from features.pipeline import MatchResult, match_book
from receivables.policy import Policy
from tests.stories.language import Expectation, Row, Story, undecided_payments

ZERO: Final = Decimal(0)
NOBODY: Final = "nobody"


class Outcome:
    """What the run decided, by payment, as plain values."""

    def __init__(self, result: MatchResult) -> None:
        self.decisions = {row["payment_id"]: row for row in result.decisions.to_pylist()}
        self.allocations: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in result.allocations.to_pylist():
            self.allocations[row["payment_id"]].append(row)
        self.candidates: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in result.candidates.to_pylist():
            self.candidates[row["payment_id"], row["invoice_id"]].append(row)

    def reasons(self, payment: str) -> list[str]:
        """The reason codes of a payment."""
        text = self.decisions[payment]["reasons"] or ""
        return [code for code in text.split(";") if code]

    def sums(self, payment: str, column: str) -> dict[str, Decimal]:
        """A money column of a payment's proposal by invoice; several rows a pair are allowed."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.allocations.get(payment, ()):
            sums[row["invoice_id"]] += money(row[column])
        return dict(sums)

    def named(self, payment: str, column: str) -> dict[tuple[str, str], Decimal]:
        """A residual of a payment's proposal by invoice and reason."""
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in self.allocations.get(payment, ()):
            if money(row[column]):
                sums[row["invoice_id"], row[f"{column}_reason"] or ""] += money(row[column])
        return dict(sums)

    def plain(self) -> dict[str, object]:
        """What must not depend on the order of the input."""
        return {
            payment: (
                row["outcome"],
                row["customer_id"] or "",
                sorted(self.sums(payment, "amount").items()),
                sorted(self.named(payment, "write_off").items()),
                self.reasons(payment),
            )
            for payment, row in sorted(self.decisions.items())
        }


def run(story: Story, bundle: Bundle, *, reverse: bool = False) -> Outcome:
    """Match the book of a story under its policy; `reverse` turns the order of all rows round."""
    tables: Mapping[str, list[Row]] = {
        name: rows[::-1] if reverse else rows for name, rows in story.tables.items()
    }
    book = book_from_rows({"invoices": [], "payments": [], **tables})
    assert not book.quarantined, f"the story's own rows are broken: {book.problems.to_pylist()}"
    as_of = datetime.fromisoformat(story.as_of) if story.as_of else None
    return Outcome(match_book(book, bundle, policy_of(story, bundle), as_of=as_of, threads=1))


def policy_of(story: Story, bundle: Bundle) -> Policy:
    """Put the knobs of a story on top of the bundle's; its `auto_threshold` then holds for every segment."""
    policy = Policy.from_dict(bundle.policy).merged_with(story.policy)
    return replace(policy, segment_thresholds={}) if "auto_threshold" in story.policy else policy


def disagreements(story: Story, outcome: Outcome) -> list[str]:
    """List what the story expects and the run did otherwise."""
    found = [*_broken_laws(story, outcome)]
    if found:
        return found
    for expectation in story.expectations:
        if expectation.verb in CHECKS and expectation.payment in outcome.decisions:
            got = CHECKS[expectation.verb](outcome, expectation.payment, *expectation.arguments)
            if got is not None:
                found.append(f"{expectation.payment}: {expectation}   (got {got})")
    by_payment: dict[str, list[Expectation]] = defaultdict(list)
    for expectation in story.expectations:
        by_payment[expectation.payment].append(expectation)
    for payment, expectations in by_payment.items():
        found.extend(_proposal_differs(outcome, payment, expectations))
        if any(e.verb == "untouched" for e in expectations) and payment in outcome.decisions:
            found.append(f"{payment}: untouched   (got a decision)")
    return found


def report(story: Story, outcome: Outcome, found: list[str]) -> str:
    """Write a disagreement so that one need not run anything to understand it."""
    lines = [f"{story.file}.story:{story.line} {story.title}", f"  why: {story.why}", "the story says:"]
    lines += [f"  {difference}" for difference in found]
    lines.append("what happened:")
    for payment, row in outcome.decisions.items():
        confidence = float(row["confidence"] or 0.0)
        lines.append(
            f"  {payment}: {row['outcome']} at {confidence:.4f}, kind {row['kind']}, "
            f"cash of {row['customer_id'] or NOBODY}, unapplied {row['unapplied']} {row['currency']}, "
            f"because {row['reasons'] or 'nothing'}",
        )
        for allocation in outcome.allocations.get(payment, ()):
            parts = [f"    {allocation['invoice_id']} {allocation['amount']}"]
            parts += [
                f"{residual} {allocation[residual]} {allocation[f'{residual}_reason']}"
                for residual in ("write_off", "deduction")
                if money(allocation[residual])
            ]
            lines.append(" ".join(parts))
    return "\n".join(lines)


def money(value: object) -> Decimal:
    """Read a decimal string of the output; empty is zero."""
    return Decimal(str(value)) if value not in (None, "") else ZERO


def _proposal_differs(outcome: Outcome, payment: str, expectations: list[Expectation]) -> list[str]:
    """Compare the whole proposal, if the story tells it: nothing may be there that it does not say."""
    wanted = [e for e in expectations if e.verb == "allocate"]
    if not wanted and not any(e.verb == "nothing" for e in expectations):
        return []
    left = outcome.sums(payment, "amount")
    found = []
    for expectation in wanted:
        invoices, amount = expectation.arguments[0].split("|"), Decimal(expectation.arguments[1])
        hit = next((invoice for invoice in invoices if left.get(invoice) == amount), None)
        if hit is None:
            got = ", ".join(f"{invoice} {value}" for invoice, value in left.items())
            found.append(f"{payment}: {expectation}   (got {got or 'nothing'})")
        else:
            del left[hit]
    found += [f"{payment}: no line for {invoice}   (got {value})" for invoice, value in left.items()]
    return found + _write_offs_differ(outcome, payment, expectations)


def _write_offs_differ(outcome: Outcome, payment: str, expectations: list[Expectation]) -> list[str]:
    """Compare write-offs both ways: what is not said is not given away."""
    left = outcome.named(payment, "write_off")
    found = []
    for expectation in (e for e in expectations if e.verb == "write_off"):
        invoice, amount, reasons = expectation.arguments
        hit = next((why for why in reasons.split("|") if left.get((invoice, why)) == Decimal(amount)), None)
        if hit is None:
            got = ", ".join(f"{where} {value} {why}" for (where, why), value in left.items())
            found.append(f"{payment}: {expectation}   (got {got or 'no write-off'})")
        else:
            del left[invoice, hit]
    return found + [
        f"{payment}: no write-off on {where}   (got {value} {why})" for (where, why), value in left.items()
    ]


def _broken_laws(story: Story, outcome: Outcome) -> list[str]:
    """Check what holds in every story: each payment decided once, money conserved, nothing paid twice."""
    undecided = undecided_payments(story)
    found = [f"{payment}: no decision" for payment in undecided if payment not in outcome.decisions]
    found += [f"{payment}: decided again" for payment in outcome.decisions if payment not in undecided]
    payments = {row["payment_id"]: row for row in story.tables["payments"]}
    invoices = {row["invoice_id"]: row for row in story.tables.get("invoices", [])}
    for payment, row in outcome.decisions.items():
        applied = sum(outcome.sums(payment, "payment_amount").values(), ZERO)
        if applied + money(row["unapplied"]) != Decimal(payments[payment]["amount"]):
            whole = payments[payment]["amount"]
            found.append(f"{payment}: {applied} applied and {row['unapplied']} left of {whole}")
        if applied != money(row["allocated"]):
            found.append(f"{payment}: {applied} applied but allocated says {row['allocated']}")
        for allocation in outcome.allocations.get(payment, ()):
            if invoices[allocation["invoice_id"]].get("status") in {"draft", "void", "settled"}:
                found.append(f"{payment}: {allocation['invoice_id']} is no open item")
    return found + _overdrawn(story, outcome, invoices)


def _overdrawn(story: Story, outcome: Outcome, invoices: dict[str, Row]) -> list[str]:
    """Find items that posted receipts take more from than is open."""
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for payment, row in outcome.decisions.items():
        if row["outcome"] == "auto":
            for allocation in outcome.allocations.get(payment, ()):
                taken[allocation["invoice_id"]] += money(allocation["amount"]) + money(
                    allocation["write_off"]
                )
    found = []
    for invoice, amount in taken.items():
        row = invoices[invoice]
        sign = -1 if row["type"] == "credit_memo" else 1
        balance = _balance(story, row)
        if amount * sign > balance:
            found.append(f"{invoice}: {amount} posted, {balance} open")
    return found


def _balance(story: Story, invoice: Row) -> Decimal:
    if invoice.get("open_amount"):
        return Decimal(invoice["open_amount"])
    sign = -1 if invoice.get("type") == "credit_memo" else 1
    settled = sum(
        (
            Decimal(row["amount"]) + Decimal(row.get("write_off") or 0)
            for row in story.tables.get("allocations", [])
            if row["invoice_id"] == invoice["invoice_id"] and not row.get("reversed_at")
        ),
        ZERO,
    )
    return Decimal(invoice["amount"]) - sign * settled


def _decide(outcome: Outcome, payment: str, wanted: str) -> str | None:
    got: str = outcome.decisions[payment]["outcome"]
    return None if got in wanted.split("|") else got


def _never(outcome: Outcome, payment: str, unwanted: str) -> str | None:
    got: str = outcome.decisions[payment]["outcome"]
    return got if got in unwanted.split("|") else None


def _reason(outcome: Outcome, payment: str, codes: str) -> str | None:
    got = outcome.reasons(payment)
    return None if set(codes.split("|")) & set(got) else ";".join(got) or "no reason"


def _without(outcome: Outcome, payment: str, code: str) -> str | None:
    return code if code in outcome.reasons(payment) else None


def _whose(outcome: Outcome, payment: str, customers: str) -> str | None:
    got = outcome.decisions[payment]["customer_id"] or NOBODY
    return None if got in customers.split("|") else got


def _same(column: str) -> Callable[[Outcome, str, str], str | None]:
    def check(outcome: Outcome, payment: str, wanted: str) -> str | None:
        got = outcome.decisions[payment][column] or "-"
        return None if got in wanted.split("|") else str(got)

    return check


def _amount(column: str) -> Callable[[Outcome, str, str], str | None]:
    def check(outcome: Outcome, payment: str, wanted: str) -> str | None:
        got = money(outcome.decisions[payment][column])
        return None if any(got == Decimal(each) for each in wanted.split("|")) else str(got)

    return check


def _spared(outcome: Outcome, payment: str, invoice: str) -> str | None:
    got = outcome.sums(payment, "amount").get(invoice)
    return None if got is None else f"{invoice} {got}"


def _deduction(outcome: Outcome, payment: str, invoice: str, amount: str, reasons: str) -> str | None:
    got = outcome.named(payment, "deduction")
    if any(got.get((invoice, why)) == Decimal(amount) for why in reasons.split("|")):
        return None
    return ", ".join(f"{where} {value} {why}" for (where, why), value in got.items()) or "no deduction"


def _why_not(outcome: Outcome, payment: str, invoice: str, codes: str) -> str | None:
    rows = outcome.candidates.get((payment, invoice), [])
    got = {str(row["why_not"] or "chosen") for row in rows}
    return None if got & set(codes.split("|")) else ", ".join(sorted(got)) or "no candidate"


CHECKS: Final[dict[str, Callable[..., str | None]]] = {
    "decide": _decide,
    "never": _never,
    "reason": _reason,
    "without": _without,
    "whose": _whose,
    "kind": _same("kind"),
    "related": _same("related_payment_id"),
    "unapplied": _amount("unapplied"),
    "allocated": _amount("allocated"),
    "spared": _spared,
    "deduction": _deduction,
    "why_not": _why_not,
}

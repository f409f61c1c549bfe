"""The columnar judge says what a plain reading of the definitions says."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.csv as pacsv
from hypothesis import given, settings
from hypothesis import strategies as st

from training.verdicts import Verdicts, judge

ITEMS = [  # customer, amount, due date: I0 and I1 are twins, I2 and I3 nearly
    ("C1", "10.00", "2025-02-01"),
    ("C1", "10.00", "2025-02-01"),
    ("C1", "10.00", "2025-02-02"),
    ("C2", "10.00", "2025-02-01"),
    ("C2", "7.00", "2025-02-01"),
]
TWIN_CLASS = [0, 0, 2, 3, 4]
Row = tuple[int, int, str, str]  # payment, item, cash, write-off

rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 4),
        st.sampled_from(["10.00", "5.00", "-5.00"]),
        st.sampled_from(["", "1.00"]),
    ),
    max_size=6,
)


def _judge(stated: list[Row], true: list[Row]) -> Verdicts:
    payments = [f"P{n}" for n in range(3)]
    book = {
        "invoices": pa.table(
            {
                "invoice_id": [f"I{n}" for n in range(5)],
                "customer_id": [i[0] for i in ITEMS],
                "amount": [i[1] for i in ITEMS],
                "due_date": [i[2] for i in ITEMS],
                "currency": ["EUR"] * 5,
                "issue_date": ["2025-01-01"] * 5,
            }
        )
    }
    truth = {
        "payments": pa.table(
            {
                "payment_id": payments,
                "booking_date": ["2025-02-01"] * 3,
                "currency": ["EUR"] * 3,
                "amount": ["10.00"] * 3,
                "resolution": ["nothing"] * 3,
            }
        ),
        "allocations": _table(true),
    }
    with TemporaryDirectory() as folder:
        out = Path(folder)
        pacsv.write_csv(_table(stated), out / "allocations.csv")
        (out / "decisions.csv").write_text("payment_id,outcome,confidence,customer_id,related_payment_id\n")
        return judge(out, truth, book)


def _table(found: list[Row]) -> pa.Table:
    schema = pa.schema([(c, pa.string()) for c in ("payment_id", "invoice_id", "amount", "write_off")])
    columns = ("payment_id", "invoice_id", "amount", "write_off")
    return pa.Table.from_pylist(
        [dict(zip(columns, (f"P{p}", f"I{i}", a, w), strict=True)) for p, i, a, w in found], schema=schema
    )


def _sums(found: list[Row], payment: int) -> dict[int, tuple[float, float]]:
    sums: dict[int, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for p, item, cash, write_off in found:
        if p == payment:
            a, b = sums[item]
            sums[item] = (a + float(cash), b + float(write_off or 0))
    return {item: pair for item, pair in sums.items() if pair != (0.0, 0.0)}


def _by_customer(sums: dict[int, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    totals: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for item, (cash, write_off) in sums.items():
        a, b = totals[ITEMS[item][0]]
        totals[ITEMS[item][0]] = (a + cash, b + write_off)
    return {customer: pair for customer, pair in totals.items() if pair != (0.0, 0.0)}


@settings(max_examples=60, deadline=None)
@given(stated=rows, true=rows)
def test_exact_equivalent_and_totals_agree_with_the_definitions(stated: list[Row], true: list[Row]) -> None:
    verdicts = _judge(stated, true)
    for payment in range(3):
        ours, theirs = _sums(stated, payment), _sums(true, payment)
        assert verdicts.exact[payment] == (ours == theirs)
        classes = [Counter((TWIN_CLASS[i], *pair) for i, pair in sums.items()) for sums in (ours, theirs)]
        assert verdicts.equivalent[payment] == (classes[0] == classes[1])
        if not theirs:  # otherwise the empty customer of the decision is harmful by itself
            assert verdicts.harmful[payment] == bool(_by_customer(ours))
        assert verdicts.pairs_hit[payment] == len(set(ours) & set(theirs))


@settings(max_examples=40, deadline=None)
@given(true=rows)
def test_the_truth_itself_is_exact_everywhere(true: list[Row]) -> None:
    verdicts = _judge(true, true)
    assert verdicts.exact.all()
    assert verdicts.equivalent.all()

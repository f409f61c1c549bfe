"""The scorer, on a book small enough to know every figure by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from training import scoring
from training.scoring import Score, calibration, clustered_bound, money_rate, oracle_auto, upper_bound
from training.verdicts import Verdicts, judge

INVOICES = """\
invoice_id,customer_id,currency,amount,issue_date,due_date,type,known_at
I1,C1,EUR,100.00,2025-01-01,2025-02-01,invoice,
I2,C1,EUR,100.00,2025-01-01,2025-02-01,invoice,
I3,C1,EUR,250.00,2025-01-01,2025-02-01,invoice,
I4,C2,EUR,50.00,2025-01-01,2025-02-01,invoice,
I5,C4,EUR,20.00,2025-01-01,2025-02-01,credit_memo,
I6,C4,EUR,100.00,2025-01-01,2025-02-01,invoice,
I7,C5,EUR,70.00,2025-01-01,2025-02-01,invoice,2025-04-01T09:00:00Z
I8,C5,EUR,30.00,2025-01-01,2025-02-01,invoice,
I9,C6,USD,200.00,2025-01-01,2025-02-01,invoice,
"""

PAYMENTS = """\
payment_id,booking_date,currency,amount,resolution,remittance
P01,2025-02-01,EUR,100.00,,rent
P02,2025-02-01,EUR,100.00,,rent
P03,2025-02-01,EUR,248.00,,rent
P04,2025-02-01,EUR,50.00,,rent
P05,2025-02-01,EUR,80.00,,rent
P06,2025-02-01,USD,200.00,,rent
P07,2025-02-01,EUR,999.00,nothing,salary
P08,2025-02-01,EUR,30.00,,rent
P09,2025-02-01,EUR,70.00,,rent
P10,2025-02-09,EUR,-248.00,,returned
P11,2025-02-09,EUR,50.00,duplicate_payment,rent
P12,2025-02-09,EUR,5.00,pending,rent
"""

TRUE_ALLOCATIONS = """\
payment_id,invoice_id,amount,write_off,reversed_at
P01,I1,100.00,,
P02,I2,100.00,,
P03,I3,248.00,2.00,
P04,I4,50.00,,
P05,I6,100.00,,
P05,I5,-20.00,,
P06,I9,200.00,,
P06,I4,200.00,,2025-02-02T00:00:00Z
P08,I8,30.00,,
P09,I7,70.00,,
P10,I3,-248.00,-2.00,
"""

DECISIONS = """\
payment_id,outcome,confidence,customer_id,related_payment_id
P01,auto,0.999,C1,
P02,auto,0.998,C1,
P03,auto,0.997,C1,
P04,auto,0.996,C3,
P05,auto,0.995,C4,
P06,auto,0.994,C5,
P07,dismissed,0.99,,
P08,dismissed,0.90,,
P09,review,0.50,,
P10,auto,0.993,C1,
P11,review,0.40,C2,P04
P12,auto,0.999,,
"""

STATED_ALLOCATIONS = """\
payment_id,invoice_id,amount,write_off
P01,I2,100.00,
P02,I1,100.00,
P03,I3,200.00,
P03,I3,48.00,2.00
P04,I4,50.00,0.00
P05,I6,80.00,
P06,I8,200.00,
P10,I3,-248.00,-2.00
"""

KINDS = """\
payment_id,kind_of_case,related_payment_id
P01,twin,
P02,twin,
P03,fee,
P04,parent,
P05,netting,
P06,single,
P07,salary,
P08,single,
P09,late,
P10,return,P03
P11,duplicate,P04
P12,single,
"""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Write a book, its truth and an output."""
    files = {
        "book/invoices.csv": INVOICES,
        "book/customers.csv": "customer_id,parent_id\nC1,\nC2,C3\nC3,\nC4,\nC5,\nC6,\n",
        "book/fx_rates.csv": "date,base,quote,rate\n2025-01-01,USD,EUR,0.5\n",
        "truth/payments.csv": PAYMENTS,
        "truth/allocations.csv": TRUE_ALLOCATIONS,
        "truth/truth_kinds.csv": KINDS,
        "out/decisions.csv": DECISIONS,
        "out/allocations.csv": STATED_ALLOCATIONS,
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    candidates = {
        "payment_id": ["P01", "P03", "P03", "P04", "P05"],
        "invoice_id": ["I2", "I3", "I1", "I4", "I6"],
        "model_score": pa.array([2.0, None, 1.0, None, 3.0]),
    }
    pq.write_table(pa.table(candidates), tmp_path / "out/candidates.parquet")
    return tmp_path / "out", tmp_path / "truth", tmp_path / "book"


@pytest.fixture
def verdicts(folders: tuple[Path, Path, Path]) -> Verdicts:
    """Judge the small output."""
    return judge(*folders)


@pytest.fixture
def small(verdicts: Verdicts) -> Score:
    """Score the small output."""
    return scoring.figures(verdicts)


def _ids(verdicts: Verdicts, flags: np.ndarray) -> list[str]:
    return [str(i) for i in verdicts.payment_id[flags]]


def test_matchable_payments_pay_an_item_known_on_their_day(verdicts: Verdicts) -> None:
    assert _ids(verdicts, verdicts.matchable) == ["P01", "P02", "P03", "P04", "P05", "P06", "P08", "P10"]


def test_an_item_entered_later_may_be_left_out(verdicts: Verdicts) -> None:
    assert verdicts.exact[8]


def test_auto_rate_counts_closes_among_matchable_payments_only(small: Score) -> None:
    assert (small.auto.count, small.auto.of) == (7, 8)
    assert small.outcomes == {"auto": 8, "review": 2, "unmatched": 0, "dismissed": 2}
    assert small.unlabelled == 1


def test_false_closes_by_items_amounts_customer_and_related_payment(verdicts: Verdicts, small: Score) -> None:
    assert _ids(verdicts, verdicts.false & verdicts.auto) == ["P01", "P02", "P05", "P06", "P10"]
    assert (small.false.count, small.false.of) == (5, 7)


def test_swapped_twins_are_forgiven_only_in_the_twins_figure(verdicts: Verdicts) -> None:
    assert _ids(verdicts, verdicts.false_but_for_twins & verdicts.auto) == ["P05", "P06", "P10"]


def test_only_another_customer_or_total_is_harmful(verdicts: Verdicts) -> None:
    assert _ids(verdicts, verdicts.harmful & verdicts.auto) == ["P06"]


def test_the_deterministic_lane_is_what_has_no_model_score(verdicts: Verdicts, small: Score) -> None:
    assert _ids(verdicts, ~verdicts.by_model) == ["P03", "P04"]
    assert (small.false_by_model.count, small.false_by_model.of) == (5, 5)
    assert (small.false_by_lane.count, small.false_by_lane.of) == (0, 2)
    assert small.lane.rate == pytest.approx(2 / 8)


def test_money_is_weighed_in_one_currency(small: Score) -> None:
    closed = 100 + 100 + 248 + 50 + 80 + 100 + 248
    assert small.false_money.rate == pytest.approx((100 + 100 + 80 + 100 + 248) / closed)
    assert small.auto_money.rate == pytest.approx(closed / (closed + 30))


def test_wrong_dismissals_are_those_that_pay_something(small: Score) -> None:
    assert (small.dismissed_wrong.count, small.dismissed_wrong.of) == (1, 2)


def test_pairs(small: Score) -> None:
    stated, true, hit = 7, 10, 4  # hit: P03-I3, P04-I4, P05-I6, P10-I3
    assert small.precision == pytest.approx(hit / stated)
    assert small.recall == pytest.approx(hit / true)
    assert small.f1 == pytest.approx(2 * hit / (stated + true))


def test_exact_share_and_the_ceiling_of_twins(small: Score) -> None:
    assert small.exact.rate == pytest.approx(3 / 8)
    assert small.exact_but_for_twins.rate == pytest.approx(5 / 8)
    assert small.twins_open.rate == pytest.approx(2 / 8)
    assert small.twins_ceiling == pytest.approx((6 + 2 * 0.5) / 8)


def test_a_twin_named_by_its_number_is_not_ambiguous(folders: tuple[Path, Path, Path]) -> None:
    book = folders[2] / "invoices.csv"
    book.write_text(book.read_text().replace("I1,C1", "I4711,C1").replace("I2,C1", "I4712,C1"))
    truth = folders[1] / "allocations.csv"
    truth.write_text(truth.read_text().replace(",I1,", ",I4711,").replace(",I2,", ",I4712,"))
    payments = folders[1] / "payments.csv"
    payments.write_text(
        payments.read_text().replace("P01,2025-02-01,EUR,100.00,,rent", "P01,2025-02-01,EUR,100.00,,inv 4711")
    )
    assert scoring.figures(judge(*folders)).twins_ceiling == pytest.approx((7 + 0.5) / 8)


def test_a_partly_paid_twin_is_no_twin(folders: tuple[Path, Path, Path]) -> None:
    (folders[2] / "allocations.csv").write_text("payment_id,invoice_id,amount\nP00,I1,10.00\n")
    verdicts = judge(*folders)
    assert not verdicts.equivalent[0]
    assert not verdicts.twin_open.any()


def test_allocations_all_reversed_later_were_still_right_at_the_time(
    folders: tuple[Path, Path, Path],
) -> None:
    path = folders[1] / "allocations.csv"
    path.write_text(
        path.read_text().replace("P03,I3,248.00,2.00,", "P03,I3,248.00,2.00,2025-02-09T00:00:00Z")
    )
    assert judge(*folders).exact[2]


def test_parquet_and_csv_say_the_same(folders: tuple[Path, Path, Path], small: Score) -> None:
    path = folders[2] / "invoices.csv"
    table = pacsv.read_csv(path)
    amounts = table["amount"].cast(pa.decimal128(12, 2))
    pq.write_table(table.set_column(3, "amount", amounts), folders[2] / "invoices.parquet")
    path.unlink()
    assert scoring.figures(judge(*folders)) == small


def test_kinds_add_up(small: Score) -> None:
    assert small.cases["twin"] == scoring.Case(2, 2, 2, 0, 2, 1.0, 0, 0)
    assert sum(c.payments for c in small.cases.values()) == small.payments


def test_a_book_without_kinds_shows_those_of_its_allocations(folders: tuple[Path, Path, Path]) -> None:
    (folders[1] / "truth_kinds.csv").unlink()
    cases = {name: c.payments for name, c in scoring.figures(judge(*folders)).cases.items()}
    assert cases == {
        "one item": 6, "with a write-off": 1, "credit netted": 1, "money out": 1, "nothing": 1,
        "duplicate_payment": 1, "pending": 1,
    }  # fmt: skip


def test_pooling_adds_counts(folders: tuple[Path, Path, Path], small: Score) -> None:
    _, pooled = scoring.score_books([folders, folders])
    assert (pooled.false.count, pooled.false.of) == (2 * small.false.count, 2 * small.false.of)
    assert pooled.false.upper < small.false.upper


@pytest.mark.parametrize(("errors", "trials"), [(0, 2995), (1, 4742)])
def test_bound_agrees_with_the_known_sample_sizes(errors: int, trials: int) -> None:
    assert upper_bound(errors, trials) <= 0.001 < upper_bound(errors, trials - 1)


def test_equal_amounts_bound_like_counts() -> None:
    errors = np.arange(1000) < 2
    everything = np.ones(1000, dtype=np.bool_)
    assert money_rate(errors, everything, np.full(1000, 7.0)).upper == pytest.approx(upper_bound(2, 1000))


def test_unequal_amounts_widen_the_bound() -> None:
    none = np.zeros(1000, dtype=np.bool_)
    money = np.r_[np.full(999, 1.0), 1000.0]
    assert money_rate(none, ~none, money).upper > upper_bound(0, 1000)


def test_errors_of_one_customer_widen_the_clustered_bound(verdicts: Verdicts) -> None:
    everything = np.ones(12, dtype=np.bool_)
    assert clustered_bound(verdicts, ~everything, everything) == 0
    errors = verdicts.cluster == "C1"
    assert clustered_bound(verdicts, errors, everything) > errors.mean()


def test_calibration_error_of_known_confidences() -> None:
    confidence = np.repeat([0.2, 0.8], 750)
    right = np.arange(1500) % 10 < np.where(confidence < 0.5, 2, 8)
    everything = np.ones(1500, dtype=np.bool_)
    assert calibration(confidence, right, everything).error < 0.01
    assert calibration(np.full(1500, 0.9), right, everything).error == pytest.approx(0.4, abs=0.01)


def test_oracle_threshold_never_splits_a_tie(verdicts: Verdicts) -> None:
    wrong = verdicts.false
    assert oracle_auto(verdicts, wrong, at_most=0.0) == 0
    assert oracle_auto(verdicts, np.zeros(12, dtype=np.bool_)) == pytest.approx(7 / 8)


def test_the_command_prints_figures(
    folders: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(f) for f in folders]
    assert scoring.main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pooled"]["false"]["count"] == 5
    assert scoring.main([*arguments, *arguments]) == 0
    assert "pooled" in capsys.readouterr().out


def test_a_score_survives_its_document(folders: tuple[Path, Path, Path], small: Score) -> None:
    document = json.loads(json.dumps(scoring.score(*folders)))
    assert scoring.from_document(document) == small


def test_scores_print(folders: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    scoring.print_scores(scoring.score(*folders), title="Small")
    assert capsys.readouterr().out.startswith("Small\n")

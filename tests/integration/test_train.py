"""Learning from a history: no look ahead, the same bytes twice, honest about what is too little."""

from __future__ import annotations

import csv
import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import features.bundle
from features.block import Reading
from features.book import Book, book_from_rows
from features.bundle import load_bundle
from features.frame import Frame
from features.pipeline import canonical, match_book
from training.blocks import blocks_of
from training.errors import HistoryMissingError
from training.fit import Sample, sample_of
from training.held_out import hold_out
from training.registry import find_model
from training.replay import Truth, Window, read_truth, windows
from training.synthetic import make_book
from training.train import train_book

Rows = dict[str, list[dict[str, object]]]

SEED = 11
INVOICES = 2_400


@pytest.fixture(scope="module")
def rows() -> Rows:
    made = make_book(INVOICES, SEED, months=15)
    return {name: table.to_pylist() for name, table in made.items() if name != "truth_kinds"}


@pytest.fixture(scope="module")
def history(rows: Rows) -> Book:
    return book_from_rows(rows)


@pytest.fixture(scope="module")
def model(history: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "model"
    train_book(history, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def first_payments(rows: Rows, count: int) -> Book:
    """The book as it would be had it only so many payments, the earliest."""
    early = sorted(rows["payments"], key=lambda row: (str(row["booking_date"]), str(row["payment_id"])))[
        :count
    ]
    kept = {row["payment_id"] for row in early}
    cut = {
        name: [row for row in table if row.get("payment_id", "") in kept]
        for name, table in rows.items()
        if name in {"payments", "allocations", "remittance_lines"}
    }
    return book_from_rows({**rows, **cut})


# ------------------------------------------------------------------------------------- no look ahead


def test_training_twice_gives_the_same_bytes(history: Book, model: Path, tmp_path: Path) -> None:
    train_book(history, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(model)


def test_planted_future_rows_change_nothing(rows: Rows, model: Path, tmp_path: Path) -> None:
    tables = deepcopy(rows)
    paid = tables["allocations"][200]
    invoice = next(row for row in tables["invoices"] if row["invoice_id"] == paid["invoice_id"])
    payment = next(row for row in tables["payments"] if row["payment_id"] == paid["payment_id"])
    future = {"known_at": "2099-06-01T00:00:00Z"}
    # each would give an answer away, or take one back, if it were seen
    tables["invoices"].append({**invoice, "invoice_id": "PLANTED", "invoice_number": "PLANTED", **future})
    tables["payments"].append({**payment, "payment_id": "PLANTED", **future})
    tables["payments"].append({**payment, "payment_id": "PLANTED-2", "booking_date": "2099-06-01"})
    for number in range(0, 400, 40):
        seen = tables["allocations"][number]
        tables["allocations"].append({**seen, "decided_at": "2099-06-02T00:00:00Z", **future})
        seen["reversed_at"] = "2099-06-03T00:00:00Z"
    train_book(book_from_rows(tables), tmp_path / "planted")
    assert contents(tmp_path / "planted") == contents(model)


def window_of(history: Book) -> tuple[Frame, Truth, Window]:
    frame = Frame(canonical(history))
    truth = read_truth(frame)
    blocks = blocks_of(frame, truth)
    return frame, truth, windows(frame, blocks.fit, blocks.calibrate, 75)[1]


def sampled(frame: Frame, window: Window) -> Sample:
    return sample_of(Reading(frame), read_truth(frame), window)


def test_a_window_never_sees_the_labels_of_its_own_batch(history: Book) -> None:
    frame, _, window = window_of(history)
    sample = sampled(frame, window)
    own = frame.payment_ids.take(pa.array(window.batch))
    hidden = pa.compute.is_in(history.allocations["payment_id"], value_set=own)
    stripped = replace(history, allocations=history.allocations.filter(pa.compute.invert(hidden)))
    blind = sampled(Frame(canonical(stripped)), window)
    assert sample.is_true.any()
    assert not blind.is_true.any()
    assert np.array_equal(blind.window.batch, sample.window.batch)
    assert np.array_equal(blind.compared.matrix, sample.compared.matrix, equal_nan=True)


def test_a_window_sees_nothing_decided_after_it(history: Book) -> None:
    frame, _, window = window_of(history)
    sample = sampled(frame, window)
    until = pa.scalar(window.decided_at, pa.int64()).cast(pa.timestamp("us", "UTC"))
    later = pa.compute.greater(history.allocations["decided_at"], until)
    cut = replace(history, allocations=history.allocations.filter(pa.compute.invert(later)))
    assert cut.allocations.num_rows < history.allocations.num_rows
    early = sampled(Frame(canonical(cut)), window)
    assert np.array_equal(early.compared.matrix, sample.compared.matrix, equal_nan=True)


# ---------------------------------------------------------------------------------- what is written


def test_the_folder_loads_and_match_works_with_it(history: Book, model: Path) -> None:
    bundle = load_bundle(model)
    held = hold_out(history, 2).book
    result = match_book(held, bundle)
    counts = result.summary["counts"]
    assert counts["payments"] > 100
    assert result.summary["auto_threshold"] == json.loads((model / "metrics.json").read_text())["threshold"]
    assert counts["auto"] > 0.3 * counts["payments"]


def test_the_metrics_say_what_the_card_shows(model: Path) -> None:
    metrics = load_bundle(model).metrics
    assert 0.9 < metrics["blocking_recall"] <= 1
    held = metrics["held_out"]
    assert held["payments"] > held["matchable"] > held["auto_closes"] > 0
    assert held["pair_f1"] > 0.8
    assert {"calibration_error", "brier_score", "top_bins", "reliability"} <= set(metrics["confidence"])
    assert metrics["confidence"]["payments"] == held["payments"]
    assert sum(row["payments"] for row in metrics["by_kind"]) == held["payments"]
    assert not any("second" in key or "time" in key for key in metrics)
    card = (model / "model_card.md").read_text()
    assert "By kind of payment" in card
    assert "Is its confidence honest at the top?" in card


def test_the_list_to_check_holds_every_disagreement(model: Path, rows: Rows) -> None:
    with (model / "to_check.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    metrics = load_bundle(model).metrics
    differ = [row for row in listed if row["reason"] == "history and model disagree"]
    assert all(row["pi"] == "1" and row["history_says"] != row["model_says"] for row in differ)
    wrong = round(metrics["held_out"]["payments"] * (1 - _right_share(metrics)))
    assert len(differ) >= wrong > 0  # the calibration block's besides
    agree = [row for row in listed if row["reason"] != "history and model disagree"]
    assert agree
    assert all(row["history_says"].startswith(row["model_says"]) for row in agree)
    payments = {row["payment_id"]: row for row in rows["payments"]}
    for row in listed[:50]:
        assert row["booking_date"] == payments[row["payment_id"]]["booking_date"]
        assert row["currency"] == payments[row["payment_id"]]["currency"]
        assert row["why"]


def _right_share(metrics: dict[str, object]) -> float:
    kinds = metrics["by_kind"]
    assert isinstance(kinds, list)
    return float(sum(row["exactly_right"]["k"] for row in kinds) / sum(row["payments"] for row in kinds))


def test_a_registered_model_is_the_challenger(
    history: Book, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    monkeypatch.delenv("TIEOUT_MLFLOW_TRACKING_URI", raising=False)
    train_book(history, tmp_path / "model", register=True)
    found = find_model("models:/tieout@challenger", tmp_path)
    assert found is not None
    assert load_bundle(found).name == load_bundle(model).name
    assert (tmp_path / "mlruns" / "mlflow.db").exists()


def test_a_search_of_settings_is_repeatable(history: Book) -> None:
    pytest.importorskip("optuna")
    from training.tune import tune_parameters

    frame, truth, _ = window_of(history)
    blocks = blocks_of(frame, truth)
    reading = Reading(frame)
    samples = [sample_of(reading, truth, one) for one in windows(frame, blocks.fit, blocks.calibrate, 75)[:2]]
    found = tune_parameters(samples, trials=2)
    assert set(found) == {"pair_parameters", "set_parameters"}
    assert found == tune_parameters(samples, trials=2)


# ----------------------------------------------------------------------------------- too little to learn


@pytest.fixture
def base(model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Any trained folder can stand for the model that ships with the distribution."""
    monkeypatch.setattr(features.bundle, "BASE_MODEL", model)
    return model


@pytest.mark.parametrize("payments", [5, 100, 400])
def test_a_tiny_history_gets_the_base_model_and_an_account(
    rows: Rows, base: Path, tmp_path: Path, payments: int
) -> None:
    metrics = train_book(first_payments(rows, payments), tmp_path / "model")
    bundle = load_bundle(tmp_path / "model")
    assert bundle.hash == load_bundle(base).hash
    assert bundle.policy["auto_threshold"] == load_bundle(base).policy["auto_threshold"]
    assert metrics["certified"] is False
    assert "Nothing was learnt from or certified on this data" in metrics["statement"]
    assert [one["alpha"] for one in metrics["missing"]] == [0.01, 0.005, 0.001]
    assert all("freshly checked payments" in one["sentence"] for one in bundle.policy["guarantee"]["missing"])
    assert "On this book" in (tmp_path / "model" / "model_card.md").read_text()
    with (tmp_path / "model" / "to_check.csv").open(encoding="utf-8", newline="") as file:
        assert 0 < len(list(csv.DictReader(file))) <= payments


def test_a_middling_history_is_learnt_from_without_a_certificate_it_cannot_have(
    rows: Rows, tmp_path: Path
) -> None:
    metrics = train_book(first_payments(rows, 850), tmp_path / "model")
    assert load_bundle(tmp_path / "model").manifest["name"] == "tieout"
    assert metrics["held_out"]["payments"] > 50
    if not metrics["certified"]:
        assert metrics["threshold"] is None
        assert metrics["missing"]


def test_a_history_of_a_single_day_cannot_be_replayed(rows: Rows, base: Path, tmp_path: Path) -> None:
    tables = deepcopy(rows)
    for row in tables["payments"]:
        row |= {"booking_date": "2031-01-01", "value_date": None, "received_at": None, "known_at": None}
    for row in tables["allocations"]:
        row |= {"decided_at": "2031-01-02", "known_at": None}
    metrics = train_book(book_from_rows(tables), tmp_path / "model")
    assert metrics["certified"] is False
    assert "base_model" in metrics


def test_a_book_without_allocations_teaches_nothing(rows: Rows, tmp_path: Path) -> None:
    book = book_from_rows({**rows, "allocations": []})
    with pytest.raises(HistoryMissingError, match=r"no allocations.*Add `allocations`"):
        train_book(book, tmp_path / "model")
    assert not (tmp_path / "model").exists()

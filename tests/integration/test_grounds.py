"""Every decision of a run is decided again from its grounds: the same bits, outcome and reasons."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from features.book import read_book
from features.bundle import Bundle, load_bundle
from features.grounds import GroundsError, Witness, decide_again
from features.match_model import model_of
from features.pipeline import MatchResult, match_book
from receivables.policy import Policy
from training.synthetic import make_book, write_book
from training.worlds import split

BASE = Path(__file__).parents[2] / "features" / "base_model"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(BASE)


@pytest.fixture(scope="module")
def book_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grounds")
    write_book(make_book(1_500, 7), folder / "book")
    split(folder / "book", folder, 16)
    return folder / "match"


def run(folder: Path, bundle: Bundle, policy: Policy) -> tuple[MatchResult, Witness]:
    witness = Witness(bundle.calibration)
    return match_book(read_book(folder), bundle, policy, threads=1, witness=witness), witness


@pytest.mark.parametrize("tolerance", [Decimal(0), Decimal(60)])
def test_a_decision_is_the_same_when_it_is_made_again(
    book_folder: Path, bundle: Bundle, tolerance: Decimal
) -> None:
    policy = Policy.from_dict({**bundle.policy, "tolerance_percent": tolerance})
    result, witness = run(book_folder, bundle, policy)
    model = model_of(bundle)
    rows = result.decisions.to_pylist()
    assert {row["payment_id"] for row in rows} == set(witness.grounds)
    for row in rows:
        again = decide_again(witness.grounds[row["payment_id"]], model, policy)
        assert again.is_same_number, row["payment_id"]
        assert (round(again.confidence, 9), again.outcome, again.reasons) == (
            row["confidence"], row["outcome"], row["reasons"] or "",
        )  # fmt: skip
    ways = [json.loads(said) for said in witness.grounds.values()]
    assert any("cell" in said for said in ways)
    assert any(said.get("chosen", -1) >= 0 for said in ways)
    assert any(said.get("chosen") == -1 for said in ways)
    assert bool(tolerance) == any("together" in said for said in ways)


def test_watching_changes_nothing(book_folder: Path, bundle: Bundle) -> None:
    policy = Policy.from_dict(bundle.policy)
    watched, _ = run(book_folder, bundle, policy)
    alone = match_book(read_book(book_folder), bundle, policy, threads=1)
    assert watched.decisions.equals(alone.decisions)
    assert watched.allocations.equals(alone.allocations)


def test_another_policy_decides_otherwise_from_the_same_grounds(book_folder: Path, bundle: Bundle) -> None:
    policy = Policy.from_dict(bundle.policy)
    result, witness = run(book_folder, bundle, policy)
    closed = [row["payment_id"] for row in result.decisions.to_pylist() if row["outcome"] == "auto"]
    assert closed
    strict = policy.merged_with({"auto_threshold": None})
    for one in closed:
        assert decide_again(witness.grounds[one], model_of(bundle), strict).outcome != "auto"


def test_a_changed_row_of_features_is_noticed(book_folder: Path, bundle: Bundle) -> None:
    policy = Policy.from_dict(bundle.policy)
    _, witness = run(book_folder, bundle, policy)
    noticed = 0
    for said in list(witness.grounds.values())[:200]:
        raw = json.loads(said)
        if raw.get("chosen", -1) < 0:
            continue
        raw["sets"] = raw["sets"][:8] + "AAAAAAAAAAAAAAAA" + raw["sets"][24:]
        noticed += not decide_again(json.dumps(raw), model_of(bundle), policy).is_same_number
    assert noticed


def test_grounds_of_another_version_are_refused(bundle: Bundle) -> None:
    with pytest.raises(GroundsError):
        decide_again('{"v": 99}', model_of(bundle), Policy())

"""Score output folders of ``tieout match`` against truth: the rates and bounds of the promise.

``python -m training.scoring OUT TRUTH BOOK [OUT TRUTH BOOK ...] [--json]`` prints one column a book and one
for all books pooled. What counts as false, harmful or equivalent is said in :mod:`training.verdicts`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import beta

from training.score_tables import Bools, Floats
from training.verdicts import Verdicts, judge

if TYPE_CHECKING:
    from features.book import Book
    from features.bundle import Bundle
    from features.pipeline import Progress

CONFIDENCE = 0.95
BINS = 15
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, and what it may be at most, and at least, with 95 % confidence each."""

    count: float
    of: float
    rate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error, and what chance alone would show for a perfectly calibrated confidence."""

    error: float
    chance: float
    of: int


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of payment."""

    payments: int
    matchable: int
    auto: int
    dismissed: int
    false: int
    false_upper: float
    harmful: int
    exact: int


@dataclass(frozen=True, slots=True)
class Score:
    """Every figure of one book, or of several pooled."""

    payments: int
    unlabelled: int
    undecided: int
    matchable: int
    outcomes: dict[str, int]
    auto: Rate  # of the matchable
    auto_money: Rate  # of the matchable's money
    lane: Rate  # automatic closes by the deterministic lane alone
    false: Rate
    false_twins_oldest: Rate
    false_clustered: float  # upper bound by resampling customers; the larger of the two bounds counts
    false_by_model: Rate  # outside the deterministic lane
    false_by_model_twins_oldest: Rate
    false_by_lane: Rate
    false_money: Rate
    false_money_twins_oldest: Rate
    harmful: Rate
    wrong_customer_or_related: Rate
    dismissed: int
    dismissed_wrong: Rate
    oracle_auto: dict[str, float]  # share closable if the threshold were chosen with the truth in hand
    precision: float
    recall: float
    f1: float
    exact: Rate  # of the matchable
    exact_but_for_twins: Rate
    twins_open: Rate  # of the matchable
    twins_ceiling: float  # best exact share without telling twins apart other than by number
    calibration: Calibration
    calibration_below: Calibration
    money_unconverted: int
    cases: dict[str, Case]


def upper_bound(errors: float, trials: float, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided Clopper-Pearson bound; fractions are allowed (an effective number of trials)."""
    if trials <= 0 or errors >= trials:
        return 1.0
    return float(beta.ppf(confidence, errors + 1, trials - errors))


def lower_bound(errors: float, trials: float, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided Clopper-Pearson bound from below."""
    if errors <= 0 or trials <= 0:
        return 0.0
    return float(beta.ppf(1 - confidence, errors, trials - errors + 1))


def rate(errors: Bools, among: Bools) -> Rate:
    """Return the share of these payments that are errors, with its bounds."""
    count, of = int((errors & among).sum()), int(among.sum())
    return Rate(count, of, count / of if of else 0.0, lower_bound(count, of), upper_bound(count, of))


def money_rate(errors: Bools, among: Bools, money: Floats) -> Rate:
    """Return the share of money in error; its bound takes the effective number of payments.

    Unequal amounts carry less evidence than as many equal ones: (sum w)^2 / sum w^2 of them (Korn, Graubard).
    """
    weight = np.where(among & ~np.isnan(money), money, 0.0)
    total, wrong = float(weight.sum()), float(weight[errors].sum())
    if total == 0:
        return Rate(0.0, 0.0, 0.0, 0.0, 1.0)
    effective = total**2 / float((weight**2).sum())
    share = min(wrong / total, 1.0)
    count = share * effective
    low, high = lower_bound(count, effective), upper_bound(count, effective)
    return Rate(round(wrong, 2), round(total, 2), share, low, high)


def clustered_bound(verdicts: Verdicts, errors: Bools, among: Bools, seed: int = 0) -> float:
    """Return the 95th percentile of the error rate when whole customers are drawn anew."""
    _, cluster = np.unique(verdicts.cluster[among].astype(str), return_inverse=True)
    if not len(cluster):
        return 1.0
    size = np.bincount(cluster).astype(np.float64)
    wrong = np.bincount(cluster, weights=errors[among].astype(np.float64))
    if not wrong.any():
        return 0.0
    generator = np.random.default_rng(seed)
    draws = [generator.poisson(1.0, len(size)) for _ in range(RESAMPLES)]
    rates = [float(d @ wrong) / max(float(d @ size), 1.0) for d in draws]
    return float(np.quantile(rates, CONFIDENCE))


def calibration(confidence: Floats, right: Bools, among: Bools) -> Calibration:
    """Return the calibration error over 15 bins of equal mass."""
    among = among & ~np.isnan(confidence)
    stated, hit = confidence[among], right[among].astype(np.float64)
    if not len(stated):
        return Calibration(0.0, 0.0, 0)
    order = np.argsort(stated, kind="stable")
    error = chance = 0.0
    for part in np.array_split(order, min(BINS, len(order))):
        mean = float(stated[part].mean())
        error += len(part) / len(order) * abs(mean - float(hit[part].mean()))
        spread = float((stated[part] * (1 - stated[part])).mean())
        chance += len(part) / len(order) * float(np.sqrt(2 / np.pi * spread / len(part)))
    return Calibration(error, chance, len(order))


def oracle_auto(verdicts: Verdicts, wrong: Bools, at_most: float = 0.001) -> float:
    """Return the share of matchable payments over the lowest threshold that keeps false closes this rare.

    The threshold is picked with the truth in hand: an upper limit for any frozen one, and the fair way to
    compare matchers that have no threshold of their own.
    """
    among = verdicts.labelled & verdicts.proposed & ~np.isnan(verdicts.confidence)
    order = np.flatnonzero(among)[np.argsort(-verdicts.confidence[among], kind="stable")]
    confidence = verdicts.confidence[order]
    errors = np.cumsum(wrong[order])
    closed = np.arange(1, len(order) + 1)
    last_of_tie = np.r_[confidence[1:] != confidence[:-1], True] if len(order) else np.zeros(0, np.bool_)
    fit = np.flatnonzero(last_of_tie & (errors <= at_most * closed))
    if not len(fit):
        return 0.0
    return float(verdicts.matchable[order[: fit[-1] + 1]].sum()) / max(int(verdicts.matchable.sum()), 1)


def figures(verdicts: Verdicts) -> Score:
    """Return every figure of these payments."""
    v, auto, matchable = verdicts, verdicts.auto, verdicts.matchable
    false, but_twins = v.false, v.false_but_for_twins
    dismissed = (v.outcome == "dismissed") & v.labelled
    stated, true, hit = (int(a[v.labelled].sum()) for a in (v.pairs_stated, v.pairs_true, v.pairs_hit))
    return Score(
        payments=len(v.outcome),
        unlabelled=int((~v.labelled).sum()),
        undecided=int((v.outcome == "").sum()),
        matchable=int(matchable.sum()),
        outcomes={o: int((v.outcome == o).sum()) for o in ("auto", "review", "unmatched", "dismissed")},
        auto=rate(auto, matchable),
        auto_money=money_rate(auto, matchable, v.money),
        lane=rate(auto & ~v.by_model, matchable),
        false=rate(false, auto),
        false_twins_oldest=rate(but_twins, auto),
        false_clustered=clustered_bound(v, false, auto),
        false_by_model=rate(false, auto & v.by_model),
        false_by_model_twins_oldest=rate(but_twins, auto & v.by_model),
        false_by_lane=rate(false, auto & ~v.by_model),
        false_money=money_rate(false, auto, v.money),
        false_money_twins_oldest=money_rate(but_twins, auto, v.money),
        harmful=rate(v.harmful, auto),
        wrong_customer_or_related=rate(~v.right_party, auto),
        dismissed=int(dismissed.sum()),
        dismissed_wrong=rate(v.pays, dismissed),
        oracle_auto={"all": oracle_auto(v, false), "twins_oldest": oracle_auto(v, but_twins)},
        precision=hit / max(stated, 1),
        recall=hit / max(true, 1),
        f1=2 * hit / max(stated + true, 1),
        exact=rate(v.exact, matchable),
        exact_but_for_twins=rate(v.equivalent, matchable),
        twins_open=rate(v.twin_open, matchable),
        twins_ceiling=float(v.twin_luck[matchable].mean()) if matchable.any() else 1.0,
        calibration=calibration(v.confidence, v.exact, v.labelled),
        calibration_below=calibration(v.confidence, v.exact, v.labelled & v.below),
        money_unconverted=int(np.isnan(v.money).sum()),
        cases={str(name): _case(v, v.case == name) for name in np.unique(v.case.astype(str))},
    )


def _case(v: Verdicts, among: Bools) -> Case:
    auto = v.auto & among
    return Case(
        payments=int(among.sum()),
        matchable=int((v.matchable & among).sum()),
        auto=int(auto.sum()),
        dismissed=int(((v.outcome == "dismissed") & among).sum()),
        false=int((v.false & auto).sum()),
        false_upper=rate(v.false, auto).upper,
        harmful=int((v.harmful & auto).sum()),
        exact=int((v.exact & among & v.labelled).sum()),
    )


def score_books(books: Sequence[tuple[Path, Path, Path]]) -> tuple[list[Score], Score]:
    """Score (output, truth, book) folders; return each book's figures and those of all payments pooled."""
    judged = [judge(*folders) for folders in books]
    each = [figures(v) for v in judged]
    return each, each[0] if len(each) == 1 else figures(Verdicts.join(judged))


def score(out: Path, truth: Path, book: Path | None = None) -> dict[str, object]:
    """Score one output folder, as a plain document; the book lies beside the truth unless it is given."""
    each, _ = score_books([(out, truth, book or truth.parent / "match")])
    return asdict(each[0])


def evaluate_book(
    book: Book, bundle: Bundle, *, months: int = 3, progress: Progress | None = None
) -> dict[str, object]:
    """Match the last months of a labelled book without their outcomes, and score what comes out."""
    from training.held_out import evaluate

    return asdict(figures(evaluate(book, bundle, months=months, progress=progress)))


def print_scores(document: Mapping[str, Any], title: str = "") -> None:
    """Print a document of :func:`score` as a table."""
    sys.stdout.write(f"{title}\n\n{table([from_document(document)], ['figures'])}\n")


def from_document(document: Mapping[str, Any]) -> Score:
    """Return the figures that :func:`score` wrote as a plain document."""
    shapes = (Rate, Calibration)
    values = dict(document)
    for name, value in document.items():
        shape = next((s for s in shapes if isinstance(value, dict) and set(value) == set(s.__slots__)), None)
        values[name] = shape(**value) if shape else value
    values["cases"] = {name: Case(**case) for name, case in document["cases"].items()}
    return Score(**values)


def table(scores: Sequence[Score], names: Sequence[str]) -> str:
    """Return the figures as text, one column a book, and the kinds of the last one below."""
    rows = [(label, [show(s) for s in scores]) for label, show in _LINES]
    width = max(14, *(len(n) + 2 for n in names))
    lines = [f"{'':44}" + "".join(f"{n:>{width}}" for n in names)]
    lines += [f"{label:44}" + "".join(f"{cell:>{width}}" for cell in cells) for label, cells in rows]
    heads = f"{'n':>8}{'matchable':>10}{'auto':>9}{'dism.':>8}{'false':>7}{'<=':>9}{'harmful':>8}{'exact':>8}"
    lines += ["", f"{'kind (' + names[-1] + ')':32}{heads}"]
    for name, c in sorted(scores[-1].cases.items(), key=lambda pair: (-pair[1].payments, pair[0])):
        shares = (c.auto / c.payments, c.dismissed / c.payments, c.exact / c.payments)
        lines.append(
            f"{name:32}{c.payments:8}{c.matchable:10}{shares[0]:9.1%}{shares[1]:8.1%}"
            f"{c.false:7}{c.false_upper:9.2%}{c.harmful:8}{shares[2]:8.1%}"
        )
    return "\n".join(lines)


def _between(r: Rate) -> str:
    return f"{r.lower:.1%}, {r.upper:.1%}"


def _errors(r: Rate) -> str:
    return f"{r.count:g}/{r.of:g}"


_LINES: tuple[tuple[str, Callable[[Score], str]], ...] = (
    ("payments / matchable", lambda s: f"{s.payments}/{s.matchable}"),
    ("unlabelled / without decision", lambda s: f"{s.unlabelled}/{s.undecided}"),
    ("auto / review", lambda s: f"{s.outcomes['auto']}/{s.outcomes['review']}"),
    ("unmatched / dismissed", lambda s: f"{s.outcomes['unmatched']}/{s.outcomes['dismissed']}"),
    ("closed automatically, of matchable", lambda s: f"{s.auto.rate:.2%}"),
    ("  at least, at most (95 % each)", lambda s: _between(s.auto)),
    ("  by the deterministic lane", lambda s: f"{s.lane.rate:.2%}"),
    ("  by money", lambda s: f"{s.auto_money.rate:.2%}"),
    ("  with an oracle threshold at 0.1 % false", lambda s: f"{s.oracle_auto['all']:.2%}"),
    ("  the same, twins: oldest", lambda s: f"{s.oracle_auto['twins_oldest']:.2%}"),
    ("false auto-closes", lambda s: _errors(s.false)),
    ("  upper 95 % bound", lambda s: f"{s.false.upper:.4%}"),
    ("  upper bound by customers drawn anew", lambda s: f"{s.false_clustered:.4%}"),
    ("  but for twins", lambda s: _errors(s.false_twins_oldest)),
    ("  but for twins, upper bound", lambda s: f"{s.false_twins_oldest.upper:.4%}"),
    ("  outside the deterministic lane", lambda s: _errors(s.false_by_model)),
    ("  outside the lane, upper bound", lambda s: f"{s.false_by_model.upper:.4%}"),
    ("  by money", lambda s: f"{s.false_money.rate:.4%}"),
    ("  by money, upper bound", lambda s: f"{s.false_money.upper:.4%}"),
    ("harmful", lambda s: _errors(s.harmful)),
    ("  observed", lambda s: f"{s.harmful.rate:.4%}"),
    ("wrong customer or related payment", lambda s: _errors(s.wrong_customer_or_related)),
    ("wrong dismissals", lambda s: _errors(s.dismissed_wrong)),
    ("pair precision", lambda s: f"{s.precision:.4f}"),
    ("pair recall", lambda s: f"{s.recall:.4f}"),
    ("pair F1", lambda s: f"{s.f1:.4f}"),
    ("exact allocation of matchable", lambda s: f"{s.exact.rate:.2%}"),
    ("  at least, at most (95 % each)", lambda s: _between(s.exact)),
    ("  but for twins", lambda s: f"{s.exact_but_for_twins.rate:.2%}"),
    ("  a twin was open", lambda s: f"{s.twins_open.rate:.2%}"),
    ("  ceiling that twins set", lambda s: f"{s.twins_ceiling:.2%}"),
    ("calibration error", lambda s: f"{s.calibration.error:.4f}"),
    ("  by chance alone", lambda s: f"{s.calibration.chance:.4f}"),
    ("calibration error below the threshold", lambda s: f"{s.calibration_below.error:.4f}"),
    ("  by chance alone", lambda s: f"{s.calibration_below.chance:.4f}"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m training.scoring", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="OUT TRUTH BOOK")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args(arguments)
    if len(options.folders) % 3:
        parser.error("give three folders a book: OUT TRUTH BOOK")
    triples = list(zip(*(options.folders[i::3] for i in range(3)), strict=True))
    for folder in options.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is not a folder")
    each, pooled = score_books(triples)
    if options.json:
        books = [{"out": str(t[0]), **asdict(s)} for t, s in zip(triples, each, strict=True)]
        sys.stdout.write(json.dumps({"books": books, "pooled": asdict(pooled)}, indent=1) + "\n")
    elif len(each) == 1:
        sys.stdout.write(table(each, [triples[0][0].name]) + "\n")
    else:
        names = [f"{i + 1}:{t[0].name}"[-16:] for i, t in enumerate(triples)]
        sys.stdout.write(table([*each, pooled], [*names, "pooled"]) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

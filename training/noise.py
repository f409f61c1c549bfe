"""How often reviewers err, estimated from payments that several of them saw, without knowing the truth.

The one-coin model of Dawid and Skene (1979): each reviewer is right with a probability of her own, and errs
evenly among the other answers given to the same payment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.bounds import clopper_pearson

__all__ = ["Agreement", "Noise", "agreement", "estimate_noise"]

ROUNDS: Final = 100
CONVERGED: Final = 1e-9
PRIOR: Final = (19.0, 1.0)
"""Right and wrong answers assumed of everybody before the first one: a reviewer of one case is no oracle."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Estimated share of right answers by reviewer, and how sure the likeliest answer of each payment is."""

    accuracy: Mapping[str, float]
    likely: Mapping[str, tuple[str, float]]
    error_rate: float
    """The share of single votes that are wrong, over all payments seen twice."""


def estimate_noise(votes: Sequence[tuple[str, str, str]]) -> Noise:
    """Fit by expectation maximisation; ``votes`` are (payment, reviewer, answer)."""
    by_payment: dict[str, list[tuple[str, str]]] = {}
    for payment, reviewer, answer in votes:
        by_payment.setdefault(payment, []).append((reviewer, answer))
    twice = {
        payment: said for payment, said in sorted(by_payment.items()) if len({who for who, _ in said}) > 1
    }
    accuracy = dict.fromkeys(sorted({reviewer for _, reviewer, _ in votes}), PRIOR[0] / sum(PRIOR))
    belief: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        belief = {payment: _posterior(said, accuracy) for payment, said in twice.items()}
        right, seen = dict.fromkeys(accuracy, PRIOR[0]), dict.fromkeys(accuracy, sum(PRIOR))
        for payment, said in twice.items():
            for reviewer, answer in said:
                right[reviewer] += belief[payment][answer]
                seen[reviewer] += 1.0
        found = {reviewer: right[reviewer] / seen[reviewer] for reviewer in accuracy}
        moved = max((abs(found[who] - accuracy[who]) for who in accuracy), default=0.0)
        accuracy = found
        if moved < CONVERGED:
            break
    wrong = sum(1.0 - belief[payment][answer] for payment, said in twice.items() for _, answer in said)
    count = sum(len(said) for said in twice.values())
    likely = {
        payment: max(sorted(chances.items()), key=lambda pair: pair[1]) for payment, chances in belief.items()
    }
    return Noise(accuracy, likely, wrong / count if count else 0.0)


def _posterior(said: Sequence[tuple[str, str]], accuracy: Mapping[str, float]) -> dict[str, float]:
    answers = sorted({answer for _, answer in said})
    others = max(len(answers) - 1, 1)
    odds = np.array(
        [
            sum(
                np.log(accuracy[who] if given == answer else (1.0 - accuracy[who]) / others)
                for who, given in said
            )
            for answer in answers
        ]
    )
    weight: NDArray[np.float64] = np.exp(odds - odds.max())
    return dict(zip(answers, (weight / weight.sum()).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two reviewers said the same of a payment, beside what chance alone would give."""

    pairs: int
    agreed: int
    interval: tuple[float, float]
    by_chance: float
    """With skewed answers two people agree often without looking: kappa is only read beside this."""

    kappa: float


def agreement(votes: Sequence[tuple[str, str, str]]) -> Agreement:
    """Compare the first two votes of each payment, as accept or not accept of the most frequent answer kind.

    ``votes`` are (payment, reviewer, answer) in the order in which they were given.
    """
    first: dict[str, list[tuple[str, str]]] = {}
    for payment, reviewer, answer in votes:
        said = first.setdefault(payment, [])
        if len(said) < 2 and all(who != reviewer for who, _ in said):
            said.append((reviewer, answer))
    pairs = [(said[0][1], said[1][1]) for _, said in sorted(first.items()) if len(said) == 2]
    agreed = sum(one == other for one, other in pairs)
    shares: dict[str, float] = {}
    for pair in pairs:
        for answer in pair:
            kind = _kind(answer)
            shares[kind] = shares.get(kind, 0.0) + 0.5 / len(pairs)
    chance = sum(share**2 for share in shares.values())
    observed = agreed / len(pairs) if pairs else 0.0
    kappa = (observed - chance) / (1.0 - chance) if pairs and chance < 1.0 else 0.0
    return Agreement(len(pairs), agreed, clopper_pearson(agreed, len(pairs)), chance, kappa)


def _kind(answer: str) -> str:
    """Answers name items of their own payment, so only their kind can coincide by chance."""
    return "nothing" if '"lines":[]' in answer else "items"

"""Search settings of the two models, when asked: learn on the earlier windows, score on the latest one.

The objective is what the payment layer lives on: the negative log-likelihood of the right explanation, or of
"none of them", under the competition of a payment's hypotheses. Seeded and one trial at a time, so the same
history gives the same settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from scipy.special import logsumexp

from features.calibration import Calibration
from features.pipeline import Progress
from training.calibrate import fit_competition
from training.fit import (
    PAIR_PARAMETERS,
    SEED,
    SET_PARAMETERS,
    Sample,
    can_fit,
    fit_models,
    is_right,
    scored_sample,
)

__all__ = ["tune_parameters"]

TRIALS: Final = 25
SAMPLED: Final = 5
"""One payment in so many takes part: the order of settings shows on a fifth already."""

SEARCHED: Final = (
    "num_leaves",
    "min_data_in_leaf",
    "learning_rate",
    "feature_fraction",
    "lambda_l2",
    "num_iterations",
)
MOST_ROUNDS: Final = {"pair": 140, "set": 220}
"""Speed is part of the promise: a deeper search must not make matching slower by half."""


def tune_parameters(
    samples: Sequence[Sample], *, progress: Progress | None = None, trials: int = TRIALS
) -> dict[str, Mapping[str, Any]]:
    """Return `pair_parameters` and `set_parameters` for `fit_models`: the defaults for too few windows."""
    defaults = (("pair", PAIR_PARAMETERS), ("set", SET_PARAMETERS))
    if len(samples) < 2 or not can_fit(samples[:-1]):
        return {f"{which}_parameters": given for which, given in defaults}
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    thinned = [_thinned(sample) for sample in samples]

    def objective(trial: Any) -> float:  # noqa: ANN401 - Optuna is imported when asked for
        if progress is not None:
            progress("searching settings", trial.number, trials)
        return _loss(
            thinned, _suggested(trial, "pair", PAIR_PARAMETERS), _suggested(trial, "set", SET_PARAMETERS)
        )

    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=SEED))
    study.enqueue_trial({f"{which}.{name}": given[name] for which, given in defaults for name in SEARCHED})
    study.optimize(objective, n_trials=trials, n_jobs=1)
    best = study.best_params
    return {
        f"{which}_parameters": {**given, **{name: best[f"{which}.{name}"] for name in SEARCHED}}
        for which, given in defaults
    }


def _suggested(trial: Any, which: str, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    return {
        **given,
        "num_leaves": trial.suggest_int(f"{which}.num_leaves", 15, 47),
        "min_data_in_leaf": trial.suggest_int(f"{which}.min_data_in_leaf", 15, 200, log=True),
        "learning_rate": trial.suggest_float(f"{which}.learning_rate", 0.04, 0.2, log=True),
        "feature_fraction": trial.suggest_float(f"{which}.feature_fraction", 0.4, 1.0),
        "lambda_l2": trial.suggest_float(f"{which}.lambda_l2", 0.1, 20.0, log=True),
        "num_iterations": trial.suggest_int(f"{which}.num_iterations", 60, MOST_ROUNDS[which]),
    }


def _thinned(sample: Sample) -> Sample:
    """Let only a sample of the payments count; the others stay, since they compete for the same items."""
    drawn = (sample.window.batch.astype(np.int64) * 2_246_822_519 % (1 << 32) >> 9) % SAMPLED == 0
    return replace(sample, labelled=sample.labelled & drawn)


def _loss(samples: Sequence[Sample], pair: Mapping[str, Any], proposal: Mapping[str, Any]) -> float:
    """Return the mean loss of a payment of the latest window for models fitted on the windows before."""
    fitted = fit_models(samples[:-1], pair, proposal)
    latest = samples[-1]
    scored = scored_sample(latest, fitted, Calibration())
    h = scored.proposed.hypotheses
    known = latest.labelled[h.payment]
    count = np.bincount(h.payment[known], minlength=scored.proposed.payments)
    count = count[count > 0]
    if not len(count):
        return 0.0
    offsets = np.concatenate(([0], np.cumsum(count)))
    right = is_right(latest, scored.proposed)[known]
    a, b = fit_competition(scored.set_score[known], offsets, right)
    lost = 0.0
    weighed = a * scored.set_score[known]
    for low, high in pairwise(offsets):
        own = weighed[low:high]
        answers = own[right[low:high]] if right[low:high].any() else np.array([b])
        lost += float(logsumexp(np.append(own, b)) - logsumexp(answers))
    return lost / len(count)

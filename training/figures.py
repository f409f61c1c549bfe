"""The figures of a training run, as `metrics.json` holds them: each with its interval where one is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.evidence import SEGMENTS
from features.frame import F64, KINDS, B
from training.bounds import clopper_pearson
from training.fit import Sample
from training.metrics import by_kind, calibration_error, confidence_report, share
from training.outcomes import Checked
from training.replay import Truth

NEVER = 2.0
"""A threshold that no confidence reaches."""


def held_out(check: Checked, auto: B) -> dict[str, Any]:
    """Say how payments that nothing was learnt from came out, with these closed automatically."""
    matchable, closed = int(check.matchable.sum()), int(auto.sum())
    wrong = int((auto & check.wrong).sum())
    exact = int((check.matchable & check.proposed & ~check.wrong).sum())
    stated, true, hit = (
        int(column.sum()) for column in (check.pairs_stated, check.pairs_true, check.pairs_hit)
    )
    return {
        "payments": len(check.wrong),
        "matchable": matchable,
        "closed_automatically": round(int((auto & check.matchable).sum()) / max(matchable, 1), 6),
        "auto_closes": closed,
        "in_the_deterministic_lane": int((auto & check.in_lane).sum()),
        "false_auto_closes": wrong,
        "harmful_auto_closes": int((auto & check.harmful).sum()),
        "false_share_interval_95": [round(bound, 7) for bound in clopper_pearson(wrong, closed)],
        "exact_allocation": round(exact / max(matchable, 1), 6),
        "exact_interval_95": [round(bound, 6) for bound in clopper_pearson(exact, matchable)],
        "pair_precision": share(hit, stated),
        "pair_recall": share(hit, true),
        "pair_f1": round(2 * hit / max(stated + true, 1), 6),
        "calibration_error": round(calibration_error(check.confidence, ~check.wrong), 6),
    }


def thresholds_of(check: Checked, knobs: Mapping[str, Any]) -> F64:
    """Return the threshold that each payment has to reach under `auto_threshold` and `segment_thresholds`."""
    general = knobs.get("auto_threshold")
    plain = NEVER if general is None else general
    listed = knobs.get("segment_thresholds") or {}
    return np.array([listed.get(name, plain) for name in SEGMENTS], np.float64)[check.segment]


def figures(check: Checked, knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is measured on the certification block under the thresholds of a policy."""
    above = check.confidence >= thresholds_of(check, knobs)
    auto = check.closes & above
    everyone = np.ones(len(auto), np.bool_)
    columns = {
        "closed_automatically": (auto, check.matchable),
        "exactly_right": (~check.wrong, everyone),
        "false_among_closed": (check.wrong, auto),
    }
    return {
        "held_out": held_out(check, auto),
        "confidence": {
            **confidence_report(check.confidence, ~check.wrong),
            "payments_below_threshold": int((~above).sum()),
            "calibration_error_below_threshold": calibration_error(
                check.confidence[~above], ~check.wrong[~above]
            ),
        },
        "by_kind": by_kind(kinds(check).tolist(), columns),
        "by_evidence": by_kind(np.asarray(SEGMENTS)[check.segment].tolist(), columns),
    }


def kinds(check: Checked) -> NDArray[np.str_]:
    """Name the kind of each payment, with how its cash is explained where items are proposed."""
    shape = np.array([name.split("/")[0] for name in SEGMENTS])[check.segment]
    kind = np.asarray(KINDS)[check.kind]
    return np.where(shape == "none", kind, np.char.add(np.char.add(kind, ", "), shape))


def recall_of(samples: Sequence[Sample], truth: Truth) -> dict[str, Any]:
    """Return the share of true pairs that stand among the candidates, the deterministic lane's included."""
    found = wanted = 0
    for sample in samples:
        known = sample.labelled[sample.compared.comparison.payment]
        found += int((sample.is_true & known).sum()) + int(
            (sample.lane_is_right & sample.lane_labelled).sum()
        )
        wanted += int(truth.lines[sample.window.batch[sample.labelled]].sum())
        wanted += int(truth.lines[sample.lane.payment[sample.lane_labelled]].sum())
    return share(found, wanted)

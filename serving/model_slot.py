"""The model in use: one reference, swapped whole; with no usable model the slot is empty and says why.

A bundle is taken after its hashes and golden rows hold, never before. A publication that fails them is
refused and the model before it stays. Whoever decides asks the slot for each request and gives what comes out
to `check_confidences`: a model that answers nonsense is a fault, not a decision.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from features.boosters import Booster
from features.bundle import Bundle, BundleError, base_bundle, load_bundle
from features.publication import PublicationError, models_folder, read_current
from receivables.errors import TieoutError
from receivables.policy import Policy
from serving import metrics

__all__ = ["LoadedModel", "ModelFaultError", "ModelSlot", "ModelUnavailableError", "check_confidences"]

_log: Final = structlog.get_logger("tieout.model")


class ModelUnavailableError(TieoutError):
    """There is no usable model, so nothing can be decided."""

    code = "model_unavailable"
    mend = "Publish a model with `tieout promote`; payments sent meanwhile wait and are decided then."


class ModelFaultError(TieoutError):
    """The model answered what no model may answer, so nothing was decided."""

    code = "model_fault"
    mend = "Publish another model, or the one before it; send the request again after that."


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A verified model and its policy."""

    bundle: Bundle
    policy: Policy
    name: str
    source: str
    """`published` or `base`."""


class ModelSlot:
    """Holds the model of this process."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._model: LoadedModel | None = None
        self._why: str = "no model was loaded yet"
        self._seen: tuple[int, str] | None = None
        self._lock = threading.Lock()

    def current(self) -> LoadedModel:
        """Give the model in use; raises `ModelUnavailableError` when there is none."""
        model = self._model
        if model is None:
            raise ModelUnavailableError(f"There is no usable model: {self._why}.")
        return model

    @property
    def why_not(self) -> str | None:
        """Say why there is no usable model; None when there is one."""
        return self._why if self._model is None else None

    def refresh(self) -> bool:
        """Take what was published since; say whether the model changed. Safe to call at any time."""
        with self._lock:
            try:
                return self._refresh()
            except (BundleError, PublicationError, TieoutError) as error:
                self._refused(error.code, str(error))
            except (OSError, ValueError) as error:
                self._refused("unreadable", type(error).__name__)
            return False

    def empty(self, why: str) -> None:
        """Take the model out: nothing is decided until another is published or the process starts again."""
        with self._lock:
            self._model = None
            self._why = why
            metrics.DEGRADED.set(1)

    def _refresh(self) -> bool:
        current = read_current(self._home)
        if current is None:
            if self._model is not None or self._seen == (0, "base"):
                return False
            self._seen = (0, "base")
            return self._take(base_bundle(), "base")
        seen = (current.generation, current.model.hash)
        if seen == self._seen:
            return False
        self._seen = seen
        bundle = load_bundle(models_folder(self._home) / current.model.folder)
        if bundle.hash != current.model.hash:
            raise PublicationError("The folder of the published model holds another one.")
        return self._take(bundle, "published")

    def _take(self, bundle: Bundle, source: str) -> bool:
        checked: dict[str, Booster] = {name: _Checked(one) for name, one in bundle.boosters.items()}
        whole = replace(bundle, boosters=checked)
        taken = LoadedModel(whole, Policy.from_dict(bundle.policy), bundle.name, source)
        before = self._model
        self._model = taken
        if before is not None:
            metrics.MODEL.labels(before.name).set(0)
        metrics.MODEL.labels(taken.name).set(1)
        metrics.DEGRADED.set(0)
        _log.info("model taken", model=taken.name, source=source)
        return True

    def _refused(self, code: str, why: str) -> None:
        metrics.MODEL_FAULTS.labels(code).inc()
        self._why = why
        kept = self._model.name if self._model else None
        metrics.DEGRADED.set(0 if kept else 1)
        _log.error("model refused", code=code, why=why, kept=kept)


class _Checked:
    """A booster whose every answer is a number: nonsense stops where it arises."""

    def __init__(self, booster: Booster) -> None:
        self._booster = booster

    def predict(self, data: NDArray[np.float64], *, raw_score: bool = False, num_threads: int = 0) -> Any:  # noqa: ANN401
        """Answer as the booster does; raises `ModelFaultError` for an answer that is no number."""
        said = self._booster.predict(data, raw_score=raw_score, num_threads=num_threads)
        if not np.isfinite(said).all():
            metrics.MODEL_FAULTS.labels(ModelFaultError.code).inc()
            raise ModelFaultError
        return said

    def num_feature(self) -> int:
        """Give the number of columns."""
        return self._booster.num_feature()

    def model_to_string(self) -> str:
        """Give the model as text."""
        return self._booster.model_to_string()


def check_confidences(values: Iterable[float | None]) -> None:
    """Raise `ModelFaultError` unless every confidence is a probability."""
    for value in values:
        if value is None or not math.isfinite(value) or not 0.0 <= value <= 1.0:
            metrics.MODEL_FAULTS.labels(ModelFaultError.code).inc()
            raise ModelFaultError

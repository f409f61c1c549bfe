"""The model in use: one reference, swapped whole; with no usable model the slot is empty and says why.

A bundle is taken after its hashes and golden rows hold, never before. A publication that fails them is
refused and the model before it stays. Whoever decides asks the slot for each request and gives what comes out
to `check_confidences`: a model that answers nonsense is a fault, not a decision.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from features.boosters import Booster
from features.bundle import Bundle, BundleError, base_bundle, load_bundle
from features.publication import Current, PublicationError, models_folder, read_current
from receivables.errors import TieoutError
from receivables.policy import Policy
from serving import metrics
from serving.shadow import Shadow

if TYPE_CHECKING:
    from serving.neighbourhood import Neighbourhood
    from serving.proposals import Proposed

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

    beside: Callable[[Neighbourhood, Sequence[Proposed]], None] | None = field(default=None, compare=False)
    """Is told what was decided, for a challenger to decide as well."""


class ModelSlot:
    """Holds the model of this process."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._model: LoadedModel | None = None
        self._why: str = "no model was loaded yet"
        self._seen: tuple[int, str] | None = None
        self._lock = threading.Lock()
        self.shadow = Shadow(home)

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
        self._watch(current)
        bundle = load_bundle(models_folder(self._home) / current.model.folder)
        if bundle.hash != current.model.hash:
            raise PublicationError("The folder of the published model holds another one.")
        return self._take(bundle, "published")

    def _watch(self, current: Current) -> None:
        """Take the challenger that decides beside; one that cannot be used is refused and nothing else."""
        if current.challenger is None:
            self.shadow.take(None)
            return
        try:
            bundle = load_bundle(models_folder(self._home) / current.challenger.folder)
            if bundle.hash != current.challenger.hash:
                raise PublicationError("The folder of the challenger holds another model.")
        except TieoutError as error:
            self.shadow.take(None)
            _log.error("challenger refused", code=error.code, why=str(error))
            return
        self.shadow.take(_loaded(bundle, "challenger"))
        _log.info("challenger watched", model=bundle.name)

    def _take(self, bundle: Bundle, source: str) -> bool:
        taken = replace(_loaded(bundle, source), beside=self.shadow.offer)
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


def _loaded(bundle: Bundle, source: str) -> LoadedModel:
    checked: dict[str, Booster] = {name: _Checked(one) for name, one in bundle.boosters.items()}
    whole = replace(bundle, boosters=checked)
    return LoadedModel(whole, Policy.from_dict(bundle.policy), bundle.name, source)


class _Checked:
    """A booster whose every answer is a number: nonsense stops where it arises, not further on."""

    def __init__(self, booster: Booster) -> None:
        self._booster = booster

    def predict(  # its answer is what LightGBM makes it
        self, data: NDArray[np.floating], *, raw_score: bool = False, num_threads: int = 0
    ) -> NDArray[np.float64]:
        """Answer as the booster does; raises `ModelFaultError` for an answer that is no number."""
        said: NDArray[np.float64] = self._booster.predict(data, raw_score=raw_score, num_threads=num_threads)
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

"""What the store says to Prometheus when it is asked: queues, ages, cash on no item, an imbalance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from receivables.errors import TieoutError
from receivables.money import exponent
from serving.clock import Clock
from serving.store.store import Store
from serving.store.view_rows import store_figures

__all__ = ["StoreFigures"]


class StoreFigures(Collector):
    """Reads the store on each scrape; a store that is away is itself a figure."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Give the figures."""
        try:
            said = store_figures(self._store)
        except TieoutError:
            yield GaugeMetricFamily("tieout_store_up", "1 while the store answers.", value=0)
            return
        now = self._clock()
        yield GaugeMetricFamily("tieout_store_up", "1 while the store answers.", value=1)
        yield GaugeMetricFamily("tieout_open_cases", "Cases that wait for a person.", value=said["cases"])
        yield GaugeMetricFamily(
            "tieout_oldest_case_seconds", "Age of the oldest of them.", value=_age(said["oldest_case"], now)
        )
        yield GaugeMetricFamily(
            "tieout_undecided_payments", "Payments not matched yet.", value=said["undecided"]
        )
        yield GaugeMetricFamily(
            "tieout_outbox_waiting", "Events that some endpoint still waits for.", value=said["outbox"]
        )
        yield GaugeMetricFamily(
            "tieout_outbox_lag_seconds", "Age of the oldest of them.", value=_age(said["oldest_outbox"], now)
        )
        yield _by_currency(
            "tieout_unallocated_money", "Cash on no item, in units of its currency.", said["unapplied"]
        )
        yield _by_currency(
            "tieout_ledger_imbalance", "Sum of all postings; anything but 0 is an error.", said["imbalance"]
        )


def _by_currency(name: str, about: str, totals: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["currency"])
    for currency, minor in sorted(totals.items()):
        family.add_metric([currency], minor / 10 ** exponent(currency))
    return family


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())

"""What Prometheus may ask: names begin with `tieout_`, labels are route templates, words and currencies only.

Counters are kept by each worker and added up (`PROMETHEUS_MULTIPROC_DIR`); what the store knows is read from
it when asked. Every metric is a row of docs/reference/metrics.md.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE_LATEST", "exposition"]

REQUESTS: Final = Counter("tieout_http_requests", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS: Final = Histogram(
    "tieout_http_request_seconds",
    "Time to answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
DECISIONS: Final = Counter("tieout_decisions", "Decisions made by the model.", ["outcome", "call"])
CONFIDENCE: Final = Histogram(
    "tieout_confidence",
    "Confidence of the decisions made.",
    buckets=(0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0),
)
AUTO_VALUE: Final = Counter(
    "tieout_auto_value", "Cash closed without a person, in units of its currency.", ["currency"]
)
ROWS: Final = Counter("tieout_rows", "Rows taken in, by what became of them.", ["table", "status"])
QUARANTINED: Final = Counter("tieout_quarantined_rows", "Rows set aside as they cannot be used.", ["table"])
MODEL_FAULTS: Final = Counter(
    "tieout_model_faults", "Times a model was refused or failed; nothing closes by itself then.", ["code"]
)
MODEL: Final = Gauge(
    "tieout_model_info", "The model in use.", ["model"], multiprocess_mode="livemax"
)  # one label value a model published: bounded by publications, not by traffic
DEGRADED: Final = Gauge("tieout_degraded", "1 while there is no usable model.", multiprocess_mode="livemax")
PROMISE_STEPS: Final = Counter(
    "tieout_promise_steps", "Times a promise changed: stepped down, expired or was extended.", ["why"]
)
SHADOW: Final = Counter(
    "tieout_shadow_decisions", "Payments a challenger decided beside the model in use.", ["compared"]
)
REFUSED: Final = Counter("tieout_refused_keys", "Requests without a key in force.")
LIMITED: Final = Counter("tieout_rate_limited", "Requests over their rate.")
WEBHOOKS_SENT: Final = Counter("tieout_webhooks_sent", "Deliveries tried.", ["result"])
WEBHOOKS_TAKEN: Final = Counter("tieout_webhooks_taken", "Events that came in.", ["source", "result"])


def exposition(*store_facts: Collector) -> bytes:
    """Write every metric, those of all workers added up, and what the store says now."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    else:
        registry.register(REGISTRY)  # a registry collects like a collector
    for facts in store_facts:
        registry.register(facts)
    return generate_latest(registry)

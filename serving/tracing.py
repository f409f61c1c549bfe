"""OpenTelemetry, set up by its own environment variables alone; without them it costs a comparison.

`OTEL_TRACES_EXPORTER=otlp` needs the package opentelemetry-exporter-otlp-proto-http; `console` needs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import Any, Final

__all__ = ["set_up_tracing", "span"]

_EXPORTERS: Final = {"otlp": "otlp_proto_http", "console": "console"}
_tracer: Any = None


def set_up_tracing() -> bool:
    """Start tracing if the environment asks for it; say whether it does."""
    global _tracer  # noqa: PLW0603 - one tracer a process, as OpenTelemetry itself has it
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "none").strip().lower()
    if wanted in ("", "none") or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    found = list(entry_points(group="opentelemetry_traces_exporter", name=_EXPORTERS.get(wanted, wanted)))
    if not found:
        return False
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "tieout")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(found[0].load()()))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("tieout")
    return True


@contextmanager
def span(name: str) -> Iterator[Any]:
    """Trace what is inside; gives None when tracing is off."""
    if _tracer is None:
        yield None
        return
    with _tracer.start_as_current_span(name) as started:
        yield started

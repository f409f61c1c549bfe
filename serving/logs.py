"""Structured logs: one JSON object a line, on standard error, without what a customer wrote.

Log facts, never rows: ids of requests, routes, counts, codes. `_DROPPED` is the last net.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import orjson
import structlog

__all__ = ["set_up_logs"]

_DROPPED: Final = frozenset(
    {
        "account", "authorization", "body", "customer_name", "name", "payer_account", "payer_name",
        "remittance", "secret", "token",
    }
)  # fmt: skip


def set_up_logs(level: str) -> None:
    """Write the log of this process as JSON lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_personal_data,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_personal_data(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in _DROPPED & event.keys():
        event[key] = "[dropped]"
    return event


def _json(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()

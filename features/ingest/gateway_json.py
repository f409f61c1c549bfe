"""JSON of payment gateways: whose it is, by its content; any other JSON is refused by name."""

from __future__ import annotations

from collections.abc import Iterator

from features.ingest.adyen import is_adyen, read_adyen
from features.ingest.entry import Entry
from features.ingest.json_document import load, looks_like_json
from features.ingest.limits import Limits
from features.ingest.problems import Problem, UnsupportedFormatError
from features.ingest.source import Source
from features.ingest.stripe import is_stripe, read_stripe


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the file is JSON."""
    return looks_like_json(head)


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the payments of a file of Stripe or Adyen."""
    value = load(source, limits)
    if is_stripe(value):
        yield from read_stripe(value, source, limits)
    elif is_adyen(value):
        yield from read_adyen(value, source, limits)
    else:
        raise UnsupportedFormatError(
            f"{source.name} is JSON without a movement of money of Stripe or Adyen; name a mapping for it."
        )

"""The service keeps to its OpenAPI document under generated requests: every operation, good and bad."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from serving.model_slot import ModelSlot
from tests.service import INVOICE, PAYMENT, Service, running

SPEC = Path(__file__).parents[2] / "docs" / "openapi.json"
IS_PROOF = os.environ.get("HYPOTHESIS_PROFILE") == "proof"

document = schemathesis.openapi.from_path(SPEC)
# Boundary cases of each of 150 columns take minutes: they are for proofs.
document.config.phases.update(phases=["fuzzing", *(["coverage", "examples"] if IS_PROOF else [])])
# A request of the right form may still be refused for what it says: a key used before, a private address.
# The key goes with every request here; tests/integration/test_api_safety.py asks without one.
document.config.checks.update(excluded_check_names=["positive_data_acceptance", "ignored_auth"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("openapi")
    slot = ModelSlot(home)
    slot.refresh()
    with running(home, slot, request_seconds=120.0, body_bytes=2**26) as made:
        made.post("/v1/invoices", {"invoices": [INVOICE]})
        made.post("/v1/payments", {"payments": [PAYMENT]})
        yield made


@document.parametrize()
@settings(
    max_examples=100 if IS_PROOF else 3,
    suppress_health_check=[*HealthCheck],  # a fixture is shared by examples on purpose
)
def test_every_operation_answers_as_documented(case: Case[Any], service: Service) -> None:
    headers = {"authorization": f"Bearer {service.keys['acme']}"}
    case.call_and_validate(base_url=str(service.http.base_url), headers=headers, timeout=120)

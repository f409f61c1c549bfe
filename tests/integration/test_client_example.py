"""The client in docs/examples does what the guide says, against the real application."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.service import PAYMENT, Service

FILE = Path(__file__).parents[2] / "docs" / "examples" / "client.py"


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("client", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_round_of_the_example_closes_its_payment(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(service.http.base_url)
    for said in ("accepted done", "accepted done"):  # the second round is a retry: the stored answers again
        example().main(address, service.keys["acme"])
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == said
        assert lines[1].startswith("P-42 auto 0.9")
        assert len(lines) == 2


def test_the_example_says_what_the_problem_is(service: Service) -> None:
    module = example()
    service.post("/v1/payments", {"payments": [PAYMENT | {"payment_id": "a/b ?"}]})
    with module.Tieout(str(service.http.base_url), service.keys["acme"]) as client:
        with pytest.raises(module.ProblemError, match="not_found"):
            client.payment("no/such payment")
        assert client.payment("a/b ?")["payment_id"] == "a/b ?"

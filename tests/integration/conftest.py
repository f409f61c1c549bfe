"""The service as most tests want it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.model_slot import ModelSlot
from tests.service import Service, running


@pytest.fixture(scope="session")
def slot(tmp_path_factory: pytest.TempPathFactory) -> ModelSlot:
    """The base model, loaded once."""
    made = ModelSlot(tmp_path_factory.mktemp("no-models"))
    made.refresh()
    return made


@pytest.fixture
def service(tmp_path: Path, slot: ModelSlot) -> Iterator[Service]:
    with running(tmp_path, slot) as made:
        yield made

"""Every setting, error code and metric is a row of its page; what is deployed names real ones."""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

import serving
from receivables.errors import TieoutError
from serving import metrics, store_figures
from serving.app import public_spec
from serving.settings import DEV_SECRET, DefaultSecretError, Settings, load_settings

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
PARTS = ("_bucket", "_count", "_sum")


def rows(page: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", (PAGES / page).read_text("utf-8"), re.MULTILINE))


def kinds_of(error: type[TieoutError]) -> Iterator[type[TieoutError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def metric_names() -> set[str]:
    found = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    named = {one._name + ("_total" if one._type == "counter" else "") for one in found}
    source = Path(store_figures.__file__).read_text("utf-8")
    return named | set(re.findall(r'"(tieout_[a-z_]+)"', source))


def test_every_setting_is_documented() -> None:
    assert rows("settings.md") >= {f"TIEOUT_{name.upper()}" for name in Settings.model_fields}


def test_every_error_code_is_documented() -> None:
    for module in pkgutil.walk_packages(serving.__path__, "serving."):
        if not re.search(r"alembic|service$", module.name):
            importlib.import_module(module.name)
    codes = {
        kind.code
        for kind in kinds_of(TieoutError)
        if kind.__module__.partition(".")[0] in ("serving", "features", "receivables")
        and not kind.__module__.startswith("features.ingest")
    }
    assert codes - rows("errors.md") == set()


def test_every_metric_is_documented_and_no_other() -> None:
    assert rows("metrics.md") == metric_names()


@pytest.mark.parametrize("file", ["deploy/rules.yml", "deploy/dashboard.json"])
def test_what_watches_the_service_asks_for_metrics_that_exist(file: str) -> None:
    asked = set(re.findall(r"\btieout_[a-z_]+", (ROOT / file).read_text("utf-8")))
    bare = {re.sub(f"({'|'.join(PARTS)})$", "", name) for name in asked}
    assert bare <= metric_names()
    assert bare


def test_the_openapi_document_in_git_is_that_of_the_service() -> None:
    """`python -m serving.app > docs/openapi.json` writes it."""
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    assert kept == json.loads(json.dumps(public_spec()))


def test_every_call_is_documented() -> None:
    said = (PAGES / "api.md").read_text("utf-8")
    for path in public_spec()["paths"]:
        stem = re.sub(r"/\{.*", "", path)
        assert stem in said, path


@pytest.mark.parametrize("secret", ["", "short", DEV_SECRET])
def test_default_secrets_are_refused_outside_dev(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SECRET_KEY", secret)
    with pytest.raises(DefaultSecretError):
        load_settings()
    assert load_settings(dev=True).dev


def test_secrets_are_masked_when_settings_are_shown() -> None:
    made = load_settings(
        secret_key="x" * 40,
        metrics_token="hush-hush",  # noqa: S106 - made up
        database_url="postgresql://u:password@host/db",
    )
    said = str(made.shown()) + str(made)
    assert "x" * 40 not in said
    assert "hush-hush" not in said
    assert "password" not in made.shown()["database_url"]

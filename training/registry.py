"""The registry of trained models, kept by MLflow in `mlruns/` under the home folder.

The only file that talks to MLflow, which takes seconds to import and is therefore imported late. What it
stores of a model is the model folder, as artifacts; what it gives back is that folder, never a loaded model:
MLflow's own loading would import code that the stored files name.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from features.bundle import MANIFEST, Bundle, load_bundle
from receivables.errors import TieoutError

__all__ = [
    "RegistryError",
    "find_model",
    "follow_champion",
    "promote_version",
    "register_bundle",
    "tracking_uri",
]

MODEL: Final = "tieout"
EXPERIMENT: Final = "invoice-matching"
CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
SQLITE: Final = "sqlite:///"
REQUIREMENTS: Final = ("lightgbm>=4.7,<5", "numpy>=2,<3")
"""Given outright: MLflow would otherwise start a process that imports everything to find out (minutes)."""


class RegistryError(TieoutError):
    """The model registry does not answer."""

    code = "registry_unavailable"
    mend = "Check TIEOUT_MLFLOW_TRACKING_URI, or `mlruns/mlflow.db` under TIEOUT_HOME."


def tracking_uri(home: Path) -> str:
    """Where runs and models are recorded: the team's server if one is named, else a file under `home`."""
    named = os.environ.get("TIEOUT_MLFLOW_TRACKING_URI")
    return named or f"{SQLITE}{home.resolve() / 'mlruns' / 'mlflow.db'}"


def register_bundle(
    folder: Path,
    metrics: Mapping[str, Any],
    *,
    home: Path | None = None,
    lineage: Mapping[str, str] | None = None,
) -> str:
    """Record a verified model folder as a run and a new version, and point `challenger` at it.

    ``lineage`` (snapshot, instants, labels) becomes tags of the run and, as a data set, its input.

    Answers the name of the version, `models:/tieout/N`. Promoting it to `champion` is a person's decision.
    """
    bundle = load_bundle(folder)
    root = home or Path(os.environ.get("TIEOUT_HOME") or ".")
    with _client(root) as (mlflow, client):
        experiment = _experiment(client, root)
        run = client.create_run(experiment, run_name=bundle.name)
        figures = dict(_numbers(metrics))
        for key, value in figures.items():
            client.log_metric(run.info.run_id, key, value)
        for key, text in {"model": bundle.name, "hash": bundle.hash}.items():
            client.log_param(run.info.run_id, key, text)
        for key, text in (lineage or {}).items():
            client.set_tag(run.info.run_id, f"tieout.{key}", text)
        if lineage and "snapshot" in lineage:
            client.log_inputs(run.info.run_id, [_data_set(mlflow, lineage)])
        with mlflow.start_run(run_id=run.info.run_id), TemporaryDirectory() as place:
            # Only what the manifest vouches for: `to_check.csv` beside it holds customers' data.
            copy = Path(place) / "bundle"
            copy.mkdir()
            for file in (*bundle.manifest["files"], MANIFEST):
                shutil.copyfile(folder / file, copy / file)
            logged = mlflow.pyfunc.log_model(
                name=MODEL,
                python_model=str(Path(__file__).with_name("registered_model.py")),
                artifacts={"bundle": str(copy)},
                pip_requirements=list(REQUIREMENTS),
            )
        if not client.search_registered_models(f"name = '{MODEL}'"):
            client.create_registered_model(MODEL)
        made = client.create_model_version(
            MODEL, logged.model_uri, run_id=run.info.run_id, model_id=logged.model_id
        )
        version = str(made.version)
        client.set_model_version_tag(MODEL, version, "name", bundle.name)
        client.set_registered_model_alias(MODEL, CHALLENGER, version)
        _log_pictures(client, run.info.run_id, bundle)
    return f"models:/{MODEL}/{version}"


def promote_version(name: str, home: Path, *, by: str, report: Mapping[str, Any]) -> str:
    """Point `champion` at a version and keep who approved it and on which figures; returns the version.

    The alias of before becomes the tag `previous_champion`, for going back.
    """
    with _client(home) as (mlflow, client):
        try:
            version = _version(client, name)
            before = (
                client.get_model_version_by_alias(MODEL, CHAMPION).version if _has(client, CHAMPION) else ""
            )
            for key, value in (("approved_by", by), ("previous_champion", str(before))):
                client.set_model_version_tag(MODEL, version, key, value)
            run = client.get_model_version(MODEL, version).run_id
            if run:
                client.log_dict(run, dict(report), "gate.json")
            client.set_registered_model_alias(MODEL, CHAMPION, version)
        except mlflow.exceptions.MlflowException as error:
            raise RegistryError(f"The model registry refused: {error.message}") from error
    return version


def follow_champion(model: str, home: Path) -> bool:
    """Point `champion` at the version of a model current before; say whether the registry knows it."""
    uri = tracking_uri(home)
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        return False
    with _client(home) as (_, client):
        for version in client.search_model_versions(f"name = '{MODEL}'"):
            if version.tags.get("name") == model:
                client.set_registered_model_alias(MODEL, CHAMPION, str(version.version))
                return True
    return False


def _version(client: Any, name: str) -> str:  # noqa: ANN401 - mlflow ships no types
    """Return the version behind `models:/tieout@alias` or `models:/tieout/N`."""
    tail = name.removeprefix(f"models:/{MODEL}")
    if tail.startswith("@"):
        return str(client.get_model_version_by_alias(MODEL, tail[1:]).version)
    return str(client.get_model_version(MODEL, tail.removeprefix("/")).version)


def _has(client: Any, alias: str) -> bool:  # noqa: ANN401 - mlflow ships no types
    return alias in client.get_registered_model(MODEL).aliases


def _data_set(mlflow: Any, lineage: Mapping[str, str]) -> Any:  # noqa: ANN401 - mlflow ships no types
    """Name the snapshot as the input of the run, by its content hash."""
    entities = mlflow.entities
    said = entities.Dataset(
        name="snapshot",
        digest=lineage["snapshot"][:36],
        source_type="local",
        source=json.dumps(dict(lineage), sort_keys=True),
    )
    return entities.DatasetInput(said, [entities.InputTag("mlflow.data.context", "training")])


def _log_pictures(client: Any, run: str, bundle: Bundle) -> None:  # noqa: ANN401 - as above
    """Draw what people look at first: reliability, and the walk of the certificate."""
    from training.pictures import pictures_of

    for name, figure in pictures_of(bundle.metrics, bundle.policy).items():
        client.log_figure(run, figure, f"pictures/{name}.png")


def find_model(name: str, home: Path) -> Path | None:
    """The model folder behind a name such as `models:/tieout@champion`; None if there is no such model.

    The folder is not verified here: `load_bundle` does that, wherever a folder comes from.
    """
    uri = tracking_uri(home)
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        return None
    with _client(home) as (mlflow, _):
        try:
            stored = Path(mlflow.artifacts.download_artifacts(artifact_uri=name))
        except mlflow.exceptions.MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise RegistryError(f"The model registry does not answer: {error.message}") from error
    manifests = sorted(stored.rglob("MANIFEST.json"))
    return manifests[0].parent if manifests else None


@contextmanager
def _client(home: Path) -> Iterator[tuple[Any, Any]]:
    """MLflow and a client of our store; its settings of before are put back."""
    # No word of ours leaves the machine because a library wants statistics.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    uri = tracking_uri(home)
    if uri.startswith(SQLITE):
        Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        before = (mlflow.get_tracking_uri(), mlflow.get_registry_uri())
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        try:
            yield mlflow, mlflow.MlflowClient(uri, uri)
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])


def _experiment(client: Any, home: Path) -> str:  # noqa: ANN401 - mlflow ships no types
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    if os.environ.get("TIEOUT_MLFLOW_TRACKING_URI"):
        return str(client.create_experiment(EXPERIMENT))
    # Without a location of its own MLflow would put artifacts beside the current folder.
    location = (home.resolve() / "mlruns" / "artifacts").as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=location))


def _numbers(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Every number in nested figures, under a name that MLflow allows."""
    for key, value in metrics.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)

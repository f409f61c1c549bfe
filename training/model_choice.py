"""Which model a command uses: the one named, else the champion of the registry, else the base model."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from features.bundle import Bundle, base_bundle, load_bundle
from receivables.errors import TieoutError

CHAMPION: Final = "models:/tieout@champion"
REGISTERED: Final = "models:/"


class ModelNotFoundError(TieoutError):
    """There is no such model."""

    code = "model_not_found"
    mend = "Give a folder written by `tieout train`, or a registry name such as models:/tieout@champion."


class RegistryMissingError(TieoutError):
    """MLflow is not installed, so the registry cannot be asked."""

    code = "registry_missing"
    mend = "Install tieout[train], or give a model folder."


def choose_model(name: str | None, home: Path) -> tuple[Bundle, str]:
    """Return the model to use, and the words that say which one it is.

    Raises `ModelNotFoundError`, `RegistryMissingError`, or `BundleError` for a folder that cannot be trusted.
    """
    if name is None:
        return _champion(home) or _base(home)
    if name.startswith(REGISTERED):
        bundle = _registered(name, home)
        if bundle is None:
            raise ModelNotFoundError(f"{name} is not in the registry.")
        return bundle, f"{bundle.name}, {name}"
    if not Path(name).is_dir():
        raise ModelNotFoundError(f"There is no folder {name}.")
    bundle = load_bundle(Path(name))
    return bundle, f"{bundle.name} from {name}"


def _champion(home: Path) -> tuple[Bundle, str] | None:
    # MLflow takes seconds to import: only a registry that is there is worth asking.
    bundle = _registered(CHAMPION, home) if _has_registry(home) and _has_mlflow() else None
    return None if bundle is None else (bundle, f"{bundle.name}, the champion ({CHAMPION})")


def _base(home: Path) -> tuple[Bundle, str]:
    bundle = base_bundle()
    unasked = _has_registry(home) and not _has_mlflow()
    why = "MLflow is not installed, so the registry was not asked" if unasked else "there is no champion yet"
    return bundle, f"{bundle.name}, the base model for a cold start ({why})"


def _registered(name: str, home: Path) -> Bundle | None:
    if not _has_mlflow():
        raise RegistryMissingError
    from training.registry import find_model

    found = find_model(name, home)
    return None if found is None else load_bundle(found)


def _has_registry(home: Path) -> bool:
    return bool(os.environ.get("TIEOUT_MLFLOW_TRACKING_URI")) or (home / "mlruns" / "mlflow.db").exists()


def _has_mlflow() -> bool:
    return find_spec("mlflow") is not None

"""The model as MLflow knows it: a thin wrapper for data scientists, logged as code, around the model folder.

Serving never loads this: it takes the folder from the registry and verifies it (`features.bundle`).
"""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class MatchingModel(PythonModel):
    """Matches the book in a folder."""

    def load_context(self, context: PythonModelContext) -> None:
        """Verify and load the model folder."""
        from features.bundle import load_bundle

        self.bundle = load_bundle(Path(context.artifacts["bundle"]))

    def predict(self, context: object, model_input: list[str], params: object = None) -> list[str]:  # noqa: ARG002
        """The decisions for the book in each folder named, as JSON text."""
        from features.book import read_book
        from features.pipeline import match_book

        results = [match_book(read_book(Path(folder)), self.bundle) for folder in model_input]
        return [json.dumps(result.decisions.to_pylist(), default=str) for result in results]


mlflow.models.set_model(MatchingModel())

"""The notebooks run from top to bottom on a small synthetic book; they hold no outputs and no definitions."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.filterwarnings("ignore")


def read(path: Path) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # it ships none
    return notebook


def code_of(path: Path) -> list[str]:
    cells = read(path).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def test_there_are_four() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01-explore",
        "02-blocking-recall",
        "03-calibration",
        "04-policy-cost",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_and_never_defines(path: Path) -> None:
    for source in code_of(path):
        kinds = {type(node) for node in ast.walk(ast.parse(source))}
        assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_NOTEBOOK_INVOICES", "3000")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("TIEOUT_NOTEBOOK_BOOK", raising=False)
    notebook = read(path)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)

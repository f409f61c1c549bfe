"""What a worker imports: nothing that only training needs, here and with the serve extra alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOREIGN = {"evidently", "matplotlib", "mlflow", "optuna", "pandas", "sklearn", "splink"}
PROGRAM = """
import sys
from serving.app import public_spec
public_spec()
from serving.model_slot import ModelSlot
from pathlib import Path
slot = ModelSlot(Path("no-home")); slot.refresh()
from serving.stateless_match import match_rows
sys.path.insert(0, {root!r})
invoice = dict(invoice_id="INV-2026-004217", customer_id="C", customer_name="Nordlicht", currency="EUR",
               amount="1234.50", issue_date="2026-03-03")
payment = dict(payment_id="P", booking_date="2026-03-31", currency="EUR", amount="1234.50",
               remittance="INV-2026-004217")
said = match_rows(dict(payments=[payment], invoices=[invoice]), None, slot.current())
assert len(said["decisions"]) == 1
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded(python: str) -> tuple[set[str], int]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [python, "-c", PROGRAM.format(root=str(ROOT))],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    return set(run.stdout.splitlines()[-1].split()), int(run.stderr.split()[-1])


def test_a_worker_imports_nothing_that_training_needs() -> None:
    """pyarrow imports pandas by itself where it finds it; with the serve extra alone it finds none."""
    modules, _ = loaded(sys.executable)
    assert modules & FOREIGN - {"pandas"} == set()


def test_the_serve_lock_holds_nothing_that_training_needs() -> None:
    text = (ROOT / "requirements" / "serve.lock").read_text("utf-8")
    pinned = {name.lower() for name in re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)}
    assert pinned & (FOREIGN | {"scikit-learn"}) == set()


@pytest.mark.proof
def test_the_serve_extra_alone_is_enough_and_small(tmp_path: Path) -> None:
    """An environment with requirements/serve.lock and nothing else; set TIEOUT_SERVE_PYTHON to reuse one."""
    python = os.environ.get("TIEOUT_SERVE_PYTHON")
    if python is None:
        subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
        python = str(tmp_path / "venv" / "bin" / "python")
        lock = str(ROOT / "requirements" / "serve.lock")
        subprocess.run([python, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock], check=True)
    modules, peak_mib = loaded(python)
    assert modules & FOREIGN == set()
    assert peak_mib < 200

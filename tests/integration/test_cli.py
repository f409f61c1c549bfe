"""The command line from outside: exit codes, sentences, JSON, and the files it leaves."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import tieout

ROOT = Path(__file__).parents[2]


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON on standard output."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))

    def command(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tieout", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            tieout.main()
        captured = capsys.readouterr()
        return Said(int(stopped.value.code or 0), captured.out, captured.err)

    return command


def write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def invoices(count: int = 12) -> list[dict[str, str]]:
    return [
        {
            "invoice_id": f"INV-2025-{1000 + i}",
            "customer_id": f"C{i % 4}",
            "customer_name": f"Customer {i % 4} Ltd",
            "currency": "EUR",
            "amount": f"{137 + 61 * i}.{i:02d}",
            "issue_date": f"2025-03-{1 + i:02d}",
            "due_date": f"2025-04-{1 + i:02d}",
        }
        for i in range(count)
    ]


def payments(count: int = 8) -> list[dict[str, str]]:
    return [
        {
            "payment_id": f"P{i}",
            "booking_date": f"2025-04-{2 + i:02d}",
            "currency": "EUR",
            "amount": f"{137 + 61 * i}.{i:02d}",
            "payer_name": f"CUSTOMER {i % 4} LTD",
            "remittance": f"invoice INV-2025-{1000 + i}",
        }
        for i in range(count)
    ]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    write(folder, "invoices", invoices())
    write(folder, "payments", payments())
    return folder


def refused(said: Said) -> str:
    """The one sentence of a refusal."""
    assert said.code == 2
    lines = [line for line in said.err.splitlines() if line.startswith("tieout: ")]
    assert len(lines) == 1
    assert "Traceback" not in said.err
    assert lines[0].endswith((".", "!", "?", "`"))
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("nonsense",), "No such command"),
        (("match",), "BOOK"),
        (("match", "{book}"), "--out"),
        (("match", "{book}", "--out", "{out}", "--engine", "spark"), "not there yet"),
        (("match", "{book}", "--out", "{out}", "--engine", "abacus"), "abacus"),
        (("match", "{book}", "--out", "{out}", "--as-of", "yesterday"), "ISO 8601"),
        (("match", "{book}", "--out", "{out}", "--model", "{out}/no-model"), "no folder"),
        (("match", "{book}", "--out", "{book}"), "another folder"),
        (("match", "{book}", "--out", "{out}", "--model", "models:/tieout@nobody"), "registry"),
        (("match", "{book}/nothing", "--out", "{out}"), "does not exist"),
        (("match", "{book}/payments.csv", "--out", "{out}"), "is a file"),
        (("match", "{book}", "--out", "{book}/payments.csv"), "is a file"),
        (("train", "{book}/nothing"), "does not exist"),
        (("evaluate", "{book}/nothing"), "does not exist"),
        (("evaluate", "{book}", "--months", "0"), "--months"),
        (("demo", "--out", "{book}"), "files of yours"),
        (("demo", "--invoices", "3"), "--invoices"),
    ],
)
def test_unusable_usage_is_one_sentence(
    run: Run, book: Path, tmp_path: Path, arguments: tuple[str, ...], phrase: str
) -> None:
    filled = [argument.format(book=book, out=tmp_path / "out") for argument in arguments]
    assert phrase in refused(run(*filled))
    said = run(*filled, "--json")
    refused(said)
    assert set(said.document["error"]) == {"code", "message"}


def test_no_arguments_shows_the_commands(run: Run) -> None:
    said = run()
    assert said.code == 0
    for command in ("demo", "match", "train", "evaluate"):
        assert command in said.out


@pytest.mark.parametrize("command", ["demo", "match", "train", "evaluate"])
def test_every_command_explains_itself_and_takes_json(run: Run, command: str) -> None:
    said = run(command, "--help")
    assert said.code == 0
    assert "--json" in said.out


def test_version_is_one_line(run: Run) -> None:
    said = run("--version")
    assert said.code == 0
    assert said.out.startswith("tieout ")
    assert said.out.count("\n") == 1


def test_the_command_imports_nothing_heavy_before_it_knows_what_to_do() -> None:
    script = "import sys, tieout; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    heavy = {"bentoml", "evidently", "lightgbm", "mlflow", "numpy", "pandas", "polars", "pyarrow", "scipy"}
    assert heavy.isdisjoint(said.stdout.split())
    assert "typer" in said.stdout.split()


def test_a_book_is_matched_into_a_folder(run: Run, book: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = {path.name: path.read_bytes() for path in book.iterdir()}
    said = run("match", book, "--out", out)
    assert said.code == 0, said.err
    assert {"decisions.csv", "allocations.csv", "candidates.parquet", "summary.json", "report.html"} <= {
        path.name for path in out.iterdir()
    }
    assert "8 payments decided against 12 invoices" in said.out
    assert "base model" in said.out
    assert {path.name: path.read_bytes() for path in book.iterdir()} == before
    with (out / "decisions.csv").open(newline="", encoding="utf-8") as file:
        assert {row["payment_id"] for row in csv.DictReader(file)} == {f"P{i}" for i in range(8)}


def test_json_is_one_document_and_progress_stays_off_it(run: Run, book: Path, tmp_path: Path) -> None:
    said = run("match", book, "--out", tmp_path / "out", "--json")
    assert said.code == 0
    assert set(said.document) == {"model", "out", "quarantined", "summary"}
    assert said.document["quarantined"] == 0
    assert "reading the book" in said.err


def test_the_same_book_twice_gives_the_same_bytes(run: Run, book: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run("match", book, "--out", tmp_path / name).code == 0
    for file in ("decisions.csv", "allocations.csv", "candidates.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_bad_rows_go_to_quarantine_and_the_rest_goes_on(run: Run, book: Path, tmp_path: Path) -> None:
    rows = payments()
    rows[2]["amount"] = "12,3x"
    rows[3]["booking_date"] = "32.13.2025"
    write(book, "payments", rows)
    out = tmp_path / "out"
    said = run("match", book, "--out", out, "--json")
    assert said.code == 3
    assert said.document["quarantined"] == 2
    assert "2 rows of the book were set aside" in said.err
    with (out / "quarantine.csv").open(newline="", encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    assert {row["field"] for row in listed} == {"amount", "booking_date"}
    assert all(row["mend"] for row in listed)
    with (out / "decisions.csv").open(newline="", encoding="utf-8") as file:
        assert {row["payment_id"] for row in csv.DictReader(file)} == {f"P{i}" for i in (0, 1, 4, 5, 6, 7)}


def test_quarantine_of_an_earlier_run_does_not_stay(run: Run, book: Path, tmp_path: Path) -> None:
    rows = payments()
    rows[2]["amount"] = "x"
    write(book, "payments", rows)
    assert run("match", book, "--out", tmp_path / "out").code == 3
    write(book, "payments", payments())
    assert run("match", book, "--out", tmp_path / "out").code == 0
    kept = tmp_path / "out" / "quarantine.csv"
    assert not kept.exists() or kept.read_text(encoding="utf-8").count("\n") <= 1


@pytest.mark.parametrize("missing", ["invoices", "payments"])
def test_a_book_without_a_table_is_refused(run: Run, book: Path, tmp_path: Path, missing: str) -> None:
    (book / f"{missing}.csv").unlink()
    assert missing in refused(run("match", book, "--out", tmp_path / "out"))


def test_a_table_without_a_column_is_refused(run: Run, book: Path, tmp_path: Path) -> None:
    write(book, "invoices", [{k: v for k, v in row.items() if k != "currency"} for row in invoices()])
    assert "currency" in refused(run("match", book, "--out", tmp_path / "out"))


@pytest.mark.parametrize("content", [b"PAR1 but not really", b"\x00\x01\x02", b""])
def test_a_file_that_is_not_what_it_says_is_refused(
    run: Run, book: Path, tmp_path: Path, content: bytes
) -> None:
    (book / "payments.csv").unlink()
    (book / "payments.parquet").write_bytes(content)
    assert "payments.parquet" in refused(run("match", book, "--out", tmp_path / "out"))


@pytest.mark.parametrize("text", ["{", "[1]", '{"auto_treshold": 1}', '{"twins": "both"}', ""])
def test_a_policy_that_says_nothing_usable_is_refused(
    run: Run, book: Path, tmp_path: Path, text: str
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(text, encoding="utf-8")
    assert "policy" in refused(run("match", book, "--out", tmp_path / "out", "--policy", policy))


def test_a_missing_policy_file_is_refused(run: Run, book: Path, tmp_path: Path) -> None:
    assert "none.json" in refused(
        run("match", book, "--out", tmp_path / "out", "--policy", tmp_path / "none.json")
    )


def test_a_policy_can_send_everything_to_a_person(run: Run, book: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"max_auto_amount": {"EUR": "0.01"}}', encoding="utf-8")
    said = run("match", book, "--out", tmp_path / "out", "--policy", policy, "--json")
    assert said.code == 0
    assert said.document["summary"]["counts"]["auto"] == 0


def test_a_model_folder_that_was_tampered_with_is_refused(run: Run, book: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "MANIFEST.json").write_text("{}", encoding="utf-8")
    assert "manifest" in refused(run("match", book, "--out", tmp_path / "out", "--model", model))


def test_an_earlier_instant_sees_fewer_payments(run: Run, book: Path, tmp_path: Path) -> None:
    said = run("match", book, "--out", tmp_path / "out", "--as-of", "2025-04-05", "--json")
    assert said.document["summary"]["counts"]["payments"] == 4
    assert said.document["summary"]["as_of"] == "2025-04-05T00:00:00Z"


def test_a_history_too_small_to_learn_from_says_what_is_missing(run: Run, book: Path, tmp_path: Path) -> None:
    assert "allocations" in refused(run("train", book, "--out", tmp_path / "model"))


def test_a_book_without_labels_cannot_evaluate(run: Run, book: Path) -> None:
    assert "allocation" in refused(run("evaluate", book))

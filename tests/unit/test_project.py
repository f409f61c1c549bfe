"""The house rules that a machine can hold: names, sizes, doors, locks and the commands of the README."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("receivables", "features", "training", "serving")
MAY_IMPORT = {
    "receivables": {"receivables"},
    "features": {"receivables", "features"},
    "training": {"receivables", "features", "training"},
    "serving": {"receivables", "features", "serving"},
}
ONLY_IN_TRAINING = {"matplotlib", "mlflow", "optuna", "sklearn"}
TELL_NOTHING = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}
MOST_LINES = 450
UNDONE = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b|NotImplemented" + r"Error")
# What the locks may hold beside comments: names with a version and a marker, and hashes.
PINNED = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;]+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def sources(*folders: str) -> list[Path]:
    """Our own Python files, in the folders given or in all."""
    found = [
        p for folder in folders or (*ROOMS, "tests", "benchmarks") for p in (ROOT / folder).rglob("*.py")
    ]
    return sorted(found) if folders else [*sorted(found), ROOT / "tieout.py"]


def imported(file: Path) -> Iterator[str]:
    """The top-level names of all that a file imports, inside functions and for types too."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield file.relative_to(ROOT).parts[0] if node.level else (node.module or "").partition(".")[0]


def names(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


def ours(package: str) -> set[str]:
    """A package and its modules, by their dotted names."""
    folder = ROOT / package.replace(".", "/")
    return {package, *(f"{package}.{file.stem}" for file in folder.glob("*.py") if file.stem != "__init__")}


def locks() -> list[Path]:
    return sorted((ROOT / "requirements").glob("*.lock"))


def test_modules_have_names_that_tell_something() -> None:
    assert names([file for file in sources() if TELL_NOTHING & {file.stem, *file.stem.split("_")}]) == []


def test_no_file_outgrows_its_room() -> None:
    assert names([file for file in sources() if len(file.read_text("utf-8").splitlines()) > MOST_LINES]) == []


def test_nothing_is_left_undone_by_its_own_words() -> None:
    documents = [file for pattern in ("*.md", "docs/**/*.md") for file in ROOT.glob(pattern)]
    assert names([file for file in sources() + documents if UNDONE.search(file.read_text("utf-8"))]) == []


def test_receivables_imports_the_standard_library_only() -> None:
    strangers = {name for file in sources("receivables") for name in imported(file)} - set(
        sys.stdlib_module_names
    )
    assert strangers <= {"receivables"}


@pytest.mark.parametrize("room", ROOMS)
def test_doors_open_one_way(room: str) -> None:
    """Imports for types alone included, which import-linter leaves out; and no room knows the front door."""
    inside = {name for file in sources(room) for name in imported(file)} & {
        *ROOMS,
        "tieout",
        "tests",
        "benchmarks",
    }
    assert inside <= MAY_IMPORT[room]


def test_learning_libraries_stay_in_training() -> None:
    outside = [*sources("receivables", "features", "serving"), ROOT / "tieout.py"]
    assert names([file for file in outside if ONLY_IN_TRAINING & set(imported(file))]) == []


def test_import_contracts_hold() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command
    run = subprocess.run(
        [command, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_help_does_not_load_the_rooms() -> None:
    """`tieout --help` answers in under half a second because nothing heavy is imported for it."""
    program = (
        "import sys, tieout, typer.testing\n"
        "assert typer.testing.CliRunner().invoke(tieout.app, ['--help']).exit_code == 0\n"
        "print(*sorted({m if m.startswith('serving') else m.partition('.')[0] for m in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert not {"duckdb", "lightgbm", "numpy", "pyarrow", "scipy", "sqlalchemy"} & loaded
    # of the rooms, only the words of the commands that need a store
    words = {"serving", "training", "receivables", *ours("serving.commands")}
    assert {name for name in loaded if name.partition(".")[0] in ROOMS} <= words


@pytest.mark.parametrize("lock", locks(), ids=lambda lock: lock.stem)
def test_locks_hold_versions_and_hashes_and_name_no_index(lock: Path) -> None:
    lines = [line for line in lock.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not PINNED.fullmatch(line) and not HASH.fullmatch(line)] == []
    assert lines


def test_locks_agree_on_every_version() -> None:
    """A second lock on top of the first changes nothing that is installed already."""
    pins = {
        lock.stem: set(re.findall(r"^[a-z0-9][^ ]+==[^ ]+", lock.read_text("utf-8"), re.MULTILINE))
        for lock in locks()
    }
    assert {name: sorted(pin - pins["all"]) for name, pin in pins.items() if pin - pins["all"]} == {}


def test_every_dependency_says_why_it_is_here() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [
        *project["dependencies"],
        *(w for extra in project["optional-dependencies"].values() for w in extra),
    ]
    bare = [
        w for w in wanted if not w.startswith("tieout[") and not re.search(rf'"{re.escape(w)}", +# \S', text)
    ]
    assert bare == []


def test_every_lint_exception_says_why() -> None:
    lint = (
        (ROOT / "pyproject.toml")
        .read_text("utf-8")
        .partition("[tool.ruff.lint]")[2]
        .partition("[tool.mypy]")[0]
    )
    exceptions = re.findall(r'^ +"[A-Z]+[0-9]*",.*$', lint, re.MULTILINE)
    assert exceptions
    assert [line for line in exceptions if not re.search(r"# \S", line)] == []


def test_the_readme_only_promises_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    texts = [file.read_text("utf-8") for file in documents]
    named = {
        target for text in texts for target in re.findall(r"(?:`|^ {4})make ([a-z-]+)", text, re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= targets


def test_links_between_our_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{file.relative_to(ROOT)} -> {link}"
        for file in documents
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text("utf-8"))
        if not (file.parent / link).exists()
    ]
    assert broken == []

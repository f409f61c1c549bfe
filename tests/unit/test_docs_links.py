"""Every relative link of our documents leads to a file, and where it names a heading, to that heading."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BESIDE = [ROOT / folder / "README.md" for folder in ("mlruns", "notebooks", "benchmarks")]
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:")


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = set()
    for heading in re.findall(
        r"^#{1,6} +(.+?) *#*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    ):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def broken(file: Path) -> list[str]:
    """The links of a document that lead nowhere."""
    wrong = []
    text = file.read_text("utf-8")
    for link in LINK.findall(re.sub(r"\[`([^`\]]*)`\]", r"[\1]", text)):
        if ELSEWHERE.match(link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (file.parent / path).resolve() if path else file
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (
            anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8"))
        ):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("file", [*DOCUMENTS, *BESIDE], ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(file: Path) -> None:
    assert broken(file) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# One heading: `code`, twice\n\n## Again\n\n## Again\n", "utf-8")
    fine = "[a](other.md) [b](other.md#one-heading-code-twice) [c](other.md#again-1) [`d`](other.md) [e](https://x.example)"
    page.write_text(f"# Here\n\n[f](#here) {fine}\n", "utf-8")
    assert broken(page) == []
    lost = ["gone.md", "other.md#again-2", "#there", "../outside.md"]
    page.write_text("# Here\n\n" + " ".join(f"[x]({link})" for link in lost) + "\n", "utf-8")
    (tmp_path.parent / "outside.md").write_text("", "utf-8")
    assert broken(page) == lost


def test_documents_are_found() -> None:
    assert len(DOCUMENTS) > 20
    assert [file for file in BESIDE if not file.exists()] == []

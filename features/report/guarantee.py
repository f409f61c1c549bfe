"""What the run may promise about its automatic closes, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from features.report.words import certainty

NO_PROMISE: Final = "No bound on wrong automatic closes is claimed for this run."
TRANSFERRED: Final = "transferred, not certified on your data"


@dataclass(frozen=True)
class Guarantee:
    """The guarantee as a title, a few sentences, and how strong it is: held, lent or none."""

    state: str
    title: str
    lines: tuple[str, ...]


def guarantee_of(summary: Mapping[str, Any]) -> Guarantee:
    """Read the guarantee of a summary or policy; what cannot be read promises nothing."""
    said = summary.get("guarantee")
    if isinstance(said, str):
        said = {"statement": said}
    if not isinstance(said, Mapping) or said.get("statement") in (None, "", "none"):
        return Guarantee("none", "No guarantee", (NO_PROMISE,))
    statement = _sentence(str(said["statement"]))
    missing = [str(rung["sentence"]) for rung in said.get("missing", ()) if rung.get("sentence")]
    lines = (statement, *(["What more would take:"] if missing else []), *missing)
    if TRANSFERRED in statement.lower():
        return Guarantee("lent", "Transferred, not certified on your data", lines)
    if said.get("certified") is False:
        return Guarantee("none", "Not certified", lines)
    until, today = said.get("valid_until"), str(summary.get("as_of") or "")[:10]
    if isinstance(until, str) and until < today:
        ended = (
            f"The certificate ended on {until} and this run stands at {today}: certify again to rely on it."
        )
        return Guarantee("lent", "Certified, but past its date", (statement, ended, *lines[1:]))
    return Guarantee("held", "Certified", lines)


def threshold_of(summary: Mapping[str, Any]) -> float | None:
    """Return the confidence from which a payment may close by itself; None: none may."""
    value = summary.get("auto_threshold")
    return float(value) if isinstance(value, int | float) else None


def threshold_words(summary: Mapping[str, Any]) -> str:
    """Say from which confidence payments close by themselves, and that segments may differ."""
    threshold = threshold_of(summary)
    segments = {
        name: float(at) for name, at in (summary.get("segment_thresholds") or {}).items() if at is not None
    }
    if threshold is None and not segments:
        return "No threshold is certified, so nothing closes automatically by its confidence."
    words = (
        [] if threshold is None else [f"From {certainty(threshold)} on, a payment may close automatically."]
    )
    if segments:
        apart = ", ".join(f"{name} from {certainty(at)}" for name, at in sorted(segments.items()))
        words.append(f"Segments with a threshold of their own: {apart}.")
    return " ".join(words)


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")

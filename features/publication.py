"""Publication: the model folder that serving uses, named by one small file that is replaced atomically.

`models/current.json` names the champion and, while one is watched, a challenger that decides in the shadow.
Publishing copies a verified folder beside it and then renames one file over another, so that a reader sees
the old model or the new one, whole. What was current before is kept, and rolling back is another publication.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from features.bundle import MANIFEST, Bundle, base_bundle, load_bundle
from receivables.errors import TieoutError

__all__ = [
    "Current",
    "PublicationError",
    "Published",
    "publish",
    "read_current",
    "roll_back",
    "shadow_note",
    "unwatch",
    "watch",
]

FORMAT: Final = "tieout-current/1"
POINTER: Final = "current.json"
MOST_BYTES: Final = 64 * 1024
MOST_HISTORY: Final = 20


class PublicationError(TieoutError):
    """The publication of models cannot be read or changed."""

    code = "publication_invalid"
    mend = "Publish a model again with `tieout promote`; models/current.json is never edited by hand."


@dataclass(frozen=True, slots=True)
class Published:
    """A model folder under `models/`, and since when and by whose word it is there."""

    name: str
    hash: str
    folder: str
    published_at: str
    published_by: str


@dataclass(frozen=True, slots=True)
class Current:
    """What serving is to use now."""

    generation: int
    model: Published
    challenger: Published | None = None
    """Decides beside the model, and nothing comes of it."""

    previous: tuple[Published, ...] = ()


def models_folder(home: Path) -> Path:
    """Where published models lie."""
    return home / "models"


def shadow_note(home: Path, model: str) -> Path:
    """Where serving notes how a challenger compares, and the gate reads it."""
    return home / "reports" / "shadow" / f"{model.replace('@', '-')}.json"


def read_current(home: Path) -> Current | None:
    """Read which model is current; None when none was ever published."""
    path = models_folder(home) / POINTER
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublicationError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return _parsed(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PublicationError(f"{path} is not what `tieout promote` writes: {error}.") from error


def publish(bundle: Bundle, home: Path, *, by: str, at: datetime) -> Current:
    """Make a verified model current. Publishing what is current already changes nothing."""
    before = read_current(home)
    if before is not None and before.model.hash == bundle.hash and before.model.name == bundle.name:
        return before
    made = _copied(bundle, home, by, at)
    previous = () if before is None else (before.model, *before.previous)[:MOST_HISTORY]
    generation = 1 if before is None else before.generation + 1
    return _pointed(home, Current(generation, made, previous=previous))


def watch(bundle: Bundle, home: Path, *, by: str, at: datetime) -> Current:
    """Let a challenger decide beside the current model.

    Where none was ever published the base model is current; it is published first, so that it can be gone
    back to.
    """
    before = read_current(home) or publish(base_bundle(), home, by=by, at=at)
    if before.model.hash == bundle.hash and before.model.name == bundle.name:
        raise PublicationError(f"{bundle.name} is current itself.")
    if before.challenger is not None and (before.challenger.hash, before.challenger.name) == (
        bundle.hash,
        bundle.name,
    ):
        return before
    made = _copied(bundle, home, by, at)
    return _pointed(home, replace(before, generation=before.generation + 1, challenger=made))


def roll_back(home: Path, *, by: str, at: datetime) -> Current:
    """Make the model before this one current again; its folder is verified first."""
    before = read_current(home)
    if before is None or not before.previous:
        raise PublicationError("There is no earlier model to go back to.")
    earlier, *rest = before.previous
    load_bundle(models_folder(home) / earlier.folder)
    again = replace(earlier, published_at=at.isoformat(), published_by=by)
    return _pointed(home, Current(before.generation + 1, again, previous=tuple(rest)))


def unwatch(home: Path) -> Current | None:
    """Let no challenger score beside the current model any more."""
    before = read_current(home)
    if before is None or before.challenger is None:
        return before
    return _pointed(home, replace(before, generation=before.generation + 1, challenger=None))


def _copied(bundle: Bundle, home: Path, by: str, at: datetime) -> Published:
    """Copy the files that the manifest vouches for into a folder named by their hash."""
    root = models_folder(home)
    root.mkdir(parents=True, exist_ok=True)
    folder = f"published-{bundle.hash[:16]}-{_policy_hash(bundle)}"
    if not (root / folder).exists():
        with tempfile.TemporaryDirectory(dir=root, prefix=".publishing-") as place:
            copy = Path(place) / "model"
            copy.mkdir()
            for name in (*bundle.manifest["files"], MANIFEST):
                shutil.copyfile(bundle.path / name, copy / name)
                _flushed(copy / name)
            load_bundle(copy)
            copy.rename(root / folder)
    load_bundle(root / folder)
    return Published(bundle.name, bundle.hash, folder, at.isoformat(), by)


def _policy_hash(bundle: Bundle) -> str:
    """The policy is no part of the model's hash, but two policies are two publications."""
    return str(bundle.manifest["files"]["policy.json"]["sha256"])[:8]


def _pointed(home: Path, current: Current) -> Current:
    root = models_folder(home)
    said = {"format": FORMAT, **asdict(current)}
    descriptor, name = tempfile.mkstemp(dir=root, prefix=".current-", suffix=".json")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(said, indent=2, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(root / POINTER)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flushed(root)
    return current


def _flushed(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parsed(raw: Mapping[str, Any]) -> Current:
    if raw.get("format") != FORMAT:
        raise ValueError(f"it says {raw.get('format')!r}, this version reads {FORMAT!r}")
    challenger = raw.get("challenger")
    return Current(
        generation=int(raw["generation"]),
        model=_published(raw["model"]),
        challenger=None if challenger is None else _published(challenger),
        previous=tuple(_published(one) for one in raw.get("previous", ())),
    )


def _published(raw: Mapping[str, Any]) -> Published:
    one = Published(**{name: str(raw[name]) for name in Published.__dataclass_fields__})
    if Path(one.folder).name != one.folder or one.folder.startswith("."):
        raise ValueError(f"{one.folder!r} is no folder of a published model")
    return one

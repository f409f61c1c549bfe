"""The model folder: written once, verified at each load; text and JSON only, nothing in it can run.

`MANIFEST.json` lists every other file with size and SHA-256. The loader reads each file once, hashes what it
read and parses those very bytes; it refuses whatever the manifest does not vouch for and asks the golden rows
again. A hash proves that a folder is whole, not who made it.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from features.boosters import Booster, booster_from_text
from features.bundle_errors import (
    BundleError,
    BundleMissingError,
    FileDamagedError,
    FileMissingError,
    FileTooLargeError,
    FileUnexpectedError,
    FileUnreadableError,
    FormatUnknownError,
    SchemaMismatchError,
)
from features.golden import Recompute, check_golden

__all__ = ["Bundle", "BundleError", "base_bundle", "load_bundle", "schema_fingerprint", "write_bundle"]

FORMAT: Final = "tieout-bundle/1"
MANIFEST: Final = "MANIFEST.json"
REQUIRED: Final = (
    "calibration.json",
    "golden.jsonl",
    "metrics.json",
    "model_card.md",
    "policy.json",
    "schema.json",
)
NOT_DECIDING: Final = frozenset({"golden.jsonl", "metrics.json", "model_card.md", "policy.json"})
"""Files that do not decide: the model's hash leaves them out, and `decisions` names the policy apart."""

COMPANIONS: Final = frozenset({"quarantine.csv", "to_check.csv"})
"""What `train` may leave in the folder for people; it holds customers' data and is no part of the model."""

MODEL_NAME: Final = re.compile(r"model(_[a-z0-9_]{1,40})?\.txt")
FILE_NAME: Final = re.compile(
    r"model(_[a-z0-9_]{1,40})?\.txt|[a-z][a-z0-9_]{0,60}\.(json|jsonl)|model_card\.md"
)
MOST_BYTES: Final = 64 * 2**20
MOST_BYTES_IN_ALL: Final = 256 * 2**20
MOST_FILES: Final = 64
SHORT_HASH: Final = 10

BASE_MODEL: Final = Path(__file__).parent / "base_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A verified model folder, parsed: what `match` needs to decide."""

    path: Path
    manifest: dict[str, Any]
    schema: dict[str, Any]
    calibration: dict[str, Any]
    policy: dict[str, Any]
    metrics: dict[str, Any]
    boosters: dict[str, Booster]
    extras: dict[str, Any]

    @property
    def name(self) -> str:
        """The model as people see it: its name and the beginning of its hash."""
        return f"{self.manifest['name']}@{self.manifest['hash'][:SHORT_HASH]}"

    @property
    def hash(self) -> str:
        """SHA-256 over the files that decide."""
        return str(self.manifest["hash"])


def write_bundle(
    folder: Path,
    parts: Mapping[str, object],
    *,
    name: str = "tieout",
    facts: Mapping[str, object] | None = None,
    golden: Mapping[str, Recompute] | None = None,
) -> Bundle:
    """Write a model folder, load it back and return it; the manifest comes last, so a torn write is refused.

    `parts` maps file names to their content: text as it is, a mapping becomes JSON, for `.jsonl` a list of
    mappings. `facts` (source revision, data snapshot, instants) go into the manifest as they are.
    """
    contents = {file: _encoded(file, content) for file, content in sorted(parts.items())}
    _refuse_incomplete(contents)
    files = {file: {"bytes": len(data), "sha256": _sha256(data)} for file, data in contents.items()}
    schema = _json_object("schema.json", contents["schema.json"])
    manifest = {
        "format": FORMAT,
        "name": name,
        "hash": _deciding_hash({file: str(facts_of["sha256"]) for file, facts_of in files.items()}),
        "schema_fingerprint": schema.get("fingerprint"),
        "versions": {package: _version(package) for package in ("lightgbm", "numpy")},
        "facts": dict(facts or {}),
        "files": files,
    }
    folder.mkdir(parents=True, exist_ok=True)
    _remove_previous(folder, contents)
    for file, data in contents.items():
        (folder / file).write_bytes(data)
    (folder / MANIFEST).write_bytes(_json_bytes(manifest))
    return load_bundle(folder, golden=golden)


def load_bundle(path: Path, *, golden: Mapping[str, Recompute] | None = None) -> Bundle:
    """Verify a model folder and load it; what is unexpected, damaged or not repeatable is a `BundleError`.

    `golden` recomputes golden rows of kinds that this module does not know.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise BundleMissingError(f"{folder} is not a folder")
    manifest = _manifest(folder)
    contents = _verified_files(folder, manifest)
    _refuse_incomplete(contents)
    parsed = {file: _json_object(file, data) for file, data in contents.items() if file.endswith(".json")}
    schema = parsed["schema.json"]
    if manifest["hash"] != _deciding_hash({file: _sha256(data) for file, data in contents.items()}):
        raise FileDamagedError(f"{MANIFEST} names the model by another hash than its files have")
    _check_schema(schema, manifest)
    boosters = {file.removesuffix(".txt"): _booster(file, data) for file, data in _models(contents)}
    _check_feature_counts(schema, boosters)
    rows = _json_lines("golden.jsonl", contents["golden.jsonl"])
    check_golden(rows, boosters, parsed["calibration.json"], golden or {})
    return Bundle(
        path=folder,
        manifest=manifest,
        schema=schema,
        calibration=parsed["calibration.json"],
        policy=parsed["policy.json"],
        metrics=parsed["metrics.json"],
        boosters=boosters,
        extras={file.removesuffix(".json"): value for file, value in parsed.items() if file not in REQUIRED},
    )


def base_bundle(*, golden: Mapping[str, Recompute] | None = None) -> Bundle:
    """Load the model that ships with the distribution, for a cold start."""
    return load_bundle(BASE_MODEL, golden=golden)


def schema_fingerprint(schema: Mapping[str, Any]) -> str:
    """SHA-256 over a feature schema: every key but the fingerprint itself, order of the features included."""
    said = {key: value for key, value in schema.items() if key != "fingerprint"}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return _sha256(text.encode())


def _manifest(folder: Path) -> dict[str, Any]:
    if not (folder / MANIFEST).is_file():
        raise BundleMissingError(f"{folder} has no {MANIFEST}")
    manifest = _json_object(MANIFEST, _read(folder / MANIFEST, 2**20))
    if manifest.get("format") != FORMAT:
        raise FormatUnknownError(f"it says {manifest.get('format')!r}, this version reads {FORMAT!r}")
    files = manifest.get("files")
    fields = (manifest.get("name"), manifest.get("hash"))
    if not isinstance(files, dict) or not all(isinstance(one, str) and one for one in fields):
        raise FormatUnknownError(f"{MANIFEST} lacks name, hash or files")
    return manifest


def _verified_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of every listed file, each proven to be the one that was written."""
    listed: dict[str, Any] = manifest["files"]
    if len(listed) > MOST_FILES:
        raise FileTooLargeError(f"{len(listed)} files, {MOST_FILES} at most")
    for file in listed:
        if not FILE_NAME.fullmatch(file):
            raise FileUnexpectedError(f"{MANIFEST} lists {file!r}, which is no file of a model")
    for entry in sorted(folder.iterdir()):
        if entry.name not in listed and entry.name != MANIFEST and entry.name not in COMPANIONS:
            raise FileUnexpectedError(f"{entry.name!r} is not in {MANIFEST}")
    contents: dict[str, bytes] = {}
    left = MOST_BYTES_IN_ALL
    for file, said in sorted(listed.items()):
        data = _read(folder / file, min(MOST_BYTES, left))
        left -= len(data)
        if (
            not isinstance(said, dict)
            or said.get("sha256") != _sha256(data)
            or said.get("bytes") != len(data)
        ):
            raise FileDamagedError(f"{file} differs from its hash or size in {MANIFEST}")
        contents[file] = data
    return contents


def _read(path: Path, most: int) -> bytes:
    """The bytes of a plain file, links and devices refused, never more than `most`."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise FileMissingError(f"{path.name} is not there") from error
    if not stat.S_ISREG(mode):
        raise FileUnexpectedError(f"{path.name} is a link or no plain file")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise FileTooLargeError(f"{path.name} has more than {most} bytes")
    return data


def _refuse_incomplete(contents: Mapping[str, bytes]) -> None:
    for file in contents:
        if not FILE_NAME.fullmatch(file):
            raise FileUnexpectedError(f"{file!r} is no file of a model")
    absent = [file for file in REQUIRED if file not in contents]
    if absent or not any(True for _ in _models(contents)):
        raise FileMissingError(f"without {', '.join(absent) or 'model.txt'}")


def _models(contents: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
    return ((file, data) for file, data in sorted(contents.items()) if MODEL_NAME.fullmatch(file))


def _booster(file: str, data: bytes) -> Booster:
    try:
        return booster_from_text(data.decode("utf-8"))
    except ValueError as error:
        raise FileUnreadableError(f"{file}: {error}") from error


def _check_schema(schema: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    found = schema_fingerprint(schema)
    if not schema.get("fingerprint") == manifest.get("schema_fingerprint") == found:
        raise SchemaMismatchError(
            "the fingerprints of schema.json, its content and the manifest are not the same"
        )


def _check_feature_counts(schema: Mapping[str, Any], boosters: Mapping[str, Booster]) -> None:
    """`features` lists the features of `model`; with several models `models` maps each to its own list."""
    lists = schema.get("models", {"model": schema.get("features")})
    for name, booster in boosters.items():
        features = lists.get(name) if isinstance(lists, dict) else None
        if not isinstance(features, list) or len(features) != booster.num_feature():
            raise SchemaMismatchError(
                f"{name}.txt wants {booster.num_feature()} features, schema.json lists another number"
            )


def _remove_previous(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Take out the files of the model that stood here before; its manifest goes first."""
    if not (folder / MANIFEST).is_file():
        return
    try:
        before = _manifest(folder)["files"]
    except BundleError:
        before = {}
    (folder / MANIFEST).unlink()
    for file in before:
        if FILE_NAME.fullmatch(file) and file not in contents:
            (folder / file).unlink(missing_ok=True)


def _deciding_hash(hashes: Mapping[str, str]) -> str:
    lines = (f"{file} {hashes[file]}\n" for file in sorted(hashes) if file not in NOT_DECIDING)
    return _sha256("".join(lines).encode())


def _encoded(file: str, content: object) -> bytes:
    if isinstance(content, str):
        return content.encode("utf-8")
    if isinstance(content, Mapping) and file.endswith(".json"):
        return _json_bytes(content)
    if isinstance(content, Sequence) and file.endswith(".jsonl"):
        lines = (json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False) for row in content)
        return "".join(f"{line}\n" for line in lines).encode("utf-8")
    raise FileUnexpectedError(f"{file!r} cannot hold a {type(content).__name__}")


def _json_bytes(value: Mapping[str, object]) -> bytes:
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _json_object(file: str, data: bytes) -> dict[str, Any]:
    value = _json(file, data)
    if not isinstance(value, dict):
        raise FileUnreadableError(f"{file} is not a JSON object")
    return value


def _json_lines(file: str, data: bytes) -> list[dict[str, Any]]:
    return [_json_object(file, line) for line in data.splitlines() if line.strip()]


def _json(file: str, data: bytes) -> object:
    """Strict JSON: no NaN, no key twice, no nesting that only serves to exhaust the reader."""
    try:
        return json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FileUnreadableError(f"{file} is not JSON ({type(error).__name__})") from error


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not a JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"

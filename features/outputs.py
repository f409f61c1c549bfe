"""Write what a run decided into a folder, byte for byte the same for the same input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from features.pipeline import MatchResult

CANDIDATES = "candidates.parquet"
_CSV = pacsv.WriteOptions(include_header=True, quoting_style="needed")


class CandidateFile:
    """`candidates.parquet`, written batch by batch."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / CANDIDATES
        self._writer: pq.ParquetWriter | None = None

    def __call__(self, table: pa.Table) -> None:
        """Append one batch."""
        if self._writer is None:
            # words repeat and numbers hardly do: dictionaries of floats cost twice the time and save no byte
            words = [
                f.name
                for f in table.schema
                if not (pa.types.is_floating(f.type) or pa.types.is_boolean(f.type))
            ]
            self._writer = pq.ParquetWriter(
                self._path, table.schema, compression="zstd", compression_level=1, use_dictionary=words
            )
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def write_match(result: MatchResult, folder: Path) -> None:
    """Write decisions.csv, allocations.csv, summary.json and candidates.parquet if the result has them."""
    folder.mkdir(parents=True, exist_ok=True)
    pacsv.write_csv(result.decisions, folder / "decisions.csv", _CSV)
    pacsv.write_csv(result.allocations, folder / "allocations.csv", _CSV)
    if result.candidates.num_columns or not (folder / CANDIDATES).exists():
        file = CandidateFile(folder)
        file(result.candidates)
        file.close()
    text = json.dumps(result.summary, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")

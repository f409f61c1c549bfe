"""Triggers that refuse to change or delete a row of a table that only grows."""

from __future__ import annotations


def guard(table: str, dialect: str) -> list[str]:
    """Give the statements that make `table` insert-only."""
    said = f"{table} is insert-only: correct by a new row"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} {_aborting(said)}"
            for verb in ("update", "delete")
        ]
    refuse = f"{table}_is_insert_only()"
    rows = "FOR EACH ROW EXECUTE FUNCTION"
    return [
        f"CREATE OR REPLACE FUNCTION {refuse} RETURNS trigger LANGUAGE plpgsql AS $$ {_raising(said)} $$",
        f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} {rows} {refuse}",
        f"CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {refuse}",
    ]


def _raising(said: str) -> str:
    return f"BEGIN RAISE EXCEPTION '{said}'; END"


def _aborting(said: str) -> str:
    return f"BEGIN SELECT RAISE(ABORT, '{said}'); END"

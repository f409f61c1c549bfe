"""`report.html`: one file for people, from a book and what `match` made of it."""

from features.report.write import write_report

__all__ = ["write_report"]

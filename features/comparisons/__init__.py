"""Comparisons by family: references, amounts, dates, party, history."""

"""Statements, reports and notifications of ISO 20022: camt.053, camt.052 and camt.054 of all versions."""

"""The store: tables, transactions and migrations; the only place where SQL is written."""

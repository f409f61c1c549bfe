"""Exports of banks as tables: CSV, XLSX and XLS, by a named layout or by a guess that explains itself."""

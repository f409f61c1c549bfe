"""Bank statements, gateway events, e-invoices and remittance advices, read into the tables of a book."""

"""The parts of the main synthetic world: names, numbers, customers, invoices, payments, damage and noise."""

"""From a request to a posting: the service, its store, ledger and review pages; not built yet."""

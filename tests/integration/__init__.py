"""Several parts together, with real processes, sockets and SDKs."""

"""Interceptors: how a user's traffic gets to the target, one module for each client library."""

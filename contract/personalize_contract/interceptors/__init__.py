"""Interceptors route a user's traffic to the target: one module for each client library."""

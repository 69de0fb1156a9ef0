"""Feedback to the caller about a request, in a test and through the proxy."""

"""Feedback: what a caller learns about a request, in a test as through the proxy."""

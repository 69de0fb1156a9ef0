"""Recordings that are killed, concurrent or retried."""

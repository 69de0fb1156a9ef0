"""Recordings that are killed, raced and retried."""

"""Advice, call sites and the report of a miss."""

"""Redaction and the search for secrets."""

"""Redaction: what may be written and shown, and what must not leave this process."""

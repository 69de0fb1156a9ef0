"""Targets that send a request on."""

"""Cassettes, from the text on the disk to the response of a replay."""

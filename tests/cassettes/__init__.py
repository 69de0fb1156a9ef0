"""Cassettes, from the text on the disk to the answer of a replay."""

"""Cassettes: ordered exchanges in block YAML that a person reads and diffs.

`writer`, `reader` and `loader` are about the text (that of VCR.py, with provenance on top),
`journal` and `recording` get exchanges safely onto the disk, `matching` and `replay` find the
recorded answer to a request.
"""

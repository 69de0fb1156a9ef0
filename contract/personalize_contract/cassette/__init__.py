"""Cassettes: ordered exchanges in block YAML that a person reads and diffs.

`text` writes and reads the text (that of VCR.py, with provenance on top), `recording` gets
exchanges safely onto the disk, `replay` finds the recorded answer to a request.
"""

SUFFIX = ".personalize.yaml"
"""How a cassette's name ends."""

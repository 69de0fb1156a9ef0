"""Other pytest plugins and VCR.py: the real ones, each in a pytest process."""

"""Live runs against the fake account."""

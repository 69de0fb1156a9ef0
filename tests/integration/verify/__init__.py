"""`verify` and `check`: exit status, reports, and what a run is shielded from."""

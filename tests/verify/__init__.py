"""`verify`: its targets, exit status and reports, and what it is shielded from."""

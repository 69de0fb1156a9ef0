"""`verify` and `check`: exit status, reports, and isolation from the caller's project."""

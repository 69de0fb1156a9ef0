"""Reports of a run of the suite, one module for each form; `files` writes them by suffix."""

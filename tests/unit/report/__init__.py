"""Reports, rendered from evidence."""

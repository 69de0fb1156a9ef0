"""The reference service: the page, implemented."""

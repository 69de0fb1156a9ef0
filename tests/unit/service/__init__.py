"""The reference service as a function, its store and its signatures."""

"""It lives beside other plugins: the real ones, each loaded in a pytest of its own."""

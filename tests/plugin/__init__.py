"""The pytest plugin in a downstream repo: a file for each option."""

"""The pytest plugin, as a repo that has it installed meets it: a file for each thing to set."""

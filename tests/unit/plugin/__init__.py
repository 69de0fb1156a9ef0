"""The parts of the plugin that need no pytest run."""

"""The repository itself: documentation, examples, architecture, dependencies and tasks."""

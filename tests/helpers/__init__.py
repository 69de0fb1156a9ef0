"""Shared by several test files. No helper takes an expectation from the package."""

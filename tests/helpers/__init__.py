"""Helpers of several test files. None takes an expectation from the package."""

"""What several test files need. Nothing here takes an expectation from the package."""

"""The service model, the drift report and messages."""

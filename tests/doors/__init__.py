"""How each client library's traffic gets to the target."""

"""Each client library's traffic on its way to the target."""

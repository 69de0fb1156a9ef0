"""The fake account: a control plane and STS."""

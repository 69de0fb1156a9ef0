"""Access to a live service: the guard, the rate limit and the hosts of AWS."""

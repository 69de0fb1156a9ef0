"""The tables of the suite: what is sent in which state, and what must come back, as literals."""

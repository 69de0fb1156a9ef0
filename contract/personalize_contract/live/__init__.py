"""Live: a real service, asked only by name and written to only with leave.

`access` decides whether a service may be asked; `guard`, `rate_limit` and `retry` decide what is
sent and when; `control` speaks to the control plane and STS, `resources` makes a dataset and takes
it down again, `provision` brings it into each state, and `sweep` removes what a killed run left.
None of it knows AWS from a stand-in: only the URL differs.
"""

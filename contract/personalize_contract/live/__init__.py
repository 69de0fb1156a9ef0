"""Live runs: a real service, used only when requested, and written to only with permission.

`access` checks whether a service may be used; `guard`, `rate_limit` and `retry` control what is
sent and when; `control` calls the control plane and STS, `resources` creates and deletes a dataset,
`provision` brings it into each state, and `sweep` deletes the leftovers of killed runs. AWS and a
fake account differ only in their URL.
"""

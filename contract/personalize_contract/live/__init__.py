"""Live: a real service, asked only by name and written to only with leave.

`access` decides whether a service may be asked, `careful` how, `control` speaks to the control
plane and STS, `resources` makes a dataset and takes it down again, `provisioned` brings it into
each state, and `sweep` removes what a killed run left. None of it knows AWS from a stand-in:
only the URL differs.
"""

from personalize_contract.live.access import Live, Try, connect

__all__ = ["Live", "Try", "connect"]

"""Targets: everything that can answer a request, behind one method.

`base` has the protocol and the in-process targets, `endpoint` sends to a service at a URL, `faults`
injects failures, and `connection` finds a live service's URL, region and credentials.
"""

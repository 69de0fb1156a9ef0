"""Targets: whoever answers a request, behind one method.

`base` has the protocol and the targets of this process, `endpoint` asks a service behind a URL,
`connection` says where a live service is and what to sign with.
"""

"""Third-party clients, each through 200, 400, 404 and 409, and the requests that they send.

    python -m adversary.clients          (in tests/) all of them, and docs/clients.md anew
    python -m adversary.clients boto3    some of them

`installed` installs each client, `scripts` has their scripts, and `runs` runs them.
Those that need environments of their own are installed under a folder in the system's cache and
are not for CI.
"""

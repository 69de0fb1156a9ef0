"""The proxy behind `serve`: it handles the requests of clients in any language.

`access` rejects the requests of web pages and strangers, `handler` checks a request, forwards it to
a target and reports problems of either, `control` sets faults while it runs, and `targets` opens
the target: a live service, recorded or not, or cassettes. It depends on no test and no plugin.
"""

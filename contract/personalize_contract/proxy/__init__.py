"""The proxy: what `serve` does with each request of a client in any language.

`door` decides who is let in, `handler` checks a request, has a target answer it and tells what is
wrong with either, `control` sets faults while it runs, and `targets` opens what answers: a live
service that is recorded, or cassettes. It knows no test and no plugin.
"""

"""Services with one defect each, generated from the clauses of a contract file.

`service` is a PutItems service of its own, driven by the file's clauses: it reads the data and
shares no code with the package. `defects` breaks it, one rule at a time; `dialects` are other
legal ways to answer; `listening` puts any of them on a socket.
"""

"""Wrong and legal services, and whatever else tries to break the project.

`service` is an independent PutItems service, driven by the clauses of a contract file: it reads
the data and shares no code with the package. `defects` breaks it in one place at a time,
`dialects` are other legal ways to answer, `listening` serves any of them over HTTP, and `trial`
runs the suite against them. The tests here try each of them with the scenarios about its clause;
`python tests/adversary` tries them with everything.
"""

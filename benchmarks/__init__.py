"""What personalize-contract costs, side by side with the alternatives and with the floor.

    python -m benchmarks                  every table, as Markdown
    python -m benchmarks replay load      some of them
    python -m benchmarks --sizes 10 100   at these numbers of exchanges (or of tests)

A module here makes the tables of one subject: `tables(sizes)` gives them. The figures that count
are the ratios, since those survive a change of machine. Nothing here fails when it is slow.
"""

TABLES = ("replay", "load", "record", "marked", "startup", "service", "http", "proxy")
"""The modules that have tables, in the order in which they are printed."""

SIZES = (10, 100, 1_000, 10_000)
"""Numbers of exchanges that are measured."""

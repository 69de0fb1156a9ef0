"""Costs of personalize-contract, beside alternatives and the floor.

    python -m benchmarks                  every table, as Markdown
    python -m benchmarks replay load      some of them
    python -m benchmarks --sizes 10 100   at these numbers of exchanges (or of tests)

Each module makes the tables of one subject by `tables(sizes)`. Compare the ratios, which survive a
change of machine. Nothing here fails if it is slow.
"""

TABLES = ("replay", "load", "record", "marked", "startup", "service", "http", "proxy")
"""The modules with tables, in the order of printing."""

SIZES = (10, 100, 1_000, 10_000)
"""The measured numbers of exchanges."""

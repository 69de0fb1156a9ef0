"""One table of defects, made by rule from the clauses of a contract file."""

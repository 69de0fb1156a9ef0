"""The reference service: the pages of the operations, implemented.

`core` is a plain function from request to response; `store` holds the datasets and their items;
`embedded` and `http_server` are two ways in, `signatures` refuses what is not signed, `faults` is
what goes wrong on demand. What the page doesn't say was decided here and is listed in
docs/fidelity.md: it is not what AWS does, it is what nobody knows.
"""

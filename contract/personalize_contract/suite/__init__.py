"""The suite: `pytest --pyargs personalize_contract.suite`, or `personalize-contract verify`.

`scenarios` is the table: what is sent in which state, and what the page says must come back.
`judge` holds answers against it, `test_operation` runs it, `conftest` chooses who answers.
"""

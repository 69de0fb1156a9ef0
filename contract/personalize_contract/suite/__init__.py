"""The suite: `pytest --pyargs personalize_contract.suite`, or `personalize-contract verify`.

`tables.scenarios` has the scenarios: a state, a request, and the documented answer. `judge`
compares answers with them, `test_operation` runs them, `conftest` selects the targets.
"""

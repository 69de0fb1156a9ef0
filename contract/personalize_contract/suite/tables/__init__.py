"""The tables of scenarios: states, requests and expected responses, as literals."""

"""Known vulnerabilities of the dependencies: package, first fixed version, advisory.

Maintained by hand, since a look-up needs a network. With one, `pip install pip-audit && pip-audit`
knows more than this table.
"""

FIXED: dict[str, list[tuple[str, str]]] = {
    "jinja2": [("3.1.6", "GHSA-cpwx-vrp4-4pq7")],
    "pyyaml": [("5.4", "CVE-2020-14343")],
    "requests": [("2.32.4", "GHSA-9hjg-9r4m-mvj7"), ("2.33.0", "GHSA-gc5v-m9x4-r6x2")],
    "vcrpy": [("8.2.1", "GHSA-rpj2-4hq8-938g")],
    "waitress": [("3.0.1", "GHSA-9298-4cf8-g4wj"), ("3.0.1", "GHSA-3f84-rpwh-47g6")],
}

ACCEPTED: dict[str, str] = {
    "GHSA-6w46-j5rx-g56g": "pytest before 9.0.3 has predictable names of temporary folders: its "
    "version is the user's choice, and this plugin supports 8.2 and later",
}
"""Advisories that the lower bounds allow, each with the reason."""

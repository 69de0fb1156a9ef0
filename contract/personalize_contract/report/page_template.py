"""The templates of the HTML pages, with everything that they show escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from personalize_contract.report.words import duration, plural

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def template(name: str) -> Template:
    """Return a template of this folder."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("personalize_contract.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"plural": plural, "seconds": duration}
    return environment.get_template(name)

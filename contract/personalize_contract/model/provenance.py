"""Provenance: the service that answered a recording, when, and with which SDK and model.

Without it a recording proves nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from personalize_contract import clock

RANKS = ("unknown", "reference", "endpoint", "aws")
"""Values of `answered_by`, from the weakest evidence to the strongest."""


DATE = "%Y-%m-%dT%H:%M:%SZ"
"""Format of dates in recordings."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a cassette's answers.

    Args:
        answered_by: `aws`, `endpoint`, `reference` or `unknown`.
        recorded_at: UTC time, to the second, as `2026-11-23T20:16:42Z`; `""` if unknown.
        region: of the service that answered.
        sdk: name and version of the SDK that built the requests.
        service_model: first 16 digits of the SHA-256 of the SDK's service model.
        recorded_for: name of the scenario, or node id of the test.
        datasets: `numbered` if several datasets of one state have a dummy ARN each.
    """

    answered_by: str = "unknown"
    recorded_at: str = ""
    region: str = ""
    sdk: str = ""
    service_model: str = ""
    recorded_for: str = ""
    datasets: str = ""

    @classmethod
    def now(
        cls, answered_by: str, region: str, recorded_for: str, datasets: str = ""
    ) -> Provenance:
        """Return the provenance of a recording made now with the installed botocore."""
        import botocore

        moment = clock.now().strftime(DATE)
        sdk = f"botocore {botocore.__version__}"
        return cls(answered_by, moment, region, sdk, model_digest(), recorded_for, datasets)

    def below(self, other: Provenance) -> bool:
        """Return whether this is weaker evidence than `other`, and so must not replace it."""
        return RANKS.index(self.answered_by) < RANKS.index(other.answered_by)

    def is_stale(self) -> bool:
        """Return whether the installed botocore has another service model than the recording's."""
        return self.service_model not in ("", model_digest())

    def fields(self) -> dict[str, str]:
        """Return the known fields, by name, as they are written."""
        return {name: value for name, value in asdict(self).items() if value}


def days_ago(days: float) -> str:
    """Return the moment that many days ago, as recordings are dated."""
    return (clock.now() - dt.timedelta(days=days)).strftime(DATE)


def service_model() -> dict[str, Any]:
    """Return the service model that botocore builds its clients from."""
    from botocore.loaders import create_loader

    # `load_service_model` scans the models of every service first.
    loader = create_loader(os.environ.get("AWS_DATA_PATH"))
    versions = loader.list_api_versions("personalize-events", "service-2")
    model: dict[str, Any] = loader.load_data(f"personalize-events/{max(versions)}/service-2")
    return model


def model_digest() -> str:
    """Return the first 16 digits of the SHA-256 of botocore's service model."""
    return _model_digest(os.environ.get("AWS_DATA_PATH"))


@cache
def _model_digest(_data_path: str | None) -> str:
    # `AWS_DATA_PATH` can add a service model, so the digest is cached by its value.
    import json

    return hashlib.sha256(json.dumps(service_model(), sort_keys=True).encode()).hexdigest()[:16]

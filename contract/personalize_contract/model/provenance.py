"""Who answered a recording, when, and to what: without it a recording proves nothing."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from personalize_contract import clock

RANKS = ("unknown", "reference", "endpoint", "aws")
"""Who can have answered, from the one that proves least to the one that proves most."""


DATE = "%Y-%m-%dT%H:%M:%SZ"
"""How a date is written."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a cassette's answers come from.

    Args:
        answered_by: `aws`, `endpoint`, `reference` or `unknown`.
        recorded_at: UTC, to the second, as `2026-11-23T20:16:42Z`; `""` if not known.
        region: of the service that answered.
        sdk: name and version of the SDK that built the requests.
        service_model: SHA-256 of the SDK's service model, its first 16 digits.
        recorded_for: the scenario or the test's node id.
        datasets: `numbered` where several datasets of one state have a dummy ARN each.
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
        """Return the provenance of what is recorded from now on, with the installed botocore."""
        import botocore

        moment = clock.now().strftime(DATE)
        sdk = f"botocore {botocore.__version__}"
        return cls(answered_by, moment, region, sdk, model_digest(), recorded_for, datasets)

    def below(self, other: Provenance) -> bool:
        """Whether this proves less than `other`, and so must not replace it."""
        return RANKS.index(self.answered_by) < RANKS.index(other.answered_by)

    def is_stale(self) -> bool:
        """Whether this was recorded with another service model than that of this botocore."""
        return self.service_model not in ("", model_digest())

    def fields(self) -> dict[str, str]:
        """Name to value, as they are written, those that are not known left out."""
        return {name: value for name, value in asdict(self).items() if value}


def service_model() -> dict[str, Any]:
    """The service model that clients of the installed botocore are made of."""
    from botocore.loaders import create_loader

    # `load_service_model` looks through the models of every service first.
    loader = create_loader(os.environ.get("AWS_DATA_PATH"))
    versions = loader.list_api_versions("personalize-events", "service-2")
    model: dict[str, Any] = loader.load_data(f"personalize-events/{max(versions)}/service-2")
    return model


@cache
def model_digest() -> str:
    """The first 16 digits of the SHA-256 of the installed botocore's service model."""
    import json

    return hashlib.sha256(json.dumps(service_model(), sort_keys=True).encode()).hexdigest()[:16]

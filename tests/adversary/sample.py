"""The selection of a sample of all tests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """About one name in `of`, chosen by `seed`; all if `of` is 1."""

    seed: str = ""
    of: int = 1

    def chooses(self, part: str, name: str) -> bool:
        """Return whether a name of a part is in the sample."""
        return self._number(f"{part} {name}") % self.of == 0

    @property
    def number(self) -> int:
        """The seed for a part that needs a number."""
        return self._number("")

    def _number(self, salt: str) -> int:
        digest = hashlib.sha256(f"{self.seed} {salt}".encode()).digest()
        return int.from_bytes(digest[:4])

"""What may be sent to somebody's account, and what is refused before it is sent.

Items can't be deleted, and the account is somebody's. So each request waits for its turn, what
passes by itself is waited for, and what would write anything else than items with our prefix into
a dataset that was given for it is not sent at all.
"""

from __future__ import annotations

from collections.abc import Collection

from personalize_contract.errors import UsageError
from personalize_contract.live.rate_limit import Pace
from personalize_contract.live.retry import Patience
from personalize_contract.model import failures
from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import PREFIX
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.targets.base import Target


class Careful:
    """A target in somebody's account.

    Args:
        inner: whom to ask.
        pace: turns.
        patience: for what passes.
        account: whose it is.
        datasets: the ARNs that may be written to.
        dataset_option: the option that names one, for messages.
    """

    def __init__(
        self,
        inner: Target,
        pace: Pace,
        patience: Patience,
        account: str,
        datasets: Collection[str],
        dataset_option: str = "--dataset",
    ) -> None:
        self._inner, self._pace, self._patience = inner, pace, patience
        self._account, self._datasets = account, tuple(datasets)
        self._dataset_option = dataset_option

    def answer(self, request: ParsedRequest) -> Exchange:
        """Ask, if that writes nothing that it should not.

        Raises:
            UsageError: it would; nothing was sent.
        """
        operation = request.operation
        if operation:
            self._refuse(request, operation)
        name = operation.operation if operation else request.path
        return self._patience.ask(
            name, lambda: self._ask(request), lambda one: failures.in_response(one.response)
        )

    def _ask(self, request: ParsedRequest) -> Exchange:
        self._pace.turn()
        return self._inner.answer(request)

    def _refuse(self, request: ParsedRequest, operation: Contract) -> None:
        body = request.members
        arn = body.get("datasetArn")
        ours = isinstance(arn, str) and arn.split(":")[4:5] == [self._account]
        # The suite makes ARNs longer, which name nothing.
        if ours and not str(arn).startswith(self._datasets):
            raise UsageError(
                "live: this is a dataset of the account that was not given, so nothing was "
                f"sent to it: add {self._dataset_option} ARN=STATE if it may be written to"
            )
        batch = body.get(operation.batch)
        for number, one in enumerate(batch if isinstance(batch, list) else ()):
            name = one.get(operation.identity) if isinstance(one, dict) else None
            if isinstance(name, str) and not name.startswith(PREFIX[: len(name)]):
                raise UsageError(
                    f"live: {operation.batch}[{number}].{operation.identity} does not begin with "
                    f"{PREFIX}, so nothing was sent: what is put can't be deleted, and whoever "
                    "owns the dataset must know it"
                )

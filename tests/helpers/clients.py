"""Every client library with an interceptor, each putting items in its usual way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import botocore.session
import httpx
import httpx2
import requests
import urllib3
from aiobotocore.session import AioSession
from botocore.config import Config
from botocore.loaders import Loader

from helpers.command import ACTIVE

AWS = "https://personalize-events.us-east-1.amazonaws.com"

Put = Callable[..., int]
"""Puts items with these ids into the service at a URL, and returns the status."""


def body(*ids: str) -> dict[str, Any]:
    items = [{"itemId": item_id, "properties": "{}"} for item_id in ids]
    return {"datasetArn": ACTIVE, "items": items}


def config(timeout: float = 5.0, attempts: int = 1) -> Config:
    return Config(read_timeout=timeout, retries={"total_max_attempts": attempts})


# A new client of httpx spends most of its time on loading the same certificates.
_TRUST = ssl.create_default_context()

# A new session spends most of its time on loading the same service models.
_MODELS = Loader()


def _new(session: Any) -> Any:
    session.register_component("data_loader", _MODELS)
    return session


def client(url: str = AWS, **more: Any) -> Any:
    """Return a botocore client of a new session."""
    more.setdefault("config", config())
    return _new(botocore.session.Session()).create_client(
        "personalize-events", "us-east-1", endpoint_url=url, **more
    )


def by_botocore(url: str, *ids: str, timeout: float = 5.0) -> int:
    answer = client(url, config=config(timeout)).put_items(**body(*ids))
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def by_aiobotocore(url: str, *ids: str, timeout: float = 5.0) -> int:
    async def put() -> int:
        async with _new(AioSession()).create_client(
            "personalize-events", "us-east-1", endpoint_url=url, config=config(timeout)
        ) as service:
            answer = await service.put_items(**body(*ids))
            return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    return asyncio.run(put())


def by_requests(url: str, *ids: str, timeout: float = 5.0) -> int:
    return requests.post(f"{url}/items", json=body(*ids), timeout=timeout).status_code


def by_urllib3(url: str, *ids: str, timeout: float = 5.0) -> int:
    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        return pool.request("POST", f"{url}/items", json=body(*ids)).status


def by_httpx(url: str, *ids: str, timeout: float = 5.0) -> int:
    return httpx.post(f"{url}/items", json=body(*ids), timeout=timeout, verify=_TRUST).status_code


def by_httpx2(url: str, *ids: str, timeout: float = 5.0) -> int:
    return httpx2.post(f"{url}/items", json=body(*ids), timeout=timeout, verify=_TRUST).status_code


def by_httpx_async(url: str, *ids: str, timeout: float = 5.0) -> int:
    async def put() -> int:
        async with httpx.AsyncClient(timeout=timeout, verify=_TRUST) as session:
            return (await session.post(f"{url}/items", json=body(*ids))).status_code

    return asyncio.run(put())


def by_aiohttp(url: str, *ids: str, timeout: float = 5.0) -> int:
    async def put() -> int:
        limit = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.post(f"{url}/items", json=body(*ids)) as answer,
        ):
            await answer.read()
            return answer.status

    return asyncio.run(put())


SDKS: dict[str, Put] = {"botocore": by_botocore, "aiobotocore": by_aiobotocore}
HTTP: dict[str, Put] = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "httpx": by_httpx,
    "httpx2": by_httpx2,
    "httpx-async": by_httpx_async,
    "aiohttp": by_aiohttp,
}


def all_at_once(call: Callable[[int], object], count: int) -> list[object]:
    """Return the results or errors of `count` threads that start together."""
    gate = threading.Barrier(count)
    outcomes: list[object] = [None] * count

    def run(number: int) -> None:
        gate.wait()
        try:
            outcomes[number] = call(number)
        except BaseException as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


class Listener:
    """A server on loopback that counts connections and closes them without an answer."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        self.connected = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._socket.accept()[0].close()
                self.connected += 1

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@contextlib.contextmanager
def counted() -> Iterator[Listener]:
    """Run a server that must not be reached."""
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()

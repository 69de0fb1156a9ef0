"""Every client library that has a door, each putting items in its usual way."""

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
"""Puts the items with these ids to a service by its URL; gives the status of the answer."""


def body(*ids: str) -> dict[str, Any]:
    return {"datasetArn": ACTIVE, "items": [{"itemId": one, "properties": "{}"} for one in ids]}


def config(timeout: float = 5.0, attempts: int = 1) -> Config:
    return Config(read_timeout=timeout, retries={"total_max_attempts": attempts})


# Most of what a new client of httpx costs is the reading of the same certificates.
_TRUST = ssl.create_default_context()

# Most of what a new session costs is the reading of the same service models.
_MODELS = Loader()


def _new(session: Any) -> Any:
    session.register_component("data_loader", _MODELS)
    return session


def client(url: str = AWS, **more: Any) -> Any:
    """A new botocore client of a new session."""
    more.setdefault("config", config())
    return _new(botocore.session.Session()).create_client(
        "personalize-events", "us-east-1", endpoint_url=url, **more
    )


def by_botocore(url: str, *ids: str, timeout: float = 5.0) -> int:
    found = client(url, config=config(timeout)).put_items(**body(*ids))
    return int(found["ResponseMetadata"]["HTTPStatusCode"])


def by_aiobotocore(url: str, *ids: str, timeout: float = 5.0) -> int:
    async def put() -> int:
        async with _new(AioSession()).create_client(
            "personalize-events", "us-east-1", endpoint_url=url, config=config(timeout)
        ) as found:
            answer = await found.put_items(**body(*ids))
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
        async with httpx.AsyncClient(timeout=timeout, verify=_TRUST) as found:
            return (await found.post(f"{url}/items", json=body(*ids))).status_code

    return asyncio.run(put())


def by_aiohttp(url: str, *ids: str, timeout: float = 5.0) -> int:
    async def put() -> int:
        limit = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limit) as found,
            found.post(f"{url}/items", json=body(*ids)) as answer,
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
    """What each of `count` threads, let go together, gave or raised."""
    gate = threading.Barrier(count)
    found: list[object] = [None] * count

    def run(number: int) -> None:
        gate.wait()
        try:
            found[number] = call(number)
        except BaseException as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Listener:
    """A server on loopback that counts who connects, and says nothing to anybody."""

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
    """A server that must not be reached."""
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()

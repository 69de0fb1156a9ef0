"""TLS in front of a plain HTTP server on loopback, with a certificate made on demand."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

from personalize_contract.errors import UsageError

BUNDLE = "ca.pem"
"""The file with the certificate of the CA, for AWS_CA_BUNDLE."""


def certified(folder: Path, host: str) -> ssl.SSLContext:
    """Return the TLS settings of a server, certified by a new CA for loopback names and `host`.

    Args:
        folder: the folder for the CA's certificate, the file `BUNDLE`; created if missing.
        host: another name or address of the server.

    Raises:
        UsageError: trustme is not installed, or the folder can't be written to.
    """
    try:
        import trustme
    except ImportError as error:
        raise UsageError("--tls needs trustme: pip install trustme") from error
    authority = trustme.CA(organization_name="personalize-contract")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = dict.fromkeys((host.strip("[]"), "localhost", "127.0.0.1", "::1"))
    authority.issue_cert(*names).configure_cert(context)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(folder / BUNDLE)
    except OSError as error:
        raise UsageError(
            f"--tls {folder}: the folder can't be written to: {error.strerror}; name another"
        ) from error
    return context


class TlsFront:
    """Decrypts connections and passes them on. Use as a context manager.

    Args:
        to: the URL of the plain HTTP server.
        context: the TLS settings, with a certificate.
        host: the address to listen on.
        port: the port; 0 for any free one.

    Raises:
        UsageError: the address can't be listened on.
    """

    def __init__(
        self, to: str, context: ssl.SSLContext, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        to_ = urlsplit(to)
        self._to, self._context = (to_.hostname, to_.port), context
        address = host.strip("[]")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            self._socket = socket.create_server((address, port), family=family, backlog=64)
        except OSError as error:
            raise UsageError(
                f"can't listen on {host}:{port}: {error}; choose another --port, or 0 for any"
            ) from error
        shown = f"[{address}]" if ":" in address else address
        self.url = f"https://{shown}:{self._socket.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._relay, sock=self._socket, ssl=self._context)
        try:
            await asyncio.Event().wait()  # until it is cancelled
        except asyncio.CancelledError:
            server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            plain_reader, plain_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
        else:
            await asyncio.gather(_copy(reader, plain_writer), _copy(plain_reader, writer))

    def __enter__(self) -> TlsFront:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(_cancel_all, self._loop)
        self._thread.join()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass data on until one side ends, then end the other. A reset of one resets the other."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
    except (OSError, asyncio.CancelledError):
        writer.transport.abort()

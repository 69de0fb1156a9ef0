"""The HTTP server closes its sockets while a worker is still answering."""

from __future__ import annotations

import http.client
import logging
from urllib.parse import urlsplit

import pytest
from waitress import wasyncore

from personalize_contract.model.exchange import Request, Response
from personalize_contract.service import core
from personalize_contract.service.http_server import HttpServer


def test_closing_during_an_answer_logs_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "waitress")

    def answer(request: Request) -> Response:
        server._server.trigger.close()  # the first step of closing
        return core.response(200, b"")

    with HttpServer(answer) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        wasyncore.close_all(server._sockets, ignore_all=True)

    assert caplog.messages == []

"""Reads the YAML of a cassette, written by this package, by VCR.py or by hand.

A response that doesn't match its digest was changed after it was recorded; its exchange is marked
`altered`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

from personalize_contract.cassette.writer import FORMAT, digest
from personalize_contract.cassette.yaml_reader import MAX_SHOWN, List, Map, Scalar, YamlReader
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.model.provenance import RANKS, Provenance

MAX_EXCHANGES = 100_000


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette in memory.

    Args:
        provenance: the provenance of the file.
        exchanges: the exchanges in the order of recording.
        lines: the line of the file, from 1, on which each exchange begins.
        origins: the provenance of each exchange: its own if it has one, otherwise that of the
            file. In a group, `recorded_for` is the scenario of the exchange.
    """

    provenance: Provenance
    exchanges: tuple[Exchange, ...]
    lines: tuple[int, ...] = ()
    origins: tuple[Provenance, ...] = ()


class _Interaction(NamedTuple):
    exchange: Exchange
    intact: bool
    """True if the response matches its digest."""

    line: int
    """The line of the file, from 0."""

    scenario: str
    own: Any
    """The node of its own provenance; None if it has that of the file."""


class Reader(YamlReader):
    """Reads one cassette.

    Args:
        path: the file, for messages.
        text: the text in UTF-8.
    """

    def read(self) -> Cassette:
        """Return the cassette.

        Raises:
            CassetteError: it is not a complete cassette; the message has file, line and reason.
        """
        try:
            return self._document()
        except StopIteration:
            self.bad("it is truncated")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.bad(f"not YAML: {error.problem}", mark.line if mark else None)
        except yaml.YAMLError as error:
            self.bad(f"not YAML: {str(error).splitlines()[0]}")

    def _document(self) -> Cassette:
        next(self.events)  # the stream
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            self.bad("not a cassette: the file is empty")
        event = next(self.events)
        if not isinstance(event, yaml.MappingStartEvent):
            self.bad("not a cassette: `interactions` and `version` are expected", 0)
        members: dict[str, Any] = {}
        interactions: list[_Interaction] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, line = self.key(event), event.start_mark.line
            if key in members:
                self.bad(f"`{key[:MAX_SHOWN]}` appears twice", line)
            if key == "interactions":
                if "version" in members and "personalize_contract" in members:
                    self.bad("`version` belongs at the end, where it marks a complete file", line)
                members[key] = True
                interactions += self._interactions(next(self.events))
            else:
                self.nodes = 0
                members[key] = self.node(next(self.events), 1)
        next(self.events)  # the document's end
        if not isinstance(event := next(self.events), yaml.StreamEndEvent):
            self.bad("it holds two documents", event.start_mark.line)
        for key in ("interactions", "version"):
            if key not in members:
                self.bad(f"`{key}` is missing: it is truncated, or not a cassette")
        version, head = members["version"], members.get("personalize_contract")
        if not isinstance(version, Scalar) or version.text != "1":
            self.bad("its `version` is not 1: it is truncated, or not a cassette", version.line)
        provenance = self._provenance(head)
        exchanges, origins = [], []
        for each in interactions:
            # VCR.py drops the head and the digests when it saves.
            is_known = each.intact or head is None
            origin = (
                provenance
                if each.own is None or head is None
                else self._provenance(each.own, "`provenance`")
            )
            by = origin.answered_by if is_known else "unknown"
            exchanges.append(replace(each.exchange, answered_by=by, altered=not is_known))
            origins.append(replace(origin, recorded_for=each.scenario or origin.recorded_for))
        lines = tuple(each.line + 1 for each in interactions)
        return Cassette(provenance, tuple(exchanges), lines, tuple(origins))

    def _interactions(self, event: Any) -> Iterator[_Interaction]:
        if not isinstance(event, yaml.SequenceStartEvent):
            self.bad("`interactions` is not a list", event.start_mark.line)
        count = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            line = event.start_mark.line
            self.nodes = 0
            if (count := count + 1) > MAX_EXCHANGES:
                self.bad(f"it has more than {MAX_EXCHANGES:,} exchanges", line)
            node = self.mapping(self.node(event, 2), "an interaction", line)
            request = self.mapping(node.get("request"), "`request`", line)
            sent = Request(
                self.text(request.get("method"), "`method`", line),
                self._url(request.get("uri"), line),
                self._headers(request.get("headers"), line),
                self.data(request.get("body"), line),
            )
            received = self._response(self.mapping(node.get("response"), "`response`", line), line)
            recorded = node.get("digest")
            intact = isinstance(recorded, Scalar) and recorded.text == digest(received)
            about = node.get("scenario")
            scenario = "" if about is None else self.text(about, "`scenario`", line)
            own = node.get("provenance")
            yield _Interaction(Exchange(sent, received), intact, line, scenario, own)

    def _url(self, node: Any, line: int) -> str:
        url = self.text(node, "`uri`", line)
        try:
            urlsplit(url)
        except ValueError:
            self.bad("its `uri` is not a URI", node.line)
        return url

    def _response(self, response: Map, line: int) -> Response:
        if "status_code" in response and "status" not in response:
            # VCR.py recorded httpx in this form until version 6.
            status, node = Map(code=response["status_code"]), response.get("content")
        else:
            status = self.mapping(response.get("status"), "`status`", line)
            node = response.get("body")
        code = self.text(status.get("code"), "`code`", line)
        if not (code.isascii() and code.isdigit() and 100 <= int(code[:4]) <= 999):
            self.bad(f"the status code is {code[:20]!r}", status["code"].line)
        reason = status.get("message")
        headers = dict(self._headers(response.get("headers"), line))
        body = self.data(node, line)
        if headers.get("content-encoding", "").lower() in ("gzip", "deflate"):
            # VCR.py records compressed bodies; this package works with the decoded ones.
            del headers["content-encoding"]
            body = self._decompressed(body, line)
        return Response(
            int(code),
            "" if self.is_null(reason) else self.text(reason, "`message`", line),
            headers,
            body,
        )

    def _decompressed(self, body: bytes, line: int) -> bytes:
        decompressor = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
        try:
            decompressed = decompressor.decompress(body, self.allowed + 1)
        except zlib.error:
            return body  # VCR.py may have decompressed it already, and kept the header
        self.expand(len(decompressed), line)
        return decompressed

    def _headers(self, node: Any, line: int) -> Headers:
        if self.is_null(node):
            return {}
        headers: dict[str, str] = {}
        if isinstance(node, List) and all(isinstance(pair, List) for pair in node):
            pairs = [(self.text(pair[0], "`headers`", line), pair[1:]) for pair in node if pair]
        else:
            pairs = list(self.mapping(node, "`headers`", line).items())
        for name, values in pairs:
            several = values if isinstance(values, list) else [values]
            texts = [self.text(value, f"header `{name}`", line) for value in several]
            before = [headers[name.lower()]] if name.lower() in headers else []
            headers[name.lower()] = ", ".join([*before, *texts])
        return headers

    def _provenance(self, head: Any, name: str = "`personalize_contract`") -> Provenance:
        if head is None:
            return Provenance()
        members = self.mapping(head, name, 0)
        texts = {key: self.text(members[key], f"`{key}`", members.line) for key in members}
        if (version := texts.pop("format", FORMAT)) != FORMAT:
            reason = f"its format is {version[:10]}, this version reads {FORMAT}"
            self.bad(reason, members.line, "upgrade personalize-contract")
        known = {field.name for field in fields(Provenance)}
        provenance = Provenance(**{key: texts[key] for key in texts if key in known})
        if provenance.answered_by not in RANKS:
            self.bad(f"answered_by is not one of {', '.join(RANKS)}", members.line)
        return provenance

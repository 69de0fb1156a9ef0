"""Reads the text of a cassette, of ours, of VCR.py's or edited by hand: its YAML as exchanges.

A response that is not what its digest says was changed after it was recorded; it is
loaded, marked `altered`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

from personalize_contract.cassette.writer import FORMAT, digest
from personalize_contract.cassette.yaml_reader import SHOWN, List, Map, Scalar, YamlReader
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.model.provenance import RANKS, Provenance

MAX_EXCHANGES = 100_000


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette in memory.

    Args:
        provenance: who answered, when and to what.
        exchanges: in the order of recording.
        lines: of the file, from 1, where each exchange begins.
        origins: the provenance of each exchange: its own where it has one, otherwise that of the
            file. In a group, `recorded_for` is the scenario of the exchange.
    """

    provenance: Provenance
    exchanges: tuple[Exchange, ...]
    lines: tuple[int, ...] = ()
    origins: tuple[Provenance, ...] = ()


class _Interaction(NamedTuple):
    exchange: Exchange
    intact: bool
    """Whether its digest says that it is as recorded."""

    line: int
    """Of the file, from 0."""

    scenario: str
    own: Any
    """The node of its provenance; None if it has none of its own."""


class Reader(YamlReader):
    """Reads one cassette. Lives as long as one `load`.

    Args:
        path: where the text is from, for messages.
        text: UTF-8.
    """

    def read(self) -> Cassette:
        """The cassette.

        Raises:
            CassetteError: it is not a whole cassette; the message gives file, line and reason.
        """
        try:
            return self._document()
        except StopIteration:
            self.bad("it is cut short")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.bad(f"it is not YAML: {error.problem}", mark.line if mark else None)
        except yaml.YAMLError as error:
            self.bad(f"it is not YAML: {str(error).splitlines()[0]}")

    def _document(self) -> Cassette:
        next(self.events)  # the stream
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            self.bad("it is empty, and an empty file is not an empty cassette")
        event = next(self.events)
        if not isinstance(event, yaml.MappingStartEvent):
            self.bad("it is not a cassette: `interactions` and `version` are expected", 0)
        members: dict[str, Any] = {}
        found: list[_Interaction] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, line = self.key(event), event.start_mark.line
            if key in members:
                self.bad(f"`{key[:SHOWN]}` stands there twice", line)
            if key == "interactions":
                if "version" in members and "personalize_contract" in members:
                    self.bad("`version` belongs at the end, where it shows that all is there", line)
                members[key] = True
                found += self._interactions(next(self.events))
            else:
                self.nodes = 0
                members[key] = self.node(next(self.events), 1)
        next(self.events)  # the document's end
        if not isinstance(event := next(self.events), yaml.StreamEndEvent):
            self.bad("it holds two documents", event.start_mark.line)
        for key in ("interactions", "version"):
            if key not in members:
                self.bad(f"`{key}` is missing: it is cut short, or not a cassette")
        version, head = members["version"], members.get("personalize_contract")
        if not isinstance(version, Scalar) or version.text != "1":
            self.bad("its `version` is not 1: cut short, or of another kind", version.line)
        provenance = self._provenance(head)
        exchanges, origins = [], []
        for one in found:
            # VCR.py drops our head and the digests when it saves; our own file has both.
            known = one.intact or head is None
            origin = (
                provenance
                if one.own is None or head is None
                else self._provenance(one.own, "`provenance`")
            )
            by = origin.answered_by if known else "unknown"
            exchanges.append(replace(one.exchange, answered_by=by, altered=not known))
            origins.append(replace(origin, recorded_for=one.scenario or origin.recorded_for))
        lines = tuple(one.line + 1 for one in found)
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
            self.bad("its `uri` is not one", node.line)
        return url

    def _response(self, response: Map, line: int) -> Response:
        if "status_code" in response and "status" not in response:
            # As VCR.py recorded httpx until version 6.
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
            # As VCR.py records it; here a body is what its sender meant.
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
            return body  # VCR.py can undo it too, and leave the header
        self.take(len(decompressed), line)
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
            texts = [self.text(one, f"header `{name}`", line) for one in several]
            before = [headers[name.lower()]] if name.lower() in headers else []
            headers[name.lower()] = ", ".join([*before, *texts])
        return headers

    def _provenance(self, head: Any, what: str = "`personalize_contract`") -> Provenance:
        if head is None:
            return Provenance()
        members = self.mapping(head, what, 0)
        texts = {name: self.text(members[name], f"`{name}`", members.line) for name in members}
        if (version := texts.pop("format", FORMAT)) != FORMAT:
            reason = f"its format is {version[:10]}, this version reads {FORMAT}"
            self.bad(reason, members.line, "upgrade personalize-contract")
        known = {field.name for field in fields(Provenance)}
        provenance = Provenance(**{name: texts[name] for name in texts if name in known})
        if provenance.answered_by not in RANKS:
            self.bad(f"answered_by is none of {', '.join(RANKS)}", members.line)
        return provenance

"""Hostile input to the readers of files and the writers of reports: a result or a clear error.

`python tests/adversary hypothesis` runs longer. Its findings become examples here.
"""

import json
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from helpers import groups
from personalize_contract.cassette import journal, loader, writer
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError, PersonalizeContractError
from personalize_contract.model.contract import load
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.report.files import WRITERS
from personalize_contract.report.view import STATUSES
from personalize_contract.suite import shipped
from personalize_contract.suite.evidence import Evidence, Finding, Outcome
from personalize_contract.suite.summary import summarize

NOWHERE = Path("x.personalize.yaml")
HEAD = "personalize_contract:\n  format: 1\n  answered_by: reference\ninteractions:\n"
OWN = "  provenance:\n    answered_by: endpoint\n"


def group(text: str) -> bytes:
    """Return a group with one scenario twice, with and without its own provenance."""
    return f"{HEAD}{text}{text}{OWN}version: 1\n".encode()


SOME = [
    group(text)
    for name in ("success", "items-11", "body-not-utf-8", "item-id-256-emoji", "missing")
    for text in [groups.texts(groups.file(shipped.cassettes(), name))[name]]
]

# Characters with a meaning in YAML or JSON, and ones that have troubled some parser.
NASTY = st.sampled_from(
    [
        *(b"\0", b"\t", b"\r", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff\xfe"),
        *(b"\xed\xa0\x80", b"&a ", b"*a", b"!!python/object:os.system ", b"!!binary ", b"? "),
        *(b"- ", b": ", b"<<: *a", b"---\n", b"...\n", b"%YAML 9.9\n", b"|\n", b">9-\n", b"'"),
        *(b'"', b"#", b"[", b"{", b"}", b"~", b"null", b"1e999", b"0x1f", b"2026-01-01"),
        *(b"\xf0\x9f\x8d\xb5", b"\\ud800", b"9" * 5000),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a shipped cassette with some damage."""
    data = draw(st.sampled_from(SOME))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 60))
        put = draw(st.one_of(st.binary(max_size=8), NASTY, st.just(data[at : at + length])))
        data = data[:at] + put + data[at + draw(st.sampled_from([0, 1, length])) :]
    return data


def read(data: bytes) -> Cassette | None:
    """Return the cassette, or None after checking that the error is usable."""
    message = ""
    try:
        return loader.parse(NOWHERE, data)
    except CassetteError as error:
        message = str(error)
    assert message.startswith(str(NOWHERE))
    assert "\n" not in message
    return None


@given(st.one_of(st.binary(max_size=300), st.lists(NASTY, max_size=30).map(b"".join)))
@example(b"")
@example(b"interactions: []\n")
@example(b"{" * 5000)
@example(b"&a [*a, *a]")
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    read(data)


@given(damaged())
def test_a_damaged_cassette_is_read_or_rejected(data: bytes) -> None:
    cassette = read(data)

    if cassette:
        assert all(isinstance(each.response.body, bytes) for each in cassette.exchanges)


@given(st.sampled_from(SOME), st.integers(1, 10_000))
def test_a_truncated_cassette_is_rejected(whole: bytes, by: int) -> None:
    # Without the last line feed it is still complete.
    assume(1 < by < len(whole))

    assert read(whole[:-by]) is None


@given(st.one_of(st.binary(max_size=200), st.lists(NASTY, max_size=10).map(b"".join)))
@example(b'{"provenance": {"answered_by": "the pope"}}\n')
@example(b'{"provenance": []}\n')
@example(b'{"keep": true}\n')
@example(b"[]\n")
@example(b"1\n")
@example(b'{"call": "", "request": [], "response": []}\n')
def test_any_journal_is_read_or_rejected(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.partial.jsonl"
        path.write_bytes(data)
        message = ""
        try:
            journal.read(path)
        except CassetteError as error:
            message = str(error)
    assert "\n" not in message


TEXT = st.text(max_size=30)
HEADERS = st.dictionaries(
    st.text(st.characters(max_codepoint=255), max_size=8).map(str.lower), TEXT
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(NASTY, max_size=6).map(b"".join),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), TEXT),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["datasetArn", "items", "itemId", "properties"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["POST", "GET"]),
    st.sampled_from(["http://x/items", "http://x/items?a=1", "http://x/", "http://x/%00"]),
    HEADERS,
    BODIES,
)


@given(REQUESTS)
def test_any_request_is_matched_and_redacted(request: Request) -> None:
    redactor = Redactor(paths=["items[].properties.email"])
    once = redactor.request(request)
    matching = Matching(ignore=["items[].properties.price"], items_any_order=True)

    assert redactor.request(once) == once
    assert matching.key(once) == matching.key(redactor.request(once))


@given(REQUESTS, st.integers(100, 599), HEADERS, BODIES)
def test_any_redacted_exchange_reads_back(
    request: Request, status: int, headers: dict[str, str], body: bytes
) -> None:
    exchange = Exchange(request, Response(status, "Some", headers, body), "reference")
    redactor = Redactor()
    try:
        redacted = redactor.exchange(exchange)
    except PersonalizeContractError:
        assume(False)
    written = "".join(writer.dump(Provenance("reference"), [redacted]))

    (loaded,) = loader.parse(NOWHERE, written.encode()).exchanges
    assert (loaded.request, loaded.response) == (redacted.request, redacted.response)


CLAUSES = load().clauses
OUTCOMES = st.lists(
    st.builds(
        Outcome,
        st.sampled_from(["success", "items-11", "missing"]),
        st.lists(
            st.builds(Finding, st.sampled_from(sorted(CLAUSES)), st.sampled_from(STATUSES), TEXT),
            min_size=1,
            max_size=4,
        ).map(tuple),
        st.sampled_from(["", "reference", "endpoint"]),
        st.none(),
        TEXT,
        TEXT,
    ),
    max_size=5,
)


@pytest.mark.parametrize("suffix", WRITERS)
@given(outcomes=OUTCOMES, word=TEXT)
@example(outcomes=[], word="<script>alert(1)</script>")
@example(outcomes=[], word="\x1f")
def test_any_evidence_is_written(suffix: str, outcomes: list[Outcome], word: str) -> None:
    extended = [*outcomes, Outcome("success", (Finding("request.items.type", "broken", word),))]
    written = WRITERS[suffix](summarize(Evidence(load(), {"live": extended})))

    if suffix == ".json":
        json.loads(written)
    elif suffix == ".xml":
        ET.fromstring(written)  # noqa: S314 - our own
    elif "<" in word and len(word) > 8:
        assert word not in written

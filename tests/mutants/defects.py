"""Breaks the right service, one rule at a time. Each family of defects is a generator over clauses.

A defect that no request of the page's own could show (an equivalent mutant) is not generated:
where one is left out, a comment says why.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from mutants import transport
from mutants.listening import Wire
from mutants.service import (
    Answer,
    Breaks,
    Operation,
    Place,
    Rule,
    Sent,
    Service,
    in_header,
    measured,
    right,
)

ANY = ""
"""Of a defect that no one clause is about: the suite may name any."""


@dataclass(frozen=True)
class Mutant:
    """A service with one defect.

    Args:
        name: what is wrong with it.
        clause: the clause that must be named as broken; ANY if it may be any.
        wire: how its answers are sent.
    """

    name: str
    clause: str
    service: Service
    wire: Callable[[Sent, Answer], Wire] | None = None


Mutants = Iterator[Mutant]


def mutants(of: Operation) -> list[Mutant]:
    """All of them; their names differ."""
    families = (
        _checks_dropped,
        _limits_moved,
        _lengths_miscounted,
        _checks_in_places,
        _checks_under_conditions,
        _types_accepted,
        _legal_refused,
        _patterns_changed,
        _json_misread,
        _odd_requests,
        _refusals_misanswered,
        _errors_misframed,
        _messages_wrong,
        _successes_wrong,
        _states_confused,
        _now_and_then,
        _on_the_wire,
        _impostors,
    )
    every = [one for family in families for one in family(of)]
    names = [one.name for one in every]
    assert len(set(names)) == len(names), "two mutants have one name"
    return every


# --- rules


def _with_rule(of: Operation, old: Rule, new: Breaks) -> Service:
    rules = tuple(replace(one, breaks=new) if one is old else one for one in of.rules)
    return replace(right(of), rules=rules)


def _limits(of: Operation) -> Iterator[Rule]:
    return (rule for rule in of.rules if rule.check.startswith(("min-", "max-")))


def _checks_dropped(of: Operation) -> Mutants:
    for rule in of.rules:
        service = replace(right(of), waived=frozenset([rule.clause]))
        yield Mutant(f"{rule.clause}: not checked", rule.clause, service)


def _limits_moved(of: Operation) -> Mutants:
    for rule in _limits(of):
        for by in (-1, 1):
            new = measured(rule.check, rule.want + by)
            name = f"{rule.clause}: {rule.want + by} instead of {rule.want}"
            if by < 0 and rule.want == 1 and rule.check == "min-length":
                name = f"{rule.clause}: an empty one is taken"
            yield Mutant(name, rule.clause, _with_rule(of, rule, new))
        if rule.check == "max-length":
            far = _unless(rule, _shorter_than(4 * rule.want))
            service = _skipping(of, rule, far)
            yield Mutant(f"{rule.clause}: far too much is taken", rule.clause, service)
        if rule.check.startswith("max-"):
            more = measured(rule.check, rule.want + 1)
            yield Mutant(
                f"{rule.clause}: only one too many is refused",
                rule.clause,
                _with_rule(of, rule, _unless(rule, more).breaks),
            )


def _shorter_than(length: int) -> Callable[[Place], bool]:
    return lambda place: not isinstance(place.value, str) or len(place.value) < length


def _clusters(text: str) -> int:
    return sum(1 for letter in text if not unicodedata.combining(letter))


_COUNTS: dict[str, Callable[[str], int]] = {
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "UTF-16 units": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "bytes of its JSON": lambda text: len(json.dumps(text)) - 2,
    "what a reader sees as one character": _clusters,
    "characters after NFC": lambda text: len(unicodedata.normalize("NFC", text)),
    "characters without the white space around": lambda text: len(text.strip()),
    "characters modulo 2**16": lambda text: len(text) % 65536,
}


def _lengths_miscounted(of: Operation) -> Mutants:
    for rule in of.rules:
        # An ARN is ASCII by its nature, and 256 characters of it are all that is asked of it.
        if rule.check != "max-length" or rule.at == "datasetArn":
            continue
        for unit, length in _COUNTS.items():
            if unit == "characters modulo 2**16" and rule.want < 1024:
                continue  # no caller sends an id of 65537 characters
            yield Mutant(
                f"{rule.clause}: counted in {unit}",
                rule.clause,
                _with_rule(of, rule, measured(rule.check, rule.want, length)),
            )
        together = _sum_of(of, rule)
        yield Mutant(f"{rule.clause}: of all of them together", rule.clause, together)


def _sum_of(of: Operation, rule: Rule) -> Service:
    """The limit holds for the sum over the batch."""
    name = rule.at.rpartition(".")[2]

    def too_long(place: Place) -> bool:
        items = place.value if isinstance(place.value, list) else []
        values = [item.get(name) for item in items if isinstance(item, dict)]
        together = sum(len(value) for value in values if isinstance(value, str))
        return together > int(rule.want)

    added = replace(rule, at=of.batch, breaks=too_long)
    return replace(right(of), rules=(*of.rules, added))


# --- where and when a rule is looked at

_PLACES: dict[str, Callable[[Place], bool]] = {
    "only in the first": lambda place: place.index == 0,
    "only in the last": lambda place: place.index == place.count - 1,
    "in all but the first": lambda place: place.index > 0,
    "in all but the last": lambda place: place.index < place.count - 1,
    "in all but the second": lambda place: place.index != 1,
    "in all but the second of two": lambda place: (place.index, place.count) != (1, 2),
    "in all but the eighth": lambda place: place.index != 7,
    "in the first and the last": lambda place: place.index in (0, place.count - 1),
    "only in a batch of one": lambda place: place.count == 1,
    "only in a batch of several": lambda place: place.count > 1,
}


def _unless(rule: Rule, where: Callable[[Place], object]) -> Rule:
    """What breaks a rule at places where nobody looks."""
    return replace(rule, breaks=lambda place: not where(place) and rule.breaks(place))


def _checks_in_places(of: Operation) -> Mutants:
    for rule in of.rules:
        if "[]" not in rule.at:
            continue
        for words, where in _PLACES.items():
            # What is not refused is taken, whatever would choke on it later.
            service = _skipping(of, rule, _unless(rule, where))
            yield Mutant(f"{rule.clause}: checked {words}", rule.clause, service)


def _skipping(of: Operation, rule: Rule, waived: Rule) -> Service:
    """A service that takes what breaks `waived`, which is a part of what breaks `rule`."""
    marker = f"{rule.clause} skipped"
    taken = replace(waived, clause=marker)
    rules: list[Rule] = []
    for one in of.rules:
        rules += [one, taken] if one is rule else [one]
    narrowed = replace(rule, breaks=lambda place: rule.breaks(place) and not waived.breaks(place))
    return replace(
        right(of),
        rules=tuple(narrowed if one is rule else one for one in rules),
        waived=frozenset([marker]),
    )


def _conditions(of: Operation) -> dict[str, Callable[[Place], bool]]:
    document, identity = of.document, of.identity

    def of_item(test: Callable[[dict[str, Any]], bool]) -> Callable[[Place], bool]:
        return lambda place: isinstance(place.item, dict) and test(place.item)

    return {
        f"not where {document} is absent": of_item(lambda item: document in item),
        f"not where {document} is there": of_item(lambda item: document not in item),
        f"not where {identity} is not ASCII": of_item(
            lambda item: str(item.get(identity, "")).isascii()
        ),
    }


def _checks_under_conditions(of: Operation) -> Mutants:
    conditions = _conditions(of)
    for rule in of.rules:
        if rule.at != f"{of.batch}[].{of.identity}":
            continue
        for words, holds in conditions.items():
            if "ASCII" in words and rule.check != "max-length":
                continue  # no other rule of an id can be broken by what is not ASCII
            service = _skipping(of, rule, _unless(rule, holds))
            yield Mutant(f"{rule.clause}: checked {words}", rule.clause, service)
    for rule in of.rules:
        if rule.at != of.batch or rule.check != "max-members":
            continue
        for count in (12, 21, 99, 266):
            service = _with_rule(of, rule, _where(rule, _of_other_size(count)))
            yield Mutant(f"{rule.clause}: {count} are taken", rule.clause, service)
        for words, of_batch in _of_batches(of).items():
            service = _with_rule(of, rule, _where(rule, of_batch))
            yield Mutant(f"{rule.clause}: checked {words}", rule.clause, service)


def _of_batches(of: Operation) -> dict[str, Callable[[list[Any]], bool]]:
    return {
        "not where no document is there": lambda items: any(of.document in one for one in items),
        "not where all are the same": lambda items: len({str(one) for one in items}) > 1,
        "not where all differ": lambda items: len({str(one) for one in items}) < len(items),
    }


def _holding(letter: str) -> Callable[[str], bool]:
    return lambda text: letter in text


def _of_other_size(count: int) -> Callable[[list[Any]], bool]:
    return lambda items: len(items) != count


def _where(rule: Rule, holds: Callable[[list[Any]], bool]) -> Breaks:
    return lambda place: rule.breaks(place) and holds(place.value)


# --- types

_JSON = {
    "null": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "a number": lambda value: type(value) in (int, float) and value,
    "zero": lambda value: type(value) in (int, float) and not value,
    "a fraction": lambda value: type(value) is float,
    "a large number": lambda value: type(value) is int and value > 2**63,
    "a negative number": lambda value: type(value) is int and value < 0,
    "a string": lambda value: isinstance(value, str),
    "an array": lambda value: isinstance(value, list) and value,
    "an empty array": lambda value: value == [] and isinstance(value, list),
    "an object": lambda value: isinstance(value, dict) and value,
    "an empty object": lambda value: value == {} and isinstance(value, dict),
}
_OWN = {
    "string": ("a string",),
    "array": ("an array", "an empty array"),
    "object": ("an object", "an empty object"),
}


def _where_it_is(rule: Rule, is_so: Callable[[Any], object]) -> Rule:
    return replace(rule, breaks=lambda place: rule.breaks(place) and bool(is_so(place.value)))


def _types_accepted(of: Operation) -> Mutants:
    required = {rule.at for rule in of.rules if rule.check == "required"}
    for rule in of.rules:
        if rule.check != "type":
            continue
        for words, is_so in _JSON.items():
            if words in _OWN[rule.want]:
                continue
            if words == "null" and "." in rule.at and rule.at not in required:
                continue  # to rest-json an optional member that is null is one left out
            service = _skipping(of, rule, _where_it_is(rule, is_so))
            yield Mutant(f"{rule.clause}: takes {words}", rule.clause, service)


# --- what is legal, refused


def _refuse_more(of: Operation, at: str, when: Breaks) -> Service:
    more = Rule("more", at, "more", None, "invalid-input", when)
    return replace(right(of), rules=(*of.rules, more))


def _legal_refused(of: Operation) -> Mutants:
    batch, one = of.batch, of.batch.removesuffix("s")
    identity, document = f"{batch}[].{of.identity}", f"{batch}[].{of.document}"
    cases: list[tuple[str, str, str, Breaks]] = [
        *(
            (f"{count} in a batch", f"request.{batch}.max-members", batch, _exactly(count))
            for count in range(2, 11)
        ),
        ("1 in a batch", f"request.{batch}.min-members", batch, _exactly(1)),
        ("the same one twice", f"request.{batch}.max-members", batch, _repeats(of.identity)),
        ("no document", f"request.{of.document}.optional", document, lambda p: not p.present),
        (
            "no document in one of several",
            f"request.{of.document}.optional",
            document,
            lambda p: not p.present and p.count > 1,
        ),
        (
            "a unicode id",
            f"request.{one}-id.max-length",
            identity,
            _text(lambda t: not t.isascii()),
        ),
        (
            "a unicode document",
            f"request.{of.document}.max-length",
            document,
            _text(lambda t: not t.isascii()),
        ),
        ("an id with a blank", ANY, identity, _text(lambda t: " " in t)),
        ("an id with a slash", ANY, identity, _text(lambda t: "/" in t)),
        ("an id with a quote", ANY, identity, _text(lambda t: '"' in t)),
        *((f"an id with {one}", ANY, identity, _text(_holding(one))) for one in ".:+@'_*$B"),
        *(
            (f"a document with {name}", "response.success.status", document, _text(test))
            for name, test in _ODD_DOCUMENTS.items()
        ),
        (
            "a batch of more than a mebibyte",
            f"request.{of.document}.max-length",
            batch,
            lambda p: len(json.dumps(p.value, ensure_ascii=False).encode()) > 2**20,
        ),
        (
            "an id that is not a word",
            ANY,
            identity,
            _text(lambda t: not re.fullmatch(r"[\w.-]+", t)),
        ),
        (
            "a whole batch of long documents",
            f"request.{of.document}.max-length",
            batch,
            lambda p: len(json.dumps(p.value)) > 256 * 1024,
        ),
    ]
    for words, clause, at, when in cases:
        yield Mutant(f"refuses {words}", clause, _refuse_more(of, at, when))
    for words, clause, reads in (
        ("white space around the body", "request.body.json-object", _no_space_around),
        ("members in another order", "request.body.json-object", _in_order),
        ("escapes in names", "request.body.json-object", _no_escaped_names(of)),
        ("escaped slashes", "request.body.json-object", _without(rb"\\/")),
        ("upper-case escapes", "request.body.json-object", _without(rb"\\u00E9")),
        (
            "a document before its id",
            "request.body.json-object",
            _without(rf'"{of.document}": "[^,]*", "{of.identity}"'.encode()),
        ),
    ):
        yield Mutant(f"refuses {words}", clause, replace(right(of), reads=reads))
    for words, takes in (
        ("a charset", lambda value: "charset" not in value),
        ("a charset after no blank", lambda value: ";c" not in value),
    ):
        service = replace(right(of), media_types=takes)
        yield Mutant(f"refuses {words}", "request.media-type", service)


_ODD_DOCUMENTS: dict[str, Callable[[str], object]] = {
    "a single quote": lambda text: "'" in text,
    "a per cent sign": lambda text: "%" in text,
    "an angle bracket": lambda text: "<" in text,
    "an escaped backslash": lambda text: "\\\\" in text,
    "a line break": lambda text: "\n" in text,
    "another script": lambda text: "\u8336" in text,
}


def _without(pattern: bytes) -> Callable[[bytes], Any]:
    def reads(body: bytes) -> Any:
        if re.search(pattern, body):
            raise ValueError
        return json.loads(body.decode())

    return reads


def _exactly(count: int) -> Breaks:
    return lambda place: isinstance(place.value, list) and len(place.value) == count


def _repeats(identity: str) -> Breaks:
    def found(place: Place) -> bool:
        items = place.value if isinstance(place.value, list) else []
        ids = [str(item.get(identity)) for item in items if isinstance(item, dict)]
        return len(set(ids)) < len(ids)

    return found


def _text(test: Callable[[str], object]) -> Breaks:
    return lambda place: isinstance(place.value, str) and bool(test(place.value))


def _no_space_around(body: bytes) -> Any:
    if body != body.strip():
        raise ValueError
    return json.loads(body.decode())


def _in_order(body: bytes) -> Any:
    value = json.loads(body.decode())
    if isinstance(value, dict) and next(iter(value), "datasetArn") != "datasetArn":
        raise ValueError
    return value


def _no_escaped_names(of: Operation) -> Callable[[bytes], Any]:
    def reads(body: bytes) -> Any:
        value = json.loads(body.decode())
        if isinstance(value, dict) and of.batch in value and of.batch.encode() not in body:
            raise ValueError
        return value

    return reads


# --- the pattern


def _patterns_changed(of: Operation) -> Mutants:
    for rule in of.rules:
        if rule.check != "pattern":
            continue
        for words, new in _patterns(rule.want):
            yield Mutant(f"{rule.clause}: {words}", rule.clause, _with_rule(of, rule, new))


def _patterns(pattern: str) -> Iterator[tuple[str, Breaks]]:
    def unless(matches: Callable[[str], object]) -> Breaks:
        return lambda place: isinstance(place.value, str) and not matches(place.value[:4096])

    compiled = re.compile(pattern, re.ASCII)
    yield "searched for, not matched", unless(compiled.search)
    yield "matched at the front only", unless(re.compile(pattern.rstrip(".+"), re.ASCII).match)
    yield "in any case", unless(re.compile(pattern, re.ASCII | re.I).fullmatch)
    part = r"[a-z\d-]+"
    for words, loose in (
        ("arn in any case", pattern.replace("arn", "(?i:arn)", 1)),
        ("the partition in any case", pattern.replace(part, f"(?i:{part})", 1)),
        ("the service in any case", pattern.replace("personalize", "(?i:personalize)", 1)),
        ("a dot in the partition", pattern.replace(part, r"[a-z\d.-]+", 1)),
        ("a blank before", f" ?{pattern}"),
    ):
        assert loose != pattern
        yield words, unless(re.compile(loose, re.ASCII).fullmatch)
    yield "a line break may follow", unless(re.compile(f"{pattern}\n?", re.ASCII).fullmatch)
    yield "taken for text", unless(lambda text: text == pattern)
    yield "only of six fields", unless(lambda t: compiled.fullmatch(t) and t.count(":") == 5)
    yield "only in aws", unless(lambda t: compiled.fullmatch(t) and ":aws:" in t)
    yield "only in one region", unless(lambda t: compiled.fullmatch(t) and ":us-east-1:" in t)
    swaps = [("*", "+"), ("+", "*"), ("a-z", "a-z_"), ("a-z", "aws"), (r"\d", ""), ("-]", "]")]
    swaps += [("personalize", "[a-z0-9]+"), ("personalize", "personalize[a-z-]*")]
    for old, new in swaps:
        for found in re.finditer(re.escape(old), pattern):
            changed = pattern[: found.start()] + new + pattern[found.end() :]
            yield f"{changed}", unless(re.compile(changed, re.ASCII).fullmatch)


# --- JSON


def _sloppily(change: Callable[[str], str]) -> Callable[[bytes], Any]:
    return lambda body: json.loads(change(body.decode("utf-8")))


def _json_misread(of: Operation) -> Mutants:
    def first_value(body: bytes) -> Any:
        return json.JSONDecoder().raw_decode(body.decode().lstrip())[0]

    def from_first_brace(body: bytes) -> Any:
        text = body.decode()
        return json.loads(text[max(text.find("{"), 0) :])

    def closed(body: bytes) -> Any:
        text = body.decode()
        for end in ("", "}", "]}", '"}]}'):
            try:
                return json.loads(text + end)
            except ValueError:
                continue
        raise ValueError

    readers: dict[str, Callable[[bytes], Any]] = {
        "forgets what follows": first_value,
        "skips what comes before": from_first_brace,
        "closes what is open": closed,
        "takes single quotes": _sloppily(lambda text: text.replace("'", '"')),
        "takes a trailing comma": _sloppily(lambda text: re.sub(r",\s*([}\]])", r"\1", text)),
        "takes comments": _sloppily(lambda text: re.sub(r"/\*.*?\*/|//[^\n]*", "", text)),
        "takes a form feed": _sloppily(lambda text: text.replace("\f", " ")),
        "takes line breaks in strings": lambda body: json.loads(body.decode(), strict=False),
        "mends bytes that are not UTF-8": lambda body: json.loads(body.decode("utf-8", "replace")),
        "reads Latin-1": lambda body: json.loads(body.decode("latin-1")),
        "takes a trailing comma in a list": _sloppily(lambda t: re.sub(r",\s*\]", "]", t)),
        "takes a leading comma": _sloppily(lambda text: re.sub(r"\{\s*,", "{", text)),
        "takes two commas": _sloppily(lambda text: re.sub(r",\s*,", ",", text)),
        "takes a semicolon": _sloppily(lambda text: text.replace('; "', ', "')),
        "takes an equals sign": _sloppily(lambda text: text.replace('" = ', '": ')),
        "misses no comma": _sloppily(lambda text: re.sub(r'" "', '", "', text)),
        "takes a shell's comments": _sloppily(lambda text: re.sub(r" # tea$", "", text)),
        "takes a vertical tab": _sloppily(lambda text: text.replace("\v", " ")),
        "takes a no-break space": _sloppily(lambda text: text.replace("\xa0", " ")),
        "takes a line separator": _sloppily(lambda text: text.replace("\u2028", " ")),
        "ends at a NUL": _sloppily(lambda text: text.partition("\0")[0]),
        "takes a brace too many": _sloppily(lambda text: re.sub(r"\}\}$", "}", text)),
        "takes a TAB in a string": _sloppily(lambda text: text.replace("\t", " ")),
        "takes any escape": _sloppily(lambda text: text.replace("\\q", "q")),
        "takes a short escape": _sloppily(lambda text: text.replace('\\u12"', '\\u0012"')),
        "takes a number with a plus": _sloppily(lambda text: text.replace(": +1", ": 1")),
        "takes a number that begins with a dot": _sloppily(lambda t: t.replace(": .5", ": 0.5")),
        "takes a number that ends with a dot": _sloppily(lambda t: t.replace(": 1.}", ": 1}")),
        "skips brackets before": _sloppily(lambda text: text.removeprefix(")]}',\n")),
        "misses no comma in a list": _sloppily(lambda text: text.replace("} {", "}, {")),
        "takes a shell's comments in front": _sloppily(lambda t: re.sub("^#.*\n", "", t)),
        "reads YAML": lambda body: _object(yaml.safe_load(body)),
        "takes hexadecimal numbers": _sloppily(lambda text: text.replace(": 0x1", ": 1")),
        "takes NULL": _sloppily(lambda text: text.replace(": NULL", ": null")),
        "takes None": _sloppily(lambda text: text.replace(": None", ": null")),
        "takes undefined": _sloppily(lambda text: text.replace(": undefined", ": null")),
        "takes nothing for an object": lambda body: json.loads(body.strip() or b"{}"),
        "reads the text in a text": lambda body: _twice(json.loads(body.decode())),
        "takes names without quotes": _sloppily(
            lambda text: re.sub(r"([{,]\s*)([A-Za-z]+)\s*:", r'\1"\2":', text)
        ),
        "takes a number with a zero in front": _sloppily(
            lambda t: re.sub(r":\s*0+(\d)", r":\1", t)
        ),
    }
    for words, reads in readers.items():
        yield Mutant(f"JSON: {words}", "request.body.json-object", replace(right(of), reads=reads))


def _object(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise ValueError


def _always(answer: Answer) -> Callable[[Sent], Answer]:
    return lambda sent: answer


def _twice(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] == "{" else value


# --- what only an odd request shows


def _odd_requests(of: Operation) -> Mutants:
    """Where it is not known whether a request is accepted, it is known how."""
    many, found = of.batch, ("InvalidInputException", "Error parsing {}")
    odd: dict[str, Callable[[Sent], object]] = {
        "an unknown member": lambda sent: b'"tea": 1' in sent.body,
        "a name in another case": lambda sent: b'"DatasetArn"' in sent.body,
        "another path": lambda sent: "/tea" in sent.path and "?" not in sent.path,
        "a query": lambda sent: "?" in sent.path,
        "no signature": lambda sent: "authorization" not in sent.headers,
        "another media type": lambda sent: "text" in sent.headers.get("content-type", ""),
        "NaN": lambda sent: b"NaN" in sent.body,
        "deep nesting": lambda sent: b"[[[[" in sent.body,
        "a document that is no JSON": lambda sent: b': "tea-and-a-secret"' in sent.body,
        "an unknown field": lambda sent: b"brew" in sent.body,
        "a field in another case": lambda sent: b"CATEGORY" in sent.body,
        "an ARN of elsewhere": lambda sent: b":eu-west-1:" in sent.body,
        "an ARN of one character more": lambda sent: f"/{of.dataset_type}x".encode() in sent.body,
    }

    def around(when: Callable[[Sent], object], given: Callable[[Sent], Answer]) -> Service:
        return replace(right(of), around=lambda sent, answer: given(sent) if when(sent) else answer)

    def echo(sent: Sent) -> Answer:
        return in_header(400, found[0], found[1].format(sent.body[:400].decode("utf-8", "replace")))

    for words, when in odd.items():
        for name, clause, given in (
            ("201", "response.success.status", lambda sent: Answer(201)),
            ("a body of {}", "response.success.empty-body", lambda sent: Answer(200, b"{}")),
        ):
            if words != "another path":  # which may have a success of its own
                yield Mutant(f"{name} for {words}", clause, around(when, given))
        if "ARN" not in words:
            yield Mutant(f"an echo for {words}", "error.message", around(when, echo))
    abroad = odd["an ARN of elsewhere"]
    for words, clause, answer in (
        ("302 for", "request.dataset-arn.pattern", Answer(302, b"", (("Location", "/"),))),
        ("404 without a code for", "error.not-found.code", Answer(404, b'{"message": "no"}')),
    ):
        yield Mutant(f"{words} an ARN of elsewhere", clause, around(abroad, _always(answer)))

    def loud(kind: str, sent: Sent) -> str:
        return f"{kind}: {sent.body.decode('utf-8', 'replace').upper()}"

    yield Mutant("an error shouts the request", "error.message", replace(right(of), message=loud))
    short = re.compile(rb"\{[^{]{0,24}")

    def beginning(kind: str, sent: Sent) -> str:
        cut = [one.decode("utf-8", "replace") for one in short.findall(sent.body)]
        return f"{kind}: {cut[-1] if cut else ''}..."

    cut_short = replace(right(of), message=beginning)
    yield Mutant("an error repeats the beginning of the document", "error.message", cut_short)
    for words, header in (("a retry", "amz-sdk-request"), ("a trace", "x-amzn-trace-id")):

        def refused(sent: Sent, answer: Answer, header: str = header) -> Answer:
            value = sent.headers.get(header, "")
            return Answer(400) if "attempt=2" in value or "Root=" in value else answer

        service = replace(right(of), around=refused)
        yield Mutant(f"refuses {words}", "response.success.status", service)
    memory: dict[str, bool] = {}

    def confused(sent: Sent, answer: Answer) -> Answer:
        lost = memory.pop("lost", False) and answer.status == 200
        memory["lost"] = answer.status == 404
        return in_header(404, "ResourceNotFoundException", f"no {many}") if lost else answer

    yield Mutant("what is there is missing after a 404", ANY, replace(right(of), around=confused))


# --- answers of refusals

_STATUSES = (200, 201, 204, 302, 401, 403, 404, 405, 409, 410, 413, 415, 418, 422, 423, 500, 502)
"""Without 429 and 503: those say that the service is busy, which is no breach."""


def _kind(of: Operation, kind: str, status: int, code: str) -> Service:
    usual = right(of)
    return replace(usual, kinds={**usual.kinds, kind: (status, code)})


def _refusals_misanswered(of: Operation) -> Mutants:
    names = {
        "invalid-input": "invalid-input",
        "malformed": "malformed",
        "missing": "not-found",
        "in-use": "in-use",
    }
    usual = right(of).kinds
    for kind, clause in names.items():
        status, code = usual[kind]
        for other in _STATUSES:
            if other == status:
                continue
            # A success among the refused is called what it is: accepted.
            named = ANY if other < 400 else f"error.{clause}.status"
            service = _kind(of, kind, other, code)
            yield Mutant(f"{kind}: {other} instead of {status}", named, service)
        if kind == "malformed":
            continue  # its code is not documented
        others = [one for one in of.errors if one != code]
        for wrong in (*others, "ValidationException", "InternalFailure", code.lower(), code[:-9]):
            service = _kind(of, kind, status, wrong)
            yield Mutant(f"{kind}: code {wrong}", f"error.{clause}.code", service)
    for rule in of.rules:
        # One rule's own refusal: as if it were the dataset that is not there.
        rules = tuple(replace(r, kind="missing") if r is rule else r for r in of.rules)
        named = f"error.{rule.kind}.status"
        service = replace(right(of), rules=rules)
        yield Mutant(f"{rule.clause}: refused as missing", named, service)
        broken = replace(right(of), kinds={**usual, "odd": (500, "InternalFailure")})
        rules = tuple(replace(r, kind="odd") if r is rule else r for r in of.rules)
        yield Mutant(f"{rule.clause}: crashes", named, replace(broken, rules=rules))


def _for_kind(of: Operation, code: str, frame: Callable[[int, str, str], Answer]) -> Service:
    return replace(
        right(of),
        frame=lambda status, found, message: (frame if found == code else in_header)(
            status, found, message
        ),
    )


def _framed(header: str | None, body: Callable[[str, str], object]) -> Callable[..., Answer]:
    def frame(status: int, code: str, message: str) -> Answer:
        found = body(code, message)
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        pairs = (("Content-Type", "application/json"),)
        return Answer(status, data, pairs if header is None else (*pairs, (header, code)))

    return frame


_NO_CODE: dict[str, Callable[..., Answer]] = {
    "without a code": _framed(None, lambda code, message: {"message": message}),
    "with the code in a header of its own": _framed(
        "x-error-code", lambda code, message: {"message": message}
    ),
    "with the code in a member of its own": _framed(
        None, lambda code, message: {"errorCode": code, "message": message}
    ),
    "with the code in the message only": _framed(
        None, lambda code, message: {"message": f"{code}: {message}"}
    ),
    "with a number for the code": _framed(
        None, lambda code, message: {"code": 7, "message": message}
    ),
    "with an object for the code": _framed(
        None, lambda code, message: {"error": {"code": code}, "message": message}
    ),
    "in XML": _framed(None, lambda code, message: f"<Error><Code>{code}</Code></Error>".encode()),
    "with nothing in it": lambda status, code, message: Answer(status),
    "with two codes": lambda status, code, message: in_header(status, code, message).plus(
        ("x-amzn-ErrorType", "InternalFailure")
    ),
}


def _errors_misframed(of: Operation) -> Mutants:
    invalid, missing, in_use = of.errors
    for code, clause in ((invalid, "invalid-input"), (missing, "not-found"), (in_use, "in-use")):
        for words, frame in _NO_CODE.items():
            service = _for_kind(of, code, frame)
            yield Mutant(f"{code} {words}", f"error.{clause}.code", service)


# --- messages

_NO_MESSAGE: dict[str, Callable[..., Answer]] = {
    "absent": _framed("x-amzn-ErrorType", lambda code, message: {}),
    "null": _framed("x-amzn-ErrorType", lambda code, message: {"message": None}),
    "a number": _framed("x-amzn-ErrorType", lambda code, message: {"message": 1}),
    "true": _framed("x-amzn-ErrorType", lambda code, message: {"message": True}),
    "an object": _framed("x-amzn-ErrorType", lambda code, message: {"message": {"text": message}}),
    "an array": _framed("x-amzn-ErrorType", lambda code, message: {"message": [message]}),
    "in another member": _framed("x-amzn-ErrorType", lambda code, message: {"msg": message}),
    "in an array": _framed("x-amzn-ErrorType", lambda code, message: [{"message": message}]),
    "in no JSON": _framed("x-amzn-ErrorType", lambda code, message: message.encode()),
    "in cut JSON": _framed("x-amzn-ErrorType", lambda code, message: b'{"message": "This'),
    "in nothing": lambda status, code, message: Answer(status, b"", (("x-amzn-ErrorType", code),)),
    "in a header": lambda status, code, message: Answer(
        status, b"{}", (("x-amzn-ErrorType", code), ("x-amzn-error-message", message))
    ),
}


def _messages_wrong(of: Operation) -> Mutants:
    for code in of.errors:
        for words, frame in _NO_MESSAGE.items():
            yield Mutant(
                f"{code}: its message is {words}", "error.message", _for_kind(of, code, frame)
            )

    def echo(kinds: set[str], cut: Callable[[bytes], bytes]) -> Service:
        return replace(
            right(of),
            message=lambda kind, sent: (
                cut(sent.body).decode("utf-8", "replace") if kind in kinds else "This is wrong."
            ),
        )

    for kind in ("invalid-input", "malformed", "missing", "in-use"):
        service = echo({kind}, lambda body: body)
        yield Mutant(f"{kind}: the message repeats the request", "error.message", service)
    everywhere = {"invalid-input", "malformed", "missing", "in-use"}
    name = f'"{of.document}"'.encode()
    for words, cut in (
        ("the first 40 characters of the properties", lambda b: b[b.find(name) :][:40]),
        ("the last properties", lambda b: b[b.rfind(name) :]),
    ):
        yield Mutant(f"an error repeats {words}", "error.message", echo(everywhere, cut))

    def in_a_header(sent: Sent, answer: Answer) -> Answer:
        line = sent.body.decode("latin-1").replace("\r", " ").replace("\n", " ")
        return (
            answer.plus(("x-amzn-error-details", line[:4000])) if answer.status >= 400 else answer
        )

    yield Mutant(
        "an error repeats the request in a header",
        "error.message",
        replace(right(of), around=in_a_header),
    )


# --- successes


def _successes_wrong(of: Operation) -> Mutants:
    def success(name: str, clause: str, answer: Answer) -> Mutant:
        return Mutant(f"success: {name}", clause, replace(right(of), success=answer))

    for status in (201, 202, 203, 204, 205, 206, 299):
        yield success(str(status), "response.success.status", Answer(status))
    for status in (100 + 99, 300, 302, 304, 307, 400, 403, 404, 500, 501, 502, 504):
        answer = Answer(status, b"", (("Location", "/"),) if status // 100 == 3 else ())
        yield success(str(status), ANY, answer)
    for words, body in {
        "{}": b"{}",
        "null": b"null",
        "a blank": b" ",
        "a line break": b"\r\n",
        "a NUL": b"\0",
        "a BOM": b"\xef\xbb\xbf",
        "OK": b"OK",
        "JSON": b'{"message": "accepted"}',
        "a megabyte": b"x" * 2**20,
    }.items():
        yield success(f"a body of {words}", "response.success.empty-body", Answer(200, body))
        chunked = Answer(200, body, chunked=True)
        yield success(f"a chunked body of {words}", "response.success.empty-body", chunked)
    gzip = bytes.fromhex("1f8b08000000000000ff03000000000000000000")
    coded = Answer(200, gzip, (("Content-Encoding", "gzip"),))
    yield success("nothing, in gzip", "response.success.empty-body", coded)

    def sometimes(when: Callable[[dict[str, Any]], bool]) -> Service:
        def around(sent: Sent, answer: Answer) -> Answer:
            if answer.status != 200:
                return answer
            return replace(answer, body=b"{}") if when(json.loads(sent.body)) else answer

        return replace(right(of), around=around)

    for words, when in (
        ("for a full batch", lambda body: len(body[of.batch]) == 10),
        ("for one", lambda body: len(body[of.batch]) == 1),
        ("without a document", lambda body: of.document not in body[of.batch][0]),
        ("for what is not ASCII", lambda body: not json.dumps(body, ensure_ascii=False).isascii()),
        ("for a large body", lambda body: len(json.dumps(body)) > 100_000),
    ):
        yield Mutant(
            f"success: a body of {{}} {words}", "response.success.empty-body", sometimes(when)
        )


# --- states


def _states_confused(of: Operation) -> Mutants:
    usual = right(of)
    active, in_use = of.dataset("active"), of.dataset("in-use")
    missing = of.dataset("missing")

    def states(name: str, clause: str, found: dict[str, str]) -> Mutant:
        return Mutant(f"states: {name}", clause, replace(usual, states=found))

    yield states("all are active", "error.not-found.status", {"": "active"})
    yield states("all are missing", ANY, {"": "missing"})
    yield states("all are in use", ANY, {"": "in-use"})
    yield states(
        "in use is not looked at",
        "error.in-use.status",
        {active: "active", in_use: "active", "": "missing"},
    )
    yield states(
        "what is in use is not there", "error.in-use.status", {active: "active", "": "missing"}
    )
    yield states(
        "what is not there is in use", "error.not-found.status", {active: "active", "": "in-use"}
    )
    yield states(
        "the two are swapped",
        "error.in-use.code",
        {active: "active", in_use: "missing", "": "in-use"},
    )
    yield states(
        "only one ARN is missing",
        "error.not-found.status",
        {missing: "missing", in_use: "in-use", "": "active"},
    )

    def looked_at(when: Callable[[dict[str, Any]], bool]) -> Service:
        def state_of(service: Service, body: Any, sent: Sent) -> str:
            batch = body.get(of.batch) if isinstance(body, dict) else None
            seen = isinstance(batch, list) and batch and isinstance(batch[0], dict)
            return service.state(body, sent) if not seen or when(body) else "active"

        return replace(usual, state_of=state_of)

    for words, when in (
        ("in a batch of one", lambda body: len(body[of.batch]) == 1),
        ("in a batch of several", lambda body: len(body[of.batch]) > 1),
        ("where there is a document", lambda body: of.document in body[of.batch][0]),
        ("where there is no document", lambda body: of.document not in body[of.batch][0]),
    ):
        yield Mutant(f"states: only looked at {words}", ANY, looked_at(when))

    for state, clause in (("in-use", "error.in-use.status"), ("missing", "error.not-found.status")):

        def once(service: Service, body: Any, sent: Sent, state: str = state) -> str:
            found = service.state(body, sent)
            asked = service.memory.setdefault(state, [])
            if found == state:
                asked.append(sent.number)
            return "active" if found == state and len(asked) > 1 else found

        def later(service: Service, body: Any, sent: Sent, state: str = state) -> str:
            found = service.state(body, sent)
            asked = service.memory.setdefault(state, [])
            if found == state:
                asked.append(sent.number)
            return "active" if found == state and len(asked) == 1 else found

        for words, state_of in (("only the first time", once), ("not the first time", later)):
            service = replace(usual, state_of=state_of, memory={})
            yield Mutant(f"states: {state} {words}", clause, service)

    def stays(service: Service, body: Any, sent: Sent) -> str:
        found = service.state(body, sent)
        if found == "in-use":
            service.memory["in use"] = True
        return "in-use" if service.memory.get("in use") and found == "active" else found

    stuck = replace(usual, state_of=stays, memory={})
    yield Mutant("states: once one is in use, all are", ANY, stuck)


# --- now and then

_WRONG: dict[str, Callable[[Answer], Answer]] = {
    "500": lambda answer: Answer(500),
    "200": lambda answer: Answer(200),
    "a body of {}": lambda answer: replace(answer, body=b"{}"),
}


def _each(n: int) -> Callable[[int], bool]:
    return lambda number: number % n == 0


def _now_and_then(of: Operation) -> Mutants:
    def when(test: Callable[[int], bool], change: Callable[[Answer], Answer]) -> Service:
        return replace(
            right(of),
            around=lambda sent, answer: change(answer) if test(sent.number) else answer,
        )

    chance = random.Random(6)  # noqa: S311 - a repeatable choice, not a secret
    unlucky = {number for number in range(1, 10_000) if chance.random() < 0.2}
    times: dict[str, Callable[[int], bool]] = {
        "the first": lambda number: number == 1,
        "the second": lambda number: number == 2,
        "all from the fiftieth on": lambda number: number >= 50,
        **{f"each {n}th": _each(n) for n in (2, 3, 4, 5, 7, 10, 13, 17, 20, 25, 40)},
        "one in five": unlucky.__contains__,
    }
    for words, test in times.items():
        yield Mutant(f"500 for {words}", ANY, when(test, _WRONG["500"]))
    for words in ("each 3th", "each 10th", "one in five"):
        for wrong in ("200", "a body of {}"):
            yield Mutant(f"{wrong} for {words}", ANY, when(times[words], _WRONG[wrong]))

    def sticky(wanted: int) -> Service:
        memory: dict[str, Any] = {}

        def around(sent: Sent, answer: Answer) -> Answer:
            spoilt = memory.pop("spoilt", False)
            memory["spoilt"] = answer.status == wanted
            return Answer(500) if spoilt else answer

        return replace(right(of), around=around)

    for wanted in (400, 404, 409):
        yield Mutant(f"500 after each {wanted}", ANY, sticky(wanted))

    def repeated() -> Service:
        seen: set[bytes] = set()

        def around(sent: Sent, answer: Answer) -> Answer:
            again = sent.body in seen
            seen.add(sent.body)
            return Answer(500) if again else answer

        return replace(right(of), around=around)

    yield Mutant("500 for what was sent before", ANY, repeated())


# --- the wire


def _on_the_wire(of: Operation) -> Mutants:
    for words, clause, wire in transport.broken(of):
        yield Mutant(f"wire: {words}", clause, right(of), wire)


# --- somebody else


def _impostors(of: Operation) -> Mutants:
    def always(name: str, answer: Answer, clause: str = ANY) -> Mutant:
        service = replace(right(of), around=lambda sent, usual: answer)
        return Mutant(f"impostor: {name}", clause, service)

    yield always("not implemented", Answer(404, b"Not yet implemented"), "error.not-found.code")
    yield always(
        "unknown operation", Answer(404, b"<UnknownOperationException/>\n"), "error.not-found.code"
    )
    yield always("takes everything", Answer(200))
    yield always("takes nothing", in_header(400, "InvalidInputException", "no"))
    yield always("knows no dataset", in_header(404, "ResourceNotFoundException", "no"))
    yield always("is always in use", in_header(409, "ResourceInUseException", "no"))
    json_type = (("Content-Type", "application/json"),)
    recommendations = b'{"itemList": [], "recommendationId": "RID-1"}'
    yield always("GetRecommendations", Answer(200, recommendations, json_type))
    yield always("a web server", Answer(405, b"<html>405 Not Allowed</html>"))
    yield always("a login page", Answer(302, b"", (("Location", "/login"),)))

    def not_there(sent: Sent, answer: Answer) -> Answer:
        return Answer(404, b"Not yet implemented") if answer.status == 404 else answer

    yield Mutant(
        "impostor: only its 404 is one",
        "error.not-found.code",
        replace(right(of), around=not_there),
    )

"""Strict JSON: texts that every parser understands in the same way."""

import pytest

from personalize_contract.model.strict_json import NotJson, canonical, loads

# Text -> a part of the reason. Each text breaks a rule of RFC 8259.
NOT_JSON = {
    "a BOM": (b'\xef\xbb\xbf{"a": 1}', ""),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "byte 0 is not UTF-8"),
    "a byte that is not UTF-8": (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
    "an encoded surrogate": (b'"\xed\xa0\x80"', "byte 1 is not UTF-8"),
    "NaN": (b"[NaN]", "NaN is not a JSON number"),
    "Infinity": (b"[Infinity]", "Infinity is not a JSON number"),
    "-Infinity": (b"[-Infinity]", "-Infinity is not a JSON number"),
    "a number past a double": (b"1e400", "too large"),
    "a number past Python": (b"1" * 5000, "too many digits"),
    "a repeated name": (b'{"a": 1, "b": 2, "a": 1}', "repeated"),
    "a repeated name inside": (b'[{"b": {"a": 1, "a": 1}}]', "repeated"),
    "a name repeated by an escape": (b'{"a": 1, "\\u0061": 1}', "repeated"),
    "half a surrogate pair": (b'"\\ud83c"', "half of a surrogate pair"),
    "the other half": (b'{"\\udf75": 1}', "half of a surrogate pair"),
    "nothing": (b"", "character 0"),
    "white space": (b" \n", "character 2"),
    "a form feed": (b"\x0c{}", "character 0"),
    "a comment": (b"{} // tea", "character 3"),
    "single quotes": (b"{'a': 1}", "character 1"),
    "a trailing comma": (b'{"a": 1,}', "character"),
    "two values": (b"{} {}", "extra data at character 3"),
    "a control character": (b'"\x01"', "control character"),
    "a leading zero": (b"01", "character 1"),
    "a plus": (b"+1", "character 0"),
    "a bare point": (b"1.", "character 1"),
    "cut short": (b'{"a": [1, 2', "character"),
    "a deep array": (b"[" * 100_000, "too deeply"),
    "a deep and whole array": (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
    "a deep object": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deeply"),
}


@pytest.mark.parametrize(("text", "reason"), NOT_JSON.values(), ids=NOT_JSON)
def test_an_invalid_text_is_not_json(text: bytes, reason: str) -> None:
    with pytest.raises(NotJson) as caught:
        loads(text)

    assert reason in str(caught.value)


def test_the_reason_never_quotes_the_text() -> None:
    for text in (b'{"tea-secret": 1, "tea-secret": 1}', b'"tea-secret" x', b'{"tea-secret" 1}'):
        with pytest.raises(NotJson) as caught:
            loads(text)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b' {"a": [1, -2.5, true, null, "x"]}\r\n', {"a": [1, -2.5, True, None, "x"]}),
        ('"\N{TEACUP WITHOUT HANDLE}"'.encode(), "\N{TEACUP WITHOUT HANDLE}"),
        (b'"\\ud83c\\udf75"', "\N{TEACUP WITHOUT HANDLE}"),
        (b'"\\\\ud83c"', "\\ud83c"),
        (b"10", 10),
        (b"12345678901234567890123", 12345678901234567890123),
        (b'""', ""),
    ],
)
def test_a_valid_text_is_json(text: bytes, value: object) -> None:
    assert loads(text) == value


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1", "1.0"),
        ("1", "1e0"),
        ("100", "1E2"),
        ("0", "-0.0"),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ('"A"', '"\\u0041"'),
        ('"/"', '"\\/"'),
        ("9007199254740991", "9007199254740991.0"),
    ],
)
def test_equivalent_texts_are_equal(first: str, second: str) -> None:
    assert canonical(loads(first)) == canonical(loads(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1", "true"),
        ("0", "false"),
        ("0", "null"),
        ("1", '"1"'),
        ('"true"', "true"),
        ("[1, 2]", "[2, 1]"),
        ("{}", "[]"),
        ("{}", '"{}"'),
        ('{"a": null}', "{}"),
        ("9007199254740992", "9007199254740993"),
        ("12345678901234567890", "12345678901234567891"),
        ("1e16", "10000000000000000"),
        ("9007199254740992.0", "9007199254740992"),
        ('"é"', '"e\u0301"'),
    ],
)
def test_different_texts_are_not_equal(first: str, second: str) -> None:
    assert canonical(loads(first)) != canonical(loads(second))


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_depth_of_json_is_at_most_100(opening: str, closing: str) -> None:
    whole = opening * 99 + "[]" + closing * 99

    assert canonical(loads(whole)) == whole
    for deeper in (101, 102, 500, 900, 990, 1000, 1100):
        with pytest.raises(NotJson, match="too deeply"):
            loads(opening * (deeper - 1) + "[]" + closing * (deeper - 1))


@pytest.mark.parametrize(("opening", "closing"), [('[{"a":', "}]"), ('{"a":', "}")])
def test_objects_and_arrays_count_together(opening: str, closing: str) -> None:
    with pytest.raises(NotJson, match="too deeply"):
        loads(opening * 110 + "1" + closing * 110)
    with pytest.raises(NotJson, match="too deeply"):
        loads(('[{"a":' * 60) + "1" + ("}]" * 60))


def test_many_arrays_are_not_deep() -> None:
    assert loads("[" + "[], {}, " * 500 + "1]")[-1] == 1


def test_the_maximum_depth_does_not_depend_on_the_stack() -> None:
    text = "[" * 100 + "]" * 100

    def at(depth: int) -> object:
        return at(depth - 1) if depth else loads(text)

    assert canonical(at(500)) == text

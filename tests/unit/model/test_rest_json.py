"""Error codes and messages of a response, in every form of a rest-json service."""

import json

import pytest

from personalize_contract.model.exchange import Response
from personalize_contract.model.rest_json import error_code, error_message

CODE = "InvalidInputException"


def response(
    body: object = None, header: str | None = None, status: int = 400, raw: bytes | None = None
) -> Response:
    headers = {} if header is None else {"x-amzn-errortype": header}
    text = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    return Response(status, "", headers, text)


FRAMINGS = {
    "header": response(header=CODE),
    "header with a URI": response(header=f"{CODE}:http://internal.amazon.com/coral/x/"),
    "header with a URI that has a #": response(header=f"{CODE}:http://internal.amazon.com/x#y"),
    "header with a namespace": response(header=f"com.amazonaws.personalize#{CODE}"),
    "header with both": response(header=f"aws.x#{CODE}:http://internal.amazon.com/"),
    "header with blanks": response(header=f" {CODE} "),
    "header before body": response({"__type": "Other"}, header=CODE),
    "__type": response({"__type": CODE}),
    "__type with a namespace": response({"__type": f"com.amazonaws.personalize#{CODE}"}),
    "__type with a namespace and a URI": response({"__type": f"a.b#{CODE}:http://x/"}),
    "code": response({"code": CODE}),
    "Code": response({"Code": CODE}),
    "code before __type": response({"__type": "Other", "code": CODE}),
    "an empty header": response({"__type": CODE}, header=""),
    "a null code": response({"code": None, "__type": CODE}),
    "spaced JSON": response(raw=f' {{\n"__type" : "{CODE}" }}\n'.encode()),
}

NAMELESS = {
    "nothing": response(),
    "no code in the body": response({"message": "no"}),
    "not JSON": response(raw=b"<InvalidInputException/>"),
    "not an object": response([CODE]),
    "a code that is a number": response({"code": 400}),
    "a header of a colon": response(header=":"),
    "two members of one name": response(raw=f'{{"code": "{CODE}", "code": "x"}}'.encode()),
}


@pytest.mark.parametrize("answer", FRAMINGS.values(), ids=FRAMINGS)
def test_the_code_is_read(answer: Response) -> None:
    assert error_code(answer) == CODE


@pytest.mark.parametrize("answer", NAMELESS.values(), ids=NAMELESS)
def test_there_is_no_code(answer: Response) -> None:
    assert error_code(answer) is None


def test_the_case_of_a_code_counts() -> None:
    assert error_code(response(header="invalidinputexception")) == "invalidinputexception"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "a"}, "a"),
        ({"Message": "a"}, "a"),
        ({"message": ""}, ""),
        ({"message": None}, None),
        ({"message": 1}, 1),
        ({"MESSAGE": "a"}, None),
        ({}, None),
        (["a"], None),
    ],
)
def test_the_message_is_the_value_of_its_member(body: object, message: object) -> None:
    assert error_message(response(body)) == message

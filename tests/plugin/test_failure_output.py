"""The output of a failure: the finding first, then the user's code, and no library frames."""

from __future__ import annotations

import shlex

import pytest

from helpers.command import ACTIVE
from helpers.shop import Shop, text

ELEVEN = """
def upload():
    put(11)

@pytest.mark.personalize_contract
def test_it():
    upload()
"""
BROKEN = "request.items.max-members is broken by this test's request"


def test_the_finding_comes_first_and_then_the_failure(shop: Shop) -> None:
    shop.tests(ELEVEN)
    result = shop.run("--personalize-target=reference")
    result.stdout.fnmatch_lines(
        [
            "*_ test_it _*",
            BROKEN,
            "*this is how the test failed:*",
            ">       upload()",
            "E*InvalidInputException*",
            f"FAILED test_shop.py::test_it - {BROKEN}",
        ]
    )


SWALLOWED = """
@pytest.mark.personalize_contract
def test_it():
    with pytest.raises(Exception):
        put(11)
"""
ENDS = {
    "raised": ELEVEN,
    "swallowed": SWALLOWED,
    "failed in words": SWALLOWED + '    pytest.fail("a\\nb", pytrace=False)\n',
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("options", ["--tb=auto", "--tb=native", "--tb=line", "-pxdist -n1"])
def test_summary_line_is_the_finding_on_ci_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, options: str, end: str
) -> None:
    monkeypatch.setenv("CI", "true")
    shop.tests(ENDS[end])
    result = shop.run("--personalize-target=reference", *options.split())
    assert result.outlines[-2] == f"FAILED test_shop.py::test_it - {BROKEN}"


def test_traceback_has_no_library_frames(shop: Shop) -> None:
    shop.tests(ELEVEN)
    result = shop.run("--personalize-target=reference")
    assert "test_shop.py:25" in text(result)
    assert "test_shop.py:21" in text(result)
    for path in ("botocore/", "personalize_contract/", "boto3/"):
        assert path not in text(result)
    assert len(result.outlines) < 70


def test_causes_show_no_library_frames_either(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            try:
                put()
            except Exception as error:
                raise RuntimeError("the upload failed") from error
        """
    )
    result = shop.run()
    result.stdout.fnmatch_lines(
        [
            "no recorded exchange answers this PutItems request",
            "E*Miss: no recorded exchange answers this PutItems request",
            "The above exception was the direct cause of the following exception:",
            "E*RuntimeError: the upload failed",
        ]
    )
    assert "botocore/" not in text(result)


def test_full_trace_shows_every_frame(shop: Shop) -> None:
    shop.tests(ELEVEN)
    result = shop.run("--personalize-target=reference", "--full-trace")
    assert "botocore/client.py" in text(result)
    assert BROKEN in text(result)


def test_miss_shows_the_difference_and_the_record_command(shop: Shop) -> None:
    shop.tests(ELEVEN.replace("put(11)", "put(2)"))
    shop.record()
    shop.tests(ELEVEN.replace("put(11)", "put(3)"))
    result = shop.run()
    result.stdout.fnmatch_lines(
        [
            "E*Miss: no recorded exchange answers this PutItems request",
            "E*cassette:  cassettes/test_shop/test_it.personalize.yaml",
            "E*sent:      POST /items, 3 items,*",
            "E*nearest:   exchange 1 of 1",
            'E*items?2?.itemId: sent "tea-2", recorded nothing',
            "E*record it: pytest test_shop.py::test_it --personalize-record reference",
        ]
    )
    assert "botocore/" not in text(result)
    assert text(result).count("nearest:") == 1


def test_record_command_keeps_the_recorded_target(shop: Shop) -> None:
    shop.tests(ELEVEN.replace("put(11)", "put(2)"))
    shop.record()
    cassette = shop.cassette("test_it")
    cassette.write_text(cassette.read_text().replace("answered_by: reference", "answered_by: aws"))
    shop.tests(ELEVEN.replace("put(11)", "put(3)"))
    assert "--personalize-record live" in text(shop.run())


def test_record_command_for_an_endpoint_has_a_url_to_fill_in(shop: Shop) -> None:
    shop.tests(ELEVEN.replace("put(11)", "put(2)"))
    shop.record()
    cassette = shop.cassette("test_it")
    recorded = cassette.read_text().replace("answered_by: reference", "answered_by: endpoint")
    cassette.write_text(recorded)
    shop.tests(ELEVEN.replace("put(11)", "put(3)"))
    assert "--personalize-record live --personalize-endpoint-url URL" in text(shop.run())
    shop.ini("personalize_endpoint_url = http://127.0.0.1:1")
    assert "--personalize-endpoint-url URL" not in text(shop.run())


def test_unreachable_service_is_reported_without_library_frames(
    shop: Shop,
) -> None:
    shop.tests(ELEVEN.replace("put(11)", "put(2)"))
    result = shop.run(
        "--personalize-target=live",
        "--personalize-endpoint-url=http://127.0.0.1:1",
        f"--personalize-dataset={ACTIVE}=active",
        "-vv",
        "--showlocals",
    )
    result.assert_outcomes(failed=1)
    assert "http://127.0.0.1:1 can't be reached (Connection refused)" in text(result)
    assert "urllib3" not in text(result)
    assert "Signature" not in text(result)


@pytest.mark.parametrize("name", ["x y", "it's", "a;b"])
def test_record_command_is_quoted_for_a_shell(shop: Shop, name: str) -> None:
    shop.tests(
        f"""
        @pytest.mark.personalize_contract
        @pytest.mark.parametrize("name", [{name!r}])
        def test_it(name):
            put()
        """
    )
    result = shop.run()
    command = next(line for line in result.outlines if "record it:" in line)

    words = shlex.split(command.partition("record it: ")[2])
    assert words == [
        "pytest",
        f"test_shop.py::test_it[{name}]",
        "--personalize-record",
        "reference",
    ]


def test_ordinary_failure_of_a_marked_test_is_unchanged(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put()
            assert 1 == 2
        """
    )
    result = shop.run("--personalize-target=reference")
    result.stdout.fnmatch_lines([">       assert 1 == 2", "E       assert 1 == 2"])
    assert "this is how the test failed" not in text(result)

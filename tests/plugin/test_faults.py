"""`personalize_faults`: the same failures on any target, in the test and in its children."""

from __future__ import annotations

import pytest

from helpers.endpoint import listening
from helpers.shop import Shop
from personalize_contract.model.exchange import Request, Response


def test_faults_are_retried_and_never_recorded(shop: Shop) -> None:
    shop.tests(
        """
        from botocore.config import Config

        @pytest.mark.parametrize("fault", [503, "ThrottlingException", "timeout", "reset"])
        def test_it(personalize_faults, fault):
            personalize_faults.fail_next(fault)
            config = Config(retries={"mode": "standard", "total_max_attempts": 2})
            patient = boto3.Session().client("personalize-events", config=config)
            patient.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea-1"}])
        """
    )

    recorded = shop.record()
    replayed = shop.run()

    recorded.assert_outcomes(passed=4)
    recorded.stdout.fnmatch_lines(
        [
            "4 exchanges recorded (reference 4, aws 0)",
            "2 exchanges answered, not recorded (fault 2, aws 0)",
        ]
    )
    replayed.assert_outcomes(passed=4)
    replayed.stdout.fnmatch_lines(
        [
            "4 exchanges replayed (reference 4, aws 0)",
            "2 exchanges answered, not recorded (fault 2, aws 0)",
        ]
    )
    for path in shop.cassettes():
        _, _, text = (shop.path / path).read_text("utf-8").partition("interactions:")
        assert text.count("- request:") == 1
        assert "code: 503" not in text
        assert "Throttling" not in text


def test_no_cassette_for_a_test_that_only_met_faults(shop: Shop) -> None:
    shop.tests(
        """
        def test_it(personalize_faults):
            personalize_faults.fail_next("AccessDeniedException")
            with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
                put()
        """
    )

    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)

    assert shop.cassettes() == []


@pytest.mark.parametrize("fault", ["503", "'ThrottlingException'", "'reset'", "'timeout'"])
def test_failed_requests_are_not_sent_to_a_live_service(
    shop: Shop, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    requests: list[str] = []
    shop.tests(
        f"""
        def test_it(personalize_faults):
            personalize_faults.fail_next({fault}, times=2)
            with pytest.raises(Exception):
                put()
        """
    )

    def counted(request: Request, response: Response) -> Response:
        requests.append(request.url)
        return response

    with listening(counted) as url:
        result = shop.run(
            "--personalize-target=live",
            f"--personalize-endpoint-url={url}",
            "--personalize-dataset=arn:aws:personalize:us-east-1:000000000000:dataset/x/ITEMS=active",
        )

    result.assert_outcomes(passed=1)
    assert requests == []


def test_child_process_gets_the_fault_on_its_connection(shop: Shop) -> None:
    shop.tests(
        """
        import subprocess

        def curl(url, *more):
            body = '{"datasetArn": "%s", "items": [{"itemId": "1"}]}' % ACTIVE
            command = ["curl", "-sS", "-o", "-", "-w", "%{http_code}", *more, "-d", body]
            json = "content-type: application/json"
            done = subprocess.run([*command, "-H", json, f"{url}/items"], capture_output=True)
            return done.returncode, done.stdout[-3:]

        def test_it(personalize_faults, personalize_url):
            personalize_faults.fail_next(503)
            personalize_faults.fail_next("reset")
            personalize_faults.fail_next("truncate")
            personalize_faults.fail_next("timeout")
            assert curl(personalize_url) == (0, b"503")
            assert curl(personalize_url)[0] == 56
            assert curl(personalize_url)[0] == 18
            assert curl(personalize_url, "--max-time", "0.2")[0] == 28
        """
    )

    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("library", ["requests", "httpx", "httpx2", "urllib3", "aiohttp"])
def test_each_client_library_raises_its_own_error(shop: Shop, library: str) -> None:
    shop.tests(
        """
        import asyncio

        import LIBRARY

        URL = "https://personalize-events.us-east-1.amazonaws.com/items"
        BODY = {"datasetArn": ACTIVE, "items": [{"itemId": "tea-1"}]}

        async def by_aiohttp():
            async with aiohttp.ClientSession() as session, session.post(URL, json=BODY) as answer:
                return answer.status

        def send():
            if "LIBRARY" == "aiohttp":
                return asyncio.run(by_aiohttp())
            if "LIBRARY" == "urllib3":
                return urllib3.PoolManager(retries=False).request("POST", URL, json=BODY).status
            return LIBRARY.post(URL, json=BODY).status_code

        def kinds(error):
            return {kind.__name__ for kind in type(error).__mro__}

        RAISED = {
            "timeout": {"ReadTimeout", "ReadTimeoutError", "SocketTimeoutError"},
            "reset": {"ConnectionError", "ReadError", "ProtocolError", "ClientOSError"},
            "truncate": {
                *("ConnectionError", "RemoteProtocolError", "ProtocolError"),
                "ClientPayloadError",
            },
        }

        @pytest.mark.parametrize("fault", RAISED)
        def test_lost(personalize_faults, fault):
            personalize_faults.fail_next(fault)
            with pytest.raises(Exception) as raised:
                send()
            assert kinds(raised.value) & RAISED[fault], raised.value
            assert "personalize_contract" not in type(raised.value).__module__
            assert send() == 200

        def test_late(personalize_faults):
            personalize_faults.fail_next(slow=0.01)
            assert send() == 200
        """.replace("LIBRARY", library)
    )

    recorded = shop.pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--personalize-record", "reference"
    )

    recorded.assert_outcomes(passed=4)


def test_pending_faults_are_reported(shop: Shop) -> None:
    shop.tests(
        """
        def test_it(personalize_faults):
            personalize_faults.fail_next(503, times=2)
        """
    )

    shop.run().stdout.fnmatch_lines(["fail_next: 2 requested failures did not happen in *test_it"])

"""One rate limit for all processes of a user that write to one account and region."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import freezegun
import pytest
import time_machine

from personalize_contract import clock
from personalize_contract.errors import UsageError
from personalize_contract.live.rate_limit import INTERVAL, RateLimiter, shared_file

WAITS = """
import sys
from pathlib import Path
from personalize_contract.live.rate_limit import RateLimiter
rate_limiter = RateLimiter(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    rate_limiter.wait()
"""
HELD = """
import sys, time
from pathlib import Path
from personalize_contract.live.rate_limit import RateLimiter
def sleep(seconds):
    print("waits", flush=True)
    time.sleep(600)
rate_limiter = RateLimiter(Path(sys.argv[1]), sleep)
rate_limiter.wait()
rate_limiter.wait()
"""


def test_concurrent_runs_share_the_rate_limit(tmp_path: Path) -> None:
    """Check a lower bound on the time, which no load can break."""
    began = clock.monotonic()
    runs = [
        subprocess.Popen([sys.executable, "-c", WAITS, tmp_path / "limit", "5"]) for _ in range(3)
    ]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert clock.monotonic() - began >= 14 * INTERVAL


def test_a_dead_process_frees_the_lock(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HELD, tmp_path / "limit"], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    with holder.stdout:
        assert holder.stdout.readline() == "waits\n"
    other = subprocess.Popen([sys.executable, "-c", WAITS, tmp_path / "limit", "1"])
    holder.send_signal(signal.SIGKILL)
    assert other.wait(60) == 0
    holder.wait(60)


@pytest.mark.parametrize(
    "frozen",
    [
        lambda: freezegun.freeze_time("2001-11-26"),
        lambda: time_machine.travel("2001-11-26", tick=False),
    ],
    ids=["freezegun", "time-machine"],
)
def test_the_rate_limit_uses_the_real_clock(tmp_path: Path, frozen: Callable[[], object]) -> None:
    began = clock.monotonic()
    with frozen():  # type: ignore[attr-defined]
        rate_limiter = RateLimiter(tmp_path / "limit")
        for _ in range(3):
            rate_limiter.wait()
    assert clock.monotonic() - began >= 2 * INTERVAL


@pytest.mark.parametrize("text", ["", "tea", "1e9", "999999999999.5", "-5", "nan", "1.2\x003"])
def test_an_invalid_state_file_blocks_nothing(tmp_path: Path, text: str) -> None:
    """Such as truncated text, another program's, or one from before a reboot."""
    slept: list[float] = []
    (tmp_path / "limit").write_text(text)
    RateLimiter(tmp_path / "limit", slept.append, lambda: 100.0).wait()
    assert slept == []
    assert float((tmp_path / "limit").read_text()[:32]) == 100.0


def test_each_account_and_region_has_its_own_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    places = {
        shared_file(account, region)
        for account in ("111122223333", "444455556666")
        for region in ("us-east-1", "eu-west-1")
    }
    assert len(places) == 4
    assert {path.parent for path in places} == {tmp_path / "personalize-contract"}
    assert not [path for path in places if "111122223333" in path.name]
    assert (tmp_path / "personalize-contract").stat().st_mode & 0o77 == 0


def test_a_read_only_home_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert shared_file("111122223333", "us-east-1").parent.parent == tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="set XDG_CACHE_HOME"):
        shared_file("111122223333", "us-east-1")

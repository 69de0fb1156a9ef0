"""How each client is installed, and run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(tempfile.gettempdir()) / "personalize-contract-clients"


@dataclass(frozen=True)
class Client:
    """A client.

    Args:
        script: what it runs, beside this file; it is given a URL and four calls as JSON.
        install: makes it ready and gives the command that runs the script.
        alone: whether it needs an environment of its own.
    """

    script: str
    install: Callable[[], Sequence[str]]
    alone: bool = False


def _here() -> Sequence[str]:
    return [sys.executable]


def _venv(name: str, *packages: str) -> Callable[[], Sequence[str]]:
    def install() -> Sequence[str]:
        folder = CACHE / name
        python = folder / "bin" / "python"
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(python), "-m", "pip", "install", "-q", *packages])
            (folder / "ready").touch()
        return [str(python)]

    return install


def _node() -> Sequence[str]:
    folder = CACHE / "javascript"
    package = "@aws-sdk/client-personalize-events"
    if not (folder / "node_modules" / package).exists():
        folder.mkdir(parents=True, exist_ok=True)
        _run(
            [
                "npm",
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--prefix",
                str(folder),
                package,
            ]
        )
    # Modules are looked for beside the script that asks for them.
    shutil.copy(HERE / "scripts" / "javascript.mjs", folder)
    return ["node", str(folder / "javascript.mjs")]


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, timeout=900, capture_output=True)


CLIENTS = {
    "boto3": Client("boto3_.py", _here),
    "boto3, lowest botocore": Client(
        "boto3_.py", _venv("lowest", "boto3==1.34.0", "botocore==1.34.0"), alone=True
    ),
    "boto3, latest botocore": Client("boto3_.py", _venv("latest", "boto3"), alone=True),
    "aiobotocore": Client("aiobotocore_.py", _here),
    "AWS CLI v1": Client("awscli_.py", _here),
    "curl --aws-sigv4": Client("curl_.py", _here),
    "AWS SDK for JavaScript v3": Client("javascript.mjs", _node, alone=True),
}


def command(client: Client) -> list[str]:
    """The command that runs a client's script."""
    found = list(client.install())
    return (
        found if client.script.endswith(".mjs") else [*found, str(HERE / "scripts" / client.script)]
    )

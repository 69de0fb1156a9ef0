"""The installation and the command of each client."""

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
        script: its script, beside this file; its arguments are a URL and four calls as JSON.
        install: installs it and returns the command that runs the script.
        alone: whether it needs a separate environment.
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
    # Node looks for modules beside the script that imports them.
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
    """Return the command that runs a client's script."""
    parts = list(client.install())
    return (
        parts if client.script.endswith(".mjs") else [*parts, str(HERE / "scripts" / client.script)]
    )

"""The JavaScript example, and the AWS SDK for JavaScript v2 through the proxy.

Run where Node is, with the packages that `python -m clients` installs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from helpers.command import ACTIVE, COMMAND, MISSING, environment
from helpers.endpoint import listening
from integration.proxy.processes import serving

EXAMPLE = Path(__file__).parents[3] / "examples" / "javascript"
CLIENTS = Path(tempfile.gettempdir()) / "personalize-contract-clients"


def packages(name: str, package: str) -> Path:
    """Return the folder of installed packages, or skip the test if there is none."""
    folder = CLIENTS / name / "node_modules"
    if not shutil.which("node") or not (folder / package).is_dir():
        pytest.skip(f"Node or its package {package} is not installed")
    return folder


def test_the_javascript_example_passes(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "put_items.test.mjs", tmp_path)
    installed = packages("javascript", "@aws-sdk/client-personalize-events")
    (tmp_path / "node_modules").symlink_to(installed)

    done = subprocess.run(
        ["node", "--test"],
        cwd=tmp_path,
        env=environment(PERSONALIZE_CONTRACT=" ".join(COMMAND)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "# pass 3" in done.stdout


VERSION_2 = """
const AWS = require("aws-sdk");
const [url, arns] = [process.argv[2], JSON.parse(process.argv[3])];
const credentials = { accessKeyId: "none", secretAccessKey: "none" };
const client = new AWS.PersonalizeEvents({ endpoint: url, region: "us-east-1", ...credentials });
(async () => {
  const codes = [];
  for (const datasetArn of arns) {
    const sent = client.putItems({ datasetArn, items: [{ itemId: "tea-1" }] }).promise();
    codes.push(await sent.then(() => "", (error) => error.code));
  }
  console.log(JSON.stringify(codes));
})();
"""


def test_the_javascript_sdk_v2_records_and_replays(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(packages("javascript-v2", "aws-sdk"))
    (tmp_path / "put.cjs").write_text(VERSION_2, "utf-8")

    def codes(url: str) -> list[str]:
        done = subprocess.run(
            ["node", "put.cjs", url, json.dumps([ACTIVE, MISSING])],
            cwd=tmp_path,
            env=environment(AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE="1"),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return list(json.loads(done.stdout))

    folder = tmp_path / "cassettes"
    with listening() as url, serving("--forward", url, "--record", folder) as proxy:
        assert codes(proxy.url) == ["", "ResourceNotFoundException"]
        assert proxy.end() == 0
    with serving("--replay", folder) as replay:
        assert codes(replay.url) == ["", "ResourceNotFoundException"]
        assert replay.end() == 0

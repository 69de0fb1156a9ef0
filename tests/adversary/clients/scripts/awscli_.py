"""Makes the calls with the AWS CLI, v1; prints a JSON list of (status, code), and the version.

The CLI shows no status, so it is derived from the code.
"""

import json
import re
import subprocess
import sys

STATUS = {
    "InvalidInputException": 400,
    "ResourceNotFoundException": 404,
    "ResourceInUseException": 409,
}
CLI = [sys.executable, "-m", "awscli"]

url, calls = sys.argv[1], json.loads(sys.argv[2])
outcomes = []
for call in calls:
    done = subprocess.run(
        [
            *(*CLI, "personalize-events", "put-items", "--endpoint-url", url),
            *("--dataset-arn", call["datasetArn"], "--items", json.dumps(call["items"])),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    error = re.search(r"An error occurred \((\w+)\)", done.stderr)
    code = error[1] if error else ""
    outcomes.append([200 if done.returncode == 0 else STATUS.get(code, 0), code])
version = subprocess.run([*CLI, "--version"], capture_output=True, text=True, check=True)
print(json.dumps({"outcomes": outcomes, "version": version.stdout.split()[0].replace("/", " ")}))

"""Makes the calls with curl, which signs them; prints a JSON list of (status, code)."""

import json
import os
import subprocess
import sys

url, calls = sys.argv[1], json.loads(sys.argv[2])
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
outcomes = []
for call in calls:
    done = subprocess.run(
        [
            *("curl", "-s", "-S", "--max-time", "60", "-o", os.devnull),
            *("-w", "%{http_code} %header{x-amzn-errortype}"),
            *("--aws-sigv4", "aws:amz:us-east-1:personalize", "--user", f"{key}:{secret}"),
            *("-H", "Content-Type: application/json", "--data-binary", "@-", f"{url}/items"),
        ],
        input=json.dumps(call),
        capture_output=True,
        text=True,
        check=True,
    )
    status, _, code = done.stdout.partition(" ")
    outcomes.append([int(status), code])
version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
print(json.dumps({"outcomes": outcomes, "version": " ".join(version.stdout.split()[:2])}))

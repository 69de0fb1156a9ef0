"""Makes the calls with boto3; prints a JSON list of (status, code), and the version."""

import json
import sys

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

url, calls = sys.argv[1], json.loads(sys.argv[2])
client = boto3.client(
    "personalize-events", endpoint_url=url, config=Config(retries={"total_max_attempts": 1})
)
outcomes = []
for call in calls:
    try:
        response = client.put_items(**call)
        outcomes.append([response["ResponseMetadata"]["HTTPStatusCode"], ""])
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        outcomes.append([metadata["HTTPStatusCode"], error.response["Error"]["Code"]])
print(json.dumps({"outcomes": outcomes, "version": f"botocore {botocore.__version__}"}))

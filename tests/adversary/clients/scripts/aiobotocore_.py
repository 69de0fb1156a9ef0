"""Makes the calls with aiobotocore; prints a JSON list of (status, code), and the version."""

import asyncio
import json
import sys

import aiobotocore
from aiobotocore.session import get_session
from botocore.exceptions import ClientError


async def main(url: str, calls: list[dict[str, object]]) -> list[list[object]]:
    outcomes: list[list[object]] = []
    async with get_session().create_client("personalize-events", endpoint_url=url) as client:
        for call in calls:
            try:
                response = await client.put_items(**call)
                outcomes.append([response["ResponseMetadata"]["HTTPStatusCode"], ""])
            except ClientError as error:
                metadata = error.response["ResponseMetadata"]
                outcomes.append([metadata["HTTPStatusCode"], error.response["Error"]["Code"]])
    return outcomes


outcomes = asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
print(json.dumps({"outcomes": outcomes, "version": f"aiobotocore {aiobotocore.__version__}"}))

"""Makes the calls with aiobotocore; prints a JSON list of (status, code), and the version."""

import asyncio
import json
import sys

import aiobotocore
from aiobotocore.session import get_session
from botocore.exceptions import ClientError


async def main(url: str, calls: list[dict[str, object]]) -> list[list[object]]:
    told: list[list[object]] = []
    async with get_session().create_client("personalize-events", endpoint_url=url) as client:
        for call in calls:
            try:
                response = await client.put_items(**call)
                told.append([response["ResponseMetadata"]["HTTPStatusCode"], ""])
            except ClientError as error:
                metadata = error.response["ResponseMetadata"]
                told.append([metadata["HTTPStatusCode"], error.response["Error"]["Code"]])
    return told


told = asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
print(json.dumps({"told": told, "version": f"aiobotocore {aiobotocore.__version__}"}))

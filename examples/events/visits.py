"""Reports the items that a user looked at to Amazon Personalize."""

import json
from collections.abc import Sequence
from datetime import datetime

import boto3

BATCH = 10


def watched(
    tracker: str, user: str, visit: str, items: Sequence[str], moment: datetime, device: str
) -> None:
    """Record that a user watched items, ten to a call."""
    client = boto3.client("personalize-events")
    events = [
        {
            "eventType": "watch",
            "itemId": item,
            "sentAt": int(moment.timestamp()),
            "properties": json.dumps({"device": device}),
        }
        for item in items
    ]
    for first in range(0, len(events), BATCH):
        client.put_events(
            trackingId=tracker,
            userId=user,
            sessionId=visit,
            eventList=events[first : first + BATCH],
        )

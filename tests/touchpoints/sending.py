"""Posts to the ingestion endpoint as clients do."""

import base64
import json
from typing import Any


def post(client, source, kind: str, payload: Any, **headers):
    """`payload` is JSON data, or bytes as they are."""
    key = base64.b64encode(f"{source.write_key}:".encode()).decode()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return client.post(
        f"/v1/{kind}", body, content_type="text/plain", headers={"Authorization": f"Basic {key}", **headers}
    )


def track(event: str, user: str = "u1", **fields) -> dict:
    return {"type": "track", "event": event, "userId": user, **fields}

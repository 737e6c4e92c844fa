"""The item of a session as somebody else sees it."""

from __future__ import annotations

from typing import Any

from tests.support.localstack import Observer


def item_of(observer: Observer, prefix: str, session: str) -> dict[str, Any]:
    """Its attributes in Python values."""
    item: dict[str, Any] = (
        observer.resource("dynamodb").Table(f"{prefix}Sessions").get_item(Key={"id": session})["Item"]
    )
    return item

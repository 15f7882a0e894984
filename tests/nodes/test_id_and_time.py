"""What differs every time it is asked: a node asks once, and the journal keeps the answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tenuto.sdk import Registry
from tenuto.testing.check_node import try_node

REGISTRY = Registry()


def test_a_uuid_is_new_every_time() -> None:
    """A random one, in the usual writing."""
    first, second = (asyncio.run(try_node(REGISTRY["id.uuid"])).value for _ in range(2))

    assert first != second
    assert str(UUID(first)) == first


def test_the_time_is_now_in_utc() -> None:
    """RFC 3339, ending in Z."""
    told = asyncio.run(try_node(REGISTRY["time.now"])).value

    assert told.endswith("Z")
    assert abs(datetime.fromisoformat(told) - datetime.now(UTC)) < timedelta(seconds=5)

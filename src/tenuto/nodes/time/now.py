"""`time.now`: read once, recorded, the same in every replay."""

from datetime import UTC, datetime

from tenuto.sdk import node


@node("time.now")
async def now() -> str:
    """Answer with the time, RFC 3339 in UTC. It is recorded: a resumed or retried run keeps it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")

"""`id.uuid`: rolled once, recorded, the same in every replay."""

from uuid import uuid4

from tenuto.sdk import node


@node("id.uuid")
async def uuid() -> str:
    """Answer with a new random UUID. It is recorded: a resumed or retried run keeps it."""
    return str(uuid4())

"""`debug.sleep`: a node that takes time."""

import asyncio

from tenuto.sdk import NodeError, node

LONGEST = 86_400


@node("debug.sleep")
async def sleep(seconds: float) -> float:
    """Stay busy for a while, then answer with the seconds. To wait in a flow, use the node `wait`, which costs nothing.

    Args:
        seconds: How long, at most a day.
    """
    if not 0 <= seconds <= LONGEST:
        raise NodeError(f"`seconds` is {seconds}, it must be from 0 to {LONGEST}", type="input", retry=False)
    await asyncio.sleep(seconds)
    return seconds

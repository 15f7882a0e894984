"""`debug.echo`: the simplest node there is."""

from typing import Any

from tenuto.sdk import node


@node("debug.echo")
async def echo(value: Any = None) -> Any:
    """Answer with what was given.

    Args:
        value: Any JSON.
    """
    return value

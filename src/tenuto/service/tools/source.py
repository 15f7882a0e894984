"""A source finds the tools of one kind of name. The router asks it; it knows no other source."""

from collections.abc import Sequence
from typing import Final, Protocol

from tenuto.sdk.agents import Tool
from tenuto.sdk.errors import NodeError

EVERY: Final = "*"


class Source(Protocol):
    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        """The tools of a name without its kind: none, one, or all of `SERVER/*`. `NodeError` of type `tool` if it cannot be used now."""
        ...

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        """All that there are, without their kind."""
        ...


def not_a_tool(message: str, hint: str = "") -> NodeError:
    """What a name that makes no tool is answered with."""
    return NodeError(f"{message} ({hint})" if hint else message, type="tool", retry=False)

"""Agents by name: where the house, the router of tools and the lists of people find them."""

from typing import Protocol

from tenuto.sdk.agents.agent import Agent


class AgentSource(Protocol):
    async def find(self, name: str, *, tenant: str) -> Agent | None:
        """None if it has no agent of that name. `NodeError` of type `agent` if it has one that cannot be read."""
        ...

    async def names(self, *, tenant: str) -> list[str]:
        """Of all that can be read."""
        ...

    async def agents(self, *, tenant: str) -> list[Agent]:
        """All of them, by name."""
        ...

"""`ctx.agents`: what a node finds of agents, models and tools, as the run's tenant and stage may see them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.model import Endpoint

if TYPE_CHECKING:
    from tenuto.sdk.agents.conversation import Conversation
    from tenuto.sdk.agents.runtime import Runtime
    from tenuto.sdk.agents.tool import Tool


class Agents(Protocol):
    async def agent(self, name: str) -> Agent:
        """The agent of that name. `NodeError` of type `agent`, with near names, if there is none."""
        ...

    async def endpoints(self, models: Sequence[str]) -> list[Endpoint]:
        """Where to ask, in order. `inherit` and the aliases of other agents' files mean the default model.

        `NodeError` of type `model` if a name makes no sense or its key is missing.
        """
        ...

    async def tools(self, names: Sequence[str]) -> "list[Tool]":
        """The tools of those names. `NodeError` of type `tool`, with near names, for one that is not there."""
        ...

    def runtime(self, name: str) -> "Runtime":
        """The runtime of that name. `NodeError` of type `runtime`, with the line that installs it, if it is not there."""
        ...

    def conversation(self, session: str) -> "Conversation":
        """What is said in the session of that name. `NodeError` of type `session` where nothing is remembered."""
        ...

"""Where a host finds the agents, models and tools that the nodes of a run may see."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a host without agents need not read what they are
    from tenuto.sdk.agents.house import Agents


class AgentHouse(Protocol):
    def of(self, tenant: str, stage: str) -> "Agents":
        """What runs of that tenant in that stage find. Cheap: nothing is read before it is asked for."""
        ...

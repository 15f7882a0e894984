"""Where a host finds the agents, models and tools that the nodes of a run may see."""

from typing import TYPE_CHECKING, Any, Protocol

from tenuto.ports.feed import Ask, Leave, Tape
from tenuto.ports.journal import RunEntry

if TYPE_CHECKING:  # a host without agents need not read what they are
    from tenuto.sdk.agents.house import Agents


class Surroundings(Protocol):
    """What a house asks of the host whose runs it serves."""

    def record(self, tape: Tape) -> Leave:
        """`Feed.record`."""
        ...

    def asks(self, run: str) -> list[Ask] | None:
        """`Feed.asks`."""
        ...

    async def standing(self, run: str, path: str) -> RunEntry | None:
        """The run's line in the index, if the node at the path is under way: it has begun, and has no outcome yet."""
        ...

    async def signal(self, run: str, name: str, payload: Any) -> None:
        """`Engine.signal`."""
        ...


class AgentHouse(Protocol):
    def of(self, tenant: str, stage: str) -> "Agents":
        """What runs of that tenant in that stage find. Cheap: nothing is read before it is asked for."""
        ...

    def attend(self, runs: Surroundings) -> None:
        """Told once, before the first run: whose runs they are."""
        ...

    async def recovered(self) -> None:
        """The runs of an earlier process have been taken over."""
        ...

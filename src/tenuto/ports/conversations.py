"""What is said in the sessions of agents, by tenant and by the session's name."""

from collections.abc import Sequence
from typing import Protocol

from tenuto.sdk.agents.messages import Message

KEPT = 400  # messages of a session; older ones go


class Conversations(Protocol):
    async def read(self, tenant: str, session: str) -> list[Message]:
        """What was said, the oldest first."""
        ...

    async def add(self, tenant: str, session: str, key: str, messages: Sequence[Message], *, at: float) -> bool:
        """Append them together; False if something was added under that key before. Messages beyond `KEPT` go.

        `Missing` if there is no such tenant.
        """
        ...

    async def forget(self, tenant: str, session: str) -> bool:
        """All that was said in it. Whether there was such a session."""
        ...
